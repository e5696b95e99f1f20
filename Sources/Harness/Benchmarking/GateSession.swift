import HostEnvironment
import Statistics

/// What a gate wants next.
public enum GateStep: Sendable, Hashable {
    public enum Purpose: String, Sendable, Hashable, Codable {
        /// Up to the next look at the data.
        case measure
        /// A metric fails; fresh pairs must show it again.
        case confirm
        /// Others disturbed some pairs; they are run again as a whole.
        case repeatDisturbed
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
/// did not confirm count like the others from then on. A pair during which others disturbed the machine far more than in
/// this session's median pair is replaced by a fresh one, both arms of it, whichever was slower; it stays in `pairs`.
/// - Determinism: the pairs fix the decision.
public struct GateSession: Sendable {
    public let rule: GateRule
    public let noise: MachineNoise?
    /// All that were added, in order.
    public private(set) var pairs: [GatePair] = []
    /// Indices of pairs that were run again and no longer count.
    public private(set) var replaced: Set<Int> = []
    /// Pairs that count when the next look is due.
    private var target: Int
    private var look = 0
    /// Metrics that fail, and how many pairs counted when they did.
    private var suspected: (names: [String], counted: Int)?
    private var unconfirmed: Set<String> = []
    private var confirmations: [String: GateRatio] = [:]
    /// Pairs before this index have been checked for disturbance.
    private var checked = 0
    private var decision: GateDecision?

    public init(rule: GateRule, noise: MachineNoise? = nil) {
        self.rule = rule
        self.noise = noise
        target = rule.looks[0]
    }

    public mutating func add(_ pair: GatePair) { pairs.append(pair) }

    /// Pairs that the decision will stand on.
    public var counted: [GatePair] { pairs.indices.filter { !replaced.contains($0) }.map { pairs[$0] } }

    /// What to do now. Asking again without adding a pair gives the same answer.
    public mutating func next() -> GateStep {
        while decision == nil {
            if let early = pairs.isEmpty ? nil : GateJudgement.withoutMetrics(pairs, rule: rule, pairsRun: pairs.count)
            {
                decision = early
                break
            }
            let missing = target - (pairs.count - replaced.count)
            if missing > 0 { return .run(pairs: missing, purpose: purpose) }
            if replaceDisturbed() { continue }
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
        let standing = judgement.settleFailures()
        return judgement.decision(
            failed: standing.union(judgement.deterministicFailures), unconfirmed: [], confirmations: confirmations,
            pairsRun: pairs.count)
    }

    private var purpose: GateStep.Purpose {
        if suspected != nil { return .confirm }
        return pairs.count >= target ? .repeatDisturbed : .measure
    }

    private func judge() -> GateJudgement {
        GateJudgement(pairs: counted, rule: rule, noise: noise, alpha: rule.alphas[min(look, rule.alphas.count - 1)])
    }

    private mutating func takeLook() {
        let judgement = judge()
        if !judgement.deterministicFailures.isEmpty {
            decision = judgement.decision(failed: [], unconfirmed: Set(judgement.failing), pairsRun: pairs.count)
        } else if !judgement.failing.isEmpty {
            suspected = (judgement.failing, counted.count)
            target = counted.count + rule.confirmationPairs
        } else if judgement.isClearlyFine || look == rule.looks.count - 1 {
            decision = judgement.decision(
                failed: [], unconfirmed: unconfirmed, confirmations: confirmations, pairsRun: pairs.count)
        } else {
            look += 1
            target = rule.looks[look]
        }
    }

    private mutating func confirm() {
        guard let (names, before) = suspected else { return }
        suspected = nil
        let fresh = Array(counted.dropFirst(before))
        let again = GateJudgement.confirmation(of: names, pairs: fresh, rule: rule, noise: noise)
        for (name, result) in again { confirmations[name] = result.decision.ratio.value }
        let confirmed = Set(again.filter(\.value.isConfirmed).keys)
        unconfirmed.formUnion(names.filter { !confirmed.contains($0) })
        if !confirmed.isEmpty {
            decision = judge().decision(
                failed: confirmed, unconfirmed: unconfirmed, confirmations: confirmations, pairsRun: pairs.count)
        } else if let later = rule.looks.indices.first(where: { $0 > look && rule.looks[$0] >= counted.count }) {
            look = later
            target = rule.looks[later]
        } else {
            decision = judge().decision(
                failed: [], unconfirmed: unconfirmed, confirmations: confirmations, pairsRun: pairs.count)
        }
    }

    /// Marks newly added pairs that others disturbed as replaced, as far as the rule allows. Returns whether there are any.
    private mutating func replaceDisturbed() -> Bool {
        let budget = Int(rule.extraPairs * Double(rule.looks.last ?? 0)) - replaced.count
        let new = checked..<pairs.count
        checked = pairs.count
        let disturbed = new.filter {
            isFarAbove(\.pressureShare, $0, rule.disturbedPressure) || isFarAbove(\.stealShare, $0, rule.disturbedSteal)
        }
        replaced.formUnion(disturbed.prefix(max(budget, 0)))
        return !disturbed.isEmpty && budget > 0
    }

    /// Above the limit and above twice the session's median: where every pair is disturbed, running again helps nobody.
    private func isFarAbove(_ share: (GatePair) -> Measured<Double>, _ index: Int, _ limit: Double) -> Bool {
        guard let value = share(pairs[index]).value else { return false }
        return value > limit && value > 2 * median(pairs.compactMap { share($0).value })
    }
}
