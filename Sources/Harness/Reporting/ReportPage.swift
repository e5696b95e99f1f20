/// The page: sections in reading order, from the verdict down to how to reproduce it.
struct ReportPage {
    let report: StudyReport
    /// The embedded data, escaped for a script element.
    let json: String

    typealias Section = DocumentPage.Section

    var sections: [Section] {
        [
            confirmationSection, searchSection, parameterSection, configurationSection, stageSection, modelSection,
            trialSection, environmentSection, reproduceSection,
        ]
    }

    var html: String {
        DocumentPage(
            title: report.title + " \u{2013} " + report.verdict.word, heading: report.title,
            facts: [
                ("Study", report.studyID), ("Created", report.created), ("Target", report.target),
                (
                    "Workload",
                    report.environment.workloads.isEmpty
                        ? "none recorded" : report.environment.workloads.map(\.name).joined(separator: ", ")
                ),
            ], banner: banner, sections: sections,
            footer:
                "Lavoisier study report, schema \(report.schemaVersion). The data behind this page is embedded in it as JSON "
                + "(element lavoisier-data).", json: json
        ).html
    }

    static func notice(_ text: String) -> Markup { DocumentPage.notice(text) }
    static func paragraph(_ text: String) -> Markup { DocumentPage.paragraph(text) }
    static func copyBlock(_ text: String, label: String) -> Markup { DocumentPage.copyBlock(text, label: label) }
    static func facts(_ facts: [StudyReport.Fact]) -> Markup { DocumentPage.facts(facts) }
}
