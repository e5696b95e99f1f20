/// Midranks: 1 for the smallest, the mean of their ranks for equal values. - Complexity: O(n log n).
func midranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
        for position in start..<end { ranks[order[position]] = 0.5 * Double(start + 1 + end) }
        start = end
    }
    return ranks
}

/// The distribution of a sum of ranks when chance alone decides which ranks are in it: probability of each doubled sum.
///
/// Midranks are multiples of one half, so doubled sums are whole and the recursion is exact with ties. Source: Streitberg
/// and Roehmel 1986 (the shift algorithm).
struct RankSumDistribution {
    /// Index: twice the sum of ranks.
    let probabilities: [Double]

    /// Each rank is in the sum with probability 1/2: the signed-rank statistic. - Complexity: O(n * sum of ranks).
    init(signed ranks: [Double]) {
        let doubled = ranks.map { Int((2 * $0).rounded()) }
        var probabilities = [Double](repeating: 0, count: doubled.reduce(0, +) + 1)
        probabilities[0] = 1
        var reached = 0
        for rank in doubled {
            reached += rank
            for sum in stride(from: reached, through: 0, by: -1) {
                let without = probabilities[sum]
                probabilities[sum] = 0.5 * (without + (sum >= rank ? probabilities[sum - rank] : 0))
            }
        }
        self.probabilities = probabilities
    }

    /// `chosen` of the ranks are in the sum, all choices alike: the rank-sum statistic.
    /// - Complexity: O(n * chosen * sum of ranks).
    init(ranks: [Double], chosen: Int) {
        let doubled = ranks.map { Int((2 * $0).rounded()) }
        let width = doubled.sorted().suffix(chosen).reduce(0, +) + 1
        // Row k: how likely the first ranks looked at gave k chosen ones with that sum, when each is chosen as in a draw
        // without replacement. Choosing rank i after k of i have been taken has probability (chosen - k) / (n - i).
        var rows = [[Double]](repeating: [Double](repeating: 0, count: width), count: chosen + 1)
        rows[0][0] = 1
        for (index, rank) in doubled.enumerated() {
            let left = Double(doubled.count - index)
            for taken in stride(from: min(chosen, index), through: 0, by: -1) {
                let probability = Double(chosen - taken) / left
                for sum in 0..<width where rows[taken][sum] > 0 {
                    let mass = rows[taken][sum]
                    if probability > 0 { rows[taken + 1][sum + rank] += mass * probability }
                    rows[taken][sum] = mass * (1 - probability)
                }
            }
        }
        probabilities = rows[chosen]
    }

    /// Probability of a sum of `value` or less.
    func atMost(_ value: Double) -> Double {
        let end = min(Int((2 * value).rounded(.down)), probabilities.count - 1)
        return end < 0 ? 0 : min(1, probabilities[...end].reduce(0, +))
    }

    /// Probability of a sum of `value` or more.
    func atLeast(_ value: Double) -> Double {
        let start = max(Int((2 * value).rounded(.up)), 0)
        return start >= probabilities.count ? 0 : min(1, probabilities[start...].reduce(0, +))
    }
}

/// How a p-value was computed.
public enum RankTestMethod: String, Sendable, Hashable, Codable {
    /// From the distribution over all assignments, given the ties.
    case exact
    /// Normal, with continuity correction and the variance given the ties.
    case normalApproximation
}

/// One-sided p-values of a statistic by the normal approximation with continuity correction.
func approximateTails(_ statistic: Double, mean: Double, variance: Double) -> (greater: Double, less: Double) {
    guard variance > 0 else { return (1, 1) }
    let deviation = variance.squareRoot()
    return (
        NormalDistribution.cumulative(-(statistic - mean - 0.5) / deviation),
        NormalDistribution.cumulative((statistic - mean + 0.5) / deviation)
    )
}
