#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The data embedded in a page: a model as JSON that may stand inside a script element of HTML or XML.
///
/// Numbers that are not finite travel as the strings `NaN`, `Infinity` and `-Infinity`.
enum PageData {
    private static let opening = "<script type=\"application/json\" id=\"lavoisier-data\">"

    /// The model with sorted keys. - Parameter what: names it in an error.
    static func json(_ model: some Encodable, what: String) throws(ReportError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let data: Data
        do { data = try encoder.encode(model) } catch {
            throw ReportError(code: .cannotEncode, reason: "\(what) cannot be written as JSON: \(error)")
        }
        var result = ""
        result.reserveCapacity(data.count)
        for scalar in String(decoding: data, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "<": result += "\\u003c"
            case ">": result += "\\u003e"
            case "&": result += "\\u0026"
            case "\u{2028}": result += "\\u2028"
            case "\u{2029}": result += "\\u2029"
            case "\u{FFFE}": result += "\\ufffe"
            case "\u{FFFF}": result += "\\uffff"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The JSON text in a page. - Parameter what: what the page should be, for an error.
    static func text(inPage html: String, what: String) throws(ReportError) -> String {
        guard let start = html.firstRange(of: opening),
            let end = html[start.upperBound...].firstRange(of: "</script>")
        else {
            throw ReportError(code: .noEmbeddedData, reason: "the file holds no embedded data; is it \(what)?")
        }
        return String(html[start.upperBound..<end.lowerBound])
    }

    static func model<Model: Decodable>(json: String, what: String) throws(ReportError) -> Model {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do { return try decoder.decode(Model.self, from: Data(json.utf8)) } catch {
            throw ReportError(code: .cannotDecode, reason: "the embedded data of \(what) cannot be read: \(error)")
        }
    }

    static func model<Model: Decodable>(inPage html: String, what: String) throws(ReportError) -> Model {
        try model(json: text(inPage: html, what: what), what: what)
    }
}
