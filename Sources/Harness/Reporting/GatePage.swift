extension GateReport {
    /// The report as one file in the study report's look: well-formed, self-contained, the same bytes for the same model.
    /// - Throws: `ReportError` with code `cannotEncode`.
    public func html() throws(ReportError) -> String {
        GatePage(report: self, json: try PageData.json(self, what: "the gate's report")).html
    }
}

/// A gate's page, from the verdict down to how to reproduce it.
struct GatePage {
    let report: GateReport
    /// The embedded data, escaped for a script element.
    let json: String

    var html: String {
        PageFrame(
            documentTitle: "Gate \(report.baseline) \u{2013} \(report.outcome.word)",
            heading: "Gate \(report.baseline)",
            facts: [
                ("Compared", report.method), ("Baseline entry", report.entry), ("Created", report.created),
                ("Exit status", "\(report.exitStatus)"),
            ], banner: banner, sections: sections,
            footer:
                "Lavoisier gate, schema \(report.schemaVersion). The data behind this page is embedded in it as JSON (element "
                + "lavoisier-data).", json: json
        ).html
    }

    private var sections: [PageFrame.Section] {
        [checkSection, pairSection, machineSection, ruleSection, reproduceSection].compactMap { $0 }
    }

    private var banner: Markup {
        PageFrame.banner(
            word: report.outcome.word, className: report.outcome.className, iconPath: report.outcome.iconPath,
            sentence: report.sentence, tiles: tiles)
    }

    private var tiles: [PageFrame.Tile] {
        let deciding = report.checks.filter(\.decides)
        var tiles = [
            PageFrame.Tile(
                name: "Checks that decide", value: "\(deciding.count)",
                note: "\(deciding.count { $0.state == .failed }) worse, \(deciding.count { $0.isSkipped }) untold")
        ]
        if report.pairs > 0 {
            tiles.append(.init(name: "Interleaved pairs", value: "\(report.pairs)", note: "in \(duration)"))
        } else {
            tiles.append(.init(name: "Duration", value: duration, note: "all runs"))
        }
        let accuracy = report.checks.filter(\.isAccuracy)
        let isSame = !accuracy.isEmpty && accuracy.allSatisfy { $0.state == .passed }
        tiles.append(
            .init(
                name: "Results", value: accuracy.isEmpty ? "\u{2013}" : isSame ? "as before" : "changed",
                note: accuracy.first { $0.state != .passed }?.detail ?? accuracy.first?.detail ?? "nothing was compared"
            ))
        if let headline = deciding.first(where: { $0.ratio.value != nil && !$0.isAccuracy }) {
            let parts = headline.cells[4].split(separator: " ", maxSplits: 1).map(String.init)
            tiles.append(
                .init(
                    name: "\(headline.title), candidate / reference", value: parts.first ?? "\u{2013}",
                    note: (parts.count > 1 ? "interval \(parts[1]): " : "") + headline.detail))
        }
        return tiles
    }

    private var duration: String {
        report.seconds < 90
            ? NumberText.fixed(report.seconds, 0) + " s" : NumberText.fixed(report.seconds / 60, 1) + " min"
    }

    // MARK: Checks

    private var checkSection: PageFrame.Section {
        var body: [Markup] = report.notes.map(ReportPage.notice)
        if report.checks.isEmpty {
            body.append(ReportPage.notice("Nothing was compared: \(report.sentence)"))
        } else {
            body.append(checkTable)
            let forest = ForestPlot(
                rows: report.checks.compactMap(Self.forestRow),
                title: "How many times better the candidate is than the reference", groupHeading: "Workload",
                subjectHeading: "Metric")
            if !forest.rows.isEmpty {
                body.append(
                    Figure(
                        id: "forest", heading: "How many times better",
                        lead:
                            "Candidate against reference; the bar is the interval, right of 1 is better. The dashed mark is "
                            + "the tolerance: what lies wholly left of 1 and is estimated left of the mark is worse.",
                        table: forest.table, draw: { forest.svg(width: $0, id: $1) }
                    ).markup)
            }
        }
        return PageFrame.Section(id: "checks", title: "What was compared", body: body)
    }

