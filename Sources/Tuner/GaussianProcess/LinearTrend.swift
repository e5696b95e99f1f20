/// A straight line in the ordered inputs as part of the prior: k(x, x') = v (12 / d) sum_j (x_j - 1/2)(x'_j - 1/2).
///
/// Most performance parameters act in one direction over much of their range, which a stationary kernel learns again at
/// every place and forgets away from the data. A uniform coordinate has variance 1/12, so v is the prior variance that the
/// trend has on average over the unit cube when all d inputs are ordered. Source: the sum of a Matern and a linear kernel as
/// in Cowen-Rivers et al. 2022, arXiv:2012.03826; Rasmussen and Williams 2006, section 2.7.
struct LinearTrend {
    private let ordered: [Int]
    private let dimensions: Int
    private let weight: Double

    /// `nil` for a training set without a trend.
    init?(_ training: TrainingSet) {
        ordered = training.kinds.indices.filter { training.kinds[$0] == .ordered }
        dimensions = training.dimensions
        weight = training.trendVariance * 12 / Double(max(1, dimensions))
        guard weight > 0, !ordered.isEmpty else { return nil }
    }

    /// Adds the covariance between rows (one contiguous column per dimension, `count` each) and points (row-major) to
    /// `values`, which holds those of each point after the other.
    func add(to values: inout [Double], columns: [Double], count: Int, points: [Double]) {
        for c in 0..<points.count / dimensions {
            for j in ordered {
                let slope = weight * (points[c * dimensions + j] - 0.5)
                for i in 0..<count { values[c * count + i] += slope * (columns[j * count + i] - 0.5) }
            }
        }
    }

    /// The prior variance at one of several row-major points.
    func variance(at point: Int, of points: [Double]) -> Double {
        weight
            * ordered.reduce(0) { sum, j in
                let x = points[point * dimensions + j] - 0.5
                return sum + x * x
            }
    }
}
