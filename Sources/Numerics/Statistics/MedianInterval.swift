/// The median of a sample with an interval that holds its level for any continuous distribution.
///
/// The ends are order statistics (Conover 1999, section 3.1), so nothing is assumed about the shape, and one wild value moves
/// neither end far. Fewer than six values reach no 95 %: then the ends are the extremes and `isSure` is false.
public struct MedianInterval: Sendable, Hashable, Codable {
    public let estimate: Double
    public let lower: Double
    public let upper: Double
    public let level: Double
    public let count: Int
    /// Whether so many values reach the level at all.
    public let isSure: Bool

    /// - Parameter values: finite, at least one, any order. - Complexity: O(n log n).
    public init(_ values: [Double], level: Double = 0.95) {
        precondition(
            !values.isEmpty && values.allSatisfy(\.isFinite), "median of no values or of one that is not finite")
        let sorted = values.sorted()
        let rank = PairedRatio.signTestRank(pairs: sorted.count, level: level)
        let end = max(rank, 1) - 1
        estimate = quantile(sorted: sorted, 0.5)
        lower = sorted[end]
        upper = sorted[sorted.count - 1 - end]
        self.level = level
        count = sorted.count
        isSure = rank >= 1
    }

    /// Half the interval's width as a share of the median; `nil` for a median of 0 or too few values.
    public var relativeHalfWidth: Double? {
        isSure && estimate != 0 ? (upper - lower) / 2 / abs(estimate) : nil
    }
}
