extension ReportPage {
    /// Every trial; the script adds sorting and a filter.
    var trialSection: Section {
        let title = "Every trial"
        guard !report.trials.isEmpty else {
            return Section(id: "trials", title: title, body: [Self.notice("No trial was run.")])
        }
        let best = report.bestTrial?.trial.number
        let names = parameterNames
        let head = headings(names).map { heading in
            Markup.element(
                "th", ["scope": "col", "class": heading.isNumeric ? "num" : "txt", "aria-sort": "none"],
                heading.heading)
        }
        let rows = report.trials.map { trial in
            Markup.element(
                "tr", ["class": trial.number == best ? "best-row" : "", "data-state": trial.state.rawValue],
                cells(trial, names, isBest: trial.number == best))
        }
        return Section(
            id: "trials", title: title,
            body: (report.objective.note.map { [Self.paragraph($0)] } ?? []) + [
                controls,
                DataTable.scrolling(
                    "Every trial",
                    .element(
                        "table", ["id": "trial-table", "class": "trials"],
                        .element("caption", ["class": "hidden-text"], "Every trial of the study"),
                        .element("thead", [:], .element("tr", [:], head)), .element("tbody", [:], rows))),
            ])
    }

    /// Of the described parameters, then of any that only trials know.
    private var parameterNames: [String] {
        var seen: Set<String> = []
        return (report.parameters.map(\.name) + report.trials.flatMap { $0.configuration.map(\.parameter) })
            .filter { seen.insert($0).inserted }
    }

    private var controls: Markup {
        let states = StudyReport.TrialState.allCases.filter { state in report.trials.contains { $0.state == state } }
        return .element(
            "div", ["class": "controls", "id": "trial-controls", "hidden": "hidden"],
            .element(
                "label", [:], .text("Contains "),
                .element("input", ["type": "search", "id": "trial-text", "autocomplete": "off"])),
            .element(
                "label", [:], .text("State "),
                .element(
                    "select", ["id": "trial-state"],
                    [.element("option", ["value": ""], "all")]
                        + states.map { .element("option", ["value": $0.rawValue], $0.rawValue) })),
            .element("output", ["id": "trial-count"], "\(report.trials.count) of \(report.trials.count)"))
    }

    private func headings(_ names: [String]) -> [DataTable.Column] {
        let last = names.map { $0.split(separator: ".").last.map(String.init) ?? $0 }
        let short = Set(last).count == names.count ? last : names
        return [
            .number("Trial"), .text("State"), .number("\(report.objective.name) (\(report.objective.unit))"),
        ] + short.map { .number($0) } + [
            .number("Wall time (s)"), .number("CPU time (s)"), .number("Peak memory (MB)"),
            .number("CPU pressure (%)"), .number("Steal (%)"), .number("F1"),
            .number("Truth recall"), .text("Digest"), .number("Predicted (\(report.objective.unit))"),
            .number("\u{00B1} sd"), .number("Started at (s)"), .text("Phase"), .text("Reason"),
        ]
    }

    private func cells(_ trial: StudyReport.Trial, _ names: [String], isBest: Bool) -> [Markup] {
        let accuracy = trial.accuracy.value
        let prediction = trial.prediction.value
        let digest = accuracy?.digestEqual.value.map { $0 ? "identical" : "differs" }
        let reasons =
            [trial.reason, trial.repeats.map { "repeats trial \($0)" }, isBest ? "best" : nil].compactMap { $0 }
        let settings = names.map { name -> Markup in
            let value = trial.value(of: name)
            guard let number = value?.number, number.isFinite else {
                return .element("td", ["class": "num"], value?.text ?? "\u{2013}")
            }
            return .element("td", ["class": "num", "data-value": "\(number)"], value?.text ?? "")
        }
        return [
            Self.number(Double(trial.number), 0), state(trial), Self.number(trial.objective.finite, significant: 4),
        ] + settings + [
            Self.number(trial.wallTime.finite, significant: 3), Self.number(trial.cpuTime.finite, significant: 3),
            Self.number(trial.peakMemory.finite, significant: 3),
            Self.number(trial.cpuPressure?.finite.map { $0 * 100 }, 1),
            Self.number(trial.steal?.finite.map { $0 * 100 }, 1), Self.number(accuracy?.f1.finite, 4),
            Self.number(accuracy?.truthRecall.finite, 4), Self.textCell(digest ?? "\u{2013}"),
            Self.number(prediction?.mean, significant: 4), Self.number(prediction?.standardDeviation, significant: 2),
            Self.number(trial.start.finite, 1), Self.textCell(trial.phase),
            .element("td", ["class": "txt reason"], reasons.joined(separator: "; ")),
        ]
    }

    private func state(_ trial: StudyReport.Trial) -> Markup {
        var frame = PlotFrame(width: 14, height: 14, left: 0, right: 0, top: 0, bottom: 0)
        frame.marker(trial.state.marker, 7, 7, radius: 4, trial.state.className)
        return .element("td", ["class": "txt state"], frame.decoration, .text(" " + trial.state.rawValue))
    }

    private static func textCell(_ text: String) -> Markup { .element("td", ["class": "txt"], text) }

    private static func number(_ value: Double?, _ digits: Int) -> Markup {
        cell(value) { NumberText.fixed($0, digits) }
    }

    private static func number(_ value: Double?, significant digits: Int) -> Markup {
        cell(value) { NumberText.significant($0, digits) }
    }

    /// The cell carries the number itself for sorting.
    private static func cell(_ value: Double?, _ text: (Double) -> String) -> Markup {
        guard let value, value.isFinite else { return .element("td", ["class": "num"], "\u{2013}") }
        return .element("td", ["class": "num", "data-value": "\(value)"], text(value))
    }
}
