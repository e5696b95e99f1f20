import BayesianTuning
import Benchmarking
import HostEnvironment
import Reporting
import ResultStore
import Statistics
import StudyRunner

extension StudyReport {
    static func confirmation(_ history: StudyHistory) -> Reported<Confirmation> {
        guard let confirmed = history.confirmation, let verdict = history.verdict, !confirmed.rows.isEmpty else {
            return .unavailable(
                reason: history.verdict?.unconfirmedReason ?? "the study did not come to the confirmation")
        }
        let known = confirmed.arms.filter { $0 != .best }
        let comparisons = known.flatMap { arm in
            confirmed.comparisons(with: arm).map { comparison in
                Comparison(
                    metric: metric(comparison.metric), reference: role(arm), candidate: .best,
                    ratio: reported(comparison.ratio))
            }
        }
        let fallback = known.first ?? .builtInDefault
        return .value(
            Confirmation(
                arms: confirmed.arms.map { arm(confirmed, $0, history) }, comparisons: comparisons,
                headlineMetric: history.options.target.reportMetric,
                headlineReference: role(verdict.reference ?? fallback), note: note(confirmed)))
    }

    /// Which rows other load disturbed; `nil` when none was.
    private static func note(_ confirmed: StudyRunner.Confirmation) -> String? {
        let disturbed = confirmed.disturbedRows.count
        guard disturbed > 0 else { return nil }
        let planned = confirmed.rows.count - confirmed.repeatedRows
        let repeated =
            confirmed.repeatedRows == disturbed
            ? "Each ran once more at the end" : "\(confirmed.repeatedRows) of them ran once more at the end"
        return "\(disturbed) of \(planned) rows were disturbed: other guests took CPU time, or tasks waited for a CPU "
            + "clearly longer than in the calmest run of the same setting. \(repeated), and all \(confirmed.rows.count) "
            + "rows count."
    }

    private static func arm(
        _ confirmed: StudyRunner.Confirmation, _ arm: StudyArm, _ history: StudyHistory
    ) -> Arm {
        let configuration: Configuration? =
            switch arm {
            case .builtInDefault: history.space.defaultConfiguration
            case .before: history.before
            case .best: history.trials.first { $0.number == history.verdict?.bestTrial }?.configuration
            }
        let cpus = Double(history.record.plan.machine.usableCPUs ?? 1)
        return Arm(
            role: role(arm), configuration: configuration.map { settings($0, history) } ?? [],
            accuracy: accuracy(confirmed.runs(of: arm).first?.run.accuracy),
            runs: confirmed.rows.enumerated().compactMap { round, row in
                row[arm].map { stored in
                    Run(
                        order: stored.order, round: round, wallTime: Reported(stored.run.wallSeconds),
                        cpuTime: Reported(stored.run.cpuSeconds), throughput: Reported(stored.run.throughput),
                        peakMemory: Reported(stored.run.peakMemoryBytes, factor: 1e-6),
                        cpuPressure: Reported(stored.run.pressureShare),
                        steal: Reported(stored.run.stealShare, factor: 1 / cpus),
                        energy: Reported(stored.run.energyJoules))
                }
            })
    }

    static func role(_ arm: StudyArm) -> ArmRole {
        switch arm {
        case .builtInDefault: .builtInDefault
        case .before: .before
        case .best: .best
        }
    }

    private static func metric(_ metric: Benchmarking.Metric) -> Metric {
        switch metric.name {
        case Benchmarking.Metric.wall.name: .wallTime
        case Benchmarking.Metric.cpu.name: .cpuTime
        case Benchmarking.Metric.peakMemory.name: .peakMemory
        case Benchmarking.Metric.energy.name: .energy
        default: .throughput
        }
    }

    private static func reported(_ ratio: Measured<PairedRatio>) -> Reported<PairedRatio> {
        switch ratio {
        case .available(let value): .value(value)
        case .unavailable(let reason): .unavailable(reason: reason)
        }
    }

    // MARK: Stages

    /// Median wall seconds per stage: of the confirmation's arms, or of the default's and the best trial's runs.
    static func stages(_ history: StudyHistory) -> Reported<StageTimes> {
        var groups: [(ArmRole, [ProgramRun])] = []
        if let confirmed = history.confirmation, !confirmed.rows.isEmpty {
            groups = confirmed.arms.map { arm in (role(arm), confirmed.runs(of: arm).map(\.run)) }
        } else {
            if let first = history.defaultTrial { groups.append((.builtInDefault, first.candidateRuns)) }
            if let best = history.bestTrial { groups.append((.best, best.candidateRuns)) }
        }
        let arms = groups.compactMap { role, runs -> StageTimes.ArmStages? in
            let stages = medians(runs)
            return stages.isEmpty ? nil : StageTimes.ArmStages(role: role, stages: stages)
        }
        guard !arms.isEmpty else { return .unavailable(reason: "no run reported its stages") }
        let count = groups.map(\.1.count).max() ?? 0
        return .value(
            StageTimes(
                note:
                    "Wall time, median over up to \(count) runs per setting, summed over workloads. Stages follow each "
                    + "other; start and end of the process are not part of them.",
                arms: arms))
    }

    private static func medians(_ runs: [ProgramRun]) -> [StageTimes.Stage] {
        var order: [String] = []
        var seconds: [String: [Double]] = [:]
        for run in runs {
            var total: [String: Double] = [:]
            for stage in run.parts.flatMap(\.stages) {
                if !order.contains(stage.name) { order.append(stage.name) }
                total[stage.name, default: 0] += stage.wall
            }
            for (name, value) in total { seconds[name, default: []].append(value) }
        }
        return order.map { name in StageTimes.Stage(name: name, seconds: median(seconds[name] ?? [0])) }
    }

    // MARK: Model

    static func importance(_ diagnostics: BayesianTuning.ModelDiagnostics?) -> Reported<Importance> {
        guard let diagnostics else { return .unavailable(reason: "too few measured trials for a model") }
        return .value(
            Importance(
                method: "first-order Sobol indices of the model's posterior mean over the search space",
                shares: diagnostics.parameters.map { Importance.Share(parameter: $0.name, share: $0.importance) }))
    }

    static func model(
        _ diagnostics: BayesianTuning.ModelDiagnostics?, _ history: StudyHistory, _ scale: ObjectiveScale
    ) -> Reported<ModelDiagnostics> {
        guard let diagnostics else { return .unavailable(reason: "too few measured trials for a model") }
        let told = history.judged.map(\.number)
        let points = diagnostics.points.map { point in
            ModelDiagnostics.CheckPoint(
                trial: told.indices.contains(point.trial) ? told[point.trial] : point.trial,
                observed: point.observed * scale.factor,
                predicted: Prediction(
                    mean: point.leftOut * scale.factor, standardDeviation: point.leftOutSD * scale.factor))
        }
        let form = diagnostics.isLogarithmic ? "the logarithm of the objective" : "the objective"
        let jitter =
            diagnostics.jitter == 0
            ? "no jitter was needed" : "a jitter of \(diagnostics.jitter) was added to its covariance"
        return .value(
            ModelDiagnostics(
                description:
                    "Gaussian process, Matern-5/2 with one length scale per parameter, on \(form); \(jitter)",
                lengthScales: diagnostics.parameters.map {
                    ModelDiagnostics.LengthScale(parameter: $0.name, value: $0.lengthScale)
                },
                noise: .value(diagnostics.noiseSD * (diagnostics.isLogarithmic ? 1 : scale.factor)),
                leaveOneOut: .value(points)))
    }
}
