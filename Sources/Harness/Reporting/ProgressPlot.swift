/// Every trial's objective in order, with the best so far as a step line.
struct ProgressPlot {
    let report: StudyReport

    private var title: String { "\(report.objective.name) (\(report.objective.unit))" }

    /// The first successful trial of the built-in default.
    private var defaultTrial: (trial: StudyReport.Trial, objective: Double)? {
        report.measuredTrials.first { item in
            !report.parameters.isEmpty
                && report.parameters.allSatisfy { item.trial.value(of: $0.name)?.text == $0.defaultValue.text }
        }
    }

    var table: DataTable {
        var best: Double?
        let rows = report.trials.map { trial -> [String] in
            if trial.state == .succeeded, let value = trial.objective.finite {
                best = best.map { report.isBetter(value, than: $0) ? value : $0 } ?? value
            }
            return [
                String(trial.number), trial.phase, trial.state.rawValue,
                trial.objective.finite.map { NumberText.significant($0, 4) } ?? "\u{2013}",
                best.map { NumberText.significant($0, 4) } ?? "\u{2013}",
            ]
        }
        return DataTable(
            caption: "Objective and best so far",
            columns: [
                .number("Trial"), .text("Phase"), .text("State"), .number(title), .number("Best so far"),
            ], rows: rows)
    }

    var legend: [Markup] {
        let states = StudyReport.TrialState.allCases.filter { state in report.trials.contains { $0.state == state } }
        return states.map { Figure.legendItem($0.marker, $0.className, $0.rawValue) }
            + [Figure.legendLine("best-line", "best so far")]
            + (defaultTrial == nil ? [] : [Figure.legendLine("default-line", "built-in default")])
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        let values = report.trials.compactMap(\.objective.finite)
        let range = AxisScale.padded(values, by: 0.08) ?? 0...1
        var frame = PlotFrame(
            width: width, height: isNarrow ? 300 : 360, left: PlotFrame.labelWidth(["0000"]), right: 12, top: 44,
            bottom: 46)
        let hasStrip = report.trials.contains { $0.objective.finite == nil }
        let floor = frame.bottom - (hasStrip ? 26 : 0)
        let vertical = AxisScale(.linear, domain: range, start: floor, end: frame.top)
        let numbers = report.trials.map { Double($0.number) }
        let horizontal = AxisScale(
            .linear, domain: (numbers.min() ?? 0) - 0.7...(numbers.max() ?? 1) + 0.7, start: frame.left,
            end: frame.right)
        if !values.isEmpty { frame.verticalAxis(vertical, vertical.ticks(isNarrow ? 4 : 6), title: title) }
        frame.horizontalAxis(
            horizontal,
            horizontal.ticks(isNarrow ? 5 : 10).filter { $0.value >= 0 && $0.value == $0.value.rounded() },
            title: "trial", grid: false)
        if hasStrip {
            frame.line(frame.left, floor, frame.right, floor, "grid")
            frame.text("none", frame.left - 7, frame.bottom - 8, anchor: "end")
        }
        drawPhases(horizontal, &frame)
        if let reference = defaultTrial {
            let y = vertical.position(reference.objective)
            frame.line(frame.left, y, frame.right, y, "default-line")
        }
        drawBestSoFar(horizontal, vertical, &frame)
        let best = report.bestTrial?.trial.number
        for trial in report.trials {
            let y = trial.objective.finite.map { vertical.position($0) } ?? frame.bottom - 13
            frame.marker(
                trial.state.marker, horizontal.position(Double(trial.number)), y,
                radius: trial.number == best ? 6 : isNarrow ? 3 : 4,
                trial.state.className + (trial.number == best ? " chosen" : ""), tip: tip(trial))
        }
        return frame.svg(id: id, title: "Best so far over the trials", description: description)
    }

    private var description: String {
        guard let best = report.bestTrial else { return "No trial succeeded." }
        let count = report.measuredTrials.count
        return "\(report.trials.count) trials, \(count) succeeded; the best was trial \(best.trial.number) with "
            + "\(NumberText.significant(best.objective, 4)) \(report.objective.unit)."
    }

    private func tip(_ trial: StudyReport.Trial) -> String {
        let value = trial.objective.finite.map { NumberText.significant($0, 4) + " " + report.objective.unit }
        let settings = trial.configuration.map { "\($0.parameter) = \($0.value.text)" }
        return
            (["Trial \(trial.number), \(trial.phase): \(value ?? trial.state.rawValue)"]
            + (trial.reason.map { [$0] } ?? []) + settings).joined(separator: "\n")
    }

    private func drawBestSoFar(_ horizontal: AxisScale, _ vertical: AxisScale, _ frame: inout PlotFrame) {
        var points: [(x: Double, y: Double)] = []
        var best: Double?
        for item in report.measuredTrials where best.map({ report.isBetter(item.objective, than: $0) }) ?? true {
            let x = horizontal.position(Double(item.trial.number))
            if let last = points.last { points.append((x, last.y)) }
            points.append((x, vertical.position(item.objective)))
            best = item.objective
        }
        if let last = points.last { points.append((frame.right, last.y)) }
        frame.polyline(points, "best-line")
    }

    /// A line where a phase ends and, if there is room, the name of the phase.
    private func drawPhases(_ horizontal: AxisScale, _ frame: inout PlotFrame) {
        var begin = 0
        let trials = report.trials
        while begin < trials.count {
            var end = begin
            while end + 1 < trials.count && trials[end + 1].phase == trials[begin].phase { end += 1 }
            let left = begin == 0 ? frame.left : horizontal.position(Double(trials[begin].number) - 0.5)
            let right =
                end + 1 == trials.count ? frame.right : horizontal.position(Double(trials[end].number) + 0.5)
            if begin > 0 { frame.line(left, frame.top - 8, left, frame.bottom, "phase") }
            if PlotFrame.labelWidth([trials[begin].phase]) < right - left {
                frame.text(trials[begin].phase, left + 6, frame.top - 1, "phase-name")
            }
            begin = end + 1
        }
    }
}
