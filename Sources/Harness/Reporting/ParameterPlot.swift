/// One parameter's values against the objective, with the default and the best marked.
struct ParameterPlot {
    let report: StudyReport
    let parameter: StudyReport.Parameter
    private let positions: Positions

    /// Where values lie along the axis.
    private enum Positions {
        /// By number on a linear or logarithmic axis.
        case numeric(AxisScale.Kind, ClosedRange<Double>)
        /// One place per text: choices, and numbers that a logarithm cannot hold.
        case ordinal([String])
    }

    init(_ report: StudyReport, _ parameter: StudyReport.Parameter) {
        self.report = report
        self.parameter = parameter
        let tried = report.trials.compactMap { $0.value(of: parameter.name) }
        let all = parameter.values + tried + [parameter.defaultValue] + (parameter.best.value.map { [$0] } ?? [])
        let numbers = all.compactMap(\.number).filter { $0.isFinite && $0.magnitude < 1e30 }
        let isNumeric = parameter.scale != .categorical && numbers.count == all.count
        if isNumeric, parameter.scale == .logarithmic, let range = AxisScale.paddedByFactor(numbers) {
            positions = .numeric(.logarithmic, range)
        } else if isNumeric, parameter.scale == .linear, let range = AxisScale.padded(numbers) {
            positions = .numeric(.linear, range)
        } else {
            var seen: Set<String> = []
            let ordered = numbers.count == all.count ? all.sorted { $0.number ?? 0 < $1.number ?? 0 } : all
            positions = .ordinal(ordered.map(\.text).filter { seen.insert($0).inserted })
        }
    }

    private var axisTitle: String { parameter.unit.isEmpty ? parameter.name : "\(parameter.name) (\(parameter.unit))" }

    var table: DataTable {
        let objective = "\(report.objective.name) (\(report.objective.unit))"
        return DataTable(
            caption: parameter.name,
            columns: [.number("Trial"), .text(axisTitle), .number(objective), .text("State")],
            rows: report.trials.map {
                [
                    String($0.number), $0.value(of: parameter.name)?.text ?? "\u{2013}",
                    $0.objective.finite.map { NumberText.significant($0, 4) } ?? "\u{2013}", $0.state.rawValue,
                ]
            })
    }

    func svg(id: String) -> Markup {
        let values = report.trials.compactMap(\.objective.finite)
        var frame = PlotFrame(
            width: 340, height: 230, left: PlotFrame.labelWidth(["000"]), right: 14, top: 26, bottom: 28)
        let hasStrip = report.trials.contains { $0.objective.finite == nil }
        let floor = frame.bottom - (hasStrip ? 20 : 0)
        let vertical = AxisScale(.linear, domain: AxisScale.padded(values) ?? 0...1, start: floor, end: frame.top + 4)
        if !values.isEmpty {
            frame.verticalAxis(
                vertical, vertical.ticks(4), title: "\(report.objective.name) (\(report.objective.unit))")
        }
        let scale = horizontalScale(frame)
        frame.horizontalAxis(scale, spaced(ticks(scale), on: scale), title: "", grid: false)
        if hasStrip { frame.line(frame.left, floor, frame.right, floor, "grid") }
        if let x = position(parameter.defaultValue, scale) {
            frame.line(x, frame.top, x, frame.bottom, "default-line")
        }
        if let best = parameter.best.value, let x = position(best, scale) {
            frame.line(x, frame.top, x, frame.bottom, "chosen-line")
        }
        let best = report.bestTrial?.trial.number
        // The best is drawn last, so that nothing hides it.
        for trial in report.trials.filter({ $0.number != best }) + report.trials.filter({ $0.number == best }) {
            guard let value = trial.value(of: parameter.name), let x = position(value, scale) else { continue }
            let y = trial.objective.finite.map { vertical.position($0) } ?? frame.bottom - 10
            frame.marker(
                trial.state.marker, x + jitter(trial.number), y, radius: trial.number == best ? 5.5 : 3.2,
                trial.state.className + (trial.number == best ? " chosen" : ""),
                tip: "Trial \(trial.number): \(value.text)")
        }
        return frame.svg(
            id: id, title: "\(parameter.name) against \(report.objective.name)",
            description: "Default \(parameter.defaultValue.text), best "
                + (parameter.best.value?.text ?? "not known") + ", over \(report.trials.count) trials.")
    }

    private func horizontalScale(_ frame: PlotFrame) -> AxisScale {
        switch positions {
        case .numeric(let kind, let range):
            AxisScale(kind, domain: range, start: frame.left + 4, end: frame.right - 4)
        case .ordinal(let texts):
            AxisScale(.linear, domain: -0.6...Double(max(texts.count, 1)) - 0.4, start: frame.left, end: frame.right)
        }
    }

    private func position(_ value: StudyReport.Value, _ scale: AxisScale) -> Double? {
        switch positions {
        case .numeric: value.number.map { scale.position($0) }
        case .ordinal(let texts): texts.firstIndex(of: value.text).map { scale.position(Double($0)) }
        }
    }

    private func ticks(_ scale: AxisScale) -> [AxisScale.Tick] {
        switch positions {
        case .ordinal(let texts): texts.enumerated().map { .init(value: Double($0.offset), label: $0.element) }
        case .numeric:
            parameter.values.isEmpty
                ? scale.ticks(4)
                : parameter.values.compactMap { value in
                    value.number.map { .init(value: $0, label: Self.shortened(value.text)) }
                }
        }
    }

    /// Drops the ticks whose labels would touch the one before.
    private func spaced(_ ticks: [AxisScale.Tick], on scale: AxisScale) -> [AxisScale.Tick] {
        var free = -Double.infinity
        return ticks.filter { tick in
            let half = Double(tick.label.count) * 3.3 + 2
            let x = scale.position(tick.value)
            guard x - half >= free else { return false }
            free = x + half
            return true
        }
    }

    /// Spreads points that share one place among few; the same in every drawing of a trial.
    private func jitter(_ number: Int) -> Double {
        let places: Int
        switch positions {
        case .ordinal(let texts): places = texts.count
        case .numeric: places = parameter.values.count
        }
        guard (1..<12).contains(places) else { return 0 }
        return Double((number % 13 * 7) % 13 - 6) * min(1.6, 9 / Double(places))
    }

    private static func shortened(_ text: String) -> String { text.count <= 10 ? text : text.prefix(9) + "\u{2026}" }
}
