import HostEnvironment
import Statistics

/// The statistics of a set of pairs at one level, for `GateDecision` and `GateSession`.
struct GateJudgement {
    let rule: GateRule
    let accuracy: [GateAccuracyDecision]
    private(set) var metrics: [GateMetricDecision]
    /// Keys of primary metrics that fail at this level, before any confirmation.
    private(set) var failing: [String] = []
    /// Keys of metrics that failed when the gate had to end, before fresh pairs could show it again.
    private var cutOff: Set<String> = []
    private let pairCount: Int

    init(pairs: [GatePair], rule: GateRule, noise: MachineNoise?, alpha: Double) {
        self.rule = rule
        pairCount = pairs.count
        accuracy = Self.accuracy(pairs, rule)
        metrics = rule.metrics.map { GateMetricDecision($0, pairs: pairs, rule: rule, noise: noise, alpha: alpha) }
        judgeFamily(.primary, alpha: alpha)
        judgeFamily(.informational, alpha: alpha)
        failing = metrics.filter { $0.role == .primary && $0.verdict == .worse }.map(\.key)
    }

    /// What is only shown is a family of its own, so that it costs the metrics that decide nothing.
    private mutating func judgeFamily(_ role: GateMetric.Role, alpha: Double) {
        let family = metrics.indices.filter { metrics[$0].role == role && metrics[$0].ratio.value != nil }
        let worse = holmAdjusted(family.map { metrics[$0].ratio.value?.worseP ?? 1 })
        let better = holmAdjusted(family.map { metrics[$0].ratio.value?.betterP ?? 1 })
        for (position, index) in family.enumerated() {
            let metric = metrics[index]
            metrics[index].adjustedP = .available(worse[position])
            if worse[position] <= alpha, metric.isWorseThanTolerated {
                metrics[index].verdict = .worse
            } else if better[position] <= alpha, metric.isBetterThanTolerated {
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
    static func withoutMetrics(_ pairs: [GatePair], rule: GateRule) -> GateDecision? {
        if let failure = pairs.lazy.compactMap(\.failure).first {
            let program = failure.arm == .before ? "the reference" : "the candidate"
            return GateDecision(outcome: .failed, reason: "\(program) \(failure.reason)", pairs: pairs.count)
        }
        if let name = pairs.lazy.compactMap(\.emptyWorkload).first {
            return GateDecision(
                outcome: .nothingMeasured, reason: "nothing was measured: a program read no spectra of \(name)",
                pairs: pairs.count)
        }
        let accuracy = accuracy(pairs, rule)
        if let lost = accuracy.first(where: \.isLost) {
            let figures = [lost.before, lost.after].map { $0.value.map { "\($0)" } ?? "nothing" }
            return GateDecision(
                outcome: .accuracyLost,
                reason:
                    "\(lost.name) went from \(figures[0]) to \(figures[1]); a drop of \(lost.tolerance) is tolerated",
                accuracy: accuracy, pairs: pairs.count)
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
                accuracy: accuracy, pairs: pairs.count)
        }
        return nil
    }

    /// Deterministic metrics that are worse need no fresh pairs.
    var deterministicFailures: [String] {
        metrics.filter { $0.role == .deterministic && $0.verdict == .worse }.map(\.key)
    }

    /// For a gate that ends before fresh pairs could show a failure again: it stands where the whole interval is worse than
    /// tolerated, which chance alone does far more seldom than an estimate that is; else it is inconclusive.
    /// - Returns: keys of the failures that stand.
    mutating func settleFailures() -> Set<String> {
        var standing: Set<String> = []
        for index in metrics.indices where failing.contains(metrics[index].key) {
            if metrics[index].isWhollyWorseThanTolerated {
                standing.insert(metrics[index].key)
            } else {
                metrics[index].verdict = .inconclusive
                cutOff.insert(metrics[index].key)
            }
        }
        failing = []
        return standing
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
        failed: Set<String>, unconfirmed: Set<String>, confirmations: [String: GateRatio] = [:]
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
            outcome: outcome, reason: reason(outcome, deciding), metrics: metrics, accuracy: accuracy,
            pairs: pairCount)
    }

    private func reason(_ outcome: GateDecision.Outcome, _ metrics: [GateMetricDecision]) -> String {
        func described(_ verdict: GateMetricDecision.Verdict, _ text: (GateMetricDecision, GateRatio) -> String)
            -> String
        {
            metrics.filter { $0.verdict == verdict }.compactMap { metric in
                metric.ratio.value.map { text(metric, $0) }
            }.joined(separator: "; ")
        }
        func change(_ metric: GateMetricDecision, _ ratio: GateRatio) -> String {
            "\(metric.title) \(metric.metric.name == GateRule.instructionCount.name ? "are" : "is") \(percent(abs(ratio.estimate - 1))) "
                + "\(ratio.estimate >= 1 ? "higher" : "lower"), tolerated are \(percent(metric.tolerance.relative))"
        }
        switch outcome {
        case .regression: return described(.worse, change)
        case .improvement:
            return described(.better) {
                "\($0.title) improved by a factor of \(short(max($1.estimate, 1 / $1.estimate)))"
            }
        case .inconclusive:
            return described(.inconclusive) { metric, ratio in
                if cutOff.contains(metric.key) {
                    return "\(change(metric, ratio)), and the time was up before fresh pairs could show it again"
                }
                if ratio.smallestDetectable <= 2 * metric.tolerance.relative {
                    return "\(change(metric, ratio)), and it may be chance"
                }
                guard ratio.smallestDetectable.isFinite else {
                    return
                        "with \(ratio.pairs) \(ratio.pairs == 1 ? "pair" : "pairs") no change of \(metric.title) can be seen"
                }
                return
                    "changes of \(metric.title) below \(percent(ratio.smallestDetectable)) could not have been seen, "
                    + "and \(percent(2 * metric.tolerance.relative)) should be"
            }
        default:
            let unconfirmed = described(.unconfirmed) { metric, _ in metric.title }
            return unconfirmed.isEmpty
                ? "no metric is worse than tolerated"
                : "\(unconfirmed) looked worse at first and did not on fresh pairs"
        }
    }
}
