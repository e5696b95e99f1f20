/// What came of running a configuration.
public enum TrialOutcome: Sendable, Hashable {
    /// It ran: the objective, the standard deviation of that value when repeats tell it, measured constraints by name,
    /// and the second objective of a search for two.
    ///
    /// `repeats` says how many measurements the values and their deviations came from: a deviation of few is shrunk
    /// towards what the trials have in common (`NoisePooling`). `nil` takes the deviation as known: with a deviation of 0
    /// the value is exact, and nothing else is believed of it.
    ///
    /// A value that breaks a constraint informs the model but is never recommended.
    case success(
        objective: Double, objectiveSD: Double? = nil, constraints: [String: Double] = [:],
        second: ObjectiveValue? = nil, repeats: Int? = nil)
    /// It crashed, ran out of memory or gave a wrong result.
    case failed(reason: String)
    /// It was stopped. `objectiveBound` is what the objective would at best have been: at least that where smaller is
    /// better, at most that where larger is. Without one nothing is known, as of a failure.
    case timedOut(afterSeconds: Double, objectiveBound: Double? = nil)
    /// It was refused or cut short because a constraint did not hold; what was measured of them.
    case infeasible(constraints: [String: Double])
}

/// A value of an objective in its own units and the standard deviation of that value, where one is known.
public struct ObjectiveValue: Sendable, Hashable {
    public let value: Double
    public let deviation: Double?

    public init(_ value: Double, deviation: Double? = nil) {
        self.value = value
        self.deviation = deviation
    }
}

/// Whether a smaller or a larger objective is better.
public enum ObjectiveDirection: String, Sendable, Hashable, Codable {
    case minimise
    case maximise
}

/// How suggestions are made.
public enum SearchStrategy: String, Sendable, Hashable, Codable, CaseIterable {
    case bayesian
    /// Uniform over each parameter's scale; the baseline that a model must beat.
    case random
    /// Scrambled Sobol points throughout.
    case sobol
}

/// A bound on a measured quantity.
public struct Constraint: Sendable, Hashable, Codable {
    public enum Direction: String, Sendable, Hashable, Codable {
        case atMost
        case atLeast
    }

    /// The key under which outcomes report it.
    public let name: String
    public let direction: Direction
    public let limit: Double

    public init(name: String, _ direction: Direction, _ limit: Double) {
        self.name = name
        self.direction = direction
        self.limit = limit
    }

    public func isMet(by value: Double) -> Bool {
        switch direction {
        case .atMost: value <= limit
        case .atLeast: value >= limit
        }
    }
}

/// A configuration and what came of it, as the tuner remembers it.
struct Trial: Sendable {
    /// What ran.
    let configuration: Configuration
    let inputs: [Double]
    /// What was asked for, when the system said what ran instead, and its inputs.
    let requested: Configuration?
    let requestedInputs: [Double]?
    let outcome: TrialOutcome

    /// The (first) objective of a trial that ran, whether or not it met the constraints.
    var objective: (value: Double, deviation: Double)? { objective(0) }

    /// An objective by position; `nil` when the trial did not run.
    func objective(_ position: Int) -> (value: Double, deviation: Double)? {
        guard case .success(let value, let deviation, _, let second, _) = outcome else { return nil }
        if position == 0 { return (value, deviation ?? 0) }
        return second.map { ($0.value, $0.deviation ?? 0) }
    }

    /// Whether its values are known exactly, as those of what all others are ratios to.
    var isExact: Bool {
        if case .success(_, let deviation, _, _, nil) = outcome { deviation == 0 } else { false }
    }

    /// How many measurements its values came from, where that was told.
    var repeats: Int? {
        if case .success(_, _, _, _, let repeats) = outcome { repeats } else { nil }
    }

    /// What an objective of a trial that was stopped would at best have been; known of the first only.
    func objectiveBound(_ position: Int) -> Double? {
        if position == 0, case .timedOut(_, let bound) = outcome { bound } else { nil }
    }

    func measured(_ constraint: Constraint) -> Double? {
        let value: Double? =
            switch outcome {
            case .success(_, _, let constraints, _, _), .infeasible(let constraints): constraints[constraint.name]
            case .failed, .timedOut: nil
            }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }

    func isFeasible(_ constraints: [Constraint]) -> Bool {
        objective != nil && constraints.allSatisfy { constraint in measured(constraint).map(constraint.isMet) ?? true }
    }

    /// Whether it counts against the success probability: nothing that another model could learn from came back.
    func isFailure(_ constraints: [Constraint]) -> Bool {
        switch outcome {
        case .success: false
        case .failed: true
        case .timedOut(_, let bound): bound == nil
        case .infeasible: !constraints.contains { measured($0) != nil }
        }
    }
}
