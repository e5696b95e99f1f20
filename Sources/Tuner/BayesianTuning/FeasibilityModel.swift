import GaussianProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The probability that something succeeds, from which evaluated neighbours did: (sum_i w_i ok_i + a) / (sum_i w_i + b)
/// with Matern-5/2 weights w.
struct FeasibilityModel {
    private let kernel: MaternKernel
    private let columns: [Double]
    private let succeeded: [Bool]
    /// a and b: what is believed far from everything evaluated.
    private let prior: (good: Double, all: Double)

    /// That a trial runs at all; inverse squared scales 4 exp(-2 min(t_j, 0)) for the objective model's log length
    /// scales t: never wider than half the range. a = 0.55, b = 0.6.
    /// - Parameter inputs: one encoded row per trial. - Parameter logLengthScales: `nil` before the first fit.
    init(kinds: [InputKind], inputs: [[Double]], succeeded: [Bool], logLengthScales: [Double]?) {
        let scales = logLengthScales ?? [Double](repeating: 0, count: kinds.count)
        kernel = MaternKernel(kinds: kinds, inverseSquareScales: scales.map { 4 * exp(-2 * min($0, 0)) })
        columns = kinds.indices.flatMap { j in inputs.map { $0[j] } }
        self.succeeded = succeeded
        prior = (0.55, 0.6)
    }

    /// That the system runs what it is asked to, from requests and what ran; inverse squared scales 16, a = b = 0.5.
    ///
    /// A request counts as changed when a category differs or an ordered input by more than a fiftieth of its range.
    /// `nil` when the system never said what ran.
    init?(effectiveRuns trials: [Trial], kinds: [InputKind]) {
        let told = trials.compactMap { trial in trial.requestedInputs.map { (asked: $0, ran: trial.inputs) } }
        guard !told.isEmpty else { return nil }
        kernel = MaternKernel(kinds: kinds, inverseSquareScales: kinds.map { _ in 16 })
        columns = kinds.indices.flatMap { j in told.map { $0.asked[j] } }
        succeeded = told.map { request in
            kinds.indices.allSatisfy { j in
                kinds[j] == .ordered
                    ? abs(request.asked[j] - request.ran[j]) <= 0.02 : request.asked[j] == request.ran[j]
            }
        }
        prior = (0.5, 0.5)
    }

    /// ln p per row-major point, p within 0.001...1. - Complexity: O(points * trials * d).
    func logProbabilities(at points: [Double], count: Int) -> [Double] {
        let n = succeeded.count
        let weights = kernel.cross(columns: columns, count: n, points: points, pointCount: count)
        return (0..<count).map { c in
            var all = prior.all
            var good = prior.good
            for i in 0..<n {
                let w = weights[c * n + i]
                all += w
                if succeeded[i] { good += w }
            }
            return log(min(max(good / all, 1e-3), 1))
        }
    }
}
