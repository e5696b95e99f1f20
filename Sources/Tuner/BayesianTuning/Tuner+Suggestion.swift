import GaussianProcess
import Statistics

extension Tuner {
    /// Every fourth suggestion of the models comes from the forest.
    static let forestPeriod = 4
    static let candidateCount = 1_000
    /// Prior variance of the models' linear trend, against 1 of the stationary part.
    static let trendVariance = 0.5
    /// How loosely (variance, standardised units) a failed trial counts as one with the worst value seen.
    static let failureVariance = 0.01

    /// The unseen candidate with the best score, or `nil` when the models cannot be built yet.
    mutating func modelSuggestion(index: Int, using generator: inout SeededGenerator) -> LatticePoint? {
        guard !kinds.isEmpty else { return nil }
        fits.extend(to: trials, kinds: kinds, direction: direction, limits: constraints)
        guard let (acquisition, leaders) = acquisition(index: index) else { return nil }
        var candidates: [LatticePoint] = []
        if let enumerated = space.enumerated, enumerated.count - seenEnumerated <= Self.candidateCount {
            let unseen = enumerated.filter { !seenPoints.contains($0) }
            return scored(unseen, acquisition).min(by: Self.isBetter)?.point
        }
        var taken = seenPoints
        taken.reserveCapacity(2 * Self.candidateCount)
        candidates.reserveCapacity(Self.candidateCount)
        func add(_ point: LatticePoint?) {
            if let point, taken.insert(point).inserted { candidates.append(point) }
        }
        if let list = space.list {
            for leader in leaders.prefix(3) {
                for point in list.nearest(Self.candidateCount / 8, to: trials[leader].inputs, excluding: seenPoints) {
                    add(point)
                }
            }
            // The list is longer than the candidates wanted, so this ends.
            while candidates.count < Self.candidateCount { add(space.samplePoint(using: &generator)) }
            return climb(from: candidates, taken, rounds: 3, acquisition, using: &generator)
        }
        for _ in 0..<Self.candidateCount / 2 { add(space.samplePoint(using: &generator)) }
        let parents = leaders.compactMap { space.nearestPoint(to: trials[$0].configuration) }
        for parent in parents {
            for neighbour in space.neighbours(of: parent, using: &generator) { add(neighbour) }
        }
        // Small neighbourhoods repeat themselves: a bounded number of tries.
        var tries = 2 * Self.candidateCount
        while !parents.isEmpty, candidates.count < Self.candidateCount, tries > 0 {
            add(space.mutation(of: parents[generator.integer(below: parents.count)], using: &generator))
            tries -= 1
        }
        return climb(from: candidates, taken, rounds: 2, acquisition, using: &generator)
    }

    /// Rounds of scoring all unseen one-parameter neighbours of the best four.
    private func climb(
        from candidates: [LatticePoint], _ seen: Set<LatticePoint>, rounds: Int, _ acquisition: Acquisition,
        using generator: inout SeededGenerator
    ) -> LatticePoint? {
        var taken = seen
        var ranked = scored(candidates, acquisition)
        var count = ranked.count
        for _ in 0..<rounds {
            ranked = Self.best(4, of: ranked)
            var fresh: [LatticePoint] = []
            for parent in ranked {
                for neighbour in space.neighbours(of: parent.point, using: &generator)
                where taken.insert(neighbour).inserted {
                    fresh.append(neighbour)
                }
            }
            guard !fresh.isEmpty else { break }
            ranked += scored(fresh, acquisition, offset: count)
            count += fresh.count
        }
        return ranked.min(by: Self.isBetter)?.point
    }

    private struct Candidate {
        let point: LatticePoint
        let score: Double
        /// Breaks ties, so that order never depends on a sort's internals.
        let number: Int
    }

    private static func isBetter(_ a: Candidate, _ b: Candidate) -> Bool {
        a.score != b.score ? a.score > b.score : a.number < b.number
    }

    /// The best few, best first; of many candidates, so without sorting them all.
    private static func best(_ wanted: Int, of candidates: [Candidate]) -> [Candidate] {
        var best: [Candidate] = []
        for candidate in candidates {
            if best.count == wanted {
                guard let last = best.last, isBetter(candidate, last) else { continue }
                best.removeLast()
            }
            best.insert(candidate, at: best.firstIndex { isBetter(candidate, $0) } ?? best.count)
        }
        return best
    }

