import GaussianProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The probability that a trial runs at all, from which evaluated neighbours did.
///
/// p = (sum_i w_i ok_i + 0.55) / (sum_i w_i + 0.6) with Matern-5/2 weights whose squared scales are
/// 4 exp(-2 min(t_j, 0)) for the objective model's log length scales t: never wider than half the range.
struct FeasibilityModel {
    private let kernel: MaternKernel
    private let columns: [Double]
    private let succeeded: [Bool]

    /// - Parameter inputs: one encoded row per trial. - Parameter logLengthScales: `nil` before the first fit.
    init(kinds: [InputKind], inputs: [[Double]], succeeded: [Bool], logLengthScales: [Double]?) {
        let scales = logLengthScales ?? [Double](repeating: 0, count: kinds.count)
        kernel = MaternKernel(kinds: kinds, inverseSquareScales: scales.map { 4 * exp(-2 * min($0, 0)) })
        columns = kinds.indices.flatMap { j in inputs.map { $0[j] } }
        self.succeeded = succeeded
    }

    /// ln p per row-major point, p within 0.001...1. - Complexity: O(points * trials * d).
    func logProbabilities(at points: [Double], count: Int) -> [Double] {
        let n = succeeded.count
        let weights = kernel.cross(columns: columns, count: n, points: points, pointCount: count)
        return (0..<count).map { c in
            var all = 0.6
            var good = 0.55
            for i in 0..<n {
                let w = weights[c * n + i]
                all += w
                if succeeded[i] { good += w }
            }
            return log(min(max(good / all, 1e-3), 1))
        }
    }
}
