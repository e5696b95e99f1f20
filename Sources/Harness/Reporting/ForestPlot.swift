#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Improvement factors with their intervals on a logarithmic axis around 1.
struct ForestPlot {
    struct Row {
        /// Rows of one group stand together.
        let group: String
        /// What the factor is against, or of; a column of the table.
        let subject: String
        let label: String
        /// For narrow screens.
        let shortLabel: String
        let factor: ImprovementFactor
        let isHeadline: Bool
        /// Factor below which a change counts as a loss; `nil` draws none.
        var limit: Double?
    }

    let rows: [Row]
    /// Of the drawing.
    let title: String
    /// Headings of the table's first two columns.
    let groupHeading: String
    let subjectHeading: String
    let domain: ClosedRange<Double>

    init(rows: [Row], title: String, groupHeading: String, subjectHeading: String) {
        self.rows = rows
        self.title = title
        self.groupHeading = groupHeading
        self.subjectHeading = subjectHeading
        // One axis for all rows that always shows at least 10 % to either side of 1.
        let values =
            rows.flatMap { [$0.factor.lower, $0.factor.upper, $0.factor.estimate, $0.limit ?? 1] } + [1 / 1.1, 1.1]
        domain = AxisScale.paddedByFactor(values) ?? 0.5...2
    }

    init(_ confirmation: StudyReport.Confirmation) {
        var rows: [Row] = []
        for metric in StudyReport.Metric.allCases {
            for comparison in confirmation.comparisons
            where comparison.metric == metric && comparison.candidate == .best {
                guard let ratio = comparison.ratio.value,
                    let factor = ImprovementFactor(ratio, higherIsBetter: metric.higherIsBetter)
                else { continue }
                let reference = comparison.reference
                let isHeadline = metric == confirmation.headlineMetric && reference == confirmation.headlineReference
                rows.append(
                    Row(
                        group: metric.name, subject: reference.name, label: "\(metric.name) vs. \(reference.name)",
                        shortLabel: "\(metric.shortName) vs. \(reference.shortName)", factor: factor,
                        isHeadline: isHeadline))
            }
        }
        self.init(
            rows: rows, title: "How many times better the best found setting is", groupHeading: "Metric",
            subjectHeading: "Best found against")
    }

    var table: DataTable {
        DataTable(
            caption: "Improvement factors",
            columns: [
                .text(groupHeading), .text(subjectHeading), .number("Factor"), .number("95 % low"),
                .number("95 % high"), .text("Reads"),
            ],
            rows: rows.map {
                [
                    $0.group, $0.subject, NumberText.fixed($0.factor.estimate, 3),
                    NumberText.fixed($0.factor.lower, 3), NumberText.fixed($0.factor.upper, 3), $0.factor.word,
                ]
            })
    }

    func svg(width: Double, id: String) -> Markup {
        let isNarrow = width < 500
        let rowHeight = isNarrow ? 44.0 : 30.0
        let gaps = zip(rows, rows.dropFirst()).count { $0.group != $1.group }
        let height = Double(rows.count) * rowHeight + Double(gaps) * 8 + 64
        // The headline's label is bold, which is wider.
        let labels = 1.06 * PlotFrame.labelWidth(rows.map(\.label))
        var frame = PlotFrame(
            width: width, height: height, left: isNarrow ? 8 : max(270, labels), right: isNarrow ? 8 : 170, top: 10,
            bottom: 54)
        let scale = AxisScale(.logarithmic, domain: domain, start: frame.left + 8, end: frame.right - 8)
        frame.horizontalAxis(scale, scale.ticks(isNarrow ? 4 : 8), title: "")
        let one = scale.position(1)
        frame.line(one, frame.top - 4, one, frame.bottom, "unity")
        frame.text("better \u{2192}", frame.right, frame.bottom + 36, "label", anchor: "end")
        frame.text("\u{2190} worse", frame.left, frame.bottom + 36, "label")
        var y = frame.top + rowHeight / 2
        var group = rows.first?.group
        for row in rows {
            if row.group != group { y += 8 }
            group = row.group
            draw(row, at: y, scale, &frame)
            y += rowHeight
        }
        let description = rows.map {
            "\($0.group) against \($0.subject): \(NumberText.factor($0.factor.estimate)), 95 % interval "
                + "\(NumberText.factor($0.factor.lower)) to \(NumberText.factor($0.factor.upper))"
        }
        return frame.svg(
            id: id, title: title, description: description.joined(separator: "; "))
    }

    private func draw(_ row: Row, at y: Double, _ scale: AxisScale, _ frame: inout PlotFrame) {
        let isNarrow = frame.width < 500
        let factor = row.factor
        let label = isNarrow ? row.shortLabel : row.label
        let numbers =
            "\(NumberText.factor(factor.estimate)) "
            + "(\(NumberText.factor(factor.lower))\u{2013}\(NumberText.factor(factor.upper)))"
        let emphasis = row.isHeadline ? "row strong" : "row"
        let lineY = isNarrow ? y + 10 : y
        if isNarrow {
            frame.rectangle(0, y - 17, frame.width, 17, "backdrop")
            frame.text(label, frame.left, y - 5, emphasis)
            frame.text(numbers, frame.right, y - 5, emphasis + " tabular", anchor: "end")
        } else {
            frame.text(label, frame.left - 14, y + 4, emphasis, anchor: "end")
            frame.text(numbers, frame.width, y + 4, emphasis + " tabular", anchor: "end")
        }
        if let limit = row.limit {
            let x = scale.position(limit)
            frame.line(x, lineY - 9, x, lineY + 9, "limit")
        }
        let low = scale.position(factor.lower)
        let high = scale.position(factor.upper)
        frame.line(low, lineY, high, lineY, "interval " + factor.className)
        frame.line(low, lineY - 4, low, lineY + 4, "interval " + factor.className)
        frame.line(high, lineY - 4, high, lineY + 4, "interval " + factor.className)
        let marker: Marker = factor.className == "better" ? .circle : factor.className == "worse" ? .square : .diamond
        frame.marker(
            marker, scale.position(factor.estimate), lineY, radius: row.isHeadline ? 6 : 4.5, factor.className,
            tip: label + ": " + numbers)
    }

    /// One factor with its interval, small enough for a table cell, on the axis of the whole plot.
    func cellBar(_ factor: ImprovementFactor) -> Markup {
        var frame = PlotFrame(width: 120, height: 16, left: 0, right: 0, top: 0, bottom: 0)
        let scale = AxisScale(.logarithmic, domain: domain, start: 4, end: 116)
        frame.line(4, 8, 116, 8, "grid")
        let one = scale.position(1)
        let estimate = scale.position(factor.estimate)
        frame.rectangle(min(one, estimate), 4, abs(estimate - one), 8, "bar " + factor.className, opacity: 0.28)
        frame.line(one, 0, one, 16, "unity")
        frame.line(scale.position(factor.lower), 8, scale.position(factor.upper), 8, "interval " + factor.className)
        frame.marker(.circle, estimate, 8, radius: 3.5, factor.className)
        return frame.decoration
    }
}
