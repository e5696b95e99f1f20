import GaussianProcess
import Statistics

/// The probability that a measured constraint is met, from a Gaussian process over its measured values.
struct ConstraintModel {
    private let model: GaussianProcessModel
    /// The limit in standardised units, where smaller values are safer.
    private let limit: Double

    static let minimumObservations = 3

    /// Conditions on the measured values with hyper-parameters of `fit`; `nil` as there.
    init?(
        _ constraint: Constraint, trials: some Collection<Trial>, kinds: [InputKind], hyperparameters: Hyperparameters
    ) {
        guard let (training, transform) = Self.data(constraint, trials, kinds),
            let model = try? GaussianProcessModel(training: training, hyperparameters: hyperparameters)
        else { return nil }
        self.model = model
        limit = transform.standardise(constraint.limit)
    }

    /// Hyper-parameters for the measured values; `nil` with fewer than three or a covariance that has no factor.
    static func fit(
        _ constraint: Constraint, trials: some Collection<Trial>, kinds: [InputKind], starts: [Hyperparameters]
    ) -> Hyperparameters? {
        guard let (training, _) = data(constraint, trials, kinds) else { return nil }
        return try? GaussianProcessModel.fit(training, starts: starts).hyperparameters
    }

    private static func data(
        _ constraint: Constraint, _ trials: some Collection<Trial>, _ kinds: [InputKind]
    ) -> (TrainingSet, OutputTransform)? {
        var inputs: [Double] = []
        var values: [Double] = []
        for trial in trials {
            guard let value = trial.measured(constraint) else { continue }
            inputs.append(contentsOf: trial.inputs)
            values.append(value)
        }
        guard values.count >= minimumObservations else { return nil }
        let transform = OutputTransform(values: values, isMaximised: constraint.direction == .atLeast)
        let training = TrainingSet(
            kinds: kinds, inputs: inputs, targets: values.map(transform.standardise), trendVariance: Tuner.trendVariance
        )
        return (training, transform)
    }

    /// ln P(measurement meets the limit) per row-major point, noise included.
    func logProbabilities(at points: [Double]) -> [Double] {
        let posterior = model.posterior(at: points)
        let noise = model.hyperparameters.noiseVariance
        return posterior.means.indices.map { c in
            let z = (limit - posterior.means[c]) / (posterior.variances[c] + noise).squareRoot()
            // A limit below every logarithm (zero or less for a positive quantity) can never be met.
            return z == -.infinity ? -1e6 : NormalDistribution.logCumulative(z)
        }
    }
}
