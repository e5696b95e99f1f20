import GaussianProcess
import Parameters
import Statistics
import Testing

@testable import BayesianTuning

/// Trials that were stopped at a time limit, which says how good they could at best have been.
struct CensoredTrialTests {
    /// Best at 6 workers, chunk 3; 6 % of the space takes less than 12.
    private func time(_ c: Configuration) -> Double {
        let workers = Double(c.integer("workers") - 6)
        let chunk = Double(c.integer("chunk") - 3)
        let modes: [String: Double] = ["map": 1.3, "read": 1, "stream": 1.8]
        return (10 + workers * workers + 0.5 * chunk * chunk) * (c.boolean("pin") ? 0.95 : 1)
            * (modes[c.choice("mode")] ?? 9)
    }

    private func outcome(_ configuration: Configuration, limit: Double, hasBound: Bool = true) -> TrialOutcome {
        let value = time(configuration)
        return value <= limit
            ? .success(objective: value) : .timedOut(afterSeconds: limit, objectiveBound: hasBound ? limit : nil)
    }

    /// Three quarters of the space run into the limit.
    @Test func nothingStoppedComesBackAndItsSurroundingsAreAvoided() throws {
        let space = try Spaces.small()
        let all = try #require(space.enumerate())
        let limit = quantile(all.map(time).sorted(), 0.25)
        var stopped = 0
        for seed in 0..<6 as Range<UInt64> {
            var tuner = Tuner(space: space, objective: .minimise, seed: seed)
            var asked: Set<Configuration> = []
            for trial in 0..<40 {
                let configuration = try tuner.next()
                #expect(asked.insert(configuration).inserted)
                let outcome = outcome(configuration, limit: limit)
                if trial >= 12, case .timedOut = outcome { stopped += 1 }
                tuner.tell(configuration, outcome)
                if let recommended = tuner.recommendation() { #expect(time(recommended.configuration) <= limit) }
            }
            let best = try #require(tuner.recommendation()).configuration
            #expect(time(best) <= 1.1 * (all.map(time).min() ?? 0), "seed \(seed)")
            #expect(try #require(tuner.diagnostics()).points.allSatisfy { $0.observed <= limit })
        }
        print("stopped after trial 12: \(stopped) of \(6 * 28); at random three quarters would be")
        #expect(stopped * 2 < 6 * 28)
    }

    /// Where larger is better, the bound is what the value would have been at most.
    @Test func boundsCountInTheDirectionOfTheObjective() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...20)])
        for direction in [ObjectiveDirection.minimise, .maximise] {
            var tuner = Tuner(space: space, objective: direction, seed: 1)
            for a in [1, 4, 7, 10] {
                let speed = Double(20 + a)
                tuner.tell(
                    try space.configuration(["a": .integer(a)]),
                    .success(objective: direction == .maximise ? speed : 1000 / speed))
            }
            let before = try prediction(tuner, at: 14)
            // It was heading for 34 at 14, and is known to reach 22 at most there.
            tuner.tell(
                try space.configuration(["a": .integer(14)]),
                .timedOut(afterSeconds: 1, objectiveBound: direction == .maximise ? 22 : 1000 / 22.0))
            let after = try prediction(tuner, at: 14)
            #expect(after > before + 1, "\(direction): \(before) to \(after), in standardised units, smaller is better")
        }
    }

    /// Standardised, smaller is better.
    private func prediction(_ tuner: Tuner, at a: Int) throws -> Double {
        let data = try #require(
            ObjectiveData(tuner.trials, kinds: tuner.kinds, direction: tuner.direction))
        let model = try #require(data.model(Hyperparameters(logLengthScales: [-0.5], logNoiseVariance: -4)))
        return model.means(at: [Double(a - 1) / 19])[0]
    }

    @Test func aBoundBetterThanTheIncumbentIsNotRecommended() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...20)])
        var tuner = Tuner(space: space, objective: .minimise, seed: 1)
        for a in 1...12 {
            tuner.tell(try space.configuration(["a": .integer(a)]), .success(objective: Double(40 - a)))
        }
        let loose = try space.configuration(["a": .integer(13)])
        tuner.tell(loose, .timedOut(afterSeconds: 1, objectiveBound: 3))
        #expect(tuner.recommendation()?.configuration.integer("a") == 12)
        // It said nothing, so its better neighbours are still worth a trial, and it is not.
        for _ in 0..<7 { #expect(try tuner.next() != loose) }
        #expect(tuner.ask() == nil)
    }

    @Test func boundsLeaveTheTransformAlone() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...20)])
        var tuner = Tuner(space: space, objective: .minimise, seed: 1)
        for a in 1...6 {
            tuner.tell(try space.configuration(["a": .integer(a)]), .success(objective: 10 + Double(a % 3)))
        }
        let without = try #require(ObjectiveData(tuner.trials, kinds: tuner.kinds, direction: .minimise))
        tuner.tell(
            try space.configuration(["a": .integer(19)]), .timedOut(afterSeconds: 900, objectiveBound: 1e6))
        let with = try #require(ObjectiveData(tuner.trials, kinds: tuner.kinds, direction: .minimise))
        #expect(with.transform == without.transform && with.training.count == without.training.count)
        // However far the limit lies, it is worth no more than the worst value seen.
        #expect(with.censored.map(\.bound) == [with.training.targets.max()])
    }

    @Test func aBoundThatIsNoNumberIsAFailure() throws {
        let space = try Spaces.small()
        var tuner = Tuner(space: space, objective: .minimise, seed: 1)
        for bound in [Double.nan, .infinity, nil] {
            tuner.tell(space.defaultConfiguration, .timedOut(afterSeconds: 1, objectiveBound: bound))
        }
        #expect(tuner.trials.allSatisfy { $0.isFailure([]) })
        tuner.tell(space.defaultConfiguration, .timedOut(afterSeconds: 1, objectiveBound: 4))
        #expect(tuner.trials.last?.isFailure([]) == false)
        var two = Tuner(space: space, objectives: [.minimise, .minimise], seed: 1)
        two.tell(space.defaultConfiguration, .timedOut(afterSeconds: 1, objectiveBound: 4))
        #expect(two.trials.allSatisfy { $0.isFailure([]) })
    }

    /// Under a logarithm nothing is at most 0: the worst there is. "At least 0" says nothing.
    @Test func aBoundOfNothingIsHandled() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...20)])
        for (direction, count) in [(ObjectiveDirection.maximise, 1), (.minimise, 0)] {
            var tuner = Tuner(space: space, objective: direction, seed: 1)
            for a in 1...10 {
                tuner.tell(try space.configuration(["a": .integer(a)]), .success(objective: Double(10 + a)))
            }
            tuner.tell(try space.configuration(["a": .integer(20)]), .timedOut(afterSeconds: 1, objectiveBound: 0))
            let data = try #require(ObjectiveData(tuner.trials, kinds: tuner.kinds, direction: direction))
            #expect(data.censored.count == count)
            #expect(tuner.ask() != nil)
        }
    }

    /// Before anything ran there is no model, and what was stopped is kept away from as failures are.
    @Test func whereNearlyAllIsStoppedItFindsWhatRuns() throws {
        let space = try SearchSpace((0..<3).map { Spaces.integer("p\($0)", 1...20) })
        func value(_ c: Configuration) -> Double {
            (0..<3).reduce(10) { $0 + abs(Double(c.integer("p\($1)")) - [5, 9, 15][$1]) }
        }
        let firsts = try [SearchStrategy.bayesian, .random].map { strategy in
            try median(
                (0..<11 as Range<UInt64>).map { seed in
                    var tuner = Tuner(space: space, objective: .minimise, seed: seed, strategy: strategy)
                    var ran = 0
                    for trial in 0..<80 {
                        let configuration = try tuner.next()
                        let result = value(configuration)
                        tuner.tell(
                            configuration,
                            result <= 18 ? .success(objective: result) : .timedOut(afterSeconds: 9, objectiveBound: 18))
                        if result <= 18 { ran += 1 }
                        if ran == 3 { return Double(trial) }
                    }
                    return 80
                })
        }
        print("third that runs, median of 11: model \(firsts[0]), random \(firsts[1])")
        #expect(firsts[0] <= firsts[1])
    }

    @Test func replayedTellsResumeTheStudy() throws {
        let space = try Spaces.small()
        func study(_ prefix: [Configuration], trials: Int) throws -> [Configuration] {
            var tuner = Tuner(space: space, objective: .minimise, seed: 3)
            for configuration in prefix { tuner.tell(configuration, outcome(configuration, limit: 18)) }
            var all = prefix
            while all.count < trials {
                let configuration = try tuner.next()
                tuner.tell(configuration, outcome(configuration, limit: 18))
                all.append(configuration)
            }
            return all
        }
        let whole = try study([], trials: 30)
        #expect(try study(Array(whole.prefix(17)), trials: 30) == whole)
    }
}
