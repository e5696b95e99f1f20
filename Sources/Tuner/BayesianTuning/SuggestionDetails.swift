/// Why a configuration was suggested and what the model expected of it at that time.
public struct SuggestionDetails: Sendable, Hashable {
    /// What a suggestion came from.
    public enum Origin: String, Sendable, Hashable, Codable, CaseIterable {
        /// Given by the user.
        case initial
        /// Among the best of earlier studies.
        case earlier
        /// A point of the Sobol sequence.
        case sobol
        /// Drawn at random.
        case random
        /// The largest expected improvement under the Gaussian process.
        case process
        /// The largest expected improvement under the random forest.
        case forest
        /// The likeliest to run and to meet the constraints, while nothing is known that does.
        case exploration
    }

    public let configuration: Configuration
    public let origin: Origin
    /// What the Gaussian process expects of each objective, in its units, and the standard deviation of that (first
    /// order under a logarithm); empty without a model.
    public let predictions: [ObjectiveValue]
    /// By how much trying it is expected to improve on the best configuration known, as a share: 0.012 means 1.2 %.
    ///
    /// Expected improvement under the Gaussian process, also where the forest chose, times the probabilities that the
    /// trial runs, runs as asked and meets the constraints. For two objectives, by how much the dominated area is
    /// expected to grow. `nil` without a model or without a feasible trial.
    public let expectedGain: Double?

    /// What is expected of the first objective.
    public var predicted: ObjectiveValue? { predictions.first }
}
