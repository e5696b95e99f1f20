import HostEnvironment
import Statistics

/// The statistics of a set of pairs at one level, for `GateDecision` and `GateSession`.
struct GateJudgement {
    let rule: GateRule
    let accuracy: [GateAccuracyDecision]
    private(set) var metrics: [GateMetricDecision]
    /// Keys of primary metrics that fail at this level, before any confirmation.
    private(set) var failing: [String] = []
    private let pairCount: Int

    init(pairs: [GatePair], rule: GateRule, noise: MachineNoise?, alpha: Double) {
        self.rule = rule
        pairCount = pairs.count
        accuracy = Self.accuracy(pairs, rule)
        metrics = rule.metrics.map { GateMetricDecision($0, pairs: pairs, rule: rule, noise: noise, alpha: alpha) }
        let family = metrics.indices.filter { metrics[$0].role != .deterministic && metrics[$0].ratio.value != nil }
        let primaries = family.filter { metrics[$0].role == .primary }
        let worse = holmAdjusted(primaries.map { metrics[$0].ratio.value?.worseP ?? 1 })
        let better = holmAdjusted(primaries.map { metrics[$0].ratio.value?.betterP ?? 1 })
        for (position, index) in primaries.enumerated() { metrics[index].adjustedP = .available(worse[position]) }
        for index in family {
            guard let ratio = metrics[index].ratio.value else { continue }
            let position = primaries.firstIndex(of: index)
            let metric = metrics[index]
            if position.map({ worse[$0] }) ?? ratio.worseP <= alpha, metric.isWorseThanTolerated {
                metrics[index].verdict = .worse
                if metric.role == .primary { failing.append(metric.key) }
            } else if position.map({ better[$0] }) ?? ratio.betterP <= alpha, metric.isBetterThanTolerated {
                metrics[index].verdict = .better
            } else {
                metrics[index].verdict = metric.excludesTwiceTheTolerance ? .noDifference : .inconclusive
            }
        }
    }

    private static func accuracy(_ pairs: [GatePair], _ rule: GateRule) -> [GateAccuracyDecision] {
        Set(pairs.flatMap(\.accuracy.keys)).sorted().map {
            GateAccuracyDecision($0, pairs: pairs, tolerance: rule.accuracyDrop)
        }
    }

    /// What is decided before any metric is looked at: crashes, lost accuracy, nothing measured. Nil: go on.
    static func withoutMetrics(_ pairs: [GatePair], rule: GateRule, pairsRun: Int) -> GateDecision? {
        if let failure = pairs.lazy.compactMap(\.failure).first {
            let program = failure.arm == .before ? "the reference" : "the candidate"
            return GateDecision(outcome: .failed, reason: "\(program) \(failure.reason)", pairsRun: pairsRun)
        }
        let accuracy = accuracy(pairs, rule)
        if let lost = accuracy.first(where: \.isLost) {
            let figures = [lost.before, lost.after].map { $0.value.map { "\($0)" } ?? "nothing" }
            return GateDecision(
                outcome: .accuracyLost,
                reason:
                    "\(lost.name) went from \(figures[0]) to \(figures[1]); a drop of \(lost.tolerance) is tolerated",
                accuracy: accuracy, pairsRun: pairsRun, pairsCounted: pairs.count)
        }
        let decisive = rule.metrics.filter { $0.role != .informational }
        let isMeasured = pairs.contains { pair in
            decisive.contains { metric in
                guard let value = pair.values[metric.key] else { return false }
                return value.before.value != nil && value.after.value != nil
            }
        }
        guard isMeasured else {
            return GateDecision(
                outcome: .nothingMeasured, reason: "no metric that decides was measured in both arms",
                accuracy: accuracy, pairsRun: pairsRun)
        }
        return nil
    }

    /// Deterministic metrics that are worse need no fresh pairs.
    var deterministicFailures: [String] {
        metrics.filter { $0.role == .deterministic && $0.verdict == .worse }.map(\.key)
    }

    /// Calls failing metrics inconclusive: for a gate that ends before fresh pairs could show them again.
    mutating func withdrawFailures() {
        for index in metrics.indices where failing.contains(metrics[index].key) {
            metrics[index].verdict = .inconclusive
        }
        failing = []
    }

