import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import ResultStore
import Testing

@testable import StudyRunner

struct StudySearchTests {
    @Test func findsTheBestWithinTheBudgetAndConfirmsIt() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        let (end, history) = try fixture.run(StudyFixture.options(budget: 30) { $0.worthwhileGain = 0 }, program)
        #expect(history.judged.count == 30)
        #expect(history.trials[0].configuration == history.space.defaultConfiguration)
        #expect(
            Set(history.judged.map(\.configuration)).count == 30, "a configuration ran as two trials")
        #expect(history.trials.count <= 30 + Study.finalTrials, "only the repeats at the end are allowed")
        #expect(Set(program.log.runs).count == 30, "more configurations than the budget")
        let verdict = try #require(end.verdict)
        #expect(verdict.kind == .improved)
        let ratio = try #require(verdict.ratio)
        #expect(ratio.lower > 1.4 && ratio.estimate < 1.9 && ratio.pairs == 12, "\(ratio.text)")
        #expect(verdict.reference == .builtInDefault)
        #expect(history.confirmation?.arms == [.builtInDefault, .best])
        #expect(history.record.state == .finished && history.verdict == verdict)
        #expect(history.engineRuns == program.log.runs.count)
        try fixture.store.integrityCheck()
    }

    @Test func everyKindOfFailureIsRecordedAndNeverBest() throws {
        let program = FakeProgram { configuration, earlier, _ in
            var run = FakeRun(wall: 0.1)
            switch configuration.workers {
            case 2: run.wall = 1
            case 1: run.wall = 0.9 + 0.001 * Double(configuration.chunkSize % 7)
            case 3: run.termination = .exited(code: 70)
            case 4: run.termination = .timedOut(seconds: 30)
            case 5: run.termination = .memoryLimitExceeded(residentBytes: 1 << 30)
            case 6: run.failure = RunFailure(.wrongResult, "digest abc instead of def")
            case 7: run.failure = RunFailure(.inaccurate, "F1 0.9 is below the floor")
            default: run.termination = .signalled(number: 11)
            }
            _ = earlier
            return run
        }
        let (_, history) = try StudyFixture().run(StudyFixture.options(budget: 40), program)
        let expected: [Int: (TrialState, String)] = [
            3: (.failed, "exited with status 70: the engine says why"), 4: (.timedOut, "killed after the time limit"),
            5: (.failed, "bytes of resident memory, above the limit"), 6: (.failed, "digest abc instead of def"),
            7: (.infeasible, "F1 0.9 is below the floor"), 8: (.failed, "SIGSEGV"),
        ]
        for trial in history.judged {
            guard let (state, reason) = expected[trial.configuration.workers] else {
                #expect(trial.record.outcome.state == .succeeded)
                continue
            }
            #expect(trial.record.outcome.state == state)
            #expect(trial.record.outcome.reason?.contains(reason) == true, "\(trial.record.outcome.reason ?? "none")")
            #expect(trial.record.outcome.objective == nil)
        }
        #expect(history.judged.contains { $0.record.outcome.state == .failed })
        #expect([1, 2].contains(try present(history.bestTrial).configuration.workers))
        let best = try #require(history.verdict?.best.first { $0.name == "execution.workers" })
        #expect(best.text == "1" || best.text == "2")
    }

    @Test func constraintsAreKept() throws {
        // More workers are faster and need more memory: the best allowed is 5.
        let program = FakeProgram { configuration, earlier, _ in
            FakeRun(wall: bowl(configuration, earlier), memory: configuration.workers * 10_000_000)
        }
        let options = StudyFixture.options(budget: 25) { $0.maximumMemoryBytes = 50_000_000 }
        let (end, history) = try StudyFixture().run(options, program)
        for trial in history.judged {
            let isOver = trial.configuration.workers > 5
            #expect(trial.record.outcome.state == (isOver ? .infeasible : .succeeded))
            if isOver { #expect(trial.record.outcome.reason?.contains("above the limit of 50.0 MB") == true) }
        }
        #expect(history.judged.contains { $0.configuration.workers > 5 })
        #expect(end.verdict?.kind == .improved)
        #expect((Int(end.verdict?.best.first?.text ?? "") ?? 9) <= 5)
    }

    @Test func withoutAFeasibleConfigurationTheClosestIsNamed() throws {
        let program = FakeProgram { configuration, earlier, _ in
            FakeRun(wall: bowl(configuration, earlier), memory: configuration.workers * 10_000_000)
        }
        let options = StudyFixture.options(budget: 20) { $0.maximumMemoryBytes = 1_000_000 }
        let (end, history) = try StudyFixture().run(options, program)
        let verdict = try #require(end.verdict)
        #expect(verdict.kind == .noFeasibleConfiguration)
        let smallest = history.judged.map(\.configuration.workers).min()
        #expect(verdict.best.first { $0.name == "execution.workers" }?.text == smallest.map { String($0) })
        #expect(verdict.sentence.contains("The closest is trial \(verdict.bestTrial ?? -1)"))
        #expect(history.confirmation == nil)
        // A miss by far is not measured twice.
        #expect(history.judged.allSatisfy { $0.candidateRuns.count == 1 })
    }

    @Test func timeIsALimitToo() throws {
        let program = FakeProgram { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        let options = StudyFixture.options(budget: 15) { $0.maximumSeconds = 1.3 }
        let (_, history) = try StudyFixture().run(options, program)
        for trial in history.judged {
            let seconds = try #require(trial.candidateRuns.compactMap(\.wallSeconds.value).sorted().first)
            if seconds > 1.35 { #expect(trial.record.outcome.state == .infeasible) }
        }
        #expect(history.trials[0].record.outcome.state == .infeasible)
    }

    @Test func otherTargetsMinimiseTheirOwnMeasure() throws {
        for (target, metric) in [(StudyTarget.memory, "peak_memory"), (.cpuUsage, "cpu")] {
            let program = FakeProgram { configuration, _, _ in
                FakeRun(
                    wall: 1, cpu: 1 + 0.2 * Double(abs(configuration.workers - 5)),
                    memory: (100 + 20 * abs(configuration.workers - 7)) << 20)
            }
            let options = StudyFixture.options(budget: 20) { $0.target = target }
            let (end, _) = try StudyFixture().run(options, program)
            #expect(end.verdict?.kind == .improved)
            #expect(end.verdict?.best.first?.text == (metric == "cpu" ? "5" : "7"))
            #expect((end.verdict?.ratio?.estimate ?? 0) > 1.3)
        }
    }

    @Test func aSmallSpaceEndsEarly() throws {
        var program = FakeProgram { configuration, _, _ in FakeRun(wall: Double(configuration.workers)) }
        program.parameters = [
            ParameterDescription(
                name: "execution.workers", group: .execution, domain: .integer(1...3, .linear),
                defaultValue: .integer(2),
                text: "threads")
        ]
        let (end, history) = try StudyFixture().run(StudyFixture.options(), program)
        #expect(history.judged.count == 3)
        #expect(end.verdict?.best == [Setting("execution.workers", "1")])
    }

    @Test func aDefaultThatDoesNotRunFailsTheStudy() throws {
        let program = FakeProgram { _, _, _ in FakeRun(termination: .exited(code: 65)) }
        let (end, history) = try StudyFixture().run(StudyFixture.options(), program)
        #expect(end == .failed(reason: "the built-in default does not run: exited with status 65: the engine says why"))
        #expect(history.record.state == .failed && history.trials.count == 1)
    }

    /// A child killed from outside (five times, at different runs) costs a repeat, not the study.
    @Test(arguments: [0, 1, 2, 5, 9]) func aKilledChildIsRunAgain(at moment: Int) throws {
        let program = FakeProgram { configuration, earlier, total in
            var run = FakeRun(wall: bowl(configuration, earlier))
            if total == moment { run.termination = .signalled(number: 9) }
            return run
        }
        let (end, history) = try StudyFixture().run(StudyFixture.options(), program)
        #expect(end.verdict != nil)
        #expect(history.judged.count == 12)
        #expect(history.judged.allSatisfy { $0.record.outcome.state == .succeeded })
        #expect(history.failedRuns == 1)
    }

    @Test func optionsThatMakeNoSenseAreRefused() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { _, _, _ in FakeRun() }
        let changes: [(inout StudyOptions) -> Void] = [
            { $0.budget = 0 }, { $0.minimumAccuracy = 1.5 }, { $0.maximumRepeats = 1 }, { $0.confirmationRows = 3 },
            { $0.maximumMemoryBytes = 0 }, { $0.maximumSeconds = -1 },
        ]
        for change in changes {
            #expect { try fixture.create(program, StudyFixture.options(change)) } throws: {
                ($0 as? StudyError)?.code == .invalidOptions
            }
        }
        #expect(try fixture.store.studies().isEmpty)
    }
}

extension StudyFixture {
    static func options(_ change: (inout StudyOptions) -> Void) -> StudyOptions { options(budget: 12, change) }
}
