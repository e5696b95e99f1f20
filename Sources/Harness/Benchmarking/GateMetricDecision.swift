public import HostEnvironment
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the pairs say about how much a metric changed: after divided by before.
public struct GateRatio: Sendable, Hashable, Codable {
    /// exp of the Hodges-Lehmann estimate of ln(after / before).
    public let estimate: Double
    /// The interval that belongs to Wilcoxon's signed-rank test, at `level`.
    public let lower: Double
    public let upper: Double
    public let level: Double
    /// False where so few pairs cannot reach the level that was asked for: then they can show nothing, and exclude nothing.
    public let reachesLevel: Bool
    public let pairs: Int
    /// One-sided p-value of "worse": Wilcoxon's signed-rank test of ln(after / before).
    public let worseP: Double
    public let betterP: Double
    /// The smallest change (as a ratio minus 1) that these pairs could have shown with 80 % power, from the interval's width;
    /// infinite for a single pair.
    public let smallestDetectable: Double

    /// - Parameter alpha: one-sided; the interval leaves as much outside at each end.
    /// - Precondition: positive, finite values, at least one pair. - Complexity: O(n^3).
    init(_ pairs: [(before: Double, after: Double)], direction: Metric.Direction, alpha: Double) {
        let logRatios = pairs.map { log($0.after / $0.before) }
        let center = HodgesLehmann(logRatios, level: 1 - 2 * alpha)
        let test = SignedRankTest(logRatios)
        estimate = exp(center.estimate)
        lower = exp(center.lower)
        upper = exp(center.upper)
        level = center.attainedLevel
        reachesLevel = center.attainedLevel >= center.level - 1e-12
        self.pairs = pairs.count
        (worseP, betterP) = direction == .lowerIsBetter ? (test.greater, test.less) : (test.less, test.greater)
        // Half an interval is z standard errors; z + 0.84 of them are seen in 80 % of all gates.
        let z = -NormalDistribution.quantile(max((1 - center.attainedLevel) / 2, 1e-12))
        let half = max(center.upper - center.estimate, center.estimate - center.lower)
        smallestDetectable = z > 1e-6 ? exp(half * (1 + 0.8416 / z)) - 1 : .infinity
    }
}

/// One metric's part in a gate's decision.
public struct GateMetricDecision: Sendable, Hashable, Codable {
    public enum Verdict: String, Sendable, Hashable, Codable {
        /// Worse beyond noise and tolerance, and (unless deterministic) again on fresh pairs.
        case worse
        /// Looked worse at first; fresh pairs did not show it again.
        case unconfirmed
        /// Better beyond noise and tolerance.
        case better
        /// A change of twice the tolerance would have been seen.
        case noDifference
        /// Even twice the tolerance could have been missed.
        case inconclusive
        /// No pair has a value for both arms.
        case notMeasured
    }

    public let metric: Metric
    /// Nil where a gate runs one workload only.
    public let workload: String?
    public let role: GateMetric.Role
    public var verdict: Verdict
    public let beforeMedian: Measured<Double>
    public let afterMedian: Measured<Double>
    public let ratio: Measured<GateRatio>
    /// Holm's adjustment of `worseP` over the metrics of this role.
    public var adjustedP: Measured<Double>
    /// What held on this machine.
    public let tolerance: GateTolerance
    /// Why the tolerance is wider than the rule's; nil when it is not.
    public let toleranceReason: String?
    /// The same on the fresh pairs alone, where they were needed.
    public var confirmation: Measured<GateRatio>

    /// `GateMetric.key`.
    public var key: String { GateMetric.key(metric, workload: workload) }

    /// `CPU time`, or `CPU time of small`.
    public var title: String { workload.map { "\(metric.title) of \($0)" } ?? metric.title }

    /// How much worse, as a factor of 1 or more for worse, whichever way the metric points.
    var worsening: Double? { ratio.value.map { metric.direction == .lowerIsBetter ? $0.estimate : 1 / $0.estimate } }

    /// Whether the estimate is worse than the tolerance allows.
    var isWorseThanTolerated: Bool {
        guard let worsening else { return false }
        return worsening > 1 + tolerance.relative && exceedsAbsolute(worsening - 1)
    }

