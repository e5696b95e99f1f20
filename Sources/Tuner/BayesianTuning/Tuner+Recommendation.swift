import GaussianProcess
import Parameters
import Statistics

/// The configuration to use, and what the model expects of it.
public struct Recommendation: Sendable, Hashable {
    public let configuration: Configuration
    /// What the model expects; the observed value itself while there is no model.
    public let predicted: Double
    /// 95 % interval of the expected value (not of single runs); equal to `predicted` while there is no model.
    public let interval: ClosedRange<Double>
    /// Mean of the values observed at this configuration.
    public let observed: Double
}

/// What the model believes, for a report.
public struct ModelDiagnostics: Sendable {
    public struct EvaluatedPoint: Sendable, Hashable {
        /// Counted from 0 in the order of the tells.
        public let trial: Int
        public let observed: Double
        public let predicted: Double
        /// Of `predicted`, in units of the objective (first order under a logarithm).
        public let predictedSD: Double
        /// Prediction from all other trials, noise included: whether the model can be believed.
        public let leftOut: Double
        public let leftOutSD: Double
        public let isFeasible: Bool
    }

    public struct Parameter: Sendable, Hashable {
        public let name: String
        /// In units of the encoded range 0...1 (or of one change of category): large means little effect.
        public let lengthScale: Double
        /// Share of the variance of the posterior mean over the space that this parameter explains by itself
        /// (first-order Sobol index); what is missing to 1 over all parameters is interaction.
        public let importance: Double
    }

    public let points: [EvaluatedPoint]
    /// Parameters with more than one level.
    public let parameters: [Parameter]
    /// Whether the model sees logarithms.
    public let isLogarithmic: Bool
    /// Standard deviation of the noise: a relative one (0.02 is 2 %) under a logarithm, else in units of the objective.
    public let noiseSD: Double
    public let jitter: Double
}

extension Tuner {
    /// How much of what was observed beyond the posterior mean is taken as real.
    static let residualShare = 0.5

    /// The evaluated configuration that meets all constraints and has the best value half-way between its posterior mean
    /// and what was observed there, `nil` when there is none.
    ///
    /// The best observation alone is the luckiest one; the posterior mean alone takes for noise what a smooth model cannot
    /// follow. With fewer than three objectives it is the best value observed.
    ///
    /// Of two objectives it is the member of the front with the best product of both (quotient, where one is maximised):
    /// one per cent of either is worth one per cent of the other. `predicted`, `interval` and `observed` are those of the
    /// first.
    public func recommendation() -> Recommendation? {
        let unreliable = unreliable
        let feasible = trials.indices.filter { !unreliable.contains(trials[$0].configuration) }
        guard !feasible.isEmpty else { return nil }
        guard let (model, data) = fittedModel() else {
            let best = feasible.min { isBetter($0, $1) }
            return best.map { position in
                let value = observedMean(trials[position].configuration)
                return Recommendation(
                    configuration: trials[position].configuration, predicted: value, interval: value...value,
                    observed: value)
            }
        }
        let posterior = model.posterior(at: data.training.inputs)
        let rows = data.positions.indices.filter { !unreliable.contains(trials[data.positions[$0]].configuration) }
        let believed: [Double]
        if objectives.count == 2 {
            guard let second = fittedModel(of: 1) else { return nil }
            believed = Self.productScores(
                (believedValues(posterior.means, data, model), data.transform),
                (
                    believedValues(second.0.means(at: second.1.training.inputs), second.1, second.0),
                    second.1.transform
                ))
        } else {
            believed = believedValues(posterior.means, data, model)
        }
        return rows.min { believed[$0] < believed[$1] }.map { row in
            let configuration = trials[data.positions[row]].configuration
            let margin = 1.959_963_984_540_054 * posterior.variances[row].squareRoot()
            let ends = [
                data.transform.restore(posterior.means[row] - margin),
                data.transform.restore(posterior.means[row] + margin),
            ]
            return Recommendation(
                configuration: configuration, predicted: data.transform.restore(posterior.means[row]),
                interval: min(ends[0], ends[1])...max(ends[0], ends[1]), observed: observedMean(configuration))
        }
    }

