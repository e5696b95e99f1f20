import GaussianProcess
import Statistics

/// A configuration of which no other evaluated one is better in both objectives.
public struct FrontMember: Sendable, Hashable {
    public let configuration: Configuration
    /// Mean of the values observed, per objective.
    public let observed: [Double]
    /// What the model expects and the standard deviation of that (first order under a logarithm), per objective; the
    /// observed mean without one while there is no model.
    public let predicted: [ObjectiveValue]
    /// What is taken as true, per objective: between both, as `Tuner.recommendation` weighs them. Members differ in it as a
    /// front does; in the observed means they need not.
    public let believed: [Double]
}

extension Tuner {
    /// The trade-off found between two objectives: the evaluated configurations that meet all constraints and are not
    /// dominated, judged half-way between posterior mean and observation as `recommendation` does; best first objective
    /// first. Empty for one objective or without a feasible trial.
    public func paretoFront() -> [FrontMember] {
        guard objectives.count == 2 else { return [] }
        guard let (firstModel, first) = fittedModel(of: 0), let (secondModel, second) = fittedModel(of: 1) else {
            return observedFront()
        }
        let posteriors = [
            firstModel.posterior(at: first.training.inputs), secondModel.posterior(at: second.training.inputs),
        ]
        let unreliable = unreliable
        let rows = first.positions.indices.filter { !unreliable.contains(trials[first.positions[$0]].configuration) }
        let believed = [
            believedValues(posteriors[0].means, first, firstModel),
            believedValues(posteriors[1].means, second, secondModel),
        ]
        let front = ParetoFront.members(of: Array(rows), Self.rounded(believed[0]), Self.rounded(believed[1]))
        return front.map { row in
            let configuration = trials[first.positions[row]].configuration
            return FrontMember(
                configuration: configuration, observed: [0, 1].map { observedMean(configuration, objective: $0) },
                predicted: zip(posteriors, [first, second].map(\.transform)).map { posterior, transform in
                    let value = transform.restore(posterior.means[row])
                    return ObjectiveValue(
                        value, deviation: transform.restore(deviation: posterior.variances[row].squareRoot(), at: value)
                    )
                },
                believed: zip(believed, [first, second]).map { $1.transform.restore($0[row]) })
        }
    }

    private func observedFront() -> [FrontMember] {
        let unreliable = unreliable
        let rows = trials.indices.filter { !unreliable.contains(trials[$0].configuration) }
        let values = objectives.enumerated().map { objective, direction in
            trials.map { trial in
                trial.objective(objective) == nil
                    ? .infinity
                    : (direction == .maximise ? -1 : 1) * observedMean(trial.configuration, objective: objective)
            }
        }
        return ParetoFront.members(of: rows, values[0], values[1]).map { position in
            let configuration = trials[position].configuration
            let observed = [0, 1].map { observedMean(configuration, objective: $0) }
            return FrontMember(
                configuration: configuration, observed: observed, predicted: observed.map { ObjectiveValue($0) },
                believed: observed)
        }
    }

    /// What the choice among two objectives minimises: the sum of both logarithms, or of standardised values where one has
    /// no logarithm.
    static func productScores(
        _ first: (values: [Double], transform: OutputTransform),
        _ second: (values: [Double], transform: OutputTransform)
    ) -> [Double] {
        let areRatios = first.transform.isLogarithmic && second.transform.isLogarithmic
        let weights = areRatios ? (first.transform.scale, second.transform.scale) : (1, 1)
        return zip(first.values, second.values).map { weights.0 * $0 + weights.1 * $1 }
    }
}
