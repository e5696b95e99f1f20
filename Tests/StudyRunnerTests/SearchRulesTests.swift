import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import ResultStore
import Statistics
import Testing

@testable import StudyRunner

/// When the search stops, what it repeats, and what it knows from before.
struct SearchRulesTests {
    private static let program = FakeProgram { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier))
    }

    @Test func theSearchStopsWhenNothingIsLeftToGainAndSaysWhy() throws {
        let (end, history) = try StudyFixture().run(StudyFixture.options(budget: 100), Self.program)
        let reason = try #require(end.verdict?.searchEnd)
        #expect(history.judged.count < 60 && history.trials.count >= 20)
        #expect(
            reason.hasPrefix(
                "the search stopped after \(history.judged.count) of 100 configurations: the model expects"))
        #expect(end.verdict?.kind == .improved && (end.verdict?.ratio?.estimate ?? 0) > 1.6)
        #expect(
            try StudyFixture().run(StudyFixture.options(budget: 60) { $0.worthwhileGain = 0 }, Self.program)
                .history.judged.count == 60)
        // Random search has no model that could expect anything.
        #expect(
            try StudyFixture().run(StudyFixture.options(budget: 40) { $0.strategy = .random }, Self.program)
                .history.judged.count == 40)
    }

    @Test func whatTheModelExpectedIsStored() throws {
        let (_, history) = try StudyFixture().run(StudyFixture.options(budget: 14), Self.program)
        let plans = history.judged.map(\.record.plan)
        #expect(plans.prefix(Tuner.initialCount).allSatisfy { $0.predictedMean == nil })
        let origins = history.judged.map(\.record.plan.origin)
        #expect(origins.first == "initial" && origins[1..<Tuner.initialCount].allSatisfy { $0 == "sobol" })
        #expect(origins.dropFirst(Tuner.initialCount).allSatisfy { $0 == "process" || $0 == "forest" })
        let suggested = history.judged.dropFirst(Tuner.initialCount)
        #expect(!suggested.isEmpty)
        for trial in suggested {
            let mean = try #require(trial.record.plan.predictedMean)
            let deviation = try #require(trial.record.plan.predictedDeviation)
            let objective = try #require(trial.judgement?.objective)
            #expect(deviation > 0 && abs(mean - objective) < 10 * deviation + objective, "\(mean), \(objective)")
        }
    }

    /// Two valleys of the same depth, and runs that differ by up to a factor of two. Whether a repeat is worth more than something
    /// new depends on what a search has met, so several are looked at.
    @Test func repeatsSortOutNoiseAtTheEndAndDoNotCount() throws {
        let noisy = FakeProgram { configuration, _, total in
            var generator = SeededGenerator(seed: UInt64(total) &* 7_919)
            let workers = Double(min(abs(configuration.workers - 3), abs(configuration.workers - 7)))
            let chunk = abs(log2(Double(configuration.chunkSize) / 128))
            let precision = configuration.precision == "float64" ? 0.0 : 0.5
            let seconds = 1 + 0.6 * workers + 0.4 * chunk + precision
            return FakeRun(wall: seconds * exp(0.8 * (generator.uniform() - 0.5)))
        }
        var counts: [Int] = []
        for seed in 0...9 as ClosedRange<UInt64> {
            let options = StudyFixture.options(budget: 20) {
                $0.worthwhileGain = 0
                $0.seed = seed
            }
            let (_, history) = try StudyFixture().run(options, noisy)
            #expect(history.judged.count == 20)
            let repeated = history.trials.filter { $0.repeats != nil }
            counts.append(repeated.count)
            #expect(repeated.allSatisfy { $0.number >= options.budget - Study.finalTrials })
            for trial in repeated {
                let first = try present(history.judged.first { $0.number == trial.repeats })
                #expect(first.configuration == trial.configuration && first.number < trial.number)
                #expect(trial.configuration != history.space.defaultConfiguration)
                #expect(history.results.trials(of: trial.configuration) <= Study.mostTrialsOfOne)
                // All trials of one configuration count.
                let objectives = history.trials.filter { $0.configuration == trial.configuration }
                    .compactMap { $0.judgement?.objective }
                #expect(objectives.count > 1)
                let expected = exp(objectives.map { log($0) }.reduce(0, +) / Double(objectives.count))
                #expect(abs((history.results.objective(of: trial.configuration) ?? 0) - expected) < 1e-9)
            }
        }
        #expect(counts.allSatisfy { $0 <= Study.finalTrials }, "\(counts) repeats")
        #expect(counts.count { $0 > 0 } >= 2, "\(counts) repeats")
        print("repeats at the end of ten searches: \(counts)")
    }

    @Test func nothingIsRepeatedWithoutNoise() throws {
        let exact = FakeProgram { configuration, _, _ in FakeRun(wall: bowl(configuration, 0)) }
        let (_, history) = try StudyFixture().run(
            StudyFixture.options(budget: 30) { $0.worthwhileGain = 0 }, exact)
        #expect(history.trials.count == 30 && history.trials.allSatisfy { $0.repeats == nil })
    }

    // MARK: Earlier studies

    @Test func aLaterStudyStartsFromWhatAnEarlierOneFound() throws {
        let fixture = try StudyFixture()
        let first = try fixture.run(StudyFixture.options(budget: 25), Self.program)
        let found = try #require(first.history.bestTrial?.configuration)
        let second = try fixture.run(StudyFixture.options(budget: 6) { $0.seed = 2 }, Self.program)
        #expect(second.history.earlierStudies == [first.history.record.id])
        #expect(second.history.trials[0].configuration == second.history.space.defaultConfiguration)
        let next = second.history.trials[1].configuration
        #expect(next.workers == found.workers && next.chunkSize == found.chunkSize, "\(next), \(found)")
        #expect((second.end.verdict?.ratio?.estimate ?? 0) > 1.6, "six trials find what took 25")
        // Measured here, not taken over.
        #expect(second.history.trials[1].runs.count >= 4)

        let fresh = try fixture.run(
            StudyFixture.options(budget: 6) {
                $0.seed = 2
                $0.usesEarlierStudies = false
            }, Self.program)
        #expect(fresh.history.earlierStudies.isEmpty && fresh.history.trials[1].configuration != next)
    }

    @Test func whatFailedBeforeIsNotTriedAgain() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { configuration, earlier, _ in
            configuration.workers > 5 && configuration.chunkSize < 300
                ? FakeRun(termination: .exited(code: 70)) : FakeRun(wall: bowl(configuration, earlier))
        }
        let first = try fixture.run(StudyFixture.options(budget: 30) { $0.worthwhileGain = 0 }, program)
        let failed = Set(first.history.judged.filter { $0.judgement?.objective == nil }.map(\.configuration))
        #expect(!failed.isEmpty)
        let second = try fixture.run(
            StudyFixture.options(budget: 30) {
                $0.seed = 9
                $0.worthwhileGain = 0
            }, program)
        #expect(failed.isDisjoint(with: second.history.trials.map(\.configuration)))
        // Another build of the program may run where this one failed.
        var rebuilt = program
        rebuilt.identity.sha256 = "beef"
        let third = try fixture.run(StudyFixture.options(budget: 3), rebuilt)
        let earlier = third.history.earlier
        #expect(earlier.contains { !$0.isSameProgram } && earlier.allSatisfy { !$0.isSameProgram })
    }

    @Test func onlySimilarStudiesCount() throws {
        let fixture = try StudyFixture()
        let other = try fixture.run(
            StudyFixture.options(budget: 5) { $0.target = .memory }, Self.program
        ).history.record
        var plan = other.plan
        plan.target = StudyTarget.throughput.rawValue
        #expect(try EarlierStudies.find(for: plan, in: fixture.store).isEmpty, "another target")
        plan.target = other.plan.target
        #expect(try EarlierStudies.find(for: plan, in: fixture.store).map(\.id) == [other.id])
        let machine = other.plan.machine
        plan.machine = MachineIdentity(
            architecture: machine.architecture, cpuModel: "another model", usableCPUs: machine.usableCPUs,
            usableMemoryBytes: machine.usableMemoryBytes, gpuModel: machine.gpuModel)
        #expect(try EarlierStudies.find(for: plan, in: fixture.store).isEmpty, "another processor")
        plan.machine = MachineIdentity(
            architecture: machine.architecture, cpuModel: machine.cpuModel, usableCPUs: (machine.usableCPUs ?? 1) + 6,
            usableMemoryBytes: machine.usableMemoryBytes, gpuModel: machine.gpuModel)
        #expect(try EarlierStudies.find(for: plan, in: fixture.store).map(\.id) == [other.id], "more cores of one kind")
        // What the store has lost is left out.
        let space = try fixture.history(other.id).space
        let trials = EarlierStudies.trials(
            of: [EarlierStudy(id: "gone", trials: 9), EarlierStudy(id: other.id, trials: 5)], for: plan, base: nil,
            space: space, store: fixture.store)
        #expect(trials.count == 5 && trials.allSatisfy { $0.study == 2 && !$0.isSameProgram })
        // The default reached all of itself.
        guard case .success(let share, _, _, _, _)? = trials.first?.outcome else {
            Issue.record("the default has no objective")
            return
        }
        #expect(abs(share - 1) < 1e-9)
    }

    /// A study that searches less takes from a wider one only what had the default elsewhere.
    @Test func aNarrowerStudyLearnsOnlyFromWhatIsInItsSpace() throws {
        let fixture = try StudyFixture()
        let wide = try fixture.run(StudyFixture.options(budget: 20) { $0.worthwhileGain = 0 }, Self.program).history
        let narrow = try SearchSpace(FakeProgram.standardParameters.filter { $0.name != "execution.workers" })
        let trials = EarlierStudies.trials(
            of: [EarlierStudy(id: wide.record.id, trials: 99)], for: wide.record.plan, base: nil, space: narrow,
            store: fixture.store)
        let inside = wide.trials.filter { $0.judgement != nil && $0.configuration.workers == 2 }
        #expect(trials.count == inside.count && !trials.isEmpty)
        #expect(wide.trials.count > inside.count, "some trials had other workers")
    }

    @Test func aResumedStudyKnowsTheSameEarlierOnes() throws {
        let fixture = try StudyFixture()
        let steady = FakeProgram { configuration, _, _ in FakeRun(wall: bowl(configuration, 0)) }
        let first = try fixture.run(StudyFixture.options(budget: 12), steady)
        let options = StudyFixture.options(budget: 10) { $0.seed = 3 }
        let whole = try fixture.run(options, steady)
        let separate = try StudyFixture()
        #expect(try separate.run(StudyFixture.options(budget: 12), steady).history.judged.count == 12)
        let stopped = FakeProgram { configuration, _, total in
            total == 14 ? FakeRun(termination: .interrupted(signal: 15)) : FakeRun(wall: bowl(configuration, 0))
        }
        let id: String
        do {
            var study = try separate.create(stopped, options)
            id = study.id
            #expect(try study.run(stopSignal: { nil }, progress: { _ in }) == .interrupted(signal: 15))
        }
        // A study that ends in the meantime is not among them.
        _ = try separate.run(StudyFixture.options(budget: 4) { $0.seed = 77 }, steady)
        var resumed = try separate.resume(id, steady)
        _ = try resumed.run(stopSignal: { nil }, progress: { _ in })
        #expect(try separate.history(id).judged.map(\.configuration) == whole.history.judged.map(\.configuration))
        #expect(first.history.judged.count == 12)
    }
}

