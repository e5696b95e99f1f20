import Statistics

/// Candidate over reference, pair by pair in time order, for one metric of one workload.
struct GatePairPlot {
    let check: GateReport.Check
    /// By number of the pair: the mean of its runs of each program. Pairs without both are left out.
    let points: [(pair: Int, ratio: Double)]

    /// `nil` where the metric has fewer than two pairs.
    init?(_ check: GateReport.Check, runs: [GateReport.Run]) {
        self.check = check
        var reference: [Int: [Double]] = [:]
        var candidate: [Int: [Double]] = [:]
        for run in runs
        where run.workload == check.workload && run.pair >= 0 && run.failure == nil {
            guard let value = run.values[check.metric], value > 0, value.isDrawable else { continue }
            if run.role == "reference" {
                reference[run.pair, default: []].append(value)
            } else {
                candidate[run.pair, default: []].append(value)
            }
        }
        points = reference.keys.sorted().compactMap { pair in
            guard let before = reference[pair], let after = candidate[pair] else { return nil }
            return (pair, mean(after) / mean(before))
        }
        guard points.count > 1 else { return nil }
    }

    /// The ratio beyond which a change counts as a loss.
    private var limit: Double? {
        check.tolerance.map { check.higherIsBetter ? 1 / (1 + $0) : 1 + $0 }
    }

    var table: DataTable {
        DataTable(
            caption: "\(check.title) of the candidate over that of the reference",
            columns: [.number("Pair"), .number("Ratio")],
            rows: points.map { ["\($0.pair + 1)", NumberText.fixed($0.ratio, 4)] })
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        var frame = PlotFrame(width: width, height: isNarrow ? 210 : 230, left: 52, right: 12, top: 24, bottom: 44)
        let values = points.map(\.ratio) + [1 / 1.05, 1.05] + (limit.map { [$0] } ?? [])
        let vertical = AxisScale(
            .logarithmic, domain: AxisScale.paddedByFactor(values) ?? 0.5...2, start: frame.bottom, end: frame.top)
        let horizontal = AxisScale(
            .linear, domain: 0...Double(points.count), start: frame.left + 6, end: frame.right - 6)
        frame.verticalAxis(vertical, vertical.ticks(5), title: "candidate / reference")
        let one = vertical.position(1)
        frame.line(frame.left, one, frame.right, one, "unity")
        if let limit {
            let y = vertical.position(limit)
            frame.line(frame.left, y, frame.right, y, "limit")
        }
        for (position, point) in points.enumerated() {
            let x = horizontal.position(Double(position) + 0.5)
            let isWorse = check.higherIsBetter ? point.ratio < 1 : point.ratio > 1
            frame.marker(
                isWorse ? .square : .circle, x, vertical.position(point.ratio), radius: isNarrow ? 3.5 : 4.5,
                isWorse ? "worse" : "better", tip: "pair \(point.pair + 1): \(NumberText.fixed(point.ratio, 3))")
        }
        frame.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis")
        frame.text("pairs in time order", (frame.left + frame.right) / 2, frame.bottom + 28, "label", anchor: "middle")
        let described = points.map { NumberText.fixed($0.ratio, 3) }.joined(separator: ", ")
        return frame.svg(
            id: id, title: "\(check.title) of the candidate over that of the reference, pair by pair",
            description: "\(points.count) pairs on \(check.workload): \(described)")
    }
}
