#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How much larger B is than A, from interleaved pairs: exp(median of ln(b/a)) with a bootstrap interval.
///
/// The median of per-pair log-ratios resampled by pairs is robust to spikes and to drift that both members of a pair
/// share. Source: Kalibera and Jones 2013; defaults from our own simulation of shared machines (2 to 3 % false alarms).
public struct PairedRatio: Sendable, Hashable, Codable {
    public let estimate: Double
    /// Percentile bootstrap interval at `level`.
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
        lower = exp(quantile(sorted: medians, (1 - level) / 2))
        upper = exp(quantile(sorted: medians, (1 + level) / 2))
        self.level = level
        pairs = n
        // 1.96 + 0.84: two-sided 5 % and 80 % power; 1.2533: the median's standard error against the mean's.
        minimumDetectableEffect =
            exp((1.96 + 0.84) * 1.2533 * medianAbsoluteDeviation(logRatios) / Double(n).squareRoot()) - 1
    }

    /// Whether the interval excludes 1.
    public var isBeyondNoise: Bool { lower > 1 || upper < 1 }
}
