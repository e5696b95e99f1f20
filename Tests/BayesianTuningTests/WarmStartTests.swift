import Parameters
import Statistics
import Testing

@testable import BayesianTuning

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A search that knows earlier studies: better where they are alike, no worse where they mislead.
struct WarmStartTests {
    private func space() throws -> SearchSpace {
        try SearchSpace([
            Spaces.integer("workers", 1...20), Spaces.integer("chunk", 1...20), Spaces.integer("depth", 1...8),
            Spaces.choice("mode", ["map", "read", "stream"]),
        ])
    }

    /// Best at 13 workers, chunk 6, depth 3, mode read; `size` scales it, as another input would.
    private func time(_ c: Configuration, size: Double = 1) -> Double {
        let workers = Double(c.integer("workers") - 13) / 6
        let chunk = Double(c.integer("chunk") - 6) / 6
        let depth = Double(c.integer("depth") - 3) / 3
        let modes: [String: Double] = ["map": 1.3, "read": 1, "stream": 1.6]
        return size * (1 + workers * workers + chunk * chunk + 0.5 * depth * depth) * (modes[c.choice("mode")] ?? 9)
    }

    private enum Relation: CaseIterable { case same, unrelated, opposite }

    /// A study of fifty trials with 3 % of noise, in ratios to its default.
    private func earlier(_ relation: Relation, seed: UInt64) throws -> [EarlierTrial] {
        let space = try space()
        var generator = SeededGenerator(seed: seed)
        var tuner = Tuner(
            space: space, objective: .minimise, seed: seed + 500, initial: [space.defaultConfiguration],
            strategy: .sobol)
        let unit = time(space.defaultConfiguration, size: 40)
        return try (0..<50).map { _ in
            let configuration = try tuner.next()
            tuner.tell(configuration, .success(objective: 1))
            let ratio = time(configuration, size: 40) / unit * exp(0.03 * generator.normal())
            let told =
                switch relation {
                case .same: ratio
                case .unrelated: exp(0.5 * generator.normal())
                case .opposite: 1 / ratio
                }
            return EarlierTrial(
                study: 1, configuration: configuration,
                outcome: .success(objective: told, objectiveSD: 0.03 * told), isSameProgram: true)
        }
    }

    /// Best time after 8 and after 30 trials, of an optimum of 1.
    private func search(_ seed: UInt64, _ earlier: [EarlierTrial]) throws -> (early: Double, late: Double) {
        let space = try space()
        var tuner = Tuner(
            space: space, objective: .minimise, seed: seed, initial: [space.defaultConfiguration], earlier: earlier)
        var best: [Double] = []
        for _ in 0..<30 {
            let configuration = try tuner.next()
            tuner.tell(configuration, .success(objective: time(configuration)))
            best.append(min(best.last ?? .infinity, time(configuration)))
        }
        return (best[7], best[29])
    }

