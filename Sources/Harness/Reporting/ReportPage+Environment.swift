extension ReportPage {
    static func environmentSection(_ environment: StudyReport.Environment) -> Section {
        var body: [Markup] = []
        let groups = [
            ("Machine", environment.machine), ("Versions", environment.versions), ("Noise", environment.noise),
        ]
        let cards = groups.map { group in
            Markup.element(
                "div", ["class": "card"], .element("h3", [:], group.0),
                group.1.isEmpty ? notice("Nothing was recorded.") : Self.facts(group.1))
        }
        body.append(.element("div", ["class": "cards"], cards))
        body.append(.element("h3", [:], "Workloads"))
        if environment.workloads.isEmpty {
            body.append(Self.notice("No workload was recorded."))
        } else {
            body.append(
                DataTable(
                    caption: "Workloads",
                    columns: [.text("Name"), .number("Size (MB)"), .number("Spectra"), .text("SHA-256")],
                    rows: environment.workloads.map {
                        [
                            $0.name, NumberText.fixed(Double($0.bytes) / 1e6, 1),
                            $0.spectra.value.map { NumberText.fixed(Double($0), 0) } ?? "\u{2013}", $0.sha256,
                        ]
                    }
                ).markup)
        }
        if !environment.notMeasured.isEmpty {
            body.append(.element("h3", ["id": "not-measured"], "Could not be measured"))
            body.append(
                .element(
                    "ul", ["class": "gaps"],
                    environment.notMeasured.map {
                        .element("li", [:], .element("strong", [:], $0.what), .text(": " + $0.reason))
                    }))
        }
        if environment.notMeasured.isEmpty, environment.sources == nil {
            body.append(Self.paragraph("Everything that this report asks for was measured."))
        }
        body += Self.sources(environment.sources ?? [])
        return Section(id: "environment", title: "Environment", body: body)
    }

    /// What can be measured on the machine, folded: it matters when a figure is doubted.
    static func sources(_ sources: [StudyReport.Fact]) -> [Markup] {
        guard !sources.isEmpty else { return [] }
        let missing = sources.count { $0.value.value == nil }
        return [
            .element(
                "details", ["class": "data"],
                .element(
                    "summary", [:],
                    "How each figure is measured on this machine"
                        + (missing == 0 ? "" : " (\(missing) of \(sources.count) not available)")),
                facts(sources))
        ]
    }

    static func reproduceSection(_ commands: [StudyReport.Command]) -> Section {
        let body: [Markup] =
            commands.isEmpty
            ? [Self.notice("No commands were recorded.")]
            : commands.flatMap { command -> [Markup] in
                [.element("h3", [:], command.purpose), Self.copyBlock(command.command, label: command.purpose)]
            }
        return Section(id: "reproduce", title: "Reproduce", body: body)
    }
}
