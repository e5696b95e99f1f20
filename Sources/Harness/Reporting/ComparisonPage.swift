import Statistics

/// The page about a comparison: verdict, results, figures, runs, configuration, environment, how to reproduce.
struct ComparisonPage {
    let report: ComparisonReport
    /// The embedded data, escaped for a script element.
    let json: String

    typealias Section = PageFrame.Section

    var html: String {
        PageFrame(
            documentTitle: report.title + " \u{2013} " + report.verdict.word, heading: report.title,
            facts: [
                ("Created", report.created), ("Before", name(0)), ("After", name(1)),
                (
                    "Workload",
                    report.environment.workloads.isEmpty
                        ? "none recorded" : report.environment.workloads.map(\.name).joined(separator: ", ")
                ),
            ], banner: banner,
            sections: [
                accuracySection, figureSection, configurationSection,
                ReportPage.environmentSection(report.environment), ReportPage.reproduceSection(report.reproduce),
            ],
            footer: "Lavoisier comparison, schema \(report.schemaVersion). The data behind this page is embedded in it "
                + "as JSON (element lavoisier-data).", json: json
        ).html
    }

    /// Rows of one workload together, in the order in which they come.
    private var rows: [ComparisonReport.Row] {
        var workloads: [String] = []
        for row in report.rows where !workloads.contains(row.workload) { workloads.append(row.workload) }
        return workloads.flatMap { workload in report.rows.filter { $0.workload == workload } }
    }

    private func name(_ arm: Int) -> String {
        report.arms.indices.contains(arm) ? report.arms[arm].name : arm == 0 ? "before" : "after"
    }

    // MARK: banner

    private var banner: Markup {
        PageFrame.banner(
            word: report.verdict.word, className: report.verdict.className, iconPath: report.verdict.iconPath,
            sentence: report.sentence, tiles: tiles)
    }

    /// The row that the verdict is about: the worst that fails, else the best that improved, else the first that cannot tell,
    /// else the first that decides.
    var headline: ComparisonReport.Row? {
        func change(_ row: ComparisonReport.Row) -> Double { factor(row)?.estimate ?? 1 }
        let deciding = report.rows.filter { $0.decides && factor($0) != nil }
        return deciding.filter { $0.verdict == .worse }.min { change($0) < change($1) }
            ?? deciding.filter { $0.verdict == .better }.max { change($0) < change($1) }
            ?? deciding.first { $0.verdict == .inconclusive } ?? deciding.first
    }

    private var tiles: [PageFrame.Tile] {
        var tiles: [PageFrame.Tile] = []
        if let row = headline, let factor = factor(row), let ratio = row.ratio.value {
            tiles = [
                PageFrame.Tile(
                    name: "\(row.metric), \(row.workload)", value: NumberText.factor(factor.estimate) + "\u{00D7}",
                    note: "more than 1 is better; after against before"),
                PageFrame.Tile(
                    name: "95\u{202F}% interval",
                    value: NumberText.factor(factor.lower) + "\u{2013}" + NumberText.factor(factor.upper),
                    note: ratio.count),
                PageFrame.Tile(
                    name: "Smallest detectable", value: effect(ratio),
                    note: "with 80 % power; tolerated are \(NumberText.percent(row.tolerance, 1))"),
            ]
        }
        let lost = report.accuracy.filter { $0.loss != nil }
        let identical = !report.accuracy.isEmpty && report.accuracy.allSatisfy { $0.digestsEqual.value == true }
        tiles.append(
            PageFrame.Tile(
                name: "Results", value: !lost.isEmpty ? "worse" : identical ? "identical" : "changed",
                note: lost.first?.loss ?? (identical ? "same digest on every workload" : "see below")))
        if report.accuracy.isEmpty { tiles.removeLast() }
        tiles.append(
            PageFrame.Tile(
                name: "Runs", value: String(report.runs.count),
                note: report.manner == .interleaved ? "both in turn, on this machine" : "stored, one after the other"))
        return tiles
    }

    private func effect(_ ratio: ChangeRatio) -> String {
        ratio.smallestDetectable.isDrawable
            ? NumberText.percent(ratio.smallestDetectable, ratio.smallestDetectable < 0.1 ? 1 : 0) : "\u{2013}"
    }

    private func factor(_ row: ComparisonReport.Row) -> ImprovementFactor? {
        row.ratio.value.flatMap {
            ImprovementFactor(
                estimate: $0.estimate, lower: $0.lower, upper: $0.upper, higherIsBetter: row.higherIsBetter)
        }
    }

