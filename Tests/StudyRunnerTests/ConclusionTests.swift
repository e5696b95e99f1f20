import BayesianTuning
import Benchmarking
import Foundation
import Parameters
import ResultStore
import Testing

@testable import StudyRunner

/// What a study hands over: limits hold for it, and it was compared with what ran.
struct ConclusionTests {
    private static func megabytes(_ count: Int) -> Int { count * 1_000_000 }

    private static let limited = StudyFixture.options(budget: 25) {
        $0.maximumMemoryBytes = megabytes(100)
        $0.worthwhileGain = 0
    }

    /// The best keeps the limit in its first runs and breaks it later, which only the confirmation sees.
    @Test func whatBreaksALimitInTheConfirmationIsNotReturned() throws {
        let program = FakeProgram { configuration, earlier, _ in
            var run = FakeRun(wall: bowl(configuration, earlier), memory: Self.megabytes(60))
            if configuration.workers >= 5, earlier > 4 { run.memory = Self.megabytes(120) }
            return run
        }
        let fixture = try StudyFixture()
        var study = try fixture.create(program, Self.limited)
        var notes: [String] = []
        let end = try study.run(stopSignal: { nil }) { if case .note(let text) = $0 { notes.append(text) } }
        let history = try fixture.history(study.id)
        let verdict = try #require(end.verdict)
        #expect(notes.contains { $0.contains("broke a limit in its confirmation: memory 120.0 MB is above") })
        let confirmed = try fixture.store.trials(of: study.id).filter { $0.plan.phase == .confirm }
        #expect(confirmed.first?.outcome.state == .infeasible)
        if verdict.kind == .improved {
            let best = try history.configuration(verdict.best)
            #expect(best.workers < 5, "\(best)")
            #expect(confirmed.last?.outcome.state == .succeeded)
        } else {
            #expect(verdict.kind == .noFeasibleConfiguration || verdict.reference == .builtInDefault)
        }
    }

    @Test func whereEverythingBreaksALimitInTheConfirmationNothingIsReturned() throws {
        let program = FakeProgram { configuration, earlier, _ in
            FakeRun(
                wall: bowl(configuration, earlier),
                memory: Self.megabytes(configuration.isFakeDefault || earlier > 4 ? 120 : 60))
        }
        let (end, history) = try StudyFixture().run(Self.limited, program)
        #expect(end.verdict?.kind == .noFeasibleConfiguration)
        #expect(end.verdict?.sentence.contains("broke them in the confirmation") == true)
        #expect(history.confirmation == nil)
    }

    /// What is in place does not run any more: the default is what the best found is compared with.
    @Test func aConfigurationInPlaceThatFailsIsNoArm() throws {
        let program = FakeProgram { configuration, earlier, _ in
            configuration.workers == 3
                ? FakeRun(termination: .exited(code: 70)) : FakeRun(wall: bowl(configuration, earlier))
        }
        let before = [Setting("execution.workers", "3"), Setting("execution.chunk_size", "64")]
        let (end, history) = try StudyFixture().run(StudyFixture.options(budget: 25), before: before, program)
        #expect(history.confirmation?.arms == [.builtInDefault, .best])
        #expect(end.verdict?.kind == .improved && (end.verdict?.ratio?.estimate ?? 0) > 1.3)
    }

    /// A default beyond the time limit is no candidate, but what candidates are measured against.
    @Test func theDefaultMayTakeLongerThanTheLimit() throws {
        let program = FakeProgram { configuration, _, _ in
            FakeRun(wall: configuration.isFakeDefault ? 100 : 20 + Double(configuration.workers))
        }
        let (end, history) = try StudyFixture().run(
            StudyFixture.options(budget: 8) { $0.maximumSeconds = 40 }, program)
        #expect(end.verdict?.kind == .improved && end.verdict?.sentence.contains("Only the best") == true)
        #expect(history.confirmation?.rows.count == 12)
        #expect(history.confirmation?.runs(of: .builtInDefault).allSatisfy { $0.run.failure == nil } == true)
    }

