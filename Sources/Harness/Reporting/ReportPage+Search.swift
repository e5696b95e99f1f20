extension ReportPage {
    var searchSection: Section {
        let title = "The search"
        let settings: [StudyReport.Fact] =
            [
                .init(name: "Strategy", value: .value(report.search.strategy)),
                .init(name: "Acquisition", value: .value(report.search.acquisition)),
                .init(name: "Budget", value: .value("\(report.search.budget) configurations")),
                .init(name: "Seed", value: .value(String(report.search.seed))),
            ] + report.search.more
        guard !report.trials.isEmpty else {
            return Section(
                id: "search", title: title, body: [Self.notice("No trial was run."), Self.facts(settings)] + leftOut)
        }
        var body: [Markup] = []
        if report.measuredTrials.isEmpty {
            body.append(
                Self.notice(
                    "None of the \(report.trials.count) trials succeeded, so there is no best setting; the reasons "
                        + "stand in the table of trials."))
        }
        let progress = ProgressPlot(report: report)
        body.append(
            Figure(
                id: "progress", heading: "Best so far", lead: progressLead, legend: progress.legend,
                table: progress.table, draw: { progress.svg(width: $0, id: $1) }
            ).markup)
        body += tradeOffFigure
        body.append(Self.facts(settings))
        body += leftOut
        return Section(id: "search", title: title, body: body)
    }

    /// Which parameters were not searched, and why.
    private var leftOut: [Markup] {
        guard let list = report.search.leftOut, !list.isEmpty else { return [] }
        return [
            .element("h3", ["class": "spaced"], "Left out of the search"),
            DataTable(
                caption: "Left out of the search", columns: [.text("Parameter"), .text("Why")],
                rows: list.map { [$0.parameter, $0.reason] }
            ).markup,
        ]
    }

    private var progressLead: String {
        let counts = StudyReport.TrialState.allCases.compactMap { state -> String? in
            let count = report.trials.filter { $0.state == state }.count
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        let repeats = report.trials.filter { $0.repeats != nil }.count
        let better = report.objective.higherIsBetter ? "higher" : "lower"
        return "\(report.objective.name) of every trial, \(better) is better: \(counts.joined(separator: ", "))"
            + (repeats > 0 ? "; \(repeats) repeated an earlier configuration." : ".")
            + " These single runs are noisy; the verdict rests on the confirmation alone."
    }

    /// Importance, and every parameter against the objective.
    var parameterSection: Section {
        var body: [Markup] = []
        switch report.importance {
        case .value(let importance) where !importance.shares.isEmpty:
            let plot = ImportancePlot(importance: importance)
            body.append(
                Figure(
                    id: "importance", heading: "What mattered", lead: "Share of the variation: \(importance.method).",
                    table: plot.table, draw: { plot.svg(width: $0, id: $1) }
                ).markup)
        case .value: body.append(Self.notice("Importance was computed for no parameter."))
        case .unavailable(let reason): body.append(Self.notice("Importance is not available: \(reason)."))
        }
        if report.parameters.isEmpty {
            body.append(Self.notice("The study had no parameters."))
        } else if report.trials.isEmpty {
            body.append(Self.notice("Without trials there is nothing to plot against the parameters."))
        } else {
            body.append(.element("h3", ["class": "spaced"], "Parameter against objective"))
            body.append(
                Self.paragraph(
                    "Each point is a trial. The dashed line is the built-in default, the solid line the best found."))
            let plots = report.parameters.enumerated().map { index, parameter in
                let plot = ParameterPlot(report, parameter)
                return Markup.element(
                    "figure", ["class": "small"],
                    .element(
                        "figcaption", [:], .element("h3", [:], parameter.name), .element("p", [:], parameter.text)),
                    plot.svg(id: "parameter-\(index)"), plot.table.folded)
            }
            body.append(.element("div", ["class": "multiples"], plots))
        }
        return Section(id: "parameters", title: "Parameters", body: body)
    }

    /// Default, before and best side by side, and the best as YAML.
    var configurationSection: Section {
        let title = "Configuration"
        guard !report.parameters.isEmpty else {
            return Section(id: "configuration", title: title, body: [Self.notice("The study had no parameters.")])
        }
        let rows = report.parameters.map { parameter -> Markup in
            let best = parameter.best.value
            let isChanged = best.map { $0.text != parameter.defaultValue.text } ?? false
            let mark = isChanged ? "changed" : best == nil ? "unknown" : "same"
            return .element(
                "tr", ["class": isChanged ? "changed" : "unchanged"],
                .element(
                    "th", ["scope": "row"], .element("code", [:], parameter.name),
                    .element("span", ["class": "note"], parameter.text)),
                .element("td", ["class": "num", "data-label": "default"], parameter.defaultValue.text),
                .element(
                    "td", ["class": "num", "data-label": "in place before"],
                    parameter.before.value?.text ?? "\u{2013}"),
                .element("td", ["class": "num chosen-value", "data-label": "best found"], best?.text ?? "\u{2013}"),
                .element("td", ["class": "empty"], parameter.unit), .element("td", ["class": "empty"], mark))
        }
        let head = ["Parameter", "Default", "In place before", "Best found", "Unit", "Best against default"]
        var body = [
            DataTable.scrolling(
                "Configuration",
                .element(
                    "table", ["class": "configuration"],
                    .element(
                        "thead", [:],
                        .element(
                            "tr", [:],
                            head.enumerated().map {
                                .element(
                                    "th", ["scope": "col", "class": (1...3).contains($0.offset) ? "num" : "txt"],
                                    $0.element)
                            })), .element("tbody", [:], rows)))
        ]
        let gaps = report.parameters.compactMap(\.before.reason)
        if let reason = gaps.first, gaps.count == report.parameters.count {
            body.append(Self.notice("No setting in place before the study: \(reason)."))
        }
        let settings = report.parameters.compactMap { parameter in
            parameter.best.value.map { StudyReport.Setting(parameter: parameter.name, value: $0) }
        }
        if settings.isEmpty {
            body.append(Self.notice("There is no best setting to copy."))
        } else {
            body.append(.element("h3", [:], "The best found, for --config"))
            body.append(
                Self.copyBlock(ConfigurationText(settings: settings).yaml, label: "the best configuration as YAML"))
        }
        return Section(id: "configuration", title: title, body: body)
    }

    var stageSection: Section {
        let title = "Stages"
        switch report.stages {
        case .value(let times) where times.arms.contains { !$0.stages.isEmpty }:
            let plot = StagePlot(times: times)
            return Section(
                id: "stages", title: title,
                body: [
                    Figure(
                        id: "stage-times", heading: "Where the time goes", lead: times.note, legend: plot.legend,
                        table: plot.table, draw: { plot.svg(width: $0, id: $1) }
                    ).markup
                ])
        case .value: return Section(id: "stages", title: title, body: [Self.notice("No stage was timed.")])
        case .unavailable(let reason):
            return Section(
                id: "stages", title: title, body: [Self.notice("Stage times are not available: \(reason).")])
        }
    }

    var modelSection: Section {
        var body: [Markup] = []
        switch report.model {
        case .value(let model):
            body.append(Self.paragraph(model.description + "."))
            let check = ModelCheckPlot(report)
            if check.points.isEmpty {
                body.append(Self.notice("No prediction can be compared with an observation."))
            } else {
                let origin =
                    check.isLeaveOneOut
                    ? "Each trial predicted from all the others."
                    : "Each trial as predicted when it was suggested."
                body.append(
                    Figure(
                        id: "model-check", heading: "Predicted and observed", lead: origin + " " + check.coverage,
                        table: check.table, draw: { check.svg(width: $0, id: $1) }
                    ).markup)
            }
            if !model.lengthScales.isEmpty {
                body.append(
                    DataTable(
                        caption: "Length scales of the model",
                        columns: [.text("Parameter"), .number("Length scale (of the range)")],
                        rows: model.lengthScales.map { [$0.parameter, NumberText.significant($0.value)] }
                    ).markup)
            }
            switch model.noise {
            case .value(let noise):
                body.append(Self.paragraph("Observation noise of the model: \(NumberText.significant(noise))."))
            case .unavailable(let reason):
                body.append(Self.notice("The model's noise is not available: \(reason)."))
            }
        case .unavailable(let reason): body.append(Self.notice("There is no model: \(reason)."))
        }
        return Section(id: "model", title: "Model check", body: body)
    }
}
