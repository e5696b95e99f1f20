/// Both objectives of every trial, with the front as a step line: what it passes is reached by nothing measured.
struct TradeOffPlot {
    let tradeOff: StudyReport.TradeOff
    private let points: [StudyReport.TradeOff.Point]

    init(_ tradeOff: StudyReport.TradeOff) {
        self.tradeOff = tradeOff
        points = tradeOff.points.filter { $0.first.isDrawable && $0.second.isDrawable }
    }

    private static func title(_ objective: StudyReport.Objective) -> String { "\(objective.name) (\(objective.unit))" }

    /// The front, the chosen one marked.
    var table: DataTable {
        DataTable(
            caption: "Pareto front",
            columns: [
                .number("Trial"), .number(Self.title(tradeOff.first)), .number(Self.title(tradeOff.second)),
                .text("Chosen"),
            ],
            rows: tradeOff.front.map {
                [
                    String($0.trial), NumberText.significant($0.first, 4), NumberText.significant($0.second, 4),
                    $0.trial == tradeOff.chosen ? "yes" : "",
                ]
            })
    }

    var legend: [Markup] {
        [
            Figure.legendItem(.circle, "state-unfinished", "trial"),
            Figure.legendItem(.circle, "state-succeeded", "on the front"),
            Figure.legendLine("best-line", "front"),
        ] + (chosen == nil ? [] : [Figure.legendItem(.diamond, "arm-best", "chosen")])
    }

    private var chosen: StudyReport.TradeOff.Point? { points.first { $0.trial == tradeOff.chosen } }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        var frame = PlotFrame(
            width: width, height: isNarrow ? 320 : 420, left: PlotFrame.labelWidth(["0000"]), right: 14,
            top: 28, bottom: 46)
        let horizontal = AxisScale(
            .linear, domain: AxisScale.padded(points.map(\.second), by: 0.08) ?? 0...1, start: frame.left,
            end: frame.right)
        let vertical = AxisScale(
            .linear, domain: AxisScale.padded(points.map(\.first), by: 0.08) ?? 0...1, start: frame.bottom,
            end: frame.top)
        frame.verticalAxis(vertical, vertical.ticks(5), title: Self.title(tradeOff.first))
        frame.horizontalAxis(horizontal, horizontal.ticks(isNarrow ? 4 : 7), title: Self.title(tradeOff.second))
        frame.polyline(
            steps.map { (horizontal.position($0.second), vertical.position($0.first)) }, "best-line")
        for point in points.filter({ !$0.isOnFront }) + points.filter(\.isOnFront) {
            let isChosen = point.trial == tradeOff.chosen
            frame.marker(
                isChosen ? .diamond : .circle, horizontal.position(point.second), vertical.position(point.first),
                radius: isChosen ? 6 : isNarrow ? 3 : 4,
                isChosen ? "arm-best chosen" : point.isOnFront ? "state-succeeded" : "state-unfinished",
                tip: tip(point))
        }
        return frame.svg(id: id, title: "Both objectives of every trial", description: description)
    }

    /// Corners of the front: between two members, the worse value of each objective.
    private var steps: [(first: Double, second: Double)] {
        var corners: [(first: Double, second: Double)] = []
        for point in tradeOff.front {
            if let last = corners.last {
                let takesLast = tradeOff.second.higherIsBetter
                corners.append(takesLast ? (point.first, last.second) : (last.first, point.second))
            }
            corners.append((point.first, point.second))
        }
        return corners
    }

    private func tip(_ point: StudyReport.TradeOff.Point) -> String {
        "Trial \(point.trial): \(NumberText.significant(point.first, 4)) \(tradeOff.first.unit), "
            + "\(NumberText.significant(point.second, 4)) \(tradeOff.second.unit)"
            + (point.trial == tradeOff.chosen ? ", chosen" : point.isOnFront ? ", on the front" : "")
    }

    private var description: String {
        "\(points.count) \(points.count == 1 ? "trial" : "trials"), \(tradeOff.front.count) on the front."
            + (chosen.map { " Chosen: \(tip($0))." } ?? "")
    }
}

extension ReportPage {
    /// The trade-off of a study with two objectives; nothing for one.
    var tradeOffFigure: [Markup] {
        guard let tradeOff = report.tradeOff else { return [] }
        let plot = TradeOffPlot(tradeOff)
        guard !tradeOff.front.isEmpty else {
            return [Self.notice("No trial has both objectives, so there is no Pareto front.")]
        }
        return [
            Figure(
                id: "trade-off", heading: "\(tradeOff.first.name) against \(tradeOff.second.name.lowercased())",
                lead: tradeOff.rule, legend: plot.legend, table: plot.table, draw: { plot.svg(width: $0, id: $1) }
            ).markup
        ]
    }
}
