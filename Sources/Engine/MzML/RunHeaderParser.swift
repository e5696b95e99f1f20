import SpectrumModel
import TextNumbers

/// Gathers what stands before the first spectrum. Parameter groups are resolved where they are referred to.
final class RunHeaderParser: XMLElementHandler {
    private struct Configuration {
        var id: String
        var terms: [CVTerm] = []
        var sources: [CVTerm] = []
        var analyzers: [CVTerm] = []
        var detectors: [CVTerm] = []
    }

    private var header: RunHeader
    private var elements: [String] = []
    private var groupID: String?
    private var configurations: [Configuration] = []
    private var defaultConfiguration: String?
    private var version = ""
    private var resolvedTerms = 0

    /// A header that refers to groups for more terms than this is no header: references could multiply them.
    private static let maximumResolvedTerms = 1 << 20

    init(path: String) { header = RunHeader(path: path) }

    /// Reads a document that ends where the spectra start, with its open elements closed, so that every error is real.
    /// - Throws: `malformedXML` with libxml2's message and line, `unsupportedVersion`.
    static func parse(_ document: ByteRun, path: String) throws(MzMLError) -> RunHeader {
        let handler = RunHeaderParser(path: path)
        let parser = try XMLPushParser(path: path, handler: handler)
        try parser.feed(document)
        try parser.finish()
        return try handler.finish(parser)
    }

    func text(_ piece: ByteRun, in parser: XMLPushParser) {}

    func start(_ name: String, _ attributes: XMLAttributes, in parser: XMLPushParser) throws(MzMLError) {
        switch name {
        // The two that headers are full of come first.
        case "userParam":
            break
        case "cvParam":
            if let term = CVTerm(attributes) { add(term) }
        case "indexedmzML" where elements.isEmpty:
            header.isIndexed = true
        case "mzML":
            version = attributes["version"] ?? ""
            header.mzMLVersion = attributes["version"]
        case "cv":
            header.controlledVocabularies.append(
                RunHeader.ControlledVocabulary(
                    id: attributes["id"] ?? "", fullName: attributes["fullName"] ?? "",
                    version: attributes["version"] ?? "", uri: attributes["URI"] ?? ""))
        case "referenceableParamGroup":
            groupID = attributes["id"]
            if let groupID { header.parameterGroups[groupID] = [] }
        case "referenceableParamGroupRef":
            try resolve(attributes["ref"] ?? "")
        case "sourceFile":
            header.sourceFileList.append(
                RunHeader.SourceFile(
                    id: attributes["id"] ?? "", name: attributes["name"] ?? "", location: attributes["location"] ?? ""))
        case "sample":
            header.samples.append(RunHeader.Sample(id: attributes["id"] ?? "", name: attributes["name"] ?? ""))
        case "software":
            header.softwareList.append(
                RunHeader.Software(id: attributes["id"] ?? "", version: attributes["version"] ?? ""))
        case "dataProcessing":
            header.dataProcessing.append(RunHeader.DataProcessing(id: attributes["id"] ?? ""))
        case "processingMethod":
            addStep(attributes)
        case "instrumentConfiguration":
            configurations.append(Configuration(id: attributes["id"] ?? ""))
        case "run":
            header.runID = attributes["id"]
            header.startTimestamp = attributes["startTimeStamp"]
            defaultConfiguration = attributes["defaultInstrumentConfigurationRef"]
        case "spectrumList":
            header.declaredSpectrumCount = attributes["count"].flatMap { Int($0) }
        default:
            break
        }
        elements.append(name)
    }

    func end(_ name: String, in parser: XMLPushParser) {
        elements.removeLast()
        if name == "referenceableParamGroup" { groupID = nil }
    }

    /// Groups cannot refer to groups.
    private func resolve(_ reference: String) throws(MzMLError) {
        guard groupID == nil, let terms = header.parameterGroups[reference] else { return }
        resolvedTerms += terms.count
        guard resolvedTerms <= Self.maximumResolvedTerms else {
            throw MzMLError(
                .malformedXML, path: header.path,
                reason: "references to parameter groups give more than \(Self.maximumResolvedTerms) terms",
                hint: "this is no mzML, or it is damaged")
        }
        for term in terms { add(term) }
    }

