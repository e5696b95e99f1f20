import Parameters
import Statistics
import Testing

@testable import BayesianTuning

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Time and memory against each other: more workers and larger chunks are faster and need more memory.
struct TwoObjectiveTests {
    private func space() throws -> SearchSpace {
        try SearchSpace([
            Spaces.integer("workers", 1...24), Spaces.integer("chunk", 1...24),
            Spaces.choice("mode", ["map", "read", "stream"]), Spaces.boolean("pin"),
        ])
    }

    private func throughput(_ c: Configuration) -> Double {
        let workers = Double(c.integer("workers"))
        let chunk = log2(Double(c.integer("chunk")))
        let modes: [String: Double] = ["map": 1.2, "read": 1, "stream": 0.7]
        let pin: Double = c.boolean("pin") ? 1.05 : 1
        let scaling: Double = workers / (1 + 0.04 * workers)
        return 100 * scaling * (modes[c.choice("mode")] ?? 0) * pin * exp(-0.08 * (chunk - 3) * (chunk - 3))
    }

    private func memory(_ c: Configuration) -> Double {
        let modes: [String: Double] = ["map": 3, "read": 1.4, "stream": 1]
        return (modes[c.choice("mode")] ?? 0) * (20 + Double(c.integer("workers")) * (4 + Double(c.integer("chunk"))))
    }

    private func outcome(_ c: Configuration) -> TrialOutcome {
        .success(objective: throughput(c), second: ObjectiveValue(memory(c)))
    }

    private func tuner(
        _ seed: UInt64, _ strategy: SearchStrategy = .bayesian, constraints: [Constraint] = []
    ) throws -> Tuner {
        Tuner(
            space: try space(), objectives: [.maximise, .minimise], seed: seed, strategy: strategy,
            constraints: constraints)
    }

    private func point(_ c: Configuration) -> ParetoFront.Point {
        ParetoFront.Point(-log(throughput(c)), log(memory(c)))
    }

    /// Share of the true front's area, in logarithms, measured from the worst of each.
    private func share(of configurations: some Sequence<Configuration>) throws -> Double {
        let all = try #require(space().enumerate()).map(point)
        let reference = ParetoFront.Point(
            all.map(\.first).reduce(-.infinity, max), all.map(\.second).reduce(-.infinity, max))
        return ParetoFront(configurations.map(point)).hypervolume(reference: reference)
            / ParetoFront(all).hypervolume(reference: reference)
    }

    @Test func theFrontIsFoundSoonerThanAtRandom() throws {
        func missing(_ strategy: SearchStrategy, _ seed: UInt64) throws -> Double {
            var tuner = try tuner(seed, strategy)
            var asked: Set<Configuration> = []
            for _ in 0..<50 {
                let configuration = try tuner.next()
                #expect(asked.insert(configuration).inserted)
                tuner.tell(configuration, outcome(configuration))
            }
            // What is reported is a front of what was tried, and loses nothing that matters.
            let front = tuner.paretoFront()
            let believed = front.map { $0.predicted[0].value * $0.observed[0] }
            #expect(zip(believed, believed.dropFirst()).allSatisfy { $0 > $1 })
            #expect(front.allSatisfy { asked.contains($0.configuration) && $0.observed.count == 2 })
            let reported = try share(of: front.map(\.configuration))
            let tried = try share(of: asked)
            #expect(strategy != .bayesian || reported > tried - 0.02)
            return 1 - tried
        }
        let seeds = 1...10 as ClosedRange<UInt64>
        let model = try seeds.map { try missing(.bayesian, $0) }
        let random = try seeds.map { try missing(.random, $0) }
        print("area of the front missing after 50, median of 10: model \(median(model)), random \(median(random))")
        #expect(median(model) < 0.6 * median(random))
    }

    @Test func replayedTellsResumeASearchForTwo() throws {
        var whole: [Configuration] = []
        var first = try tuner(3)
        for _ in 0..<30 {
            let configuration = try first.next()
            whole.append(configuration)
            first.tell(configuration, outcome(configuration))
        }
        var second = try tuner(3)
        for configuration in whole.prefix(17) { second.tell(configuration, outcome(configuration)) }
        for expected in whole.dropFirst(17) {
            #expect(try second.next() == expected)
            second.tell(expected, outcome(expected))
        }
        #expect(first.paretoFront() == second.paretoFront())
        #expect(first.recommendation() == second.recommendation())
    }