    private static func forestRow(_ check: GateReport.Check) -> ForestPlot.Row? {
        guard let ratio = check.ratio.value, ratio.hasInterval,
            let factor = ImprovementFactor(ratio, higherIsBetter: check.higherIsBetter)
        else { return nil }
        return ForestPlot.Row(
            group: check.workload, subject: check.title, label: "\(check.title), \(check.workload)",
            shortLabel: "\(check.title), \(check.workload)", factor: factor, isHeadline: check.decides,
            limit: check.decides ? check.tolerance.map { 1 / (1 + $0) } : nil)
    }

    /// On narrow screens a block per check, with the headings as labels.
    private var checkTable: Markup {
        let headings = ["Metric"] + GateReport.Check.headings.dropFirst(2)
        let head = headings.map { heading in
            Markup.element("th", ["scope": "col"], heading.prefix(1).uppercased() + heading.dropFirst())
        }
        let rows = report.checks.map { check -> Markup in
            let cells = check.cells
            let name = Markup.element(
                "th", ["scope": "row"], .text(check.title),
                .element("span", ["class": "note"], "\(check.workload): \(check.detail)"))
            let numbers = zip(GateReport.Check.headings, cells).dropFirst(2).dropLast().map { heading, cell in
                Markup.element("td", ["class": "num", "data-label": String(heading)], cell)
            }
            let verdict = Markup.element(
                "td", ["class": "factor"], .element("strong", ["class": check.state.className], check.verdict))
            return .element("tr", [:], [name] + numbers + [verdict])
        }
        return DataTable.scrolling(
            "Checks",
            .element(
                "table", ["class": "comparison checks"],
                .element("caption", ["class": "hidden-text"], "Checks"),
                .element("thead", [:], .element("tr", [:], head)), .element("tbody", [:], rows)))
    }

    /// Wall time pair by pair, which shows drift and spikes.
    private var pairSection: PageFrame.Section? {
        let plots = report.checks.filter { $0.metric == "wall" }.compactMap { GatePairPlot($0, runs: report.runs) }
        guard !plots.isEmpty else { return nil }
        return PageFrame.Section(
            id: "pairs", title: "Pair by pair",
            body: plots.enumerated().map { index, plot in
                Figure(
                    id: "pairs-\(index)", heading: "\(plot.check.title) on \(plot.check.workload)",
                    lead:
                        "Each mark is one pair: the candidate's run over the reference's beside it. The dashed line is the "
                        + "tolerance.", table: plot.table, draw: { plot.svg(width: $0, id: $1) }
                ).markup
            })
    }

    // MARK: Surroundings

    private var machineSection: PageFrame.Section {
        var body: [Markup] = []
        if report.differences.isEmpty {
            body.append(ReportPage.paragraph("This machine reads as the baseline's does."))
        } else {
            body.append(
                DataTable(
                    caption: "Fields in which this machine differs from the baseline's",
                    columns: [.text("Field"), .text("In the baseline"), .text("Here"), .text("Kind")],
                    rows: report.differences.map {
                        [$0.name, $0.baseline, $0.here, $0.isStable ? "identity: another machine" : "may change"]
                    }
                ).markup)
        }
        body.append(.element("h3", [:], "Programs"))
        body.append(
            report.programs.isEmpty
                ? ReportPage.notice("No program was run.")
                : DataTable(
                    caption: "Programs", columns: [.text("Role"), .text("What"), .text("File"), .text("SHA-256")],
                    rows: report.programs.map { [$0.role, $0.description, $0.path, $0.sha256] }
                ).markup)
        body += ReportPage.sources(report.sources)
        return PageFrame.Section(id: "machine", title: "Machine and programs", body: body)
    }

    private var ruleSection: PageFrame.Section? {
        guard !report.facts.isEmpty else { return nil }
        return PageFrame.Section(id: "rule", title: "Rule and noise", body: [ReportPage.facts(report.facts)])
    }

    private var reproduceSection: PageFrame.Section? {
        guard !report.reproduce.isEmpty else { return nil }
        return PageFrame.Section(
            id: "reproduce", title: "Reproduce",
            body: report.reproduce.flatMap { command -> [Markup] in
                [.element("h3", [:], command.purpose), ReportPage.copyBlock(command.command, label: command.purpose)]
            })
    }
}
