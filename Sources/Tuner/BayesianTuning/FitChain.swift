import GaussianProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Hyper-parameters after each told outcome, every fit starting from the one before.
///
/// A chain over the tells alone, whether or not anything was asked between them, is what makes a replay exact.
struct FitChain: Sendable {
    /// How many trials the current hyper-parameters are for.
    private(set) var trialCount = 0
    private(set) var objective: Hyperparameters?
    private(set) var constraints: [Hyperparameters?]

    init(constraintCount: Int) { constraints = [Hyperparameters?](repeating: nil, count: constraintCount) }

    /// Fits every prefix that was not fitted yet.
    mutating func extend(to trials: [Trial], kinds: [InputKind], direction: ObjectiveDirection, limits: [Constraint]) {
        while trialCount < trials.count {
            trialCount += 1
            let prefix = trials.prefix(trialCount)
            let startsCold = trialCount % 4 == 0
            if let data = ObjectiveData(prefix, kinds: kinds, direction: direction) {
                let starts = Self.starts(after: objective, kinds.count, startsCold)
                if let model = try? GaussianProcessModel.fit(data.training, starts: starts) {
                    objective = model.hyperparameters
                }
            }
            for (position, constraint) in limits.enumerated() {
                let starts = Self.starts(after: constraints[position], kinds.count, startsCold)
                if let fitted = ConstraintModel.fit(constraint, trials: prefix, kinds: kinds, starts: starts) {
                    constraints[position] = fitted
                }
            }
        }
    }

    private static func starts(after last: Hyperparameters?, _ dimensions: Int, _ startsCold: Bool) -> [Hyperparameters]
    {
        let cold = HyperparameterPrior(dimensions: dimensions).start(dimensions: dimensions)
        guard let last else { return [cold] }
        return startsCold ? [last, cold] : [last]
    }
}

/// The objective values of the trials that ran, transformed for the model.
struct ObjectiveData {
    let transform: OutputTransform
    let training: TrainingSet
    /// Positions of the rows among the trials.
    let positions: [Int]

    /// `nil` with fewer than `Tuner.minimumSuccesses` objectives or without anything to vary.
    init?(_ trials: some Collection<Trial>, kinds: [InputKind], direction: ObjectiveDirection) {
        var inputs: [Double] = []
        var values: [Double] = []
        var deviations: [Double] = []
        var positions: [Int] = []
        for (position, trial) in trials.enumerated() {
            guard let objective = trial.objective else { continue }
            inputs.append(contentsOf: trial.inputs)
            values.append(objective.value)
            deviations.append(objective.deviation)
            positions.append(position)
        }
        guard values.count >= Tuner.minimumSuccesses, !kinds.isEmpty else { return nil }
        let transform = OutputTransform(values: values, isMaximised: direction == .maximise)
        let variances = zip(values, deviations).map { transform.standardise(deviation: $1, at: $0) }
        self.transform = transform
        self.positions = positions
        training = TrainingSet(
            kinds: kinds, inputs: inputs, targets: values.map(transform.standardise), noiseVariances: variances,
            trendVariance: Tuner.trendVariance)
    }
}

/// CPU seconds of the calling thread.
func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
