import GaussianProcess
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a search may end before its budget does.
public enum StopReason: Sendable, Hashable, CustomStringConvertible {
    /// Every configuration was tried.
    case exhausted
    /// The model expects less than what is worth a trial from anything not tried yet, several times in a row.
    ///
    /// All as shares: the largest gain expected in that time, and what it was compared with.
    case littleToGain(largestGain: Double, threshold: Double, suggestions: Int)

    public var description: String {
        switch self {
        case .exhausted: return "every configuration was tried"
        case .littleToGain(let gain, let threshold, let suggestions):
            func percent(_ share: Double) -> String { "\((share * 1e4).rounded() / 100) %" }
            return "the model expects at most \(percent(gain)) from any configuration not tried yet, "
                + "\(suggestions) suggestions in a row; less than \(percent(threshold)) is not worth a trial"
        }
    }
}

extension Tuner {
    static let minimumTrialsForStopping = 20
    /// Of the deviation of the recommended configuration's value; expected gains below it are not worth a trial.
    static let worthlessShare = 0.1

    /// Whether the search may end: the space is exhausted, or after each of the last `patience` trials (of at least 20) the
    /// largest gain that the Gaussian process expected from any untried candidate was below the threshold.
    ///
    /// The threshold is at least a tenth of the standard deviation with which the recommended configuration's own runs
    /// tell its value: what cannot be told from noise is no gain (after Makarova et al. 2022, AutoML-Conf, "Automatic
    /// termination for hyperparameter optimization", who compare a bound on what is left to gain with the deviation of the
    /// incumbent's estimate). A tenth, because what is compared is an expectation: a chance of one in ten to gain a whole
    /// deviation. A function of the tells alone, so that a resumed study stops where an uninterrupted one does; recomputed
    /// at each call.
    /// - Complexity: that of up to `patience` suggestions; one while the last gain is above the threshold.
    public func stoppingAdvice(threshold: Double = 0.005, patience: Int = 5) -> StopReason? {
        if isExhausted { return .exhausted }
        // What was given is tried whatever the model thinks of it.
        guard initial.allSatisfy(isSeen) else { return nil }
        guard strategy == .bayesian, patience > 0, trials.count >= max(Self.minimumTrialsForStopping, patience) else {
            return nil
        }
        var current = self
        current.fits.extend(to: trials, kinds: kinds, objectives: objectives, limits: constraints, earlier: earlier)
        let bound = max(threshold, current.worthlessGain() ?? threshold)
        var largest = 0.0
        for count in (trials.count - patience + 1...trials.count).reversed() {
            guard let gain = current.largestGain(after: count), gain < bound else { return nil }
            largest = max(largest, gain)
        }
        return .littleToGain(largestGain: largest, threshold: bound, suggestions: patience)
    }

    /// The largest gain that was expected of any candidate after that many trials; `nil` without a model.
    func largestGain(after count: Int) -> Double? {
        var past = rewound(to: count)
        guard let model = past.searchModel(index: count)?.byProcess else { return nil }
        var generator = generator(index: count)
        guard let point = past.bestUnseen(under: model, using: &generator) else { return 0 }
        var inputs: [Double] = []
        space.encode(point, into: &inputs)
        return model.details(space.configuration(point), inputs: inputs).expectedGain
    }

    /// The least gain that is worth a trial beside the noise of the recommended configuration's mean; `nil` for two objectives.
    func worthlessGain() -> Double? {
        guard objectives.count == 1, let (model, data) = fittedModel(), let recommended = recommendation() else {
            return nil
        }
        let belief = ObjectiveBelief(data: data, model: model, means: [])
        let repeats = trials.filter { $0.configuration == recommended.configuration && $0.objective != nil }.count
        let deviation = (measurementVariance(belief) / Double(max(1, repeats))).squareRoot()
        return data.transform.gain(
            Self.worthlessShare * deviation, over: data.transform.standardise(recommended.predicted))
    }
}
