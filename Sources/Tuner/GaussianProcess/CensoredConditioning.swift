import LinearAlgebra

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension GaussianProcessModel {
    /// An observation known only to be at least `bound` (standardised).
    public struct CensoredObservation: Sendable, Hashable {
        /// Encoded, one value per dimension.
        public let inputs: [Double]
        public let bound: Double

        public init(inputs: [Double], bound: Double) {
            self.inputs = inputs
            self.bound = bound
        }
    }

    private static let censoringIterations = 30
    private static let censoringTolerance = 1e-6
    /// A bound far below what the model predicts says nothing; its row then has this precision.
    private static let smallestPrecision = 1e-6

    /// The model with values that are known to lie above a bound as well, at the same hyper-parameters.
    ///
    /// Each censored value is imputed by the expectation of the predictive distribution beyond its bound, again and again,
    /// as all others move it (Schmee and Hahn 1979; Hutter, Hoos and Leyton-Brown 2011, arXiv:1310.1947). The prediction is
    /// the one without the row itself, and the row's target and extra noise are those that give it the mean and variance of
    /// the truncated distribution: expectation propagation (Groot and Lucas 2012, "Gaussian process regression with censored
    /// data using expectation propagation"). Plain imputation would count each value as measured and push it further from
    /// its bound in every round. Exact (in mean and variance everywhere) for one censored value.
    ///
    /// - Returns: a model whose training set has one more row per censored value, after the others, in order.
    /// - Throws: `FactorizationError`. - Complexity: O(iterations * n^3), at most 30 iterations.
    public func conditioned(on censored: [CensoredObservation]) throws(FactorizationError) -> GaussianProcessModel {
        guard !censored.isEmpty else { return self }
        let first = training.count
        let base = posterior(at: censored.flatMap(\.inputs))
        let noise = hyperparameters.noiseVariance
        var cavities = Posterior(means: base.means, variances: base.variances.map { $0 + noise })
        var precisions = [Double](repeating: Self.smallestPrecision, count: censored.count)
        var shifts = [Double](repeating: 0, count: censored.count)
        var model = self
        for iteration in 0..<Self.censoringIterations {
            var change = 0.0
            for (row, observation) in censored.enumerated() {
                let deviation = cavities.variances[row].squareRoot()
                let truncated = TruncatedNormal(above: (observation.bound - cavities.means[row]) / deviation)
                // Divides the normal with the truncated moments by the cavity: the site.
                let retained = max(truncated.variance, 1e-12) * cavities.variances[row]
                let precision = max(truncated.shrinkage / retained, Self.smallestPrecision)
                let target = cavities.means[row] + deviation / truncated.excess
                // Rows that inform each other overshoot when all move at once; half a step settles.
                let step = iteration == 0 || censored.count == 1 ? 1 : 0.5
                let movedPrecision = precisions[row] + step * (precision - precisions[row])
                let movedShift = shifts[row] + step * (precision * target - shifts[row])
                change = max(change, abs(movedPrecision - precisions[row]) / (1 + movedPrecision))
                change = max(change, abs(movedShift - shifts[row]) / (1 + abs(movedShift)))
                precisions[row] = movedPrecision
                shifts[row] = movedShift
            }
            let variances = precisions.map { 1 / $0 }
            model = try GaussianProcessModel(
                training: TrainingSet(
                    kinds: training.kinds, inputs: training.inputs + censored.flatMap(\.inputs),
                    targets: training.targets + zip(shifts, variances).map { $0 * $1 },
                    noiseVariances: training.noiseVariances + variances),
                hyperparameters: hyperparameters)
            guard change > Self.censoringTolerance, censored.count > 1 else { break }
            let leftOut = model.leaveOneOut()
            cavities = Posterior(
                means: Array(leftOut.means[first...]),
                variances: zip(leftOut.variances[first...], variances).map { max($0 - $1, noise) })
        }
        return model
    }
}
