import CZlib
import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A slow, obvious reader: a general XML parser, Foundation's base64, zlib's `uncompress`. No repair of points.
final class ReferenceReader: NSObject, XMLParserDelegate {
    struct Spectrum {
        var level: Int?
        var seconds: Double?
        var mz: [Double]?
        var intensity: [Double]?
    }

    private(set) var spectra: [Spectrum] = []
    private var groups: [String: [[String: String]]] = [:]
    private var group: String?
    private var path: [String] = []
    private var terms: Set<String> = []
    private var text = ""
    private var insideChromatograms = false

    static func read(_ file: String) -> [Spectrum]? {
        let reader = ReferenceReader()
        // By stream: handed over whole, libxml2 refuses documents above 10 MB.
        guard let stream = InputStream(fileAtPath: file) else { return nil }
        let parser = XMLParser(stream: stream)
        parser.delegate = reader
        return parser.parse() ? reader.spectra : nil
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        path.append(name)
        switch name {
        case "referenceableParamGroup": group = attributes["id"]
        case "referenceableParamGroupRef": for term in groups[attributes["ref"] ?? ""] ?? [] { take(term) }
        case "cvParam": take(attributes)
        case "spectrum": spectra.append(Spectrum())
        case "binaryDataArray": terms = []
        case "binary": text = ""
        case "chromatogramList": insideChromatograms = true
        default: break
        }
    }

    private func take(_ term: [String: String]) {
        if let group, path.contains("referenceableParamGroup") {
            groups[group, default: []].append(term)
            return
        }
        guard !spectra.isEmpty, !insideChromatograms, let accession = term["accession"] else { return }
        if path.contains("binaryDataArray") {
            terms.insert(accession)
        } else if accession == "MS:1000511" {
            spectra[spectra.count - 1].level = Int(term["value"] ?? "")
        } else if accession == "MS:1000016", spectra[spectra.count - 1].seconds == nil {
            let factor = term["unitAccession"] == "UO:0000031" ? 60.0 : 1
            spectra[spectra.count - 1].seconds = Double(term["value"] ?? "").map { $0 * factor }
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { if path.last == "binary" { text += string } }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        path.removeLast()
        if name == "chromatogramList" { insideChromatograms = false }
        guard name == "binaryDataArray", !insideChromatograms else { return }
        if terms.contains("MS:1000514") { spectra[spectra.count - 1].mz = values() }
        if terms.contains("MS:1000515") { spectra[spectra.count - 1].intensity = values() }
    }

    private func values() -> [Double] {
        var data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data()
        if terms.contains("MS:1000574"), !data.isEmpty { data = inflated(data) }
        func all<T>(_ type: T.Type, _ convert: (T) -> Double) -> [Double] {
            data.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: MemoryLayout<T>.size).map {
                    convert(bytes.loadUnaligned(fromByteOffset: $0, as: type))
                }
            }
        }
        if terms.contains("MS:1000523") { return all(Double.self) { $0 } }
        if terms.contains("MS:1000521") { return all(Float.self) { Double($0) } }
        return []
    }

    private func inflated(_ data: Data) -> Data {
        var capacity = data.count * 4 + 64
        while true {
            var size = UInt(capacity)
            var result = Data(count: capacity)
            let status = result.withUnsafeMutableBytes { target in
                data.withUnsafeBytes { source in
                    uncompress(
                        target.bindMemory(to: UInt8.self).baseAddress, &size,
                        source.bindMemory(to: UInt8.self).baseAddress, UInt(data.count))
                }
            }
            if status != Z_BUF_ERROR { return result.prefix(Int(size)) }
            capacity *= 4
        }
    }
}
