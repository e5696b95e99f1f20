/// The page: sections in reading order, from the verdict down to how to reproduce it.
struct ReportPage {
    let report: StudyReport
    /// The embedded data, escaped for a script element.
    let json: String

    typealias Section = PageFrame.Section

    var sections: [Section] {
        [
            confirmationSection, searchSection, parameterSection, configurationSection, stageSection, modelSection,
            trialSection, Self.environmentSection(report.environment), Self.reproduceSection(report.reproduce),
        ]
    }

    var html: String {
        PageFrame(
            documentTitle: report.title + " \u{2013} " + report.verdict.word, heading: report.title,
            facts: [
                ("Study", report.studyID), ("Created", report.created), ("Target", report.target),
                (
                    "Workload",
                    report.environment.workloads.isEmpty
                        ? "none recorded" : report.environment.workloads.map(\.name).joined(separator: ", ")
                ),
            ], banner: banner, sections: sections,
            footer: "Lavoisier study report, schema \(report.schemaVersion). The data behind this page is embedded in "
                + "it as JSON (element lavoisier-data).", json: json
        ).html
    }

    static func notice(_ text: String) -> Markup { .element("p", ["class": "notice"], text) }
    static func paragraph(_ text: String) -> Markup { .element("p", ["class": "lead"], text) }

    /// A block of text with a button that copies it.
    static func copyBlock(_ text: String, label: String) -> Markup {
        .element(
            "div", ["class": "copy"],
            .element("pre", ["tabindex": "0", "aria-label": label], .element("code", [:], text)),
            .element(
                "button", ["type": "button", "class": "control copy-button", "hidden": "hidden"],
                .text("Copy"), .element("span", ["class": "hidden-text"], " " + label)))
    }

    static func facts(_ facts: [StudyReport.Fact]) -> Markup {
        .element(
            "dl", ["class": "facts"],
            facts.map { fact in
                .element(
                    "div", [:], .element("dt", [:], fact.name),
                    fact.value.value.map { .element("dd", [:], $0) }
                        ?? .element("dd", ["class": "absent"], "not available: \(fact.value.reason ?? "no reason")"))
            })
    }
}
