import Statistics

extension ReportPage {
    /// Colour, icon and word; the sentence; and the figures behind it.
    var banner: Markup {
        PageFrame.banner(
            word: report.verdict.word, className: report.verdict.className, iconPath: report.verdict.iconPath,
            sentence: report.sentence, tiles: tiles)
    }

    private typealias Tile = PageFrame.Tile

    private var tiles: [Tile] {
        var tiles: [Tile] = []
        if let confirmation = report.confirmation.value, let ratio = confirmation.headline,
            let factor = ImprovementFactor(ratio, higherIsBetter: confirmation.headlineMetric.higherIsBetter)
        {
            tiles.append(
                Tile(
                    name: confirmation.headlineMetric.name, value: NumberText.factor(factor.estimate) + "\u{00D7}",
                    note: "against \(confirmation.headlineReference.phrase)"))
            tiles.append(
                Tile(
                    name: "95\u{202F}% interval",
                    value: NumberText.factor(factor.lower) + "\u{2013}" + NumberText.factor(factor.upper),
                    note: "\(ratio.pairs) interleaved \(ratio.pairs == 1 ? "pair" : "pairs")"))
            tiles.append(
                Tile(
                    name: "Smallest detectable",
                    value: NumberText.percent(
                        ratio.minimumDetectableEffect, ratio.minimumDetectableEffect < 0.1 ? 1 : 0),
                    note: "with 80 % power on this machine"))
        } else {
            let reason = report.confirmation.reason ?? "no comparison of the headline metric"
            tiles.append(Tile(name: "Confirmation", value: "none", note: reason))
        }
        tiles.append(accuracyTile)
        let succeeded = report.trials.filter { $0.state == .succeeded }.count
        tiles.append(
            Tile(
                name: "Trials", value: String(report.trials.count),
                note: "\(succeeded) succeeded, budget \(report.search.budget)"))
        return tiles
    }

    private var accuracyTile: Tile {
        guard let arm = report.confirmation.value?.arm(.best) else {
            return Tile(name: "Accuracy", value: "\u{2013}", note: "the best setting was not confirmed")
        }
        guard let accuracy = arm.accuracy.value else {
            return Tile(name: "Accuracy", value: "\u{2013}", note: arm.accuracy.reason ?? "not measured")
        }
        let recall = accuracy.truthRecall.finite.map { "truth recall \(NumberText.fixed($0, 3))" }
        let f1 = accuracy.f1.finite.map { "F1 \(NumberText.fixed($0, 3))" }
        let note = [f1, recall].compactMap { $0 }.joined(separator: ", ")
        switch accuracy.digestEqual.value {
        case true: return Tile(name: "Accuracy", value: "identical", note: note)
        case false: return Tile(name: "Accuracy", value: f1 ?? "differs", note: recall ?? "digest differs")
        default: return Tile(name: "Accuracy", value: f1 ?? "\u{2013}", note: recall ?? "digest not compared")
        }
    }

    /// Before and after: table, forest plot, runs in time order.
    var confirmationSection: Section {
        let title = "Before and after"
        guard let confirmation = report.confirmation.value, !confirmation.arms.isEmpty else {
            let reason = report.confirmation.reason ?? "no setting was run"
            return Section(
                id: "confirmation", title: title, body: [Self.notice("There was no confirmation: \(reason).")])
        }
        var body: [Markup] = []
        let missing = StudyReport.ArmRole.allCases.filter { confirmation.arm($0)?.runs.isEmpty ?? true }
        if !missing.isEmpty {
            let names = missing.map(\.phrase).joined(separator: " and ")
            body.append(Self.notice("Not measured in the confirmation: \(names)."))
        }
        if let note = confirmation.note { body.append(Self.notice(note)) }
        let forest = ForestPlot(confirmation)
        body.append(comparisonTable(confirmation, forest))
        for comparison in confirmation.comparisons {
            if let reason = comparison.ratio.reason {
                body.append(
                    Self.notice(
                        "\(comparison.metric.name) against \(comparison.reference.phrase) was not compared: \(reason).")
                )
            }
        }
        if !forest.rows.isEmpty {
            body.append(
                Figure(
                    id: "forest", heading: "How many times better",
                    lead:
                        "Best found against each known setting; the bar is the 95\u{202F}% interval, right of 1 is "
                        + "better. A bar that crosses 1 is within noise.",
                    table: forest.table, draw: { forest.svg(width: $0, id: $1) }
                ).markup)
        }
        if confirmation.arms.contains(where: { !$0.runs.isEmpty }) {
            let runs = RunPlot(confirmation)
            body.append(
                Figure(
                    id: "runs", heading: "Every run in time order",
                    lead: "The settings take turns, so a disturbance meets all of them. " + runs.pressureSentence,
                    legend: runs.legend, table: runs.table, draw: { runs.svg(width: $0, id: $1) }
                ).markup)
        }
        return Section(id: "confirmation", title: title, body: body)
    }

