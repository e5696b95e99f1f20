/// The confirmation's runs in time order, with the pressure on the CPUs behind them: shows drift and disturbance.
struct RunPlot {
    let confirmation: StudyReport.Confirmation

    private var metric: StudyReport.Metric { confirmation.headlineMetric }

    private struct Point {
        let role: StudyReport.ArmRole
        let run: StudyReport.Run
    }

    private var points: [Point] {
        confirmation.arms.flatMap { arm in arm.runs.map { Point(role: arm.role, run: $0) } }
            .sorted { $0.run.order < $1.run.order }
    }

    var legend: [Markup] {
        var pressure = PlotFrame(width: 24, height: 16, left: 0, right: 0, top: 0, bottom: 0)
        pressure.rectangle(0, 1, 24, 14, "pressure", opacity: 0.55)
        return confirmation.arms.map { Figure.legendItem($0.role.marker, $0.role.className, $0.role.name) }
            + (highestPressure > 0 ? [Figure.legendItem(pressure, "CPU pressure (stronger is more)")] : [])
    }

    var highestPressure: Double { points.compactMap(\.run.cpuPressure.finite).max() ?? 0 }

    /// What the shading shows, or why there is none.
    var pressureSentence: String {
        if highestPressure > 0 {
            return "The shading is the share of each run in which some task waited for a CPU, at most "
                + NumberText.percent(highestPressure) + " here."
        }
        if let reason = points.compactMap(\.run.cpuPressure.reason).first {
            return "CPU pressure was not measured: \(reason)."
        }
        return "No task had to wait for a CPU."
    }

    private var hasEnergy: Bool { confirmation.metrics.contains(.energy) }

    var table: DataTable {
        func text(_ value: Reported<Double>, _ digits: Int = 3) -> String {
            value.finite.map { NumberText.significant($0, digits) } ?? "\u{2013}"
        }
        func share(_ value: Reported<Double>) -> String {
            value.finite.map { NumberText.fixed($0 * 100, 1) } ?? "\u{2013}"
        }
        return DataTable(
            caption: "Runs of the confirmation in time order",
            columns: [
                .number("Order"), .number("Round"), .text("Setting"), .number("Throughput (MB/s)"),
                .number("Wall time (s)"), .number("CPU time (s)"), .number("Peak memory (MB)"),
                .number("CPU pressure (%)"), .number("Steal (%)"),
            ] + (hasEnergy ? [.number("CPU energy (J)")] : []),
            rows: points.map {
                [
                    String($0.run.order + 1), String($0.run.round + 1), $0.role.name, text($0.run.throughput, 4),
                    text($0.run.wallTime, 4), text($0.run.cpuTime, 4), text($0.run.peakMemory, 4),
                    share($0.run.cpuPressure), share($0.run.steal),
                ] + (hasEnergy ? [$0.run.energy.map { text($0, 4) } ?? "\u{2013}"] : [])
            })
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        let points = points
        let values = points.compactMap { $0.run.value(metric) }
        var frame = PlotFrame(
            width: width, height: isNarrow ? 280 : 300, left: PlotFrame.labelWidth(["0000"]), right: 12, top: 28,
            bottom: 46)
        let orders = points.map { Double($0.run.order + 1) }
        let horizontal = AxisScale(
            .linear, domain: (orders.min() ?? 0) - 0.5...(orders.max() ?? 1) + 0.5, start: frame.left, end: frame.right)
        let vertical = AxisScale(
            .linear, domain: AxisScale.padded(values, by: 0.1) ?? 0...1, start: frame.bottom, end: frame.top)
        let scale = max(highestPressure, 0.05)
        for point in points {
            guard let pressure = point.run.cpuPressure.finite, pressure > 0 else { continue }
            let left = horizontal.position(Double(point.run.order) + 0.5)
            let right = horizontal.position(Double(point.run.order) + 1.5)
            frame.rectangle(
                left, frame.top, right - left, frame.bottom - frame.top, "pressure",
                opacity: 0.55 * min(pressure / scale, 1), tip: "CPU pressure \(NumberText.percent(pressure, 1))")
        }
        if !values.isEmpty {
            frame.verticalAxis(vertical, vertical.ticks(isNarrow ? 4 : 5), title: "\(metric.name) (\(metric.unit))")
        }
        frame.horizontalAxis(
            horizontal,
            horizontal.ticks(isNarrow ? 5 : 12).filter { $0.value >= 1 && $0.value == $0.value.rounded() },
            title: "run, in time order", grid: false)
        for arm in confirmation.arms { draw(arm, horizontal, vertical, &frame, radius: isNarrow ? 3.5 : 4.5) }
        return frame.svg(
            id: id, title: "\(metric.name) of every confirmation run in time order",
            description: "\(points.count) interleaved runs of \(confirmation.arms.count) settings. "
                + pressureSentence)
    }

    private func draw(
        _ arm: StudyReport.Arm, _ horizontal: AxisScale, _ vertical: AxisScale, _ frame: inout PlotFrame,
        radius: Double
    ) {
        let drawn = arm.runs.sorted { $0.order < $1.order }.compactMap { run in
            run.value(metric).map { (run: run, value: $0, x: horizontal.position(Double(run.order + 1))) }
        }
        frame.polyline(drawn.map { ($0.x, vertical.position($0.value)) }, "run-line " + arm.role.className)
        for item in drawn {
            frame.marker(
                arm.role.marker, item.x, vertical.position(item.value), radius: radius, arm.role.className,
                tip: "Run \(item.run.order + 1), round \(item.run.round + 1), \(arm.role.name): "
                    + NumberText.significant(item.value, 4) + " " + metric.unit)
        }
    }
}
