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
    /// What was fitted to some number of trials.
    struct Fit: Sendable {
        /// With the rows of earlier studies, where there are any.
        var objectives: [Hyperparameters?]
        /// Without them.
        var ownObjectives: [Hyperparameters?]
        var constraints: [Hyperparameters?]
        var trustsEarlier = true
    }

    /// After each number of trials from 0 on.
    private var history: [Fit]

    init(objectiveCount: Int, constraintCount: Int) {
        let none = [Hyperparameters?](repeating: nil, count: objectiveCount)
        history = [
            Fit(
                objectives: none, ownObjectives: none,
                constraints: [Hyperparameters?](repeating: nil, count: constraintCount))
        ]
    }

    /// With fewer values of its own a study cannot tell whether the earlier ones mislead it.
    static let minimumToJudgeEarlier = 6

    /// How many trials the current hyper-parameters are for.
    var trialCount: Int { history.count - 1 }
    var objectives: [Hyperparameters?] {
        trustsEarlier ? history[trialCount].objectives : history[trialCount].ownObjectives
    }
    /// Whether earlier studies, where there are any, inform the models.
    var trustsEarlier: Bool { history[trialCount].trustsEarlier }
    var constraints: [Hyperparameters?] { history[trialCount].constraints }

    /// Fits every prefix that was not fitted yet.
    mutating func extend(
        to trials: [Trial], kinds: [InputKind], objectives: [ObjectiveDirection], limits: [Constraint],
        earlier: EarlierKnowledge?
    ) {
        while trialCount < trials.count {
            var fit = history[trialCount]
            let prefix = trials.prefix(trialCount + 1)
            let startsCold = prefix.count % 4 == 0
            var densities = (with: 0.0, without: 0.0)
            for (position, direction) in objectives.enumerated() {
                densities.with += Self.fit(
                    ObjectiveData(prefix, kinds: kinds, direction: direction, objective: position, earlier: earlier),
                    &fit.objectives[position], startsCold, isJudged: earlier != nil)
                guard earlier != nil else { continue }
                densities.without += Self.fit(
                    ObjectiveData(prefix, kinds: kinds, direction: direction, objective: position),
                    &fit.ownObjectives[position], startsCold, isJudged: true)
            }
            if earlier != nil {
                let own = prefix.count { $0.objective != nil }
                fit.trustsEarlier = own < Self.minimumToJudgeEarlier || densities.with >= densities.without
            }
            for (position, constraint) in limits.enumerated() {
                let starts = Self.starts(after: fit.constraints[position], kinds.count, startsCold)
                if let fitted = ConstraintModel.fit(constraint, trials: prefix, kinds: kinds, starts: starts) {
                    fit.constraints[position] = fitted
                }
            }
            history.append(fit)
        }
    }

    /// As it was after fewer trials.
    func after(_ trials: Int) -> FitChain {
        var chain = self
        chain.history.removeLast(max(0, trialCount - trials))
        return chain
    }

    /// Replaces hyper-parameters by those for more data, where they can be found.
    /// - Returns: the logarithm of the density that the model gives each value of this study from all others.
    private static func fit(
        _ data: ObjectiveData?, _ hyperparameters: inout Hyperparameters?, _ startsCold: Bool, isJudged: Bool
    ) -> Double {
        guard let data else { return 0 }
        let starts = starts(after: hyperparameters, data.training.dimensions, startsCold)
        // Where the time ran out counts as the last hyper-parameters impute it, so that a length scale learns of a cliff;
        // without them, only what was measured.
        let known = data.censored.isEmpty ? nil : hyperparameters.flatMap(data.model)
        guard let model = try? GaussianProcessModel.fit(known?.training ?? data.training, starts: starts) else {
            return 0
        }
        hyperparameters = model.hyperparameters
        return isJudged ? data.logLeftOutDensity(model) : 0
    }

    private static func starts(after last: Hyperparameters?, _ dimensions: Int, _ startsCold: Bool) -> [Hyperparameters]
    {
        let cold = HyperparameterPrior(dimensions: dimensions).start(dimensions: dimensions)
        guard let last else { return [cold] }
        return startsCold ? [last, cold] : [last]
    }
}

