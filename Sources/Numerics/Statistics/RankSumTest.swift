/// The Mann-Whitney U test (Wilcoxon's rank-sum test): whether one of two unpaired samples tends to be larger.
///
/// For stored samples only, and only where nothing drifted between them: on shared machines it alarms in 25 to 31 % of
/// comparisons of equal programs, where interleaved pairs alarm in 2 to 3 %. Equal values share their midrank; the
/// distribution is the one given these ranks. Enumerated while both samples have at most `exactLimit` values, beyond that
/// normal with continuity and tie correction. Source: Mann and Whitney 1947; Conover 1999, section 5.1.
public struct RankSumTest: Sendable, Hashable, Codable {
    /// Pairs (a of after, b of before) with a > b, plus half the ties.
    public let statistic: Double
    /// Probability of such a statistic or a larger one when both samples come from one distribution.
    public let greater: Double
    /// Probability of such a statistic or a smaller one.
    public let less: Double
    public let method: RankTestMethod

    /// - Parameters: finite values; not empty. - Complexity: O(n^4) when exact, else O(n log n).
    public init(before: [Double], after: [Double], exactLimit: Int = 20) {
        precondition(!before.isEmpty && !after.isEmpty, "a sample without values")
        precondition((before + after).allSatisfy(\.isFinite), "a value is not finite")
        let ranks = midranks(after + before)
        let sum = ranks[..<after.count].reduce(0, +)
        let (a, b) = (Double(after.count), Double(before.count))
        statistic = sum - a * (a + 1) / 2
        if max(before.count, after.count) <= exactLimit {
            let distribution = RankSumDistribution(ranks: ranks, chosen: after.count)
            (greater, less, method) = (distribution.atLeast(sum), distribution.atMost(sum), .exact)
        } else {
            // Variance of a sum of `a` ranks drawn without replacement; with midranks it holds the tie correction.
            let center = (a + b + 1) / 2
            let spread = ranks.reduce(0) { $0 + ($1 - center) * ($1 - center) } / (a + b - 1)
            let tails = approximateTails(sum, mean: a * center, variance: a * b / (a + b) * spread)
            (greater, less, method) = (tails.greater, tails.less, .normalApproximation)
        }
    }

    /// Twice the smaller tail.
    public var twoSided: Double { min(1, 2 * min(greater, less)) }
}
