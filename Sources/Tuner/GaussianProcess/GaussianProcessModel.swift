import LinearAlgebra

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Mean and variance of the latent function (without noise) at several points, in standardised units.
public struct Posterior: Sendable, Hashable {
    public let means: [Double]
    public let variances: [Double]

    public init(means: [Double], variances: [Double]) {
        self.means = means
        self.variances = variances
    }
}

/// A Gaussian process with zero mean and unit signal variance, conditioned on observations.
///
/// k = (1 + r + r^2/3) exp(-r) with r^2 = 5 sum_j D_j / l_j^2 (Matern-5/2, Rasmussen and Williams 2006, equation 4.17), plus
/// a linear trend where the training set has one.
public struct GaussianProcessModel: Sendable {
    public let training: TrainingSet
    public let hyperparameters: Hyperparameters
    /// What the factorisation had to add to the diagonal beyond the noise; 0 as a rule.
    public var jitter: Double { cholesky.jitter }
    /// Value of the fit criterion: smaller is better, comparable for the same training set only.
    public let negativeLogPosterior: Double

    private let cholesky: Cholesky
    private let weights: [Double]
    private let columns: [Double]

    static let varianceFloor = 1e-10

    /// Conditions on observations with given hyper-parameters.
    /// - Throws: `FactorizationError`. - Complexity: O(n^3).
    public init(training: TrainingSet, hyperparameters: Hyperparameters) throws(FactorizationError) {
        precondition(hyperparameters.logLengthScales.count == training.dimensions, "one length scale per input")
        let likelihood = MarginalLikelihood(training)
        cholesky = try Cholesky(likelihood.covariance(hyperparameters))
        weights = cholesky.solve(training.targets)
        negativeLogPosterior = likelihood.value(hyperparameters)
        columns = training.columns
        self.training = training
        self.hyperparameters = hyperparameters
    }

    /// Finds hyper-parameters by maximum a posteriori from each start (the prior's own when there is none) and keeps
    /// the best; ties go to the earlier start.
    ///
    /// At most 12 L-BFGS iterations per start. - Throws: `FactorizationError` when even the best cannot be factorised.
    /// - Complexity: O(starts * iterations * (n^3 + n^2 d)).
    public static func fit(
        _ training: TrainingSet, starts: [Hyperparameters] = []
    ) throws(FactorizationError) -> GaussianProcessModel {
        let likelihood = MarginalLikelihood(training)
        let d = training.dimensions
        let scales = HyperparameterPrior.logLengthScaleBounds
        let noise = HyperparameterPrior.logNoiseBounds
        let lower = [Double](repeating: scales.lowerBound, count: d) + [noise.lowerBound]
        let upper = [Double](repeating: scales.upperBound, count: d) + [noise.upperBound]
        var best: LBFGS.Minimum?
        for start in starts.isEmpty ? [likelihood.prior.start(dimensions: d)] : starts {
            let minimum = LBFGS().minimise(from: start.vector, lower: lower, upper: upper) { point in
                likelihood.valueAndGradient(Hyperparameters(vector: point))
            }
            if best.map({ minimum.value < $0.value }) ?? true { best = minimum }
        }
        let chosen = best.map { Hyperparameters(vector: $0.point) } ?? likelihood.prior.start(dimensions: d)
        return try GaussianProcessModel(training: training, hyperparameters: chosen)
    }

    /// Posterior at points given row-major, `dimensions` values each; variances are at least 1e-10.
    /// - Complexity: O(points * n * (n + d)).
    public func posterior(at points: [Double]) -> Posterior {
        let d = training.dimensions
        precondition(d == 0 || points.count % d == 0, "points do not match the dimensions")
        return posterior(at: points, count: d == 0 ? 0 : points.count / d)
    }

    private func posterior(at points: [Double], count: Int) -> Posterior {
        let n = training.count
        var cross = crossCovariance(points, count: count)
        var means = [Double](repeating: 0, count: count)
        for c in 0..<count {
            var sum = 0.0
            for i in 0..<n { sum += cross.elements[c * n + i] * weights[i] }
            means[c] = sum
        }
        cholesky.solveLower(&cross)
        let trend = LinearTrend(training)
        var variances = [Double](repeating: 0, count: count)
        for c in 0..<count {
            var explained = 0.0
            for i in 0..<n { explained += cross.elements[c * n + i] * cross.elements[c * n + i] }
            let prior = 1 + (trend?.variance(at: c, of: points) ?? 0)
            variances[c] = max(prior - explained, Self.varianceFloor)
        }
        return Posterior(means: means, variances: variances)
    }

    /// Posterior means alone, without the triangular solve. - Complexity: O(points * n * d).
    public func means(at points: [Double]) -> [Double] {
        let d = training.dimensions
        precondition(d > 0 && points.count % d == 0, "points do not match the dimensions")
        let n = training.count
        let count = points.count / d
        let cross = crossCovariance(points, count: count)
        return (0..<count).map { c in
            var sum = 0.0
            for i in 0..<n { sum += cross.elements[c * n + i] * weights[i] }
            return sum
        }
    }

    private func crossCovariance(_ points: [Double], count: Int) -> Matrix {
        let kernel = MaternKernel(
            kinds: training.kinds, inverseSquareScales: hyperparameters.logLengthScales.map { exp(-2 * $0) })
        var values = kernel.cross(columns: columns, count: training.count, points: points, pointCount: count)
        LinearTrend(training)?.add(to: &values, columns: columns, count: training.count, points: points)
        return Matrix(rows: training.count, columns: count, columnMajor: values)
    }

    /// Predictive mean and variance (noise included) of each observation from all the others, at the same
    /// hyper-parameters, without refitting (Rasmussen and Williams 2006, equation 5.12). - Complexity: O(n^3).
    public func leaveOneOut() -> Posterior {
        let inverse = cholesky.inverse()
        return Posterior(
            means: (0..<training.count).map { training.targets[$0] - weights[$0] / inverse[$0, $0] },
            variances: (0..<training.count).map { 1 / inverse[$0, $0] })
    }
}
