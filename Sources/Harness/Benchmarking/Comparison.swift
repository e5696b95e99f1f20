public import HostEnvironment
public import Statistics

/// What a comparison says.
public enum Verdict: String, Sendable, Hashable, Codable {
    /// Better than the tolerance, with an interval that excludes no change.
    case better
    case worse
    /// No change shown; see `minimumDetectableEffect` for what could have been.
    case noDifference
    /// Too few usable pairs to say anything.
    case inconclusive
}

/// One metric of two arms, compared over interleaved pairs.
public struct Comparison: Sendable, Hashable, Codable {
    public let metric: Metric
    /// Medians of the pairs that count.
    public let beforeMedian: Measured<Double>
    public let afterMedian: Measured<Double>
    /// After divided by before.
    public let ratio: Measured<PairedRatio>
    /// Relative change that does not count as one, for instance 0.03.
    public let tolerance: Double
    public let verdict: Verdict
    /// Pairs left out because a value was missing or not positive.
    public let droppedPairs: Int

    /// Fewer pairs than this cannot reach 5 %: when all ratios point one way by chance alone, 2 * 2^-6 = 0.03.
    public static let minimumPairs = 6

    /// - Parameter before: the reference arm. - Parameter after: the other arm, same length, pair by pair.
    /// - Parameter tolerance: relative, not negative. - Determinism: the seed fixes the bootstrap.
    public init(
        metric: Metric, before: [Measured<Double>], after: [Measured<Double>], tolerance: Double = 0,
        level: Double = 0.95, resamples: Int = 10_000, seed: UInt64 = 1
    ) {
        precondition(before.count == after.count && tolerance >= 0, "pairs differ in length, or negative tolerance")
        let pairs = zip(before, after).compactMap { before, after -> (Double, Double)? in
            guard let a = before.value, let b = after.value, a > 0, b > 0, a.isFinite, b.isFinite else { return nil }
            return (a, b)
        }
        self.metric = metric
        self.tolerance = tolerance
        droppedPairs = before.count - pairs.count
        guard !pairs.isEmpty else {
            let reason = (before + after).lazy.compactMap(\.reason).first ?? "no pair has two positive values"
            beforeMedian = .unavailable(reason: reason)
            afterMedian = .unavailable(reason: reason)
            ratio = .unavailable(reason: reason)
            verdict = .inconclusive
            return
        }
        let paired = PairedRatio(
            before: pairs.map(\.0), after: pairs.map(\.1), level: level, resamples: resamples, seed: seed)
        beforeMedian = .available(median(pairs.map(\.0)))
        afterMedian = .available(median(pairs.map(\.1)))
        ratio = .available(paired)
        verdict = Self.verdict(paired, metric.direction, tolerance)
    }

    /// How large a change these pairs could have shown with 80 % power, as a ratio minus 1.
    public var minimumDetectableEffect: Measured<Double> { ratio.map(\.minimumDetectableEffect) }

    private static func verdict(_ ratio: PairedRatio, _ direction: Metric.Direction, _ tolerance: Double) -> Verdict {
        guard ratio.pairs >= minimumPairs else { return .inconclusive }
        let grew = ratio.lower > 1 && ratio.estimate > 1 + tolerance
        let shrank = ratio.upper < 1 && ratio.estimate < 1 / (1 + tolerance)
        guard grew || shrank else { return .noDifference }
        return shrank == (direction == .lowerIsBetter) ? .better : .worse
    }
}
