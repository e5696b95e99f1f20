/// Time per stage, one bar per measured setting.
struct StagePlot {
    let times: StudyReport.StageTimes

    /// Names in pipeline order, each once.
    private var names: [String] {
        var seen: Set<String> = []
        return times.arms.flatMap { $0.stages.map(\.name) }.filter { seen.insert($0).inserted }
    }

    private func seconds(_ arm: StudyReport.StageTimes.ArmStages, _ name: String) -> Double? {
        arm.stages.first { $0.name == name && $0.seconds.isDrawable }?.seconds
    }

    var legend: [Markup] {
        times.arms.map { Figure.legendItem(.square, $0.role.className, $0.role.name) }
    }

    var table: DataTable {
        DataTable(
            caption: "Seconds per stage",
            columns: [.text("Stage")] + times.arms.map { .number("\($0.role.name) (s)") },
            rows: names.map { name in
                [name]
                    + times.arms.map { arm in seconds(arm, name).map { NumberText.fixed($0, 3) } ?? "\u{2013}" }
            })
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        let bar = 11.0
        let group = Double(times.arms.count) * (bar + 2) + (isNarrow ? 28 : 14)
        let longest = times.arms.flatMap { $0.stages.map(\.seconds) }.filter(\.isDrawable).max() ?? 0
        var frame = PlotFrame(
            width: width, height: Double(names.count) * group + 52,
            left: isNarrow ? 14 : PlotFrame.labelWidth(names), right: 64, top: 6, bottom: 46)
        let scale = AxisScale(.linear, domain: 0...max(longest, 0.001), start: frame.left, end: frame.right)
        frame.horizontalAxis(scale, scale.ticks(isNarrow ? 4 : 8), title: "seconds")
        for (index, name) in names.enumerated() {
            var y = frame.top + Double(index) * group + (isNarrow ? 20 : 7)
            let middle = y + Double(times.arms.count) * (bar + 2) / 2
            if isNarrow {
                frame.text(name, frame.left, y - 5, "row")
            } else {
                frame.text(name, frame.left - 10, middle + 3, "row", anchor: "end")
            }
            for arm in times.arms {
                if let value = seconds(arm, name) {
                    frame.rectangle(
                        frame.left, y, scale.position(max(value, 0)) - frame.left, bar, "bar " + arm.role.className,
                        tip: "\(name), \(arm.role.name): \(NumberText.fixed(value, 3)) s")
                    frame.text(NumberText.fixed(value, 2), scale.position(max(value, 0)) + 6, y + 9.5, "value tabular")
                }
                y += bar + 2
            }
        }
        return frame.svg(id: id, title: "Time per stage", description: times.note)
    }
}

/// Which parameters mattered.
struct ImportancePlot {
    let importance: StudyReport.Importance

    /// Largest first; equal shares by name.
    private var shares: [StudyReport.Importance.Share] {
        importance.shares.filter(\.share.isDrawable).sorted {
            $0.share != $1.share ? $0.share > $1.share : $0.parameter < $1.parameter
        }
    }

    var table: DataTable {
        DataTable(
            caption: "Importance", columns: [.text("Parameter"), .number("Share (%)")],
            rows: shares.map { [$0.parameter, NumberText.fixed($0.share * 100, 1)] })
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        let row = isNarrow ? 40.0 : 26.0
        let shares = shares
        var frame = PlotFrame(
            width: width, height: Double(shares.count) * row + 8,
            left: isNarrow ? 4 : PlotFrame.labelWidth(shares.map(\.parameter)), right: 64, top: 4, bottom: 4)
        let scale = AxisScale(
            .linear, domain: 0...max(shares.first?.share ?? 1, 0.01), start: frame.left, end: frame.right)
        for (index, share) in shares.enumerated() {
            let y = frame.top + (Double(index) + (isNarrow ? 0.72 : 0.5)) * row
            if isNarrow {
                frame.text(share.parameter, frame.left, y - 12, "row")
            } else {
                frame.text(share.parameter, frame.left - 10, y + 4, "row", anchor: "end")
            }
            let end = scale.position(max(share.share, 0))
            frame.rectangle(frame.left, y - 6, max(end - frame.left, 1), 12, "bar arm-best")
            frame.text(NumberText.percent(share.share, share.share < 0.1 ? 1 : 0), end + 7, y + 4, "value tabular")
        }
        return frame.svg(
            id: id, title: "Parameter importance",
            description: shares.map { "\($0.parameter) \(NumberText.percent($0.share, 1))" }.joined(separator: ", "))
    }
}
