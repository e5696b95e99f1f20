import BayesianTuning
import Benchmarking
import HostEnvironment
import ResultStore
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the runs of one configuration amount to. A pure function of the runs, so that a resumed study learns the same.
public struct TrialJudgement: Sendable, Hashable {
    public let state: TrialState
    /// Why it did not succeed.
    public let reason: String?
    /// Median over the runs in the target's unit, each corrected by the run of the default beside it.
    public let objective: Double?
    /// Standard deviation of that median as the pairs show it; `nil` for a single one. 0 for the default: its objective is
    /// the unit of all others, which are ratios to it, so it is known exactly however much its runs scatter.
    public let deviation: Double?
    /// The same for each of the target's objectives: two for a trade-off, else the objective again. Empty for a failure.
    public let objectives: [ObjectiveValue]
    /// Measured values of the constraints, as they were: limits are about what happens.
    public let constraints: [String: Double]
    /// Largest value relative to its limit; 1 or less meets all constraints.
    public let violation: Double?
    public let accuracy: ResultAccuracy?
    let tunerOutcome: BayesianTuning.TrialOutcome

    /// - Parameters:
    ///   - trial: with at least one run of the configuration. The first failed one decides.
    ///   - reference: the default's judgement; `nil` for the default's own trial.
    public init(_ trial: TrialRuns, reference: TrialJudgement?, options: StudyOptions) {
        let runs = trial.candidates.map(\.run)
        accuracy = runs.first?.accuracy
        if let position = runs.firstIndex(where: { $0.failure != nil }), let failure = runs[position].failure {
            objective = nil
            deviation = nil
            objectives = []
            constraints = [:]
            violation = nil
            reason = failure.reason
            switch failure.kind {
            case .crashed, .outOfMemory, .wrongResult:
                state = .failed
                tunerOutcome = .failed(reason: failure.reason)
            case .timedOut:
                state = .timedOut
                tunerOutcome = .timedOut(
                    afterSeconds: runs[position].wallSeconds.value ?? 0,
                    objectiveBound: Self.bound(
                        ofStopped: position, in: trial, baseline: reference?.objective, options.target))
            case .inaccurate:
                state = .infeasible
                tunerOutcome = .infeasible(constraints: [:])
            case .interrupted:
                state = .interrupted
                tunerOutcome = .failed(reason: failure.reason)
            }
            return
        }
        let values = trial.objectives(options.target, baseline: reference?.objective).compactMap { $0 }
        guard values.count == runs.count, !values.isEmpty else {
            let gap = runs.lazy.compactMap { options.target.value(of: $0).reason }.first ?? "no run"
            state = .failed
            reason = "the objective could not be measured: \(gap)"
            objective = nil
            deviation = nil
            objectives = []
            constraints = [:]
            violation = nil
            tunerOutcome = .failed(reason: "not measured")
            return
        }
        let isUnit = reference == nil
        let center = Self.center(values)
        let spread = isUnit ? 0 : Self.relativeDeviation(values).map { $0 * center }
        objective = center
        deviation = spread
        objectives =
            options.target.objectives.count == 1
            ? [ObjectiveValue(center, deviation: spread)]
            : options.target.objectives.enumerated().map { position, target in
                // Both are measured where their quotient is.
                let values = trial.objectives(
                    target, baseline: reference.flatMap { $0.objectives.isEmpty ? nil : $0.objectives[position].value }
                ).compactMap { $0 }
                let center = Self.center(values)
                return ObjectiveValue(
                    center, deviation: isUnit ? 0 : Self.relativeDeviation(values).map { $0 * center })
            }
        var measured: [String: Double] = [:]
        let peaks = runs.compactMap(\.peakMemoryBytes.value)
        if peaks.count == runs.count { measured[StudyOptions.memoryConstraint] = peaks.max() }
        let walls = runs.compactMap(\.wallSeconds.value)
        if walls.count == runs.count { measured[StudyOptions.timeConstraint] = median(walls) }
        let bounds = options.constraints
        constraints = measured.filter { name, _ in bounds.contains { $0.name == name } }
        tunerOutcome = .success(
            objective: objectives[0].value, objectiveSD: objectives[0].deviation, constraints: constraints,
            second: objectives.count > 1 ? objectives[1] : nil, repeats: isUnit ? nil : values.count)
        // A bound on something that could not be measured is not known to be met.
        violation = bounds.map { bound in measured[bound.name].map { $0 / bound.limit } ?? .infinity }.max()
        let broken = bounds.filter { bound in !(measured[bound.name].map(bound.isMet) ?? false) }
        state = broken.isEmpty ? .succeeded : .infeasible
        reason =
            broken.isEmpty
            ? nil
            : broken.map { ConstraintText.broken($0, value: measured[$0.name]) }.joined(separator: "; ")
    }

    var isFeasible: Bool { state == .succeeded }

    /// What it says to a later study: objectives as shares of the default's; `nil` where the default had none.
    func relative(to reference: TrialJudgement) -> BayesianTuning.TrialOutcome? {
        guard !objectives.isEmpty else { return tunerOutcome }
        guard reference.objectives.count == objectives.count else { return nil }
        let ratios = zip(objectives, reference.objectives).map { own, other in
            ObjectiveValue(own.value / other.value, deviation: own.deviation.map { $0 / other.value })
        }
        return .success(
            objective: ratios[0].value, objectiveSD: ratios[0].deviation, second: ratios.count > 1 ? ratios[1] : nil)
    }

