import GaussianProcess
import Statistics

extension Tuner {
    /// Every fourth suggestion of the models comes from the forest.
    static let forestPeriod = 4
    static let candidateCount = 1_000
    /// How loosely (variance, standardised units) a failed trial counts as one with the worst value seen.
    static let failureVariance = 0.01

    /// The unseen candidate with the best score.
    func bestUnseen(under model: SearchModel, using generator: inout SeededGenerator) -> LatticePoint? {
        let acquisition = model.ranking
        let leaders = model.leaders
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
        for row in earlier?.rows ?? [] { add(space.point(row.configuration)) }
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

    /// The model with every configuration that is still running taken to give what it predicts (Ginsbourger et al.
    /// 2010), so that suggestions asked at the same time spread out, and with every failed one taken to give the worst
    /// value seen.
    ///
    /// The success probability alone is not enough: once the best of what runs is found, any improvement left to expect
    /// lies where everything fails. Hyper-parameters are fitted without the failures, whose cliff would shorten them.
    func believing(_ model: GaussianProcessModel, _ data: ObjectiveData) -> GaussianProcessModel {
        var failed = trials.filter { $0.isFailure(constraints) }.flatMap(\.inputs)
        var running = pending.flatMap(space.encode)
        guard !failed.isEmpty || !running.isEmpty else { return model }
        let failures = failed.count / kinds.count
        if data.training.dimensions > kinds.count {
            failed = EarlierKnowledge.inputsOfThisStudy(failed, dimensions: kinds.count)
            running = EarlierKnowledge.inputsOfThisStudy(running, dimensions: kinds.count)
        }
        let worst = data.training.targets.reduce(-.infinity, max)
        let known = model.training
        let believed = TrainingSet(
            kinds: known.kinds, inputs: known.inputs + failed + running,
            targets: known.targets + [Double](repeating: worst, count: failures) + model.means(at: running),
            noiseVariances: known.noiseVariances + [Double](repeating: Self.failureVariance, count: failures)
                + [Double](repeating: 0, count: pending.count))
        return (try? GaussianProcessModel(training: believed, hyperparameters: model.hyperparameters)) ?? model
    }
}
