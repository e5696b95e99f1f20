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
    /// The whole report as one file: well-formed, self-contained, the same bytes for the same model.
    ///
    /// Numbers that are not finite are shown as missing and travel in the embedded data as the strings `NaN`,
    /// `Infinity` and `-Infinity`.
    public func html() throws(ReportError) -> String { ReportPage(report: self, json: try json()).html }

    /// Reads the model back from a page that `html()` wrote.
    public init(html: String) throws(ReportError) {
        try self.init(json: PageData.text(inPage: html, what: Self.kind))
    }

    private static let kind = "a Lavoisier study report"

    /// The model as JSON with sorted keys, in a form that may stand inside a script element of HTML or XML.
    public func json() throws(ReportError) -> String { try PageData.json(self, what: "study \(studyID)") }

    /// Reads what `json()` wrote.
    public init(json: String) throws(ReportError) {
        let report: StudyReport = try PageData.model(json: json, what: Self.kind)
        guard report.schemaVersion <= Self.currentSchemaVersion else {
            throw ReportError(
                code: .newerSchema,
                reason: "the study data has schema \(report.schemaVersion), this version reads up to "
                    + "\(Self.currentSchemaVersion); use a newer version")
        }
        self = report
    }
}