    // MARK: results

    private var accuracySection: Section {
        guard !report.accuracy.isEmpty else {
            return Section(
                id: "results", title: "Results", body: [ReportPage.notice("No results were compared.")])
        }
        func cell(_ value: Reported<String>) -> String { value.value ?? "\u{2013}" }
        let table = DataTable(
            caption: "Results before and after",
            columns: [
                .text("Workload"), .text("Digest"), .number("F1, after against before"), .number("Truth before"),
                .number("Truth after"), .number("Identified before"), .number("Identified after"),
            ],
            rows: report.accuracy.map { row in
                [
                    row.workload, row.digestsEqual.value.map { $0 ? "identical" : "differs" } ?? "\u{2013}",
                    row.f1.finite.map { NumberText.fixed($0, 4) } ?? "\u{2013}", cell(row.truthBefore),
                    cell(row.truthAfter), cell(row.identificationsBefore), cell(row.identificationsAfter),
                ]
            })
        let losses = report.accuracy.compactMap(\.loss).map { ReportPage.notice($0 + ".") }
        return Section(
            id: "results", title: "Results",
            body: [
                ReportPage.paragraph(
                    "Results come first: a faster wrong answer is not better. Truth is what others published about the "
                        + "data; the digest is SHA-256 over the result tables.")
            ] + losses + [table.markup])
    }

    // MARK: figures

    private var figureSection: Section {
        var body = report.notes.map { ReportPage.notice($0 + ($0.hasSuffix(".") ? "" : ".")) }
        guard !report.rows.isEmpty else {
            body.append(ReportPage.notice("No figures were compared."))
            return Section(id: "figures", title: "Before and after", body: body)
        }
        let forest = forestPlot
        body.append(comparisonTable(forest))
        body.append(
            ReportPage.paragraph(
                "Medians; factors turned so that more than 1 is better. A row is worse when it is beyond its tolerance and that "
                    + "cannot be chance; it cannot tell when twice the tolerance could have been missed."))
        for row in rows {
            if let reason = row.ratio.reason {
                body.append(ReportPage.notice("\(row.metric) of \(row.workload) was not compared: \(reason)."))
            }
        }
        if !forest.rows.isEmpty {
            body.append(
                Figure(
                    id: "forest", heading: "How many times better",
                    lead: "After against before; the bar is the 95\u{202F}% interval, right of 1 is better. A bar that "
                        + "crosses 1 is within noise.",
                    table: forest.table, draw: { forest.svg(width: $0, id: $1) }
                ).markup)
        }
        if report.runs.contains(where: { $0.wallTime.finite != nil }) {
            let plot = runPlot
            let manner =
                report.manner == .interleaved
                ? "The two take turns, so a disturbance meets both. "
                : "The two series were made one after the other: what changed in between is in the difference. "
            body.append(
                Figure(
                    id: "runs", heading: "Every run in time order", lead: manner + plot.pressureSentence,
                    legend: plot.legend, table: plot.table, draw: { plot.svg(width: $0, id: $1) }
                ).markup)
        }
        return Section(id: "figures", title: "Before and after", body: body)
    }

    private func comparisonTable(_ forest: ForestPlot) -> Markup {
        let head = ["Metric", "Before", "After", "After against before", "Verdict"].enumerated().map { position, text in
            Markup.element(
                "th", ["scope": "col", "class": position == 1 || position == 2 ? "num" : "txt"], text)
        }
        let table = rows.filter { $0.ratio.value != nil }.map { row -> Markup in
            func number(_ value: Reported<Double>, _ label: String) -> Markup {
                .element(
                    "td", ["class": "num", "data-label": label],
                    value.finite.map { NumberText.significant($0, 4) } ?? "\u{2013}")
            }
            let bounds =
                "tolerance \(NumberText.percent(row.tolerance, 1)), detectable \(row.ratio.value.map(effect) ?? "")"
            return .element(
                "tr", [:],
                .element(
                    "th", ["scope": "row"], .text(row.metric),
                    .element("span", ["class": "unit"], " \(row.unit), \(row.workload)")),
                number(row.before, "before"), number(row.after, "after"), factorCell(row, forest),
                .element(
                    "td", ["class": "txt", "data-label": "verdict"],
                    .text(row.verdict.word + (row.decides ? "" : " (shown only)")), .element("br"),
                    .element("span", ["class": "note"], bounds)))
        }
        return DataTable.scrolling(
            "Before and after",
            .element(
                "table", ["class": "comparison"],
                .element("caption", ["class": "hidden-text"], "Medians before and after, and factors"),
                .element("thead", [:], .element("tr", [:], head)), .element("tbody", [:], table)))
    }

