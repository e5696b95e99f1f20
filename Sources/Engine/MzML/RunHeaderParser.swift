import CLibXML2
import SpectrumModel

/// Reads the part of an mzML document before its first spectrum with libxml2's push parser.
///
/// The scanner hands over that part with the open elements closed, so the document is complete and every error is real.
/// Document types are refused before this point, no entity is ever defined, and the network is off.
final class RunHeaderParser {
    private struct Configuration {
        var id: String
        var terms: [CVTerm] = []
        var analyzers: [CVTerm] = []
    }

    private var header: RunHeader
    private var elements: [String] = []
    private var groupID: String?
    private var configurations: [Configuration] = []
    private var defaultConfiguration: String?
    private var version = ""
    private var statedPolarities: Set<Polarity> = []
    private var softwareVersion = ""
    private var softwareName = ""

    private init(path: String) { header = RunHeader(path: path) }

    /// - Throws: `malformedXML` with libxml2's message and line.
    static func parse(_ document: ByteRun, path: String) throws(MzMLError) -> RunHeader {
        let parser = RunHeaderParser(path: path)
        var handler = xmlSAXHandler()
        handler.initialized = UInt32(XML_SAX2_MAGIC)
        handler.startElementNs = { context, name, _, _, _, _, count, _, attributes in
            guard let context, let name else { return }
            let parser = Unmanaged<RunHeaderParser>.fromOpaque(context).takeUnretainedValue()
            parser.start(String(cString: name), RunHeaderParser.read(attributes, Int(count)))
        }
        handler.endElementNs = { context, _, _, _ in
            guard let context else { return }
            Unmanaged<RunHeaderParser>.fromOpaque(context).takeUnretainedValue().end()
        }
        let opaque = Unmanaged.passUnretained(parser).toOpaque()
        guard let context = xmlCreatePushParserCtxt(&handler, opaque, nil, 0, nil) else {
            throw MzMLError(.malformedXML, path: path, reason: "libxml2 cannot start (out of memory)")
        }
        defer { xmlFreeParserCtxt(context) }
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        _ = xmlCtxtUseOptions(context, Int32(bitPattern: UInt32(options)))
        var offset = 0
        var status: Int32 = 0
        // Pieces keep the lengths within C's int; the last call ends the document.
        while offset < document.count, status == 0 {
            let length = min(document.count - offset, 1 << 20)
            let piece = UnsafeRawPointer(document.baseAddress! + offset).assumingMemoryBound(to: CChar.self)
            offset += length
            status = xmlParseChunk(context, piece, Int32(length), offset == document.count ? 1 : 0)
        }
        withExtendedLifetime(parser) {}
        if status != 0 || context.pointee.wellFormed == 0 {
            throw MzMLError(
                .malformedXML, path: path, reason: RunHeaderParser.lastMessage(of: context),
                hint: "the file was damaged or not written by an XML writer; convert it again")
        }
        guard parser.version.isEmpty || parser.version.hasPrefix("1.") else {
            throw MzMLError(
                .unsupportedVersion, path: path,
                reason: "mzML version \"\(parser.version)\" is not supported, only 1.x",
                hint: "write the file again with a current converter")
        }
        return parser.finish()
    }

    private static func lastMessage(of context: xmlParserCtxtPtr) -> String {
        guard let error = xmlCtxtGetLastError(UnsafeMutableRawPointer(context)), let message = error.pointee.message
        else {
            return "the XML before the first spectrum is not well formed"
        }
        var text = String(cString: message)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return "line \(error.pointee.line) of the XML is not well formed: \(text)"
    }

    private static func read(
        _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ count: Int
    ) -> [String: String] {
        guard let attributes else { return [:] }
        var result: [String: String] = [:]
        for i in 0..<count {
            // Five pointers per attribute: name, prefix, namespace, start and end of the value.
            guard let name = attributes[5 * i], let start = attributes[5 * i + 3], let end = attributes[5 * i + 4]
            else {
                continue
            }
            let value = String(decoding: ByteRun(start: start, count: end - start), as: UTF8.self)
            result[String(cString: name)] = value.contains("&#") ? unescaped(value) : value
        }
        return result
    }