    @Test func theSecondObjectiveCounts() throws {
        var tuner = try tuner(2)
        for _ in 0..<40 {
            let configuration = try tuner.next()
            tuner.tell(configuration, outcome(configuration))
        }
        let front = tuner.paretoFront()
        let fastest = try #require(front.first)
        let smallest = try #require(front.last)
        #expect(fastest.observed[0] > 2 * smallest.observed[0] && fastest.observed[1] > 2 * smallest.observed[1])
        // The one recommended has the best quotient of what is on the front.
        let recommended = try #require(tuner.recommendation()).configuration
        let quotients = front.map { $0.observed[0] / $0.observed[1] }
        #expect(throughput(recommended) / memory(recommended) > 0.9 * (quotients.max() ?? 0))
        #expect(front.map(\.configuration).contains(recommended))
    }

    @Test func failuresAndBrokenConstraintsAreNotOnTheFront() throws {
        var tuner = try tuner(4, constraints: [Constraint(name: "memory", .atMost, 500)])
        for _ in 0..<40 {
            let configuration = try tuner.next()
            tuner.tell(
                configuration,
                configuration.choice("mode") == "read"
                    ? .failed(reason: "crash")
                    : .success(
                        objective: throughput(configuration), constraints: ["memory": memory(configuration)],
                        second: ObjectiveValue(memory(configuration))))
        }
        let front = tuner.paretoFront()
        #expect(!front.isEmpty)
        for member in front { #expect(member.configuration.choice("mode") != "read" && member.observed[1] <= 500) }
    }

    @Test func equalTrialsRepeatsAndFewTrialsMakeAFront() throws {
        let space = try space()
        var tuner = try tuner(1)
        #expect(tuner.paretoFront().isEmpty && tuner.recommendation() == nil)
        let one = try space.configuration(["workers": .integer(3)])
        let other = try space.configuration(["workers": .integer(4)])
        tuner.tell(one, .success(objective: 10, second: ObjectiveValue(5)))
        tuner.tell(other, .success(objective: 10, second: ObjectiveValue(5)))
        #expect(tuner.paretoFront().map(\.configuration) == [one])
        tuner.tell(other, .success(objective: 12, second: ObjectiveValue(5)))
        // Three values make a model; the repeat counts once.
        #expect(tuner.paretoFront().map(\.configuration) == [other])
        #expect(tuner.paretoFront()[0].observed == [11, 5])
        #expect(tuner.ask() != nil)
    }

    @Test(arguments: [true, false]) func anObjectiveThatDoesNotVaryDoesNotMatter(isFirst: Bool) throws {
        let space = try space()
        var tuner = Tuner(space: space, objectives: [.minimise, .minimise], seed: 5)
        for _ in 0..<40 {
            let configuration = try tuner.next()
            let memory = memory(configuration)
            tuner.tell(
                configuration, .success(objective: isFirst ? 7 : memory, second: ObjectiveValue(isFirst ? memory : 7)))
        }
        let front = tuner.paretoFront()
        #expect(front.count == 1)
        #expect(try #require(front.first).observed[isFirst ? 1 : 0] < 1.3 * 25)
    }

    @Test func aMissingSecondObjectiveIsAFailure() throws {
        var tuner = try tuner(1)
        for _ in 0..<12 { tuner.tell(try tuner.next(), .success(objective: 1)) }
        #expect(tuner.paretoFront().isEmpty && tuner.recommendation() == nil)
        var nan = try self.tuner(1)
        for _ in 0..<12 { nan.tell(try nan.next(), .success(objective: 1, second: ObjectiveValue(.nan))) }
        #expect(nan.paretoFront().isEmpty)
    }

    @Test func aSearchForOneHasNoFront() throws {
        var tuner = Tuner(space: try space(), objective: .maximise, seed: 1)
        tuner.tell(try tuner.next(), .success(objective: 1, second: ObjectiveValue(2)))
        #expect(tuner.paretoFront().isEmpty && tuner.recommendation() != nil)
    }

    @Test func suggestionsAskedTogetherDifferAndCarryBothPredictions() throws {
        var tuner = try tuner(4)
        for _ in 0..<14 {
            let configuration = try tuner.next()
            tuner.tell(configuration, outcome(configuration))
        }
        var batch: Set<Configuration> = []
        for _ in 0..<5 {
            batch.insert(try tuner.next())
            let details = try #require(tuner.lastSuggestion)
            #expect(details.predictions.count == 2 && details.predictions.allSatisfy { $0.value > 0 })
            #expect(try #require(details.expectedGain) > 0)
        }
        #expect(batch.count == 5)
    }
}
