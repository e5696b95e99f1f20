import GaussianProcess
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The evaluated configuration that is most worth measuring once more.
public struct RepeatProposal: Sendable, Hashable {
    public let configuration: Configuration
    /// By how much the configuration that is recommended in the end is expected to get better through one more measurement
    /// of this one, as a share (0.012 is 1.2 %).
    public let worth: Double
    /// The same for one measurement of the best configuration not tried yet, times the probability that it can be used.
    public let newPointWorth: Double

    /// A comparison of one step each, as if the search ended after it. It overrates repeats while there is budget left: a
    /// study can come back to a configuration later, but not to a trial spent. On recorded tables with 5 % of noise
    /// the configuration recommended after 50 trials was worse when every such repeat was made (19 of 50), and no different
    /// when they were left to the last five or ten trials.
    public var isWorthMoreThanANewPoint: Bool { worth > newPointWorth }
}

extension Tuner {
    /// Fewer trials say too little about the noise.
    static let minimumTrialsForRepeats = 8

    /// What one more measurement of something known is worth, next to one of something new.
    ///
    /// Both are the knowledge gradient: how much the best posterior mean among the configurations known is expected to rise
    /// through one noisy measurement, correlations included (Frazier, Powell and Dayanik 2009). The noise is the fitted one
    /// plus the mean variance that outcomes came with. `nil` with fewer than 8 trials, without a model or anything
    /// feasible, and for two objectives. - Complexity: that of a suggestion plus O(trials^3).
    /// - Parameter excluded: configurations that are not to be proposed.
    public func repeatProposal(excluding excluded: Set<Configuration> = []) -> RepeatProposal? {
        guard objectives.count == 1, trials.count >= Self.minimumTrialsForRepeats else { return nil }
        var current = self
        guard let model = current.searchModel(index: trials.count)?.byProcess, let belief = model.beliefs.first else {
            return nil
        }
        var known: [Int] = []
        var configurations: Set<Configuration> = []
        for row in model.feasible
        where configurations.insert(trials[belief.data.positions[row]].configuration).inserted { known.append(row) }
        let width = belief.data.training.dimensions
        var points: [Double] = []
        for row in known { points += belief.data.training.inputs[row * width..<(row + 1) * width] }
        var generator = generator(index: trials.count)
        let fresh = current.bestUnseen(under: model, using: &generator)
        var success = 0.0
        if let fresh {
            var inputs: [Double] = []
            space.encode(fresh, into: &inputs)
            success = exp(model.ranking.logProbabilities(at: inputs)[0])
            points += inputs
            if width > kinds.count { points.append(EarlierKnowledge.thisStudy) }
        }
        let count = points.count / width
        let means = belief.model.means(at: points).map { -$0 }
        let covariances = belief.model.covariance(at: points)
        let noise = measurementVariance(belief)
        func worth(of point: Int, among choices: Int) -> Double {
            let spread = (covariances[point * count + point] + noise).squareRoot()
            let slopes = (0..<choices).map { covariances[point * count + $0] / spread }
            let rise = expectedRise(of: Array(means.prefix(choices)), slopes: slopes)
            return model.relativeGain(rise) ?? 0
        }
        let worths = known.indices.map { worth(of: $0, among: known.count) }
        let allowed = worths.indices.filter {
            !excluded.contains(trials[belief.data.positions[known[$0]]].configuration)
        }
        guard let best = allowed.max(by: { worths[$0] < worths[$1] }) else { return nil }
        return RepeatProposal(
            configuration: trials[belief.data.positions[known[best]]].configuration, worth: worths[best],
            newPointWorth: fresh == nil ? 0 : success * worth(of: known.count, among: count))
    }

    /// Of one measurement, standardised.
    func measurementVariance(_ belief: ObjectiveBelief) -> Double {
        let told = belief.data.positions.indices.map { belief.data.training.noiseVariances[$0] }.filter { $0 > 0 }
        return belief.model.hyperparameters.noiseVariance + (told.isEmpty ? 0 : mean(told))
    }
}