    private func comparisonTable(_ confirmation: StudyReport.Confirmation, _ forest: ForestPlot) -> Markup {
        let arms = StudyReport.ArmRole.allCases.compactMap { confirmation.arm($0) }
        let references = arms.map(\.role).filter { $0 != .best && confirmation.arm(.best) != nil }
        let head =
            [Markup.element("th", ["scope": "col"], "Median of the runs")]
            + arms.map { Markup.element("th", ["scope": "col", "class": "num"], $0.role.name) }
            + references.map { Markup.element("th", ["scope": "col"], "Best against \($0.name)") }
        let rows = confirmation.metrics.map { metric -> Markup in
            let cells = arms.map { arm -> Markup in
                let values = arm.runs.compactMap { $0.value(metric) }
                return .element(
                    "td", ["class": "num", "data-label": arm.role.name],
                    values.isEmpty ? "\u{2013}" : NumberText.significant(median(values), 4))
            }
            let factors = references.map { factorCell(confirmation.comparison(metric, $0), $0, metric, forest) }
            return .element(
                "tr", [:],
                [
                    .element(
                        "th", ["scope": "row"], .text(metric.name),
                        .element("span", ["class": "unit"], " \(metric.unit)"))
                ] + cells + factors)
        }
        let accuracy = accuracyRows(arms, references.count)
        return DataTable.scrolling(
            "Before and after",
            .element(
                "table", ["class": "comparison"],
                .element("caption", ["class": "hidden-text"], "Medians of the confirmation runs, and factors"),
                .element("thead", [:], .element("tr", [:], head)), .element("tbody", [:], rows + accuracy)))
    }

    private func factorCell(
        _ comparison: StudyReport.Comparison?, _ reference: StudyReport.ArmRole, _ metric: StudyReport.Metric,
        _ forest: ForestPlot
    ) -> Markup {
        guard let ratio = comparison?.ratio.value,
            let factor = ImprovementFactor(ratio, higherIsBetter: metric.higherIsBetter)
        else {
            return .element(
                "td", ["class": "absent factor", "data-label": "best against \(reference.name)"],
                comparison?.ratio.reason ?? "not compared")
        }
        return .element(
            "td", ["class": "factor", "data-label": "best against \(reference.name)"],
            .element(
                "span", ["class": "factor-numbers"],
                .element("strong", [:], NumberText.factor(factor.estimate) + "\u{00D7}"),
                .text(" \(NumberText.factor(factor.lower))\u{2013}\(NumberText.factor(factor.upper))")),
            forest.cellBar(factor),
            .element(
                "span", ["class": "note"], "\(factor.word): \(NumberText.change(ratio.estimate)) \(metric.phrase)"))
    }

    private func accuracyRows(_ arms: [StudyReport.Arm], _ trailing: Int) -> [Markup] {
        func row(_ name: String, _ unit: String, _ cell: (StudyReport.Accuracy) -> String?) -> Markup {
            let cells = arms.map {
                Markup.element(
                    "td", ["class": "num", "data-label": $0.role.name], $0.accuracy.value.flatMap(cell) ?? "\u{2013}")
            }
            let empty = (0..<trailing).map { _ in Markup.element("td", ["class": "empty"], "") }
            return .element(
                "tr", [:],
                [
                    .element("th", ["scope": "row"], .text(name), .element("span", ["class": "unit"], " \(unit)"))
                ] + cells + empty)
        }
        return [
            row("Feature table F1", "against the default") { $0.f1.finite.map { NumberText.fixed($0, 4) } },
            row("Truth recall", "share found") { $0.truthRecall.finite.map { NumberText.fixed($0, 4) } },
            row("Result digest", "") { $0.digestEqual.value.map { $0 ? "identical" : "differs" } },
        ]
    }
}
