public import Benchmarking

public enum TrialPhase: String, Sendable, Hashable, Codable, CaseIterable {
    /// Looking for good configurations.
    case search
    /// Comparing the best with the reference in interleaved pairs.
    case confirm
}

public enum TrialState: String, Sendable, Hashable, Codable, CaseIterable {
    case running
    case succeeded
    case failed
    case timedOut
    /// Ran, but broke a constraint (accuracy, memory).
    case infeasible
    /// The tuner was stopped or died while it ran.
    case interrupted
}

/// What is known of a trial before it runs.
public struct TrialPlan: Sendable, Hashable {
    /// Complete resolved configuration as canonical JSON (sorted keys), so that equal ones have equal text.
    public var configurationJSON: String
    public var configurationHash: String
    public var phase: TrialPhase
    /// What suggested it, in the tuner's words; nil for repeats, the confirmation and stores from before.
    public var origin: String?
    /// The model's prediction of the objective; nil for designs and defaults.
    public var predictedMean: Double?
    public var predictedDeviation: Double?
    /// CPU time the tuner spent to suggest this configuration.
    public var suggestionCPUSeconds: Double?

    public init(
        configurationJSON: String, configurationHash: String, phase: TrialPhase, predictedMean: Double? = nil,
        predictedDeviation: Double? = nil, suggestionCPUSeconds: Double? = nil, origin: String? = nil
    ) {
        self.configurationJSON = configurationJSON
        self.configurationHash = configurationHash
        self.phase = phase
        self.predictedMean = predictedMean
        self.predictedDeviation = predictedDeviation
        self.suggestionCPUSeconds = suggestionCPUSeconds
        self.origin = origin
    }
}

/// How a trial ended.
public struct TrialOutcome: Sendable, Hashable {
    public var state: TrialState
    /// Why it did not succeed; nil when it did.
    public var reason: String?
    public var objective: Double?

    public init(state: TrialState, reason: String? = nil, objective: Double? = nil) {
        self.state = state
        self.reason = reason
        self.objective = objective
    }
}

/// A stored trial; `number` counts from 0 within its study.
public struct TrialRecord: Sendable, Hashable {
    public let study: String
    public let number: Int
    public let plan: TrialPlan
    public let outcome: TrialOutcome
    public let startedAt: Double
    public let finishedAt: Double?
}

/// One run of the engine within a trial.
public struct MeasurementRecord: Sendable, Hashable {
    /// Pair or repeat, from 0.
    public var repeatIndex: Int
    /// Which side of a comparison: `candidate`, `default`, ...
    public var arm: String
    /// Position in time within the trial, from 0.
    public var order: Int
    public var workload: String
    public var run: ChildMeasurement
    /// Digest of the results.
    public var digest: String?
    public var accuracyJSON: String?
    /// The engine's own stage times.
    public var stagesJSON: String?

    public init(
        repeatIndex: Int, arm: String, order: Int, workload: String, run: ChildMeasurement, digest: String? = nil,
        accuracyJSON: String? = nil, stagesJSON: String? = nil
    ) {
        self.repeatIndex = repeatIndex
        self.arm = arm
        self.order = order
        self.workload = workload
        self.run = run
        self.digest = digest
        self.accuracyJSON = accuracyJSON
        self.stagesJSON = stagesJSON
    }
}
