/// Interleaved runs in time order, with the pressure on the CPUs behind them: shows drift and disturbance.
struct RunPlot {
    /// The runs of one setting.
    struct Series {
        let name: String
        let className: String
        let marker: Marker
        let points: [Point]
    }

    struct Point {
        /// Position in time among the runs of all series, from 0.
        let order: Int
        /// Round or pair, from 0.
        let round: Int
        /// `nil` where it could not be measured.
        let value: Double?
        let pressure: Reported<Double>
    }

    let series: [Series]
    let quantity: String
    let unit: String
    /// `confirmation run`, `run`: what a point is.
    let pointName: String
    /// `interleaved runs`, `runs`.
    let arrangement: String
    /// Every figure of every run.
    let table: DataTable

    private var points: [Point] { series.flatMap(\.points).sorted { $0.order < $1.order } }

    var legend: [Markup] {
        var pressure = PlotFrame(width: 24, height: 16, left: 0, right: 0, top: 0, bottom: 0)
        pressure.rectangle(0, 1, 24, 14, "pressure", opacity: 0.55)
        return series.map { Figure.legendItem($0.marker, $0.className, $0.name) }
            + (highestPressure > 0 ? [Figure.legendItem(pressure, "CPU pressure (stronger is more)")] : [])
    }

    var highestPressure: Double { points.compactMap(\.pressure.finite).max() ?? 0 }

    /// What the shading shows, or why there is none.
    var pressureSentence: String {
        if highestPressure > 0 {
            return "The shading is the share of each run in which some task waited for a CPU, at most "
                + NumberText.percent(highestPressure) + " here."
        }
        if let reason = points.compactMap(\.pressure.reason).first {
            return "CPU pressure was not measured: \(reason)."
        }
        return "No task had to wait for a CPU."
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        let points = points
        let values = points.compactMap(\.value)
        var frame = PlotFrame(
            width: width, height: isNarrow ? 280 : 300, left: PlotFrame.labelWidth(["0000"]), right: 12, top: 28,
            bottom: 46)
        let orders = points.map { Double($0.order + 1) }
        let horizontal = AxisScale(
            .linear, domain: (orders.min() ?? 0) - 0.5...(orders.max() ?? 1) + 0.5, start: frame.left, end: frame.right)
        let vertical = AxisScale(
            .linear, domain: AxisScale.padded(values, by: 0.1) ?? 0...1, start: frame.bottom, end: frame.top)
        let scale = max(highestPressure, 0.05)
        for point in points {
            guard let pressure = point.pressure.finite, pressure > 0 else { continue }
            let left = horizontal.position(Double(point.order) + 0.5)
            let right = horizontal.position(Double(point.order) + 1.5)
            frame.rectangle(
                left, frame.top, right - left, frame.bottom - frame.top, "pressure",
                opacity: 0.55 * min(pressure / scale, 1), tip: "CPU pressure \(NumberText.percent(pressure, 1))")
        }
        if !values.isEmpty {
            frame.verticalAxis(vertical, vertical.ticks(isNarrow ? 4 : 5), title: "\(quantity) (\(unit))")
        }
        frame.horizontalAxis(
            horizontal,
            horizontal.ticks(isNarrow ? 5 : 12).filter { $0.value >= 1 && $0.value == $0.value.rounded() },
            title: "run, in time order", grid: false)
        for item in series { draw(item, horizontal, vertical, &frame, radius: isNarrow ? 3.5 : 4.5) }
        return frame.svg(
            id: id, title: "\(quantity) of every \(pointName) in time order",
            description: "\(points.count) \(arrangement) of \(series.count) settings. " + pressureSentence)
    }

    private func draw(
        _ item: Series, _ horizontal: AxisScale, _ vertical: AxisScale, _ frame: inout PlotFrame, radius: Double
    ) {
        let drawn = item.points.sorted { $0.order < $1.order }.compactMap { point in
            point.value.map { (point: point, value: $0, x: horizontal.position(Double(point.order + 1))) }
        }
        frame.polyline(drawn.map { ($0.x, vertical.position($0.value)) }, "run-line " + item.className)
        for one in drawn {
            frame.marker(
                item.marker, one.x, vertical.position(one.value), radius: radius, item.className,
                tip: "Run \(one.point.order + 1), round \(one.point.round + 1), \(item.name): "
                    + NumberText.significant(one.value, 4) + " " + unit)
        }
    }
}

extension RunPlot {
    /// The runs of a study's confirmation.
    init(_ confirmation: StudyReport.Confirmation) {
        let metric = confirmation.headlineMetric
        self.init(
            series: confirmation.arms.map { arm in
                Series(
                    name: arm.role.name, className: arm.role.className, marker: arm.role.marker,
                    points: arm.runs.map {
                        Point(
                            order: $0.order, round: $0.round, value: $0.value(metric), pressure: $0.cpuPressure)
                    })
            }, quantity: metric.name, unit: metric.unit, pointName: "confirmation run", arrangement: "interleaved runs",
            table: Self.table(confirmation))
    }

    private static func table(_ confirmation: StudyReport.Confirmation) -> DataTable {
        func text(_ value: Reported<Double>, _ digits: Int = 3) -> String {
            value.finite.map { NumberText.significant($0, digits) } ?? "\u{2013}"
        }
        func share(_ value: Reported<Double>) -> String {
            value.finite.map { NumberText.fixed($0 * 100, 1) } ?? "\u{2013}"
        }
        let hasEnergy = confirmation.metrics.contains(.energy)
        let runs = confirmation.arms.flatMap { arm in arm.runs.map { (name: arm.role.name, run: $0) } }
            .sorted { $0.run.order < $1.run.order }
        return DataTable(
            caption: "Runs of the confirmation in time order",
            columns: [
                .number("Order"), .number("Round"), .text("Setting"), .number("Throughput (MB/s)"),
                .number("Wall time (s)"), .number("CPU time (s)"), .number("Peak memory (MB)"),
                .number("CPU pressure (%)"), .number("Steal (%)"),
            ] + (hasEnergy ? [.number("CPU energy (J)")] : []),
            rows: runs.map { name, run in
                [
                    String(run.order + 1), String(run.round + 1), name, text(run.throughput, 4), text(run.wallTime, 4),
                    text(run.cpuTime, 4), text(run.peakMemory, 4), share(run.cpuPressure), share(run.steal),
                ] + (hasEnergy ? [run.energy.map { text($0, 4) } ?? "\u{2013}"] : [])
            })
    }
}
