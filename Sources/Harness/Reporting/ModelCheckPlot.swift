/// Observed objectives against what the model predicted without them.
struct ModelCheckPlot {
    let points: [StudyReport.ModelDiagnostics.CheckPoint]
    let objective: StudyReport.Objective
    /// Whether the points are leave-one-out predictions, or those made when the trials were suggested.
    let isLeaveOneOut: Bool

    init(_ report: StudyReport) {
        objective = report.model.value?.quantity ?? report.objective
        let leaveOneOut = report.model.value?.leaveOneOut.value
        isLeaveOneOut = leaveOneOut != nil
        let suggested = report.measuredTrials.compactMap { item in
            item.trial.prediction.value.map {
                StudyReport.ModelDiagnostics.CheckPoint(
                    trial: item.trial.number, observed: item.objective, predicted: $0)
            }
        }
        points = (leaveOneOut ?? suggested).filter {
            $0.observed.isDrawable && $0.predicted.mean.isDrawable && $0.predicted.standardDeviation.isDrawable
                && $0.predicted.standardDeviation >= 0
        }
    }

    /// How many observations lie within two standard deviations of their prediction.
    var coverage: String {
        let inside = points.count {
            abs($0.observed - $0.predicted.mean) <= 1.96 * $0.predicted.standardDeviation
        }
        let share = NumberText.percent(Double(inside) / Double(max(points.count, 1)))
        return "\(inside) of \(points.count) observations (\(share)) lie within the model's 95\u{202F}% range; "
            + "a well calibrated model has about 95\u{202F}%."
    }

    var table: DataTable {
        DataTable(
            caption: "Predicted and observed",
            columns: [
                .number("Trial"), .number("Predicted (\(objective.unit))"), .number("Standard deviation"),
                .number("Observed (\(objective.unit))"),
            ],
            rows: points.map {
                [
                    String($0.trial), NumberText.significant($0.predicted.mean, 4),
                    NumberText.significant($0.predicted.standardDeviation, 3), NumberText.significant($0.observed, 4),
                ]
            })
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        var frame = PlotFrame(
            width: min(width, 640), height: isNarrow ? 330 : 420, left: PlotFrame.labelWidth(["0000"]), right: 14,
            top: 28, bottom: 46)
        let ends = points.flatMap { point -> [Double] in
            [
                point.observed, point.predicted.mean - point.predicted.standardDeviation,
                point.predicted.mean + point.predicted.standardDeviation,
            ]
        }
        let range = AxisScale.padded(ends) ?? 0...1
        let horizontal = AxisScale(.linear, domain: range, start: frame.left, end: frame.right)
        let vertical = AxisScale(.linear, domain: range, start: frame.bottom, end: frame.top)
        frame.verticalAxis(vertical, vertical.ticks(5), title: "observed (\(objective.unit))")
        frame.horizontalAxis(
            horizontal, horizontal.ticks(isNarrow ? 4 : 6),
            title: "predicted, \u{00B1} 1 standard deviation (\(objective.unit))"
        )
        frame.line(frame.left, frame.bottom, frame.right, frame.top, "unity")
        for point in points {
            let y = vertical.position(point.observed)
            let deviation = point.predicted.standardDeviation
            frame.line(
                horizontal.position(point.predicted.mean - deviation), y,
                horizontal.position(point.predicted.mean + deviation), y, "deviation")
        }
        for point in points {
            frame.marker(
                .circle, horizontal.position(point.predicted.mean), vertical.position(point.observed), radius: 3.8,
                "state-succeeded",
                tip: "Trial \(point.trial): predicted \(NumberText.significant(point.predicted.mean, 4)), "
                    + "observed \(NumberText.significant(point.observed, 4))")
        }
        return frame.svg(id: id, title: "Predicted against observed", description: coverage)
    }
}
