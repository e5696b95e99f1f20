import HostEnvironment
import Statistics

/// What a gate wants next.
public enum GateStep: Sendable, Hashable {
    public enum Purpose: String, Sendable, Hashable, Codable {
        /// Up to the next look at the data.
        case measure
        /// A metric fails; fresh pairs must show it again.
        case confirm
    }

    /// Run this many pairs and add each; fewer may be added before asking again.
    case run(pairs: Int, purpose: Purpose)
    case decide(GateDecision)
}

/// A gate from its first pair to its decision, without running anything: live runs and recorded ones take the same path.
///
/// ```swift
/// var session = GateSession(rule: .standard(.shared), noise: noise)
/// while case .run = session.next() { session.add(measureOnePair()) }
/// ```
///
/// Looks after 8, 16 and 24 pairs (`GateRule.looks`). At each: a failing metric asks for fresh pairs, and the gate fails when
/// they show it again; when every primary metric leaves out twice its tolerance, the gate passes; else it goes on. Pairs that
/// did not confirm count like the others from then on. Nothing is run again or left out because the machine was disturbed:
/// ranks are not moved by it (docs/decisions/0016-the-gates-rule.md).
/// - Determinism: the pairs fix the decision.
public struct GateSession: Sendable {
    public let rule: GateRule
    public let noise: MachineNoise?
    /// All that were added, in order.
    public private(set) var pairs: [GatePair] = []
    /// Pairs that there are when the next look is due.
    private var target: Int
    private var look = 0
    /// Metrics that fail, and how many pairs counted when they did.
    private var suspected: (names: [String], counted: Int)?
    private var unconfirmed: Set<String> = []
    private var confirmations: [String: GateRatio] = [:]
    private var decision: GateDecision?

    public init(rule: GateRule, noise: MachineNoise? = nil) {
        self.rule = rule
        self.noise = noise
        target = rule.looks[0]
    }

    public mutating func add(_ pair: GatePair) { pairs.append(pair) }

    /// What to do now. Asking again without adding a pair gives the same answer.
    public mutating func next() -> GateStep {
        while decision == nil {
            if let early = pairs.isEmpty ? nil : GateJudgement.withoutMetrics(pairs, rule: rule) {
                decision = early
                break
            }
            let missing = target - pairs.count
            if missing > 0 { return .run(pairs: missing, purpose: purpose) }
            if suspected == nil { takeLook() } else { confirm() }
        }
        return .decide(decision ?? .failed("a gate ended without a decision"))
    }

    /// The decision from what is there, when time is up: a failure that fresh pairs have not confirmed stands where the whole
    /// interval is worse than tolerated, and is inconclusive otherwise.
    public mutating func stop() -> GateDecision {
        if case .decide(let decided) = next() { return decided }
        guard !pairs.isEmpty else {
            return GateDecision(outcome: .nothingMeasured, reason: "the gate was stopped before its first pair")
        }
        var judgement = judge()
        // What fresh pairs did not show again does not stand because time is up.
        let standing = judgement.settleFailures().subtracting(unconfirmed)
        return judgement.decision(
            failed: standing.union(judgement.deterministicFailures), unconfirmed: unconfirmed,
            confirmations: confirmations)
    }

    private var purpose: GateStep.Purpose {
        suspected == nil ? .measure : .confirm
    }

    private func judge() -> GateJudgement {
        GateJudgement(pairs: pairs, rule: rule, noise: noise, alpha: rule.alphas[min(look, rule.alphas.count - 1)])
    }

    private mutating func takeLook() {
        let judgement = judge()
        if !judgement.deterministicFailures.isEmpty {
            decision = judgement.decision(failed: [], unconfirmed: Set(judgement.failing))
        } else if !judgement.failing.isEmpty {
            suspected = (judgement.failing, pairs.count)
            target = pairs.count + rule.confirmationPairs
        } else if judgement.isClearlyFine || look == rule.looks.count - 1 {
            decision = judgement.decision(
                failed: [], unconfirmed: unconfirmed, confirmations: confirmations)
        } else {
            look += 1
            target = rule.looks[look]
        }
    }

    private mutating func confirm() {
        guard let (names, before) = suspected else { return }
        suspected = nil
        let fresh = Array(pairs.dropFirst(before))
        let again = GateJudgement.confirmation(of: names, pairs: fresh, rule: rule, noise: noise)
        for (name, result) in again { confirmations[name] = result.decision.ratio.value }
        let confirmed = Set(again.filter(\.value.isConfirmed).keys)
        unconfirmed.formUnion(names.filter { !confirmed.contains($0) })
        if !confirmed.isEmpty {
            decision = judge().decision(
                failed: confirmed, unconfirmed: unconfirmed, confirmations: confirmations)
        } else if let later = rule.looks.indices.first(where: { $0 > look && rule.looks[$0] >= pairs.count }) {
            look = later
            target = rule.looks[later]
        } else {
            decision = judge().decision(
                failed: [], unconfirmed: unconfirmed, confirmations: confirmations)
        }
    }
}
