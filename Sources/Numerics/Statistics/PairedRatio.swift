#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How much larger B is than A, from interleaved pairs: exp(median of ln(b/a)) with an interval.
///
/// The median of per-pair log-ratios is robust to spikes and to drift that both members of a pair share. Its percentile
/// bootstrap interval (Kalibera and Jones 2013) is too narrow for few pairs: between equal programs its lower end lies above
/// 1 in 3.1 (40 pairs) to 4.6 % (8 pairs) of all comparisons instead of 2.5 % (simulated, 1,500 comparisons each). So each end
/// is moved out to the order statistic that a sign test gives, which keeps the level for any continuous distribution
/// (Conover 1999, section 3.1): 2.0 % at 40 and at 12 pairs.
public struct PairedRatio: Sendable, Hashable, Codable {
    public let estimate: Double
    /// The wider of bootstrap and sign test at each end, at `level`. Fewer than six pairs reach no 95 %: then the extremes.
    public let lower: Double
    public let upper: Double
    public let level: Double
    public let pairs: Int
    /// Smallest change (as a ratio minus 1) that this many pairs could have shown with 80 % power.
    public let minimumDetectableEffect: Double

    /// - Parameter before: positive values. - Parameter after: positive values measured in the same pair, same length.
    /// - Precondition: at least one pair, all values positive and finite.
    /// - Complexity: O(resamples * pairs). - Determinism: the seed fixes the result.
    public init(before: [Double], after: [Double], level: Double = 0.95, resamples: Int = 10_000, seed: UInt64 = 1) {
        precondition(before.count == after.count && !before.isEmpty, "pairs differ in length or are missing")
        precondition(zip(before, after).allSatisfy { $0 > 0 && $1 > 0 && $0.isFinite && $1.isFinite }, "not positive")
        let logRatios = zip(before, after).map { log($1 / $0) }
        let n = logRatios.count
        var generator = SeededGenerator(seed: seed)
        var medians: [Double] = []
        medians.reserveCapacity(resamples)
        var sample = [Double](repeating: 0, count: n)
        for _ in 0..<resamples {
            for i in 0..<n { sample[i] = logRatios[generator.integer(below: n)] }
            sample.sort()
            medians.append(n % 2 == 1 ? sample[n / 2] : 0.5 * (sample[n / 2 - 1] + sample[n / 2]))
        }
        medians.sort()
        estimate = exp(median(logRatios))
        let sorted = logRatios.sorted()
        let outermost = max(Self.signTestRank(pairs: n, level: level), 1) - 1
        lower = exp(min(quantile(sorted: medians, (1 - level) / 2), sorted[outermost]))
        upper = exp(max(quantile(sorted: medians, (1 + level) / 2), sorted[n - 1 - outermost]))
        self.level = level
        pairs = n
        // 1.96 + 0.84: two-sided 5 % and 80 % power; 1.2533: the median's standard error against the mean's.
        minimumDetectableEffect =
            exp((1.96 + 0.84) * 1.2533 * medianAbsoluteDeviation(logRatios) / Double(n).squareRoot()) - 1
    }

    /// Rank from below (and from above) of the order statistic at the end of the sign test's interval for a median: the
    /// largest r with P(Binomial(n, 1/2) < r) of at most (1 - level) / 2; 0 when even the extremes say less.
    static func signTestRank(pairs n: Int, level: Double) -> Int {
        let total = lgamma(Double(n) + 1) - Double(n) * log(2)
        var below = 0.0
        var rank = 0
        while rank < n {
            below += exp(total - lgamma(Double(rank) + 1) - lgamma(Double(n - rank) + 1))
            if below > (1 - level) / 2 { break }
            rank += 1
        }
        return rank
    }

    /// Whether the interval excludes 1.
    public var isBeyondNoise: Bool { lower > 1 || upper < 1 }
}
