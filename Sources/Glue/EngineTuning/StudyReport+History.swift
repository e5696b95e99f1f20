import BayesianTuning
import Benchmarking
import EngineRuns
import HostEnvironment
import Instrumentation
import Parameters
import Reporting
import ResultStore
import Statistics
import StudyRunner

extension StudyReport {
    /// The page of a study, finished or not, from what the store holds of it.
    public init(_ history: StudyHistory) {
        let plan = history.record.plan
        let scale = ObjectiveScale(history.options.target)
        let tuner = history.tuner()
        let diagnostics = tuner.diagnostics()
        let workloads = plan.workloads.map(\.name).joined(separator: ", ")
        self.init(
            studyID: history.record.id,
            title: "\(scale.title) of \(workloads) on \(plan.machine.cpuModel)",
            created: timestamp(secondsSince1970: history.record.createdAt, .plain), target: plan.target,
            objective: Objective(
                name: scale.title, unit: scale.unit, higherIsBetter: history.options.target.direction == .maximise,
                note: "\(scale.title) is corrected for drift: the default's own, times the median ratio to runs of the "
                    + "default right beside it. Wall time, CPU time and peak memory are as measured."
                    + (history.options.target == .energy ? " " + Self.energyNote : "")),
            verdict: Self.verdict(history), confirmation: Self.confirmation(history),
            trials: history.trials.enumerated().map { Self.trial($1, index: $0, history) },
            parameters: Self.parameters(history), importance: Self.importance(diagnostics),
            stages: Self.stages(history), environment: Self.environment(history),
            reproduce: Self.commands(history), search: Self.search(history),
            model: Self.model(diagnostics, history),
            tradeOff: Self.tradeOff(tuner, history))
    }

    private static let energyNote =
        "Energy is what the counters of the CPU packages say: idle power and other programs are in it. A steady load "
        + "beside the study makes ratios smaller than they are; a changing one is seen by both runs of a pair."

    private static func verdict(_ history: StudyHistory) -> Verdict {
        guard let verdict = history.verdict else {
            let count = history.judged.count
            return .failed(
                reason: history.record.state == .failed
                    ? "the built-in default does not run: \(history.trials.last?.judgement?.reason ?? "no reason known")"
                    : "it is not finished (\(count) of \(history.options.budget) configurations); "
                        + "lavoisier-tune resume \(history.record.id) goes on")
        }
        switch verdict.kind {
        case .improved: return verdict.reference == nil ? .onlyFeasible(reason: verdict.sentence) : .improved
        case .noImprovement: return .noImprovement
        case .inconclusive: return .inconclusive
        case .noFeasibleConfiguration: return .failed(reason: verdict.sentence)
        }
    }

    static func settings(_ configuration: Configuration, _ history: StudyHistory) -> [Setting] {
        zip(history.space.descriptions, configuration.values).map { description, value in
            Setting(parameter: description.name, value: Self.value(value, of: description))
        }
    }

    static func value(_ value: ParameterValue, of description: ParameterDescription) -> Value {
        let number: Double? =
            switch value {
            case .integer(let integer): Double(integer)
            case .number(let number): number
            case .boolean, .choice, .numbers, .automatic: nil
            }
        return Value(text: description.text(of: value), number: number)
    }

    static func accuracy(_ accuracy: ResultAccuracy?) -> Reported<Accuracy> {
        guard let accuracy else { return .unavailable(reason: "no results to compare") }
        return .value(
            Accuracy(
                f1: .value(accuracy.f1),
                truthRecall: accuracy.truthExpected > 0
                    ? .value(Double(accuracy.truthFound) / Double(accuracy.truthExpected))
                    : .unavailable(reason: "the workload has no truth"),
                digestEqual: .value(accuracy.digestEqual)))
    }

