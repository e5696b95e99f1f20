/// The page: sections in reading order, from the verdict down to how to reproduce it.
struct ReportPage {
    let report: StudyReport
    /// The embedded data, escaped for a script element.
    let json: String

    struct Section {
        let id: String
        let title: String
        let body: [Markup]
    }

    var sections: [Section] {
        [
            confirmationSection, searchSection, parameterSection, configurationSection, stageSection, modelSection,
            trialSection, environmentSection, reproduceSection,
        ]
    }

    var html: String {
        let sections = sections
        let body = Markup.element(
            "body", [:], .element("a", ["class": "skip", "href": "#main"], "Skip to the report"), header(sections),
            .element(
                "main", ["id": "main"],
                [banner]
                    + sections.map { section in
                        .element(
                            "section", ["id": section.id, "aria-labelledby": section.id + "-heading"],
                            [.element("h2", ["id": section.id + "-heading"], section.title)] + section.body)
                    }),
            .element(
                "footer", [:],
                .element(
                    "p", [:],
                    "Lavoisier study report, schema \(report.schemaVersion). The data behind this page is embedded in "
                        + "it as JSON (element lavoisier-data).")),
            .element("script", ["type": "application/json", "id": "lavoisier-data"], Markup(trusted: json)),
            .element("script", [:], Markup(trusted: PageScript.source)))
        return "<!DOCTYPE html>\n"
            + Markup.element(
                "html", ["lang": "en", "xmlns": "http://www.w3.org/1999/xhtml"], head, body
            ).source + "\n"
    }

    private var head: Markup {
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src '\(PageScript.integrity)'; img-src data:; "
            + "base-uri 'none'; form-action 'none'"
        return .element(
            "head", [:], .element("meta", ["charset": "utf-8"]),
            .element("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
            .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .element("meta", ["name": "color-scheme", "content": "light dark"]),
            .element("link", ["rel": "icon", "href": "data:,"]),
            .element("title", [:], report.title + " \u{2013} " + report.verdict.word),
            .element("style", [:], Markup(trusted: Stylesheet.source)))
    }

    private func header(_ sections: [Section]) -> Markup {
        let facts = [
            ("Study", report.studyID), ("Created", report.created), ("Target", report.target),
            (
                "Workload",
                report.environment.workloads.isEmpty
                    ? "none recorded" : report.environment.workloads.map(\.name).joined(separator: ", ")
            ),
        ]
        return .element(
            "header", [:],
            .element(
                "div", ["class": "masthead"], .element("p", ["class": "brand"], "Lavoisier"),
                .element(
                    "button", ["type": "button", "id": "theme", "class": "control", "hidden": "hidden"],
                    "Dark or light")),
            .element("h1", [:], report.title),
            .element(
                "dl", ["class": "meta"],
                facts.map { .element("div", [:], .element("dt", [:], $0.0), .element("dd", [:], $0.1)) }),
            .element(
                "nav", ["aria-label": "Contents"],
                .element(
                    "ul", [:],
                    sections.map { .element("li", [:], .element("a", ["href": "#" + $0.id], [.text($0.title)])) })))
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
