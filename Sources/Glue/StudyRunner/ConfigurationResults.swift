import BayesianTuning
import Statistics

/// What the trials of each configuration came to, repeats taken together.
struct ConfigurationResults: Sendable {
    private struct Result {
        let firstTrial: Int
        var trials = 0
        var objectives: [Double] = []
        /// Whether every trial of it met the constraints.
        var isFeasible = true
    }

    private let target: StudyTarget
    private var results: [Configuration: Result] = [:]
    /// In the order of their first trials.
    private var order: [Configuration] = []

    init(_ target: StudyTarget) { self.target = target }

    mutating func add(_ judgement: TrialJudgement, of configuration: Configuration, trial: Int) {
        if results[configuration] == nil { order.append(configuration) }
        var result = results[configuration] ?? Result(firstTrial: trial)
        result.trials += 1
        if let objective = judgement.objective { result.objectives.append(objective) }
        result.isFeasible = result.isFeasible && judgement.isFeasible
        results[configuration] = result
    }

    /// Takes a configuration out of what can be the best.
    mutating func ruleOut(_ configuration: Configuration) { results[configuration]?.isFeasible = false }

    func holds(_ configuration: Configuration) -> Bool { results[configuration] != nil }

    func trials(of configuration: Configuration) -> Int { results[configuration]?.trials ?? 0 }

    /// Those with so many trials or more.
    func configurations(withTrials count: Int) -> Set<Configuration> {
        Set(results.filter { $0.value.trials >= count }.keys)
    }

    func firstTrial(of configuration: Configuration) -> Int? { results[configuration]?.firstTrial }

    /// Geometric mean over its trials, so that it does not matter which way the ratio is taken; `nil` without a figure.
    func objective(of configuration: Configuration) -> Double? {
        results[configuration].flatMap(Self.center)
    }

    private static func center(_ result: Result) -> Double? {
        result.objectives.isEmpty ? nil : TrialJudgement.geometricMean(result.objectives)
    }

    /// Among those that meet the constraints, the earliest of equals.
    var best: (configuration: Configuration, objective: Double, trial: Int)? {
        var best: (configuration: Configuration, objective: Double, trial: Int)?
        for configuration in order {
            guard let result = results[configuration], result.isFeasible, let objective = Self.center(result) else {
                continue
            }
            if best.map({ target.gain(of: objective, over: $0.objective) > 1 }) ?? true {
                best = (configuration, objective, result.firstTrial)
            }
        }
        return best
    }
}