    private static func trial(_ trial: StudyTrial, index: Int, _ history: StudyHistory) -> Trial {
        let scale = ObjectiveScale(history.options.target)
        let runs = trial.candidateRuns
        func center(_ value: (ProgramRun) -> Measured<Double>, _ factor: Double = 1) -> Reported<Double> {
            let values = runs.compactMap { value($0).value }
            if !values.isEmpty { return .value(median(values) * factor) }
            return .unavailable(reason: runs.first.flatMap { value($0).reason } ?? "it did not run")
        }
        let state: TrialState =
            switch trial.record.outcome.state {
            case .succeeded: .succeeded
            case .infeasible: .infeasible
            case .failed, .timedOut: .failed
            case .running, .interrupted: .unfinished
            }
        let cpus = Double(history.record.plan.machine.usableCPUs ?? 1)
        let objective = trial.judgement?.objective.map { Reported.value($0 * scale.factor) }
        var prediction = Reported<Prediction>.unavailable(
            reason: trial.repeats == nil ? "no model when it was suggested" : "a repeat, which no suggestion asked for")
        if let mean = trial.record.plan.predictedMean, let deviation = trial.record.plan.predictedDeviation {
            prediction = .value(
                Prediction(mean: mean * scale.factor, standardDeviation: deviation * scale.factor))
        }
        return Trial(
            number: trial.number, phase: phase(trial, index: index, history),
            configuration: settings(trial.configuration, history), state: state, reason: trial.record.outcome.reason,
            objective: objective ?? .unavailable(reason: trial.record.outcome.reason ?? "not measured"),
            wallTime: center(\.wallSeconds), cpuTime: center(\.cpuSeconds),
            peakMemory: center(\.peakMemoryBytes, 1e-6), accuracy: accuracy(trial.judgement?.accuracy),
            prediction: prediction,
            start: .value(trial.record.startedAt - history.record.createdAt), repeats: trial.repeats,
            cpuPressure: center(\.pressureShare), steal: center(\.stealShare, 1 / cpus))
    }

    private static func phase(_ trial: StudyTrial, index: Int, _ history: StudyHistory) -> String {
        if trial.configuration == history.space.defaultConfiguration { return "default" }
        if trial.repeats != nil { return "repeat" }
        if trial.configuration == history.before { return "in place before" }
        if history.enqueued.contains(trial.configuration) { return "enqueued" }
        switch trial.record.plan.origin.flatMap(SuggestionDetails.Origin.init) {
        case .initial?: return "given"
        case .earlier?: return "earlier studies"
        case .sobol?: return "space-filling"
        case .random?: return "random"
        case .process?, .forest?: return "model"
        case .exploration?: return "feasibility"
        case nil: break
        }
        // Stores of the first version do not say.
        switch history.options.strategy {
        case .random: return "random"
        case .sobol: return "space-filling"
        case .bayesian: return index < Tuner.initialCount ? "space-filling" : "model"
        }
    }

    private static func parameters(_ history: StudyHistory) -> [Parameter] {
        let best = history.verdict?.best ?? []
        return history.space.descriptions.enumerated().map { position, description in
            let scale: Parameter.Scale =
                switch description.domain {
                case .boolean, .choice, .numbers, .text: .categorical
                case .size: .logarithmic
                case .integer(_, let scale), .number(_, let scale): scale == .logarithmic ? .logarithmic : .linear
                }
            let values: [ParameterValue]
            switch (description.searchValues, description.domain) {
            case (let listed?, _): values = listed
            case (nil, .choice(let names)): values = names.map { .choice($0) }
            case (nil, .boolean): values = [.boolean(false), .boolean(true)]
            default: values = []
            }
            let found = best.first { $0.name == description.name }.flatMap { try? description.parse($0.text) }
            return Parameter(
                name: description.name, unit: description.unit, text: description.text, scale: scale,
                values: values.map { value($0, of: description) },
                defaultValue: value(description.defaultValue, of: description),
                before: history.before.map { .value(value($0.values[position], of: description)) }
                    ?? .unavailable(reason: "no profile was in place; the default was"),
                best: found.map { .value(value($0, of: description)) } ?? .unavailable(reason: "nothing was found"))
        }
    }
}

/// How the target is shown: memory is measured in bytes and shown in MB.
public struct ObjectiveScale: Sendable {
    public let title: String
    public let unit: String
    /// What an objective is multiplied with to be in `unit`.
    public let factor: Double

    public init(_ target: StudyTarget) {
        switch target {
        case .throughput: (title, unit, factor) = ("Throughput", "MB/s", 1)
        case .memory: (title, unit, factor) = ("Peak memory", "MB", 1e-6)
        case .cpuUsage: (title, unit, factor) = ("CPU time", "s", 1)
        case .energy: (title, unit, factor) = ("CPU energy", "J", 1)
        case .balanced: (title, unit, factor) = ("Throughput per memory", "MB/s per GB", 1)
        }
    }
}

extension StudyTarget {
    var reportMetric: StudyReport.Metric {
        switch self {
        case .throughput: .throughput
        case .memory: .peakMemory
        case .cpuUsage: .cpuTime
        case .energy: .energy
        case .balanced: .throughputPerMemory
        }
    }
}

extension Reported where Value == Double {
    init(_ measured: Measured<Double>, factor: Double = 1) {
        switch measured {
        case .available(let value): self = .value(value * factor)
        case .unavailable(let reason): self = .unavailable(reason: reason)
        }
    }
}
