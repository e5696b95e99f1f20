import GaussianProcess
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One objective's model after everything told.
struct ObjectiveBelief {
    let data: ObjectiveData
    /// Failed and pending trials included.
    let model: GaussianProcessModel
    /// Of `model` at the rows of `data`.
    let means: [Double]
}

/// What the next suggestion is chosen by.
struct SearchModel {
    /// Ranks candidates.
    let ranking: Acquisition
    let origin: SuggestionDetails.Origin
    /// Ranks them by the Gaussian process; `nil` without one or without anything feasible.
    let process: Acquisition?
    /// Rows of `beliefs` that ran and met the constraints, best first.
    let feasible: [Int]
    /// Positions of the best trials, whose neighbours are candidates.
    let leaders: [Int]
    let beliefs: [ObjectiveBelief]

    /// The same search, by the Gaussian process alone; `nil` without one.
    var byProcess: SearchModel? {
        process.map {
            SearchModel(
                ranking: $0, origin: .process, process: $0, feasible: feasible, leaders: leaders, beliefs: beliefs)
        }
    }

    /// What is expected of a configuration. - Parameter inputs: encoded.
    func details(_ configuration: Configuration, inputs: [Double]) -> SuggestionDetails {
        let rows = ranking.comparesStudies ? inputs + [EarlierKnowledge.thisStudy] : inputs
        let predictions = beliefs.map { belief in
            let posterior = belief.model.posterior(at: rows)
            let value = belief.data.transform.restore(posterior.means[0])
            return ObjectiveValue(
                value,
                deviation: belief.data.transform.restore(deviation: posterior.variances[0].squareRoot(), at: value))
        }
        return SuggestionDetails(
            configuration: configuration, origin: origin, predictions: predictions,
            expectedGain: process.flatMap { relativeGain(exp($0.scores(at: inputs)[0])) })
    }

    /// An improvement in standardised units as a share of the best known; `nil` without anything feasible, or when that
    /// best is zero.
    func relativeGain(_ improvement: Double) -> Double? {
        switch process?.improvement {
        case .process(_, let incumbent): return beliefs.first?.data.transform.gain(improvement, over: incumbent)
        case .hypervolume(_, _, let front): return improvement / front.front.hypervolume(reference: front.reference)
        case .forest, Acquisition.Improvement.none?, nil: return nil
        }
    }
}

extension OutputTransform {
    /// An improvement of standardised values as a ratio of measured ones less 1: 0.1 is 10 % better.
    func gain(_ improvement: Double, over incumbent: Double) -> Double? {
        if isLogarithmic { return expm1(improvement * scale) }
        let best = restore(incumbent)
        return best == 0 ? nil : improvement * scale / abs(best)
    }
}

extension Tuner {
    /// What to choose by at this trial, after fitting what was not fitted yet; `nil` when nothing can be modelled.
    mutating func searchModel(index: Int) -> SearchModel? {
        guard !kinds.isEmpty else { return nil }
        fits.extend(to: trials, kinds: kinds, objectives: objectives, limits: constraints, earlier: earlier)
        let informing = fits.trustsEarlier ? earlier : nil
        let constraintModels = zip(constraints, fits.constraints).compactMap { constraint, fitted in
            fitted.flatMap { ConstraintModel(constraint, trials: trials, kinds: kinds, hyperparameters: $0) }
        }
        let beliefs = beliefs(informing)
        // Without a model of the objective nothing else keeps away from where the time ran out.
        let failures = trials.map { $0.isFailure(constraints) || (beliefs == nil && $0.objectiveBound(0) != nil) }
        let known = (earlier?.failures ?? []).suffix(EarlierKnowledge.maximumRows).map(space.encode)
        let feasibility =
            failures.contains(true) || !known.isEmpty
            ? FeasibilityModel(
                kinds: kinds, inputs: trials.map(\.inputs) + known,
                succeeded: failures.map { !$0 } + known.map { _ in false },
                logLengthScales: (fits.objectives[0]?.logLengthScales.prefix(kinds.count)).map(Array.init)) : nil
        let faithfulness = FeasibilityModel(effectiveRuns: trials, kinds: kinds)
        func acquisition(_ improvement: Acquisition.Improvement) -> Acquisition {
            Acquisition(
                improvement: improvement, feasibility: feasibility, faithfulness: faithfulness,
                constraints: constraintModels, dimensions: kinds.count, comparesStudies: informing != nil)
        }
        guard let beliefs else {
            // Too few objectives for a model of them; measured constraints and whatever ran can still tell where to look.
            // Before anything ran, keeping away from failures would only search the edges of the space.
            let ran = trials.indices.filter { !failures[$0] }
            guard !constraintModels.isEmpty || (feasibility != nil && !ran.isEmpty) else { return nil }
            return SearchModel(
                ranking: acquisition(.none), origin: .exploration, process: nil, feasible: [],
                leaders: Array((ran.reversed() + trials.indices.reversed().filter { failures[$0] }).prefix(5)),
                beliefs: [])
        }
        let positions = beliefs[0].data.positions
        let rows = ranked(beliefs)
        let unreliable = unreliable
        let feasible = rows.filter { !unreliable.contains(trials[positions[$0]].configuration) }
        let leaders = (feasible + rows.filter { !feasible.contains($0) }).prefix(5).map { positions[$0] }
        guard !feasible.isEmpty else {
            return SearchModel(
                ranking: acquisition(.none), origin: .exploration, process: nil, feasible: [], leaders: leaders,
                beliefs: beliefs)
        }
        let process = acquisition(processImprovement(beliefs, feasible))
        let isForest = index % Self.forestPeriod == Self.forestPeriod - 1
        return SearchModel(
            ranking: isForest ? acquisition(forestImprovement(beliefs, feasible, index: index)) : process,
            origin: isForest ? .forest : .process, process: process, feasible: feasible, leaders: leaders,
            beliefs: beliefs)
    }