    /// Whether every primary metric leaves out twice the tolerance outright, so that no more pairs are needed to pass.
    var isClearlyFine: Bool {
        failing.isEmpty && primaries.allSatisfy { $0.verdict == .notMeasured || $0.excludesOutright }
    }

    private var primaries: [GateMetricDecision] { metrics.filter { $0.role == .primary } }

    /// Each failing metric on the fresh pairs alone: the ratio and whether it fails again.
    static func confirmation(
        of names: [String], pairs: [GatePair], rule: GateRule, noise: MachineNoise?
    ) -> [String: (decision: GateMetricDecision, isConfirmed: Bool)] {
        var found: [String: (decision: GateMetricDecision, isConfirmed: Bool)] = [:]
        for metric in rule.metrics where names.contains(metric.key) {
            let again = GateMetricDecision(
                metric, pairs: pairs, rule: rule, noise: noise, alpha: rule.confirmationAlpha)
            let isBeyondNoise = (again.ratio.value?.worseP ?? 1) <= rule.confirmationAlpha
            found[metric.key] = (again, isBeyondNoise && again.isWorseThanTolerated)
        }
        return found
    }

    /// - Parameters:
    ///   - failed: primary metrics whose failure stands. - unconfirmed: those that fresh pairs did not show again.
    ///   - confirmations: ratios on the fresh pairs alone, by metric.
    func decision(
        failed: Set<String>, unconfirmed: Set<String>, confirmations: [String: GateRatio] = [:], pairsRun: Int
    ) -> GateDecision {
        var metrics = metrics
        for index in metrics.indices {
            let name = metrics[index].key
            if let ratio = confirmations[name] { metrics[index].confirmation = .available(ratio) }
            guard metrics[index].role == .primary else { continue }
            if failed.contains(name) {
                metrics[index].verdict = .worse
            } else if metrics[index].verdict == .worse || unconfirmed.contains(name) {
                // Without a clear picture even with the fresh pairs, the gate does not say that all is well.
                metrics[index].verdict = metrics[index].excludesTwiceTheTolerance ? .unconfirmed : .inconclusive
            }
        }
        let deciding = metrics.filter { $0.role != .informational }
        let outcome: GateDecision.Outcome
        if deciding.contains(where: { $0.verdict == .worse }) {
            outcome = .regression
        } else if deciding.contains(where: { $0.verdict == .inconclusive }) {
            outcome = .inconclusive
        } else if deciding.contains(where: { $0.verdict == .better }) {
            outcome = .improvement
        } else {
            outcome = .passed
        }
        return GateDecision(
            outcome: outcome, reason: Self.reason(outcome, deciding), metrics: metrics, accuracy: accuracy,
            pairsRun: pairsRun, pairsCounted: pairCount)
    }

    private static func reason(_ outcome: GateDecision.Outcome, _ metrics: [GateMetricDecision]) -> String {
        func described(_ verdict: GateMetricDecision.Verdict, _ text: (GateMetricDecision, GateRatio) -> String)
            -> String
        {
            metrics.filter { $0.verdict == verdict }.compactMap { metric in
                metric.ratio.value.map { text(metric, $0) }
            }.joined(separator: "; ")
        }
        func change(_ metric: GateMetricDecision, _ ratio: GateRatio) -> String {
            "\(metric.title) is \(percent(abs(ratio.estimate - 1))) "
                + "\(ratio.estimate >= 1 ? "higher" : "lower"), tolerated are \(percent(metric.tolerance.relative))"
        }
        switch outcome {
        case .regression: return described(.worse, change)
        case .improvement:
            return described(.better) {
                "\($0.title) improved by a factor of \(short(max($1.estimate, 1 / $1.estimate)))"
            }
        case .inconclusive:
            return described(.inconclusive) {
                "changes of \($0.title) below \(percent($1.smallestDetectable)) could not have been seen, "
                    + "and \(percent(2 * $0.tolerance.relative)) should be"
            }
        default:
            let unconfirmed = described(.unconfirmed) { metric, _ in metric.title }
            return unconfirmed.isEmpty
                ? "no metric is worse than tolerated"
                : "\(unconfirmed) looked worse at first and did not on fresh pairs"
        }
    }
}
