import Parameters
import Statistics
import Testing

@testable import BayesianTuning

struct StoppingTests {
    private func time(_ c: Configuration) -> Double {
        let workers = Double(c.integer("workers") - 6)
        let chunk = Double(c.integer("chunk") - 3)
        let modes: [String: Double] = ["map": 1.3, "read": 1, "stream": 1.8]
        return (10 + workers * workers + 0.5 * chunk * chunk) * (modes[c.choice("mode")] ?? 9)
    }

    private func advice(
        _ count: Int, threshold: Double = 0.005, patience: Int = 5, strategy: SearchStrategy = .bayesian
    ) throws -> (trials: [Configuration], advice: [StopReason?]) {
        var tuner = Tuner(space: try Spaces.small(), objective: .minimise, seed: 2, strategy: strategy)
        var trials: [Configuration] = []
        var advice: [StopReason?] = []
        for _ in 0..<count {
            let configuration = try tuner.next()
            tuner.tell(configuration, .success(objective: time(configuration)))
            trials.append(configuration)
            advice.append(tuner.stoppingAdvice(threshold: threshold, patience: patience))
        }
        return (trials, advice)
    }

    @Test func aSolvedProblemEndsEarlyAndSaysWhy() throws {
        let (trials, advice) = try advice(50)
        let stop = try #require(advice.firstIndex { $0 != nil })
        #expect(stop >= 19)
        let best = try #require(Spaces.small().enumerate()).map(time).min() ?? 0
        #expect(trials.prefix(stop + 1).map(time).min() == best)
        guard case .littleToGain(let gain, let threshold, 5)? = advice[stop] else {
            Issue.record("\(String(describing: advice[stop]))")
            return
        }
        #expect(gain < threshold && threshold >= 0.005)
        let text = StopReason.littleToGain(largestGain: 0.003_04, threshold: 0.005, suggestions: 5).description
        #expect(text.contains("0.3 %") && text.contains("5 suggestions") && text.contains("0.5 %"))
        #expect(StopReason.exhausted.description.contains("every configuration"))
    }

    /// What the user gave is tried before anything is decided.
    @Test func givenConfigurationsAreTriedFirst() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...60)])
        let given = try (1...30).map { try space.configuration(["a": .integer($0)]) }
        var tuner = Tuner(space: space, objective: .minimise, seed: 1, initial: given)
        for (count, configuration) in given.enumerated() {
            #expect(tuner.stoppingAdvice(threshold: 0.9) == nil, "after \(count)")
            #expect(tuner.ask() == configuration)
            tuner.tell(configuration, .success(objective: 1))
        }
        #expect(tuner.stoppingAdvice(threshold: 0.9) != nil)
    }

    @Test func theArgumentsAreHeeded() throws {
        #expect(try advice(40, threshold: 1e9, patience: 5).advice.firstIndex { $0 != nil } == 19)
        let patient = try #require(try advice(40, patience: 12).advice.firstIndex { $0 != nil })
        let hasty = try #require(try advice(40, patience: 2).advice.firstIndex { $0 != nil })
        #expect(patient > hasty)
        #expect(try advice(30, threshold: 1e9, strategy: .random).advice.allSatisfy { $0 == nil })
    }

    /// Asking in between, or asking and never telling, changes nothing.
    @Test func aResumedStudyStopsWhereAnUninterruptedOneDoes() throws {
        let (trials, advice) = try advice(32)
        var resumed = Tuner(space: try Spaces.small(), objective: .minimise, seed: 2)
        for (index, configuration) in trials.enumerated() {
            resumed.tell(configuration, .success(objective: time(configuration)))
            if index >= 19 { #expect(resumed.stoppingAdvice() == advice[index], "after \(index + 1)") }
        }
        _ = resumed.ask()
        #expect(resumed.stoppingAdvice() == advice[31])
        #expect(advice.contains { $0 == nil } && advice.contains { $0 != nil })
    }

    @Test func theSearchMayEndWhenNothingIsLeft() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...3)])
        var tuner = Tuner(space: space, objective: .minimise, seed: 1)
        for _ in 0..<3 {
            #expect(tuner.stoppingAdvice() == nil)
            tuner.tell(try tuner.next(), .success(objective: 1))
        }
        #expect(tuner.stoppingAdvice() == .exhausted)
    }

    @Test func withoutAnythingFeasibleItGoesOn() throws {
        var tuner = Tuner(
            space: try Spaces.small(), objective: .minimise, seed: 1,
            constraints: [Constraint(name: "memory", .atMost, 1)])
        for _ in 0..<25 { tuner.tell(try tuner.next(), .success(objective: 3, constraints: ["memory": 5])) }
        #expect(tuner.stoppingAdvice(threshold: 1e9) == nil)
    }
}