    /// What the objective of a run that was stopped would at best have been, corrected by the run of the default beside it
    /// as measured ones are.
    ///
    /// Throughput at most: the input over the seconds until the stop. CPU time and energy at least: what was used until
    /// then. Of memory nothing is known: the peak may have been reached or not; so nothing of what takes both either.
    private static func bound(
        ofStopped position: Int, in trial: TrialRuns, baseline: Double?, _ target: StudyTarget
    ) -> Double? {
        switch target {
        case .memory, .balanced: return nil
        case .cpuUsage, .energy: break
        case .throughput:
            // A workload that never started could have been as fast as it liked, and the mean with it.
            let complete = trial.all.lazy.filter { $0.run.failure == nil }.map(\.run.parts.count).max()
            guard trial.candidates[position].run.parts.count == complete else { return nil }
        }
        // A run that waited for something has used little CPU time until it was stopped: a bound better than the default
        // says nothing that keeps the search away.
        guard let bound = trial.objectives(target, baseline: baseline)[position],
            baseline.map({ target.gain(of: bound, over: $0) < 1 }) ?? true
        else { return nil }
        return bound
    }

    /// exp(median of the logarithms): the same whether ratios or their inverses are taken, so the direction of the target
    /// does not matter.
    static func center(_ values: [Double]) -> Double { exp(median(values.map { log($0) })) }

    /// exp(mean of the logarithms), of several trials of one configuration.
    static func geometricMean(_ values: [Double]) -> Double { exp(mean(values.map { log($0) })) }

    /// Standard deviation of the median relative to it, from the mean absolute deviation of the logarithms: one disturbed
    /// pair counts once, not squared, and two equal ones among three do not make it 0 as with the median deviation.
    private static func relativeDeviation(_ values: [Double]) -> Double? {
        guard values.count > 1 else { return nil }
        let logarithms = values.map { log($0) }
        let middle = median(logarithms)
        let count = Double(values.count)
        let deviation = logarithms.reduce(0) { $0 + abs($1 - middle) } / count
        // Root of pi / 2 twice: mean absolute to standard deviation, and the error of a median against that of a mean.
        return Double.pi / 2 * deviation * (count / (count - 1)).squareRoot() / count.squareRoot()
    }
}

/// Constraints in words.
enum ConstraintText {
    static func broken(_ constraint: Constraint, value: Double?) -> String {
        let limit = text(constraint.limit, of: constraint.name)
        guard let value else { return "\(constraint.name) could not be measured (limit \(limit))" }
        return "\(constraint.name) \(text(value, of: constraint.name)) is above the limit of \(limit)"
    }

    static func text(_ value: Double, of name: String) -> String {
        name == StudyOptions.memoryConstraint
            ? "\((value / 1e4).rounded() / 100) MB" : "\((value * 1_000).rounded() / 1_000) s"
    }
}

/// Whether a configuration must be run again: one more pair, or for the default one more run.
struct RepeatRule {
    let options: StudyOptions
    /// The default's objective, `nil` for its own trial.
    let baseline: Double?
    /// The best objective so far, `nil` for the configurations that others are compared with.
    let best: Double?

    /// Pairs whose ratios differ by more have been disturbed, or the configuration is unsteady.
    static let largestSpread = 0.15
    /// A first pair that is worse than the best by this factor needs no second one to be ruled out.
    static let hopeless = 1.5

    func wantsAnother(after trial: TrialRuns) -> Bool {
        let runs = trial.candidates.map(\.run)
        guard runs.allSatisfy({ $0.failure == nil }), runs.count < options.maximumRepeats else { return false }
        let values = trial.objectives(options.target, baseline: baseline).compactMap { $0 }
        guard values.count == runs.count, let low = values.min(), let high = values.max() else { return false }
        let center = TrialJudgement.center(values)
        // Load that came and went within a trial shows in the pressure; shared by both runs of a pair it does no harm, but
        // nothing says that it was shared.
        let disturbed =
            isDisturbed(runs) || isDisturbed(trial.references.map(\.run))
            || !trial.isComplete(isPaired: baseline != nil)
        if runs.count < options.minimumRepeats {
            if options.constraints.contains(where: { isFarAbove($0, runs) }) { return false }
            if let best, !disturbed, options.target.gain(of: best, over: center) > Self.hopeless {
                return false
            }
            return true
        }
        let measured = runs.compactMap(\.wallSeconds.value).reduce(0, +)
        return disturbed || measured < options.measuredSeconds || (high - low) / center > Self.largestSpread
    }

    /// Repeats do not bring a configuration back that misses a limit by this factor.
    static let farAbove = 1.25

    private func isFarAbove(_ constraint: Constraint, _ runs: [ProgramRun]) -> Bool {
        runs.allSatisfy { run in
            let value = constraint.name == StudyOptions.memoryConstraint ? run.peakMemoryBytes : run.wallSeconds
            return (value.value ?? 0) > Self.farAbove * constraint.limit
        }
    }

    private func isDisturbed(_ runs: [ProgramRun]) -> Bool { Disturbance.isAny(among: runs) }
}