    /// Candidates run up to twice the limit, so that it is known how far they are from it.
    @Test func theClosestMayBeJustBeyondTheLimit() throws {
        let program = FakeProgram { configuration, _, _ in
            FakeRun(wall: configuration.isFakeDefault ? 100 : 41 + Double(configuration.workers))
        }
        let (end, history) = try StudyFixture().run(
            StudyFixture.options(budget: 10) { $0.maximumSeconds = 40 }, program)
        #expect(end.verdict?.kind == .noFeasibleConfiguration)
        let closest = try present(history.trials.first { $0.number == end.verdict?.bestTrial })
        #expect(closest.judgement?.violation ?? 9 < 1.3 && closest.configuration.workers < 8)
    }

    @Test func aDefaultThatRunsOnlyOnceEndsTheStudy() throws {
        for target in [StudyTarget.throughput, .balanced] {
            let program = FakeProgram { configuration, earlier, _ in
                configuration.isFakeDefault && earlier == 2
                    ? FakeRun(termination: .exited(code: 70)) : FakeRun(wall: bowl(configuration, earlier))
            }
            let (end, _) = try StudyFixture().run(StudyFixture.options { $0.target = target }, program)
            guard case .failed(let reason) = end else {
                Issue.record("\(end)")
                continue
            }
            #expect(reason.contains("the built-in default does not run: exited with status 70"))
        }
    }

    /// A stale profile that is slower than the default loses its place.
    @Test func theDefaultReplacesAWorseConfigurationInPlace() throws {
        let program = FakeProgram { configuration, _, _ in
            FakeRun(wall: configuration.isFakeDefault ? 1 : 1.5 + 0.1 * Double(configuration.workers))
        }
        let before = [Setting("execution.workers", "8")]
        let (end, history) = try StudyFixture().run(StudyFixture.options(budget: 12), before: before, program)
        let verdict = try #require(end.verdict)
        #expect(verdict.kind == .improved && verdict.reference == .before)
        #expect(try history.configuration(verdict.best) == history.space.defaultConfiguration)
        #expect(history.confirmation?.arms == [.before, .best])
        // One that was never measured keeps it.
        let short = try StudyFixture().run(StudyFixture.options(budget: 1), before: before, program)
        #expect(short.end.verdict?.kind == .noImprovement && short.end.verdict?.reference == .before)
    }

    @Test func aBudgetThatIsUsedUpIsNoReason() throws {
        let exact = FakeProgram { configuration, _, _ in FakeRun(wall: bowl(configuration, 0)) }
        let (end, history) = try StudyFixture().run(
            StudyFixture.options(budget: 20) { $0.worthwhileGain = 0.5 }, exact)
        #expect(history.judged.count == 20, "\(history.judged.count), \(end)")
        #expect(end.verdict?.searchEnd == nil)
    }

    /// What was right under other limits is not forbidden, and what the user gives is tried.
    @Test func onlyFailuresOfTheProgramAreRemembered() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { configuration, earlier, _ in
            switch configuration.workers {
            case 7: FakeRun(failure: RunFailure(.inaccurate, "F1 0.9 is below the floor"))
            case 8: FakeRun(termination: .exited(code: 70))
            default: FakeRun(wall: bowl(configuration, earlier))
            }
        }
        let first = try fixture.run(StudyFixture.options(budget: 40) { $0.worthwhileGain = 0 }, program).history
        let crashed = try #require(first.judged.first { $0.configuration.workers == 8 }?.configuration)
        #expect(first.judged.contains { $0.configuration.workers == 7 })
        let second = try fixture.run(
            StudyFixture.options(budget: 3) { $0.seed = 5 }, before: first.settings(of: crashed), program
        ).history
        let failures = second.earlier.filter { if case .success = $0.outcome { false } else { $0.isSameProgram } }
        #expect(!failures.isEmpty && failures.allSatisfy { $0.configuration.workers == 8 })
        #expect(second.trials[1].configuration == crashed, "what is in place is measured")
    }
}