    /// Whether not only the estimate but the whole interval is worse.
    var isWhollyWorseThanTolerated: Bool {
        guard let ratio = ratio.value, ratio.reachesLevel else { return false }
        let least = metric.direction == .lowerIsBetter ? ratio.lower : 1 / ratio.upper
        return least > 1 + tolerance.relative && exceedsAbsolute(least - 1)
    }

    var isBetterThanTolerated: Bool {
        guard let worsening else { return false }
        return worsening < 1 / (1 + tolerance.relative) && exceedsAbsolute(1 / worsening - 1)
    }

    /// Whether a change of twice the tolerance is ruled out: by the interval, or because the pairs would have shown it and
    /// the estimate is within the tolerance.
    var excludesTwiceTheTolerance: Bool {
        guard let ratio = ratio.value, ratio.reachesLevel else { return false }
        if excludesOutright { return true }
        let couldSee =
            ratio.smallestDetectable <= 2 * tolerance.relative || !exceedsAbsolute(ratio.smallestDetectable / 2)
        return couldSee && !isWorseThanTolerated
    }

    /// Whether the interval itself leaves it out: enough to stop early.
    var excludesOutright: Bool {
        guard let ratio = ratio.value, ratio.reachesLevel else { return false }
        let worst = metric.direction == .lowerIsBetter ? ratio.upper : 1 / ratio.lower
        return worst < 1 + 2 * tolerance.relative || !exceedsAbsolute((worst - 1) / 2)
    }

    /// Whether a relative change of the reference is beyond the absolute floor.
    private func exceedsAbsolute(_ relative: Double) -> Bool {
        guard let absolute = tolerance.absolute, let before = beforeMedian.value else { return true }
        return relative * before > absolute
    }
}

extension GateMetricDecision {
    /// - Parameter alpha: one-sided level of the interval. Everything but Holm's adjustment and the verdict of a family.
    init(_ metric: GateMetric, pairs: [GatePair], rule: GateRule, noise: MachineNoise?, alpha: Double) {
        let all = pairs.compactMap { $0.values[metric.key] }
        let usable = all.compactMap { value -> (before: Double, after: Double)? in
            guard let before = value.before.value, let after = value.after.value, before > 0, after > 0,
                before.isFinite, after.isFinite
            else { return nil }
            return (before, after)
        }
        let (tolerance, reason) = rule.effectiveTolerance(of: metric, noise: noise)
        self.metric = metric.metric
        workload = metric.workload
        role = metric.role
        self.tolerance = tolerance
        toleranceReason = reason
        confirmation = .unavailable(reason: "not needed")
        adjustedP = .unavailable(reason: "not part of the family")
        guard !usable.isEmpty else {
            let why =
                all.lazy.flatMap { [$0.before.reason, $0.after.reason] }.compactMap { $0 }.first
                ?? "no pair has two positive values"
            beforeMedian = .unavailable(reason: why)
            afterMedian = .unavailable(reason: why)
            ratio = .unavailable(reason: why)
            adjustedP = .unavailable(reason: why)
            verdict = .notMeasured
            return
        }
        beforeMedian = .available(median(usable.map(\.before)))
        afterMedian = .available(median(usable.map(\.after)))
        ratio = .available(GateRatio(usable, direction: metric.metric.direction, alpha: alpha))
        verdict = .inconclusive
        if role == .deterministic { verdict = deterministicVerdict(usable) }
    }

    private func deterministicVerdict(_ pairs: [(before: Double, after: Double)]) -> Verdict {
        let before = pairs.map(\.before)
        let after = pairs.map(\.after)
        let grew = (after.min() ?? 0) > (before.max() ?? 0)
        let shrank = (after.max() ?? 0) < (before.min() ?? 0)
        let isLower = metric.direction == .lowerIsBetter
        if isLower ? grew : shrank, isWorseThanTolerated { return .worse }
        if isLower ? shrank : grew, isBetterThanTolerated { return .better }
        return .noDifference
    }
}
