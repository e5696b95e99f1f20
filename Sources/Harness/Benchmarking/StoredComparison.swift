import HostEnvironment
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What two unpaired samples say about how much a metric changed: after divided by before.
public struct StoredRatio: Sendable, Hashable, Codable {
    /// exp of the Hodges-Lehmann estimate of the shift of logarithms.
    public let estimate: Double
    /// The interval that belongs to the rank-sum test, at `level`.
    public let lower: Double
    public let upper: Double
    public let level: Double
    public let countBefore: Int
    public let countAfter: Int
    /// One-sided p-value of "worse": the Mann-Whitney test.
    public let worseP: Double
    public let betterP: Double
    /// The smallest change (as a ratio minus 1) that so many runs could have shown with 80 % power, from the interval's width.
    public let smallestDetectable: Double

    /// - Parameters: positive and finite, at least one value each. - Complexity: O(n^4) up to 20 values each, else
    ///   O(n m log(n m)).
    init(before: [Double], after: [Double], direction: Metric.Direction, level: Double) {
        let (first, second) = (before.map { log($0) }, after.map { log($0) })
        let shift = HodgesLehmann(before: first, after: second, level: level)
        let test = RankSumTest(before: first, after: second)
        estimate = exp(shift.estimate)
        lower = exp(shift.lower)
        upper = exp(shift.upper)
        self.level = shift.attainedLevel
        countBefore = before.count
        countAfter = after.count
        (worseP, betterP) = direction == .lowerIsBetter ? (test.greater, test.less) : (test.less, test.greater)
        // Half an interval is z standard errors; z + 0.84 of them are seen in 80 % of all comparisons.
        let z = -NormalDistribution.quantile(max((1 - shift.attainedLevel) / 2, 1e-12))
        let half = max(shift.upper - shift.estimate, shift.estimate - shift.lower)
        smallestDetectable = z > 0 ? exp(half * (1 + 0.8416 / z)) - 1 : .infinity
    }

    /// The smallest p-value that so many runs can give: one order of all.
    var smallestP: Double {
        let (a, b) = (Double(countBefore), Double(countAfter))
        return exp(lgamma(a + 1) + lgamma(b + 1) - lgamma(a + b + 1))
    }
}

/// One metric of two stored series of runs. They were not interleaved, so the machine may have changed between them: on
/// shared machines identical programs differ by up to 74 % that way.
public struct StoredComparison: Sendable, Hashable, Codable {
    public let metric: GateMetric
    public let beforeMedian: Measured<Double>
    public let afterMedian: Measured<Double>
    public let ratio: Measured<StoredRatio>
    /// Holm's adjustment of the p-values over the metrics of this role; where nothing was measured, the reason.
    public private(set) var adjustedP: Measured<Double>
    public private(set) var verdict: GateMetricDecision.Verdict

    /// Whether the metric is one of time, which other load changes.
    private var dependsOnLoad: Bool { metric.metric.name != Metric.peakMemory.name }

    /// How much worse, as a factor of 1 or more for worse.
    public var worsening: Double? {
        ratio.value.map { metric.metric.direction == .lowerIsBetter ? $0.estimate : 1 / $0.estimate }
    }

    /// - Parameter samples: values of each metric in the file before and after, or why there are none; values that are not
    ///   positive are left out. - Parameter level: of the intervals.
    /// - Parameter disturbed: whether the machine was far busier in one of the two series: then no metric of time says better
    ///   or worse. - Complexity: as `StoredRatio`, per metric.
    public static func compare(
        _ samples: [(metric: GateMetric, before: Measured<[Double]>, after: Measured<[Double]>)], level: Double = 0.95,
        disturbed: Bool = false
    ) -> [StoredComparison] {
        var rows = samples.map { StoredComparison($0.metric, before: $0.before, after: $0.after, level: level) }
        for role in [GateMetric.Role.primary, .informational] { judge(role, in: &rows, alpha: (1 - level) / 2) }
        for index in rows.indices {
            let changed = rows[index].verdict == .worse || rows[index].verdict == .better
            if changed, disturbed, rows[index].dependsOnLoad { rows[index].verdict = .inconclusive }
        }
        return rows
    }

    /// What is only shown is a family of its own, so that it costs the metrics that decide nothing.
    private static func judge(_ role: GateMetric.Role, in rows: inout [StoredComparison], alpha: Double) {
        let family = rows.indices.filter { rows[$0].metric.role == role && rows[$0].ratio.value != nil }
        for side in [\StoredRatio.worseP, \StoredRatio.betterP] {
            let adjusted = holmAdjusted(family.map { rows[$0].ratio.value?[keyPath: side] ?? 1 })
            let isWorse = side == \StoredRatio.worseP
            for (position, index) in family.enumerated() {
                if isWorse { rows[index].adjustedP = .available(adjusted[position]) }
                guard adjusted[position] <= alpha, rows[index].isBeyondTolerance(worse: isWorse) else { continue }
                rows[index].verdict = isWorse ? .worse : .better
            }
        }
        for index in family where rows[index].verdict == .noDifference {
            // What could never have been called worse is not shown to be as good.
            if let found = rows[index].ratio.value, found.smallestP * Double(family.count) > alpha {
                rows[index].verdict = .inconclusive
            }
        }
    }

    private init(_ metric: GateMetric, before: Measured<[Double]>, after: Measured<[Double]>, level: Double) {
        func usable(_ values: Measured<[Double]>) -> Measured<[Double]> {
            values.map { $0.filter { $0.isFinite && $0 > 0 } }.flatMap {
                $0.isEmpty ? .unavailable(reason: "no run has a positive value") : .available($0)
            }
        }
        let (before, after) = (usable(before), usable(after))
        self.metric = metric
        beforeMedian = before.map { median($0) }
        afterMedian = after.map { median($0) }
        ratio = before.combined(with: after) {
            StoredRatio(before: $0, after: $1, direction: metric.metric.direction, level: level)
        }
        adjustedP = .unavailable(reason: ratio.reason ?? "not part of the family")
        verdict = .notMeasured
        guard let found = ratio.value else { return }
        let isSeen =
            found.smallestDetectable <= 2 * metric.tolerance.relative || !exceedsAbsolute(found.smallestDetectable / 2)
        // An estimate beyond the tolerance that chance could have made is not the same as none.
        verdict = isSeen && !isBeyondTolerance(worse: true) ? .noDifference : .inconclusive
    }

    private func isBeyondTolerance(worse: Bool) -> Bool {
        guard let worsening else { return false }
        let factor = worse ? worsening : 1 / worsening
        return factor > 1 + metric.tolerance.relative && exceedsAbsolute(factor - 1)
    }

    private func exceedsAbsolute(_ relative: Double) -> Bool {
        guard let absolute = metric.tolerance.absolute, let before = beforeMedian.value else { return true }
        return relative * before > absolute
    }
}