    private func beliefs(_ informing: EarlierKnowledge?) -> [ObjectiveBelief]? {
        var beliefs: [ObjectiveBelief] = []
        for (position, direction) in objectives.enumerated() {
            guard
                let data = ObjectiveData(
                    trials, kinds: kinds, direction: direction, objective: position, earlier: informing),
                let hyperparameters = fits.objectives[position],
                let model = data.model(hyperparameters)
            else { return nil }
            let believed = believing(model, data)
            beliefs.append(
                ObjectiveBelief(data: data, model: believed, means: believed.means(at: data.training.inputs)))
        }
        return beliefs
    }

    /// Rows of this study, best first: by posterior mean, or, of two objectives, the front's members from its ends inward
    /// and then the rest by the sum of both.
    private func ranked(_ beliefs: [ObjectiveBelief]) -> [Int] {
        let rows = beliefs[0].data.positions.indices
        let means = beliefs[0].means
        guard beliefs.count == 2 else {
            return rows.sorted { means[$0] != means[$1] ? means[$0] < means[$1] : $0 < $1 }
        }
        let feasible = rows.filter { trials[beliefs[0].data.positions[$0]].isFeasible(constraints) }
        let front = Self.spread(ParetoFront.members(of: feasible, Self.rounded(means), Self.rounded(beliefs[1].means)))
        let sums = rows.map { means[$0] + beliefs[1].means[$0] }
        let rest = rows.filter { !front.contains($0) }
        return front + rest.sorted { sums[$0] != sums[$1] ? sums[$0] < sums[$1] : $0 < $1 }
    }

    /// Standardised values without differences of rounding, which are all that an objective has which does not vary.
    static func rounded(_ values: [Double]) -> [Double] { values.map { ($0 * 1e9).rounded() / 1e9 } }

    /// Both ends first, then the middles of the widest gaps, so that any prefix spans the whole.
    private static func spread(_ front: [Int]) -> [Int] {
        var order: [Int] = []
        var intervals = [(-1, front.count)]
        if front.count > 1 {
            order = [front[0], front[front.count - 1]]
            intervals = [(0, front.count - 1)]
        }
        while let (lower, upper) = intervals.first {
            intervals.removeFirst()
            guard upper - lower > 1 else { continue }
            let middle = (lower + upper) / 2
            order.append(front[middle])
            intervals += [(lower, middle), (middle, upper)]
        }
        return order
    }

    private func processImprovement(_ beliefs: [ObjectiveBelief], _ feasible: [Int]) -> Acquisition.Improvement {
        guard beliefs.count == 2 else { return .process(beliefs[0].model, incumbent: beliefs[0].means[feasible[0]]) }
        let front = ParetoFront(feasible.map { ParetoFront.Point(beliefs[0].means[$0], beliefs[1].means[$0]) })
        return .hypervolume(
            beliefs[0].model, beliefs[1].model,
            HypervolumeImprovement(front: front, reference: HypervolumeImprovement.reference(for: front)))
    }

    /// Two objectives become one by the augmented Chebyshev function with random weights (ParEGO, Knowles 2006): the
    /// forest then needs no front, and the weights of later steps reach all of it.
    private func forestImprovement(
        _ beliefs: [ObjectiveBelief], _ feasible: [Int], index: Int
    ) -> Acquisition.Improvement {
        let seed = seed ^ (UInt64(index) &* 0xD134_2543_DE82_EF95)
        var training = beliefs[0].data.training
        let censored = beliefs[0].data.censored.flatMap(\.inputs)
        if !censored.isEmpty {
            // A forest knows no bounds: it takes what is expected where the time ran out.
            training = TrainingSet(
                kinds: training.kinds, inputs: training.inputs + censored,
                targets: training.targets + beliefs[0].model.means(at: censored))
        }
        if beliefs.count == 2 {
            var generator = SeededGenerator(seed: ~seed)
            let weight = generator.uniform()
            let first = Self.unitRange(training.targets)
            let second = Self.unitRange(beliefs[1].data.training.targets)
            training = TrainingSet(
                kinds: training.kinds, inputs: training.inputs,
                targets: zip(first, second).map { a, b in
                    max(weight * a, (1 - weight) * b) + 0.05 * (weight * a + (1 - weight) * b)
                })
        }
        let lowest = feasible.map { training.targets[$0] }.reduce(.infinity, min)
        return .forest(RandomForest(training, seed: seed), incumbent: lowest)
    }

    private static func unitRange(_ values: [Double]) -> [Double] {
        let lowest = values.reduce(.infinity, min)
        let range = values.reduce(-.infinity, max) - lowest
        return values.map { range > 0 ? ($0 - lowest) / range : 0 }
    }
}