    private func scored(_ points: [LatticePoint], _ acquisition: Acquisition, offset: Int = 0) -> [Candidate] {
        var inputs: [Double] = []
        inputs.reserveCapacity(points.count * kinds.count)
        for point in points { space.encode(point, into: &inputs) }
        let scores = acquisition.scores(at: inputs)
        return points.indices.map { Candidate(point: points[$0], score: scores[$0], number: offset + $0) }
    }

    /// The scoring rule for this trial, and the positions of the five best trials.
    private func acquisition(index: Int) -> (Acquisition, leaders: [Int])? {
        let constraintModels = zip(constraints, fits.constraints).compactMap { constraint, fitted in
            fitted.flatMap { ConstraintModel(constraint, trials: trials, kinds: kinds, hyperparameters: $0) }
        }
        let failures = trials.map { $0.isFailure(constraints) }
        let feasibility =
            failures.contains(true)
            ? FeasibilityModel(
                kinds: kinds, inputs: trials.map(\.inputs), succeeded: failures.map { !$0 },
                logLengthScales: fits.objective?.logLengthScales) : nil
        let faithfulness = FeasibilityModel(effectiveRuns: trials, kinds: kinds)
        guard let data = ObjectiveData(trials, kinds: kinds, direction: direction),
            let hyperparameters = fits.objective,
            let model = try? GaussianProcessModel(training: data.training, hyperparameters: hyperparameters)
        else {
            // Too few objectives for a model of them; measured constraints and whatever ran can still tell where to look.
            // Before anything ran, keeping away from failures would only search the edges of the space.
            let ran = trials.indices.filter { !failures[$0] }
            guard !constraintModels.isEmpty || (feasibility != nil && !ran.isEmpty) else { return nil }
            return (
                Acquisition(
                    improvement: .none, feasibility: feasibility, faithfulness: faithfulness,
                    constraints: constraintModels, dimensions: kinds.count),
                leaders: Array((ran.reversed() + trials.indices.reversed().filter { failures[$0] }).prefix(5))
            )
        }
        let believed = believing(model, data)
        let means = believed.means(at: data.training.inputs)
        let rows = data.positions.indices.sorted { means[$0] != means[$1] ? means[$0] < means[$1] : $0 < $1 }
        let feasible = rows.filter { trials[data.positions[$0]].isFeasible(constraints) }
        let leaders = (feasible + rows.filter { !feasible.contains($0) }).prefix(5).map { data.positions[$0] }
        let improvement: Acquisition.Improvement
        if feasible.isEmpty {
            improvement = .none
        } else if index % Self.forestPeriod == Self.forestPeriod - 1 {
            let lowest = feasible.map { data.training.targets[$0] }.reduce(.infinity, min)
            improvement = .forest(
                RandomForest(data.training, seed: seed ^ (UInt64(index) &* 0xD134_2543_DE82_EF95)), incumbent: lowest)
        } else {
            improvement = .process(believed, incumbent: means[feasible[0]])
        }
        return (
            Acquisition(
                improvement: improvement, feasibility: feasibility, faithfulness: faithfulness,
                constraints: constraintModels, dimensions: kinds.count),
            leaders
        )
    }

    /// The model with every configuration that is still running taken to give what it predicts (Ginsbourger et al.
    /// 2010), so that suggestions asked at the same time spread out, and with every failed one taken to give the worst
    /// value seen.
    ///
    /// The success probability alone is not enough: once the best of what runs is found, any improvement left to expect
    /// lies where everything fails. Hyper-parameters are fitted without the failures, whose cliff would shorten them.
    private func believing(_ model: GaussianProcessModel, _ data: ObjectiveData) -> GaussianProcessModel {
        let failed = trials.filter { $0.isFailure(constraints) }.flatMap(\.inputs)
        let running = pending.flatMap(space.encode)
        guard !failed.isEmpty || !running.isEmpty else { return model }
        let failures = failed.count / kinds.count
        let worst = data.training.targets.reduce(-.infinity, max)
        let believed = TrainingSet(
            kinds: kinds, inputs: data.training.inputs + failed + running,
            targets: data.training.targets + [Double](repeating: worst, count: failures) + model.means(at: running),
            noiseVariances: data.training.noiseVariances + [Double](repeating: Self.failureVariance, count: failures)
                + [Double](repeating: 0, count: pending.count),
            trendVariance: data.training.trendVariance)
        return (try? GaussianProcessModel(training: believed, hyperparameters: model.hyperparameters)) ?? model
    }
}