    /// Without entity substitution libxml2 leaves these two as character references.
    private static func unescaped(_ text: String) -> String {
        text.split(separator: "&#60;", omittingEmptySubsequences: false).joined(separator: "<")
            .split(separator: "&#38;", omittingEmptySubsequences: false).joined(separator: "&")
    }

    private func start(_ name: String, _ attributes: [String: String]) {
        switch name {
        case "mzML":
            version = attributes["version"] ?? ""
        case "referenceableParamGroup":
            groupID = attributes["id"]
            if let groupID { header.parameterGroups[groupID] = [] }
        case "cvParam":
            if let term = RunHeaderParser.term(attributes) { add(term) }
        case "referenceableParamGroupRef":
            for term in header.parameterGroups[attributes["ref"] ?? ""] ?? [] { add(term) }
        case "sourceFile":
            if let file = attributes["name"] { header.sourceFiles.append(file) }
        case "software":
            softwareName = attributes["id"] ?? ""
            softwareVersion = attributes["version"] ?? ""
        case "instrumentConfiguration":
            configurations.append(Configuration(id: attributes["id"] ?? ""))
        case "run":
            header.startTimestamp = attributes["startTimeStamp"]
            defaultConfiguration = attributes["defaultInstrumentConfigurationRef"]
        case "spectrumList":
            header.declaredSpectrumCount = attributes["count"].flatMap { Int($0) }
        default:
            break
        }
        elements.append(name)
    }

    private func end() {
        switch elements.popLast() {
        case "referenceableParamGroup":
            groupID = nil
        case "software":
            header.software.append(softwareVersion.isEmpty ? softwareName : "\(softwareName) \(softwareVersion)")
        default:
            break
        }
    }

    private static func term(_ attributes: [String: String]) -> CVTerm? {
        func number(_ key: String) -> Int? {
            guard var text = attributes[key] else { return nil }
            return text.withUTF8 { Accession.parse($0) }
        }
        guard let accession = number("accession") else { return nil }
        return CVTerm(
            accession: accession, name: attributes["name"] ?? "", value: attributes["value"] ?? "",
            unit: number("unitAccession") ?? 0)
    }

    private func add(_ term: CVTerm) {
        if let groupID {
            header.parameterGroups[groupID]?.append(term)
            return
        }
        switch elements.last {
        case "instrumentConfiguration" where !configurations.isEmpty:
            configurations[configurations.count - 1].terms.append(term)
        case "analyzer" where !configurations.isEmpty:
            configurations[configurations.count - 1].analyzers.append(term)
        case "software":
            // "custom unreleased software tool" carries the tool's name as its value.
            softwareName = term.value.isEmpty ? (term.name.isEmpty ? softwareName : term.name) : term.value
        case "fileContent":
            if term.accession == 1_000_130 { statedPolarities.insert(.positive) }
            if term.accession == 1_000_129 { statedPolarities.insert(.negative) }
        default:
            break
        }
    }

    private func finish() -> RunHeader {
        if let polarity = statedPolarities.first, statedPolarities.count == 1 { header.defaultPolarity = polarity }
        let chosen = configurations.filter { $0.id == defaultConfiguration }
        let used = chosen.isEmpty ? configurations : chosen
        header.analyzers = used.flatMap(\.analyzers)
        // Serial number and customisation stand beside the model.
        let descriptions = used.flatMap(\.terms).filter { $0.accession != 1_000_529 && $0.accession != 1_000_032 }
        header.instrument = descriptions.first { InstrumentClass(accession: $0.accession) != nil } ?? descriptions.first
        // The model decides: some converters list an Orbitrap's analyser as FT-ICR, others only its quadrupole.
        header.instrumentClass = highestRanked(descriptions) ?? highestRanked(header.analyzers) ?? .unknown
        return header
    }

    private func highestRanked(_ terms: [CVTerm]) -> InstrumentClass? {
        terms.compactMap { InstrumentClass(accession: $0.accession) }.max { $0.rank < $1.rank }
    }
}