/// A stopped study takes the same decisions about repeats and its end as one that went on.
struct ResumedRulesTests {
    /// The first run of a configuration in a process is slow by some factor, the second fast, and so on.
    private static func run(_ configuration: Configuration, _ earlier: Int, _ luck: Double) -> FakeRun {
        let workers = Double(min(abs(configuration.workers - 3), abs(configuration.workers - 7)))
        let chunk = abs(log2(Double(configuration.chunkSize) / 128))
        let precision = configuration.precision == "float64" ? 0.0 : 0.5
        let factor = configuration.isFakeDefault ? 1 : earlier % 2 == 0 ? luck : 1 / luck
        return FakeRun(wall: (1 + 0.6 * workers + 0.4 * chunk + precision) * factor)
    }

    /// Little noise, so that the search ends early; much, so that it repeats. Then the moments are such that no configuration
    /// that ran once only is repeated after the stop, because its runs would be counted anew.
    @Test(arguments: [(0.25, 1.04), (0.6, 1.04), (0.8, 1.04), (0.93, 1.04), (0.25, 1.2), (0.93, 1.2)])
    func theSameTrialsFollow(share: Double, luck: Double) throws {
        let options = StudyFixture.options(budget: luck > 1.1 ? 22 : 60) {
            $0.maximumRepeats = 2
            $0.seed = 4
            if luck > 1.1 { $0.worthwhileGain = 0 }
        }
        let plain = FakeProgram { configuration, earlier, _ in Self.run(configuration, earlier, luck) }
        let whole = try StudyFixture().run(options, plain)
        let end = whole.end.verdict?.searchEnd
        if luck > 1.1 {
            #expect(whole.history.trials.contains { $0.repeats != nil }, "the rule for repeats must take part")
        } else {
            #expect(end?.contains("the model expects") == true, "the rule for the end must take part")
        }

        let search = plain.log.runs.count - 26
        let moment = Int(share * Double(search))
        let fixture = try StudyFixture()
        let stopped = FakeProgram { configuration, earlier, total in
            total == moment ? FakeRun(termination: .interrupted(signal: 15)) : Self.run(configuration, earlier, luck)
        }
        let id: String
        do {
            var study = try fixture.create(stopped, options)
            id = study.id
            #expect(try study.run(stopSignal: { nil }, progress: { _ in }) == .interrupted(signal: 15))
        }
        var resumed = try fixture.resume(
            id, FakeProgram { configuration, earlier, _ in Self.run(configuration, earlier, luck) })
        let verdict = try resumed.run(stopSignal: { nil }, progress: { _ in }).verdict
        let history = try fixture.history(id)
        let judged = { (history: StudyHistory) in history.trials.filter { $0.judgement != nil } }
        #expect(judged(history).map(\.configuration) == judged(whole.history).map(\.configuration))
        #expect(judged(history).map { $0.repeats != nil } == judged(whole.history).map { $0.repeats != nil })
        #expect(verdict?.searchEnd == end && verdict?.best == whole.end.verdict?.best)
    }
}
