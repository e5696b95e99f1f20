/// Wilcoxon's signed-rank test: whether paired differences lie around 0.
///
/// Zeros take part in the ranking and then drop out (Pratt 1959); equal sizes share their midrank, and the distribution is
/// the one given these ranks, so it is exact with ties and zeros too. Up to `exactLimit` values it is enumerated
/// (Streitberg and Roehmel 1986), beyond that it is normal with continuity correction. Source: Wilcoxon 1945; Pratt 1959,
/// JASA 54:655.
public struct SignedRankTest: Sendable, Hashable, Codable {
    /// Sum of the ranks of positive differences.
    public let positiveRankSum: Double
    /// Differences other than 0.
    public let used: Int
    public let zeros: Int
    /// Probability of such a sum or a larger one when differences are symmetric about 0.
    public let greater: Double
    /// Probability of such a sum or a smaller one.
    public let less: Double
    public let method: RankTestMethod

    /// - Parameter differences: finite; without any that is not 0 every p-value is 1.
    /// - Complexity: O(n^3) when exact, else O(n log n).
    public init(_ differences: [Double], exactLimit: Int = 50) {
        precondition(differences.allSatisfy(\.isFinite), "a difference is not finite")
        let ranks = midranks(differences.map(abs))
        let moved = differences.indices.filter { differences[$0] != 0 }
        used = moved.count
        zeros = differences.count - moved.count
        let sum = moved.reduce(0.0) { $0 + (differences[$1] > 0 ? ranks[$1] : 0) }
        positiveRankSum = sum
        let signed = moved.map { ranks[$0] }
        guard !signed.isEmpty else {
            (greater, less, method) = (1, 1, .exact)
            return
        }
        if differences.count <= exactLimit {
            let distribution = RankSumDistribution(signed: signed)
            (greater, less, method) = (distribution.atLeast(sum), distribution.atMost(sum), .exact)
        } else {
            let tails = approximateTails(
                sum, mean: signed.reduce(0, +) / 2, variance: signed.reduce(0) { $0 + $1 * $1 } / 4)
            (greater, less, method) = (tails.greater, tails.less, .normalApproximation)
        }
    }

    /// Twice the smaller tail.
    public var twoSided: Double { min(1, 2 * min(greater, less)) }
}

/// Holm's step-down adjustment of p-values for asking several questions at once: each may be held against the whole level.
///
/// Holds the probability of any false alarm under any dependence. Source: Holm 1979, Scand. J. Statist. 6:65.
/// - Parameter values: p-values in any order. - Returns: adjusted ones in the same order, at most 1.
/// - Complexity: O(n log n).
public func holmAdjusted(_ values: [Double]) -> [Double] {
    precondition(values.allSatisfy { (0...1).contains($0) }, "a p-value outside 0...1")
    var adjusted = values
    var highest = 0.0
    for (position, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
        highest = max(highest, min(1, Double(values.count - position) * values[index]))
        adjusted[index] = highest
    }
    return adjusted
}