    private func factorCell(_ row: ComparisonReport.Row, _ forest: ForestPlot) -> Markup {
        guard let ratio = row.ratio.value, let factor = factor(row) else {
            return .element(
                "td", ["class": "absent factor", "data-label": "after against before"],
                row.ratio.reason == nil ? "out of range" : "not compared")
        }
        return .element(
            "td", ["class": "factor", "data-label": "after against before"],
            .element(
                "span", ["class": "factor-numbers"],
                .element("strong", [:], NumberText.factor(factor.estimate) + "\u{00D7}"),
                .text(" \(NumberText.factor(factor.lower))\u{2013}\(NumberText.factor(factor.upper))")),
            forest.cellBar(factor),
            .element("span", ["class": "note"], "\(NumberText.change(ratio.estimate)), \(ratio.count)"))
    }

    private var forestPlot: ForestPlot {
        let headline = headline
        return ForestPlot(
            rows: rows.compactMap { row in
                factor(row).map { factor in
                    ForestPlot.Row(
                        group: row.workload, subject: row.metric, label: "\(row.metric), \(row.workload)",
                        shortLabel: "\(row.metric), \(row.workload)", factor: factor, isHeadline: row == headline)
                }
            }, title: "How many times better after is than before", groupHeading: "Workload", subjectHeading: "Metric")
    }

    private var runPlot: RunPlot {
        let styles: [(className: String, marker: Marker)] = [("arm-before", .diamond), ("arm-best", .circle)]
        func text(_ value: Reported<Double>) -> String {
            value.finite.map { NumberText.significant($0, 4) } ?? "\u{2013}"
        }
        func share(_ value: Reported<Double>) -> String {
            value.finite.map { NumberText.fixed($0 * 100, 1) } ?? "\u{2013}"
        }
        return RunPlot(
            series: styles.indices.map { arm in
                RunPlot.Series(
                    name: name(arm), className: styles[arm].className, marker: styles[arm].marker,
                    points: report.runs.filter { $0.arm == arm }.map {
                        RunPlot.Point(
                            order: $0.order, round: $0.round, value: $0.wallTime.finite, pressure: $0.cpuPressure)
                    })
            }, quantity: "Wall time", unit: "s", pointName: "run",
            arrangement: report.manner == .interleaved ? "interleaved runs" : "runs",
            table: DataTable(
                caption: "Runs in time order",
                columns: [
                    .number("Order"), .number("Pair or run"), .text("Side"), .number("Wall time (s)"),
                    .number("CPU time (s)"), .number("Throughput (MB/s)"), .number("Peak memory (MB)"),
                    .number("CPU pressure (%)"), .number("Steal (%)"), .text("Disturbed"),
                ],
                rows: report.runs.sorted { $0.order < $1.order }.map { run in
                    [
                        String(run.order + 1), String(run.round + 1), name(run.arm), text(run.wallTime),
                        text(run.cpuTime), text(run.throughput), text(run.peakMemory), share(run.cpuPressure),
                        share(run.steal), run.disturbance ?? "",
                    ]
                }))
    }

    // MARK: configuration

    private var configurationSection: Section {
        var body: [Markup] = [
            .element(
                "div", ["class": "cards"],
                report.arms.map {
                    .element("div", ["class": "card"], .element("h3", [:], $0.name), ReportPage.facts($0.facts))
                })
        ]
        guard report.arms.count == 2 else {
            return Section(id: "configuration", title: "What ran", body: body)
        }
        let sides = report.arms.map { arm in
            Dictionary(arm.settings.map { ($0.parameter, $0.value.text) }) { _, last in last }
        }
        let names = Set(sides[0].keys).union(sides[1].keys).sorted().filter { sides[0][$0] != sides[1][$0] }
        body.append(.element("h3", [:], "Settings that differ"))
        body.append(
            names.isEmpty
                ? ReportPage.paragraph("Both ran with the same settings.")
                : DataTable(
                    caption: "Settings that differ", columns: [.text("Setting"), .text(name(0)), .text(name(1))],
                    rows: names.map { [$0, sides[0][$0] ?? "its default", sides[1][$0] ?? "its default"] }
                ).markup)
        return Section(id: "configuration", title: "What ran", body: body)
    }
}
