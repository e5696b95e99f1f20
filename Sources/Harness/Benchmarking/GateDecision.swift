public import HostEnvironment
import Statistics

/// What a gate says, and why.
public struct GateDecision: Sendable, Hashable, Codable {
    public enum Outcome: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
        case passed
        /// Passed, and a primary metric is better beyond noise and tolerance.
        case improvement
        case regression
        case inconclusive
        case accuracyLost
        case notComparable
        case nothingMeasured
        /// A program crashed or the gate could not do its work.
        case failed
    }

    public let outcome: Outcome
    /// One sentence for people.
    public let reason: String
    /// In the order of the rule.
    public let metrics: [GateMetricDecision]
    public let accuracy: [GateAccuracyDecision]
    /// Pairs that the decision stands on; those of the confirmation included.
    public let pairs: Int

    public init(
        outcome: Outcome, reason: String, metrics: [GateMetricDecision] = [], accuracy: [GateAccuracyDecision] = [],
        pairs: Int = 0
    ) {
        self.outcome = outcome
        self.reason = reason
        self.metrics = metrics
        self.accuracy = accuracy
        self.pairs = pairs
    }

    /// The gate could not do its work.
    public static func failed(_ reason: String) -> GateDecision { GateDecision(outcome: .failed, reason: reason) }

    /// The process's exit status. An improvement is 0 unless the caller asked to be told of it.
    public func exitStatus(reportsImprovement: Bool = false) -> Int32 {
        switch outcome {
        case .passed: 0
        case .improvement: reportsImprovement ? 4 : 0
        case .regression: 2
        case .inconclusive: 3
        case .accuracyLost: 5
        case .notComparable: 6
        case .nothingMeasured: 7
        case .failed: 1
        }
    }

    /// Judges pairs at one level without looking ahead and without confirmation: what stored pairs can say.
    ///
    /// A pure function. Live gates go through `GateSession`, which asks for fresh pairs before it fails.
    /// - Parameter alpha: one-sided level of the whole family.
    public init(pairs: [GatePair], rule: GateRule, noise: MachineNoise? = nil, alpha: Double = 0.025) {
        if let early = GateJudgement.withoutMetrics(pairs, rule: rule) {
            self = early
            return
        }
        let judgement = GateJudgement(pairs: pairs, rule: rule, noise: noise, alpha: alpha)
        self = judgement.decision(failed: Set(judgement.failing), unconfirmed: [])
    }
}

/// One accuracy figure over the pairs.
public struct GateAccuracyDecision: Sendable, Hashable, Codable {
    public let name: String
    public let before: Measured<Double>
    public let after: Measured<Double>
    /// Absolute drop that is tolerated.
    public let tolerance: Double
    public let isLost: Bool

    /// The worst pair counts: results are deterministic, so one that differs is a difference.
    init(_ name: String, pairs: [GatePair], tolerance: Double) {
        self.name = name
        self.tolerance = tolerance
        let values = pairs.compactMap { $0.accuracy[name] }
        let measured = values.compactMap { value in
            value.before.value.flatMap { before in value.after.value.map { (before: before, after: $0) } }
        }
        let worst = measured.max { $0.before - $0.after < $1.before - $1.after }
        func why(_ side: KeyPath<PairedValue, Measured<Double>>) -> String {
            values.compactMap { $0[keyPath: side].reason }.first ?? "not measured"
        }
        before = Measured(worst?.before ?? values.lazy.compactMap(\.before.value).first, otherwise: why(\.before))
        after = Measured(worst?.after, otherwise: why(\.after))
        // An accuracy that the reference has and the candidate has not is lost as well.
        let vanished = values.contains { $0.before.value != nil && $0.after.value == nil }
        // 1e-12: figures pass through text.
        isLost = vanished || worst.map { !($0.before - $0.after <= tolerance + 1e-12) } ?? false
    }
}
