#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A page could not be written from a model, or the model not be read back from a page.
public struct ReportError: Error, CustomStringConvertible {
    public enum Code: String, Sendable {
        case cannotEncode
        case noEmbeddedData
        case cannotDecode
        case newerSchema
    }

    public let code: Code
    public let reason: String

    public var description: String { reason }
}

extension StudyReport {
    private static let opening = "<script type=\"application/json\" id=\"lavoisier-data\">"

    /// The whole report as one file: well-formed, self-contained, the same bytes for the same model.
    ///
    /// Numbers that are not finite are shown as missing and travel in the embedded data as the strings `NaN`,
    /// `Infinity` and `-Infinity`.
    public func html() throws(ReportError) -> String { ReportPage(report: self, json: try json()).html }

    /// Reads the model back from a page that `html()` wrote.
    public init(html: String) throws(ReportError) {
        guard let start = html.firstRange(of: Self.opening),
            let end = html[start.upperBound...].firstRange(of: "</script>")
        else {
            throw ReportError(
                code: .noEmbeddedData, reason: "the file holds no embedded study data; is it a Lavoisier study report?")
        }
        try self.init(json: String(html[start.upperBound..<end.lowerBound]))
    }

    /// The model as JSON with sorted keys, in a form that may stand inside a script element of HTML or XML.
    public func json() throws(ReportError) -> String {
        try EmbeddedJSON.text(of: self, what: "study \(studyID)")
    }

    /// Reads what `json()` wrote.
    public init(json: String) throws(ReportError) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let report: StudyReport
        do { report = try decoder.decode(StudyReport.self, from: Data(json.utf8)) } catch {
            throw ReportError(code: .cannotDecode, reason: "the embedded study data cannot be read: \(error)")
        }
        guard report.schemaVersion <= Self.currentSchemaVersion else {
            throw ReportError(
                code: .newerSchema,
                reason: "the study data has schema \(report.schemaVersion), this version reads up to "
                    + "\(Self.currentSchemaVersion); use a newer version")
        }
        self = report
    }
}

/// JSON with sorted keys that may stand inside a script element of HTML or XML.
enum EmbeddedJSON {
    /// - Parameter what: for the error, as `study 12ab`.
    static func text(of value: some Encodable, what: String) throws(ReportError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let data: Data
        do { data = try encoder.encode(value) } catch {
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
}