    @Test func alikeStudiesHelpAndMisleadingOnesDoNoHarm() throws {
        let seeds = 1...5 as ClosedRange<UInt64>
        let cold = try seeds.map { try search($0, []) }
        print("cold: best after 8 and 30, median of 5: \(median(cold.map(\.early))), \(median(cold.map(\.late)))")
        for relation in Relation.allCases {
            let warm = try seeds.map { try search($0, try earlier(relation, seed: $0)) }
            print("\(relation): \(median(warm.map(\.early))), \(median(warm.map(\.late)))")
            if relation == .same { #expect(median(warm.map(\.early)) - 1 < 0.3 * (median(cold.map(\.early)) - 1)) }
            #expect(median(warm.map(\.late)) - 1 < median(cold.map(\.late)) - 1 + 0.05)
        }
    }

    @Test func aStudyNoticesThatEarlierOnesMislead() throws {
        let space = try space()
        for (relation, isTrusted) in [(Relation.same, true), (.unrelated, false)] {
            var tuner = Tuner(
                space: space, objective: .minimise, seed: 3, initial: [space.defaultConfiguration],
                earlier: try earlier(relation, seed: 3))
            for _ in 0..<20 {
                let configuration = try tuner.next()
                tuner.tell(configuration, .success(objective: time(configuration)))
            }
            _ = tuner.ask()
            #expect(tuner.fits.trustsEarlier == isTrusted, "\(relation)")
            #expect(tuner.recommendation() != nil && tuner.diagnostics()?.parameters.count == 4)
        }
    }

    @Test func theBestKnownConfigurationsReplaceTheInitialDesign() throws {
        let space = try space()
        let known = try (10...14).map { workers in
            EarlierTrial(
                study: 1 + workers % 2, configuration: try space.configuration(["workers": .integer(workers)]),
                outcome: .success(objective: Double(20 - workers) / 10), isSameProgram: false)
        }
        // 14: 0.6, 13: 0.7, 12: 0.8, 11: 0.9 are better than the default; one is repeated.
        var tuner = Tuner(
            space: space, objective: .minimise, seed: 2, initial: [space.defaultConfiguration],
            earlier: known + [known[4]])
        var asked: [(Int, SuggestionDetails.Origin)] = []
        for _ in 0..<5 {
            let configuration = try tuner.next()
            asked.append((configuration.integer("workers"), try #require(tuner.lastSuggestion).origin))
            tuner.tell(configuration, .success(objective: time(configuration)))
        }
        #expect(asked.map(\.0).prefix(4) == [1, 14, 13, 12])
        #expect(asked.map(\.1) == [.initial, .earlier, .earlier, .earlier, .process])
        // Maximised, none of them is better than the default.
        var other = Tuner(
            space: space, objective: .maximise, seed: 2, initial: [space.defaultConfiguration], earlier: known)
        for _ in 0..<3 {
            _ = other.ask()
            #expect(other.lastSuggestion?.origin != .earlier)
        }
    }

    @Test func whatFailedInTheSameProgramIsNeverAsked() throws {
        let space = try Spaces.small()
        let all = try #require(space.enumerate())
        let failed = all.filter { $0.integer("workers") == 7 }
        let earlier = all.filter { $0.integer("workers") >= 7 }.map {
            EarlierTrial(
                study: 1, configuration: $0, outcome: .failed(reason: "crash"),
                isSameProgram: $0.integer("workers") == 7)
        }
        var tuner = Tuner(space: space, objective: .minimise, seed: 1, earlier: earlier)
        var asked: Set<Configuration> = []
        while let next = tuner.ask() {
            asked.insert(next)
            tuner.tell(
                next, asked.count < 40 ? .success(objective: Double(next.integer("chunk"))) : .failed(reason: ""))
            if asked.count == 60 { break }
        }
        #expect(asked.isDisjoint(with: failed))
        // Exhausted when all others were asked.
        for configuration in all where configuration.integer("workers") != 7 {
            tuner.tell(configuration, .success(objective: 1))
        }
        #expect(tuner.isExhausted && tuner.ask() == nil)
    }

    @Test func replayedTellsResumeAWarmStudy() throws {
        let space = try space()
        let earlier = try earlier(.same, seed: 9)
        func tuner() -> Tuner {
            Tuner(
                space: space, objective: .minimise, seed: 4, initial: [space.defaultConfiguration], earlier: earlier)
        }
        var first = tuner()
        var asked: [Configuration] = []
        for _ in 0..<20 {
            asked.append(try first.next())
            first.tell(asked[asked.count - 1], .success(objective: time(asked[asked.count - 1])))
        }
        for stop in [0, 1, 3, 11] {
            var second = tuner()
            for configuration in asked.prefix(stop) {
                second.tell(configuration, .success(objective: time(configuration)))
            }
            for expected in asked.dropFirst(stop) {
                #expect(try second.next() == expected)
                second.tell(expected, .success(objective: time(expected)))
            }
        }
    }

    @Test func withoutTheDefaultsValueTheSearchIsACold() throws {
        let space = try space()
        var warm = Tuner(
            space: space, objective: .minimise, seed: 4, initial: [space.defaultConfiguration],
            earlier: try earlier(.same, seed: 1))
        var origins: [SuggestionDetails.Origin] = []
        for _ in 0..<12 {
            let configuration = try warm.next()
            origins.append(try #require(warm.lastSuggestion).origin)
            warm.tell(
                configuration,
                configuration == space.defaultConfiguration
                    ? .failed(reason: "crash") : .success(objective: time(configuration)))
        }
        #expect(origins == [.initial] + [.earlier, .earlier, .earlier, .sobol, .sobol, .sobol, .sobol] + origins[8...])
        #expect(origins[8...].allSatisfy { $0 == .process || $0 == .forest })
    }

    @Test func ofManyTrialsTheBestAndTheLatestAreKept() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...400)])
        // Ratios fall with a up to 100 and rise after that.
        let trials = try (1...200).map { a in
            EarlierTrial(
                study: 1 + a / 50, configuration: try space.configuration(["a": .integer(a)]),
                outcome: .success(objective: 0.1 + Double(abs(a - 100)) / 100, objectiveSD: .nan), isSameProgram: false)
        }
        let knowledge = try #require(
            EarlierKnowledge(
                trials, anchor: space.defaultConfiguration, space: space, objectives: [.minimise]))
        let kept = knowledge.rows.map { $0.configuration.integer("a") }
        #expect(kept == Array(86...115) + Array(171...200) || kept == Array(85...114) + Array(171...200))
        #expect(knowledge.best.map { $0.integer("a") } == [100, 101, 99])
        let unusable = [Double.nan, 0, -1].map {
            EarlierTrial(
                study: 1, configuration: space.defaultConfiguration, outcome: .success(objective: $0),
                isSameProgram: true)
        }
        #expect(
            EarlierKnowledge(
                unusable, anchor: space.defaultConfiguration, space: space, objectives: [.minimise]) == nil)
    }

    @Test func twoObjectivesStartWarm() throws {
        let space = try space()
        func memory(_ c: Configuration) -> Double { Double(10 + c.integer("workers") * c.integer("chunk")) }
        let unit = (time(space.defaultConfiguration), memory(space.defaultConfiguration))
        let earlier = try earlier(.same, seed: 2).map { trial in
            EarlierTrial(
                study: 1, configuration: trial.configuration,
                outcome: .success(
                    objective: time(trial.configuration) / unit.0,
                    second: ObjectiveValue(memory(trial.configuration) / unit.1)), isSameProgram: true)
        }
        var tuner = Tuner(
            space: space, objectives: [.minimise, .minimise], seed: 1, initial: [space.defaultConfiguration],
            earlier: earlier)
        var asked: Set<Configuration> = []
        for _ in 0..<16 {
            let configuration = try tuner.next()
            #expect(asked.insert(configuration).inserted)
            tuner.tell(
                configuration, .success(objective: time(configuration), second: ObjectiveValue(memory(configuration))))
        }
        #expect(tuner.lastSuggestion?.predictions.count == 2 && tuner.paretoFront().count > 2)
    }
}