/// The values of one objective of the trials that ran, transformed for the model.
struct ObjectiveData {
    let transform: OutputTransform
    /// What was measured. The transform comes from these rows alone: how far beyond the worst value a limit lies is the
    /// user's choice, which must not set the scale of all others.
    let training: TrainingSet
    /// Positions of the first rows among the trials; rows of earlier studies follow them.
    let positions: [Int]
    /// Trials that were stopped with a bound on their objective.
    let censored: [GaussianProcessModel.CensoredObservation]

    /// `nil` with fewer than `Tuner.minimumSuccesses` values, none of this study, or without anything to vary.
    /// - Parameter objective: which one. - Parameter earlier: adds its rows, and the study as the last input.
    init?(
        _ trials: some Collection<Trial>, kinds: [InputKind], direction: ObjectiveDirection, objective: Int = 0,
        earlier: EarlierKnowledge? = nil
    ) {
        var inputs: [Double] = []
        var values: [Double] = []
        var deviations: [Double] = []
        var repeats: [Int?] = []
        var positions: [Int] = []
        var bounds: [(inputs: [Double], value: Double)] = []
        let study = earlier == nil ? [] : [EarlierKnowledge.thisStudy]
        for (position, trial) in trials.enumerated() {
            if let bound = trial.objectiveBound(objective) { bounds.append((trial.inputs + study, bound)) }
            guard let measured = trial.objective(objective) else { continue }
            inputs.append(contentsOf: trial.inputs + study)
            values.append(measured.value)
            deviations.append(measured.deviation)
            repeats.append(trial.repeats)
            positions.append(position)
        }
        guard !values.isEmpty, !kinds.isEmpty else { return nil }
        if let earlier {
            for (row, ratio) in zip(earlier.rows, earlier.values(of: objective, anchoredBy: trials)) {
                inputs.append(contentsOf: row.inputs)
                values.append(ratio.value)
                deviations.append(ratio.deviation)
            }
        }
        guard values.count >= Tuner.minimumSuccesses else { return nil }
        let transform = OutputTransform(values: values, isMaximised: direction == .maximise)
        let told = zip(values, deviations).map { transform.standardise(deviation: $1, at: $0) }
        // Standardised, so under a logarithm relative ones: those are what configurations have in common. The rows of earlier
        // studies come with deviations of their own.
        let variances =
            NoisePooling.variances(Array(told.prefix(repeats.count)), repeats: repeats) + told.dropFirst(repeats.count)
        self.transform = transform
        self.positions = positions
        let targets = values.map(transform.standardise)
        // "At least the worst value seen" is true of every bound beyond it. A cliff as high as a generous limit would bend a
        // smooth model far around it, and nothing is decided among values worse than the worst.
        let worst = targets.reduce(-.infinity, max)
        censored = bounds.compactMap { inputs, value in
            let bound = min(transform.standardise(value), worst)
            return bound.isFinite ? GaussianProcessModel.CensoredObservation(inputs: inputs, bound: bound) : nil
        }
        training = TrainingSet(
            kinds: earlier == nil ? kinds : kinds + [.categorical], inputs: inputs,
            targets: targets, noiseVariances: variances)
    }

    /// The model of everything known: the measured rows first, in order, then the censored ones.
    func model(_ hyperparameters: Hyperparameters) -> GaussianProcessModel? {
        guard let measured = try? GaussianProcessModel(training: training, hyperparameters: hyperparameters) else {
            return nil
        }
        return (try? measured.conditioned(on: censored)) ?? measured
    }
}

extension ObjectiveData {
    /// Of this study's values in logarithmic units where the transform is one, so that different transforms compare.
    func logLeftOutDensity(_ model: GaussianProcessModel) -> Double {
        let leftOut = model.leaveOneOut()
        var sum = 0.0
        for row in positions.indices {
            let difference = training.targets[row] - leftOut.means[row]
            sum -= 0.5 * (difference * difference / leftOut.variances[row] + log(leftOut.variances[row]))
        }
        return sum - Double(positions.count) * log(transform.scale)
    }
}