    /// Per row of this study: half-way between the posterior mean and the mean of what was observed there, and less far the
    /// larger the variance it was observed with is against the noise that the model found by itself. An exact value is
    /// believed.
    func believedValues(_ means: [Double], _ data: ObjectiveData, _ model: GaussianProcessModel) -> [Double] {
        var observed: [Configuration: (sum: Double, variance: Double, count: Double)] = [:]
        for (row, position) in data.positions.enumerated() {
            let (sum, variance, count) = observed[trials[position].configuration] ?? (0, 0, 0)
            observed[trials[position].configuration] = (
                sum + data.training.targets[row], variance + data.training.noiseVariances[row], count + 1
            )
        }
        let noise = model.hyperparameters.noiseVariance
        return data.positions.indices.map { row -> Double in
            let mean = means[row]
            if trials[data.positions[row]].isExact { return data.training.targets[row] }
            guard let (sum, variance, count) = observed[trials[data.positions[row]].configuration] else { return mean }
            // The variance of the mean of all measurements there.
            let share = Self.residualShare * noise / (noise + variance / (count * count))
            return mean + share * (sum / count - mean)
        }
    }

    /// What the model believes after everything told; `nil` before there is a model.
    public func diagnostics() -> ModelDiagnostics? {
        guard let (model, data) = fittedModel() else { return nil }
        let posterior = model.posterior(at: data.training.inputs)
        let leftOut = model.leaveOneOut()
        let points = data.positions.indices.map { row in
            let predicted = data.transform.restore(posterior.means[row])
            let expected = data.transform.restore(leftOut.means[row])
            return ModelDiagnostics.EvaluatedPoint(
                trial: data.positions[row], observed: trials[data.positions[row]].objective?.value ?? .nan,
                predicted: predicted,
                predictedSD: data.transform.restore(deviation: posterior.variances[row].squareRoot(), at: predicted),
                leftOut: expected,
                leftOutSD: data.transform.restore(deviation: leftOut.variances[row].squareRoot(), at: expected),
                isFeasible: trials[data.positions[row]].isFeasible(constraints))
        }
        let importances = importances(of: model)
        let scales = model.hyperparameters.lengthScales
        return ModelDiagnostics(
            points: points,
            parameters: kinds.indices.map { j in
                ModelDiagnostics.Parameter(
                    name: space.names[space.modelled[j]], lengthScale: scales[j], importance: importances[j])
            },
            isLogarithmic: data.transform.isLogarithmic,
            noiseSD: data.transform.restore(deviation: model.hyperparameters.noiseVariance.squareRoot(), at: 1),
            jitter: model.jitter)
    }

    /// The model of one objective after everything told.
    func fittedModel(of objective: Int = 0) -> (GaussianProcessModel, ObjectiveData)? {
        // A copy: reading what is believed changes nothing. Usually the last suggestion has fitted all trials but one.
        var fits = fits
        fits.extend(to: trials, kinds: kinds, objectives: objectives, limits: constraints, earlier: earlier)
        let informing = fits.trustsEarlier ? earlier : nil
        guard
            let data = ObjectiveData(
                trials, kinds: kinds, direction: objectives[objective], objective: objective, earlier: informing),
            let hyperparameters = fits.objectives[objective], let model = data.model(hyperparameters)
        else { return nil }
        return (model, data)
    }

    private func isBetter(_ a: Int, _ b: Int) -> Bool {
        let x = observedMean(trials[a].configuration)
        let y = observedMean(trials[b].configuration)
        return direction == .minimise ? x < y : x > y
    }

    func observedMean(_ configuration: Configuration, objective: Int = 0) -> Double {
        mean(trials.filter { $0.configuration == configuration }.compactMap { $0.objective(objective)?.value })
    }

    /// First-order Sobol indices of the posterior mean over 256 points of the space, each parameter at up to 16 levels.
    private func importances(of model: GaussianProcessModel) -> [Double] {
        var generator = SeededGenerator(seed: 1)
        var base: [Double] = []
        for _ in 0..<256 {
            if let point = space.samplePoint(using: &generator) {
                space.encode(point, into: &base)
                if model.training.dimensions > kinds.count { base.append(EarlierKnowledge.thisStudy) }
            }
        }
        guard !base.isEmpty else { return kinds.map { _ in 0 } }
        let width = model.training.dimensions
        let total = populationVariance(model.means(at: base))
        guard total > 1e-12 else { return kinds.map { _ in 0 } }
        return kinds.indices.map { j in
            let positions = space.dimensions[space.modelled[j]].positions
            let count = min(16, positions.count)
            let effects = (0..<count).map { k in
                var moved = base
                let position = positions[k * (positions.count - 1) / (count - 1)]
                for row in 0..<base.count / width { moved[row * width + j] = position }
                return mean(model.means(at: moved))
            }
            return min(1, populationVariance(effects) / total)
        }
    }

    private func populationVariance(_ values: [Double]) -> Double {
        let center = mean(values)
        return mean(values.map { ($0 - center) * ($0 - center) })
    }
}