    private func addStep(_ attributes: XMLAttributes) {
        guard let last = header.dataProcessing.indices.last else { return }
        header.dataProcessing[last].steps.append(
            RunHeader.DataProcessing.Step(
                order: attributes.trimmedValue("order").flatMap { wholeNumber($0) },
                softwareID: attributes["softwareRef"] ?? ""))
    }

    private func add(_ term: CVTerm) {
        if let groupID {
            header.parameterGroups[groupID]?.append(term)
            return
        }
        switch elements.last {
        case "fileContent": header.contentTerms.append(term)
        case "sourceFile": header.sourceFileList.modifyLast { $0.terms.append(term) }
        case "sample": header.samples.modifyLast { $0.terms.append(term) }
        case "software": header.softwareList.modifyLast { $0.terms.append(term) }
        case "processingMethod":
            header.dataProcessing.modifyLast { $0.steps.modifyLast { $0.terms.append(term) } }
        case "instrumentConfiguration": configurations.modifyLast { $0.terms.append(term) }
        case "source": configurations.modifyLast { $0.sources.append(term) }
        case "analyzer": configurations.modifyLast { $0.analyzers.append(term) }
        case "detector": configurations.modifyLast { $0.detectors.append(term) }
        default: break
        }
    }

    /// The header, once the first spectrum or the end is reached.
    /// - Throws: `unsupportedVersion`.
    func finish(_ parser: XMLPushParser) throws(MzMLError) -> RunHeader {
        guard version.isEmpty || version.hasPrefix("1.") else {
            throw MzMLError(
                .unsupportedVersion, path: header.path,
                reason: "mzML version \"\(version)\" is not supported, only 1.x",
                hint: "write the file again with a current converter")
        }
        header.encoding = parser.declaredEncoding
        var polarities: Set<Polarity> = []
        for term in header.contentTerms {
            if term.accession == 1_000_130 { polarities.insert(.positive) }
            if term.accession == 1_000_129 { polarities.insert(.negative) }
        }
        if let polarity = polarities.first, polarities.count == 1 { header.defaultPolarity = polarity }
        let chosen = configurations.filter { $0.id == defaultConfiguration }
        let used = chosen.isEmpty ? configurations : chosen
        header.ionSources = used.flatMap(\.sources)
        header.analyzers = used.flatMap(\.analyzers)
        header.detectors = used.flatMap(\.detectors)
        let terms = used.flatMap(\.terms)
        header.instrumentSerialNumber = terms.first { $0.accession == 1_000_529 && !$0.value.isEmpty }?.value
        // Serial number and customisation stand beside the model.
        let descriptions = terms.filter { $0.accession != 1_000_529 && $0.accession != 1_000_032 }
        header.instrument = descriptions.first { InstrumentClass(accession: $0.accession) != nil } ?? descriptions.first
        // The model decides: some converters list an Orbitrap's analyser as FT-ICR, others only its quadrupole.
        header.instrumentClass = highestRanked(descriptions) ?? highestRanked(header.analyzers) ?? .unknown
        return header
    }

    private func highestRanked(_ terms: [CVTerm]) -> InstrumentClass? {
        terms.compactMap { InstrumentClass(accession: $0.accession) }.max { $0.rank < $1.rank }
    }
}

extension CVTerm {
    /// The term of a `<cvParam>`; `nil` when its accession is of no vocabulary that is read.
    init?(_ attributes: XMLAttributes) {
        guard let accession = attributes.trimmedValue("accession").flatMap({ Accession.parse($0) }) else { return nil }
        self.init(
            accession: accession, name: attributes["name"] ?? "", value: attributes["value"] ?? "",
            unit: attributes.trimmedValue("unitAccession").flatMap { Accession.parse($0) } ?? 0)
    }
}

extension Array {
    /// Changes the last element where there is one.
    fileprivate mutating func modifyLast(_ change: (inout Element) -> Void) {
        guard !isEmpty else { return }
        change(&self[count - 1])
    }
}
