import BayesianTuning
import Benchmarking
import Foundation
import ResultStore
import Testing

@testable import StudyRunner

struct StudyResumeTests {
    private struct Stop: Error {}

    /// The default runs beside every configuration, so its runs must not depend on how many there were in this process.
    private static func seconds(_ configuration: Configuration, _ earlier: Int) -> Double {
        bowl(configuration, configuration.isFakeDefault ? 0 : earlier)
    }

    /// Stopped at any run by a signal or an error, a resumed study does exactly what it would have done.
    @Test(arguments: [0, 1, 2, 7, 20, 33, 40, 61]) func aResumedStudyEqualsOneThatWasNotStopped(at moment: Int) throws {
        let plain = FakeProgram { configuration, earlier, _ in FakeRun(wall: Self.seconds(configuration, earlier)) }
        let options = StudyFixture.options(budget: 16)
        let whole = try StudyFixture().run(options, plain)
        #expect(plain.log.runs.count > 61, "the latest moment must lie within the study")

        let fixture = try StudyFixture()
        let stopped = FakeProgram { configuration, earlier, total in
            if total == moment {
                if moment % 2 == 1 { throw Stop() }
                return FakeRun(termination: .interrupted(signal: 15))
            }
            return FakeRun(wall: Self.seconds(configuration, earlier))
        }
        let id = try interrupt(fixture, stopped, options, moment)
        #expect(try fixture.history(id).record.state == .interrupted)
        #expect(try fixture.store.trials(of: id).allSatisfy { $0.outcome.state != .running })

        // A new process: counts of earlier runs start again, as they do for the configurations that are still to come.
        let fresh = FakeProgram { configuration, earlier, _ in FakeRun(wall: Self.seconds(configuration, earlier)) }
        var resumed = try fixture.resume(id, fresh)
        let end = try resumed.run(stopSignal: { nil }, progress: { _ in })
        let history = try fixture.history(id)
        #expect(end.verdict?.best == whole.end.verdict?.best)
        #expect(history.judged.map(\.configuration) == whole.history.judged.map(\.configuration))
        let objectives = history.judged.map { $0.judgement?.objective }
        #expect(objectives == whole.history.judged.map { $0.judgement?.objective })
        #expect(history.trials.count { $0.record.outcome.state == .interrupted } <= 1)
        if history.judged.count < whole.history.judged.count { Issue.record("trials are missing") }
        try fixture.store.integrityCheck()
    }

    private func interrupt(
        _ fixture: StudyFixture, _ program: FakeProgram, _ options: StudyOptions, _ moment: Int
    ) throws -> String {
        var study = try fixture.create(program, options)
        do {
            let end = try study.run(stopSignal: { nil }, progress: { _ in })
            #expect(end == .interrupted(signal: 15))
        } catch is Stop {
            #expect(moment % 2 == 1)
        }
        return study.id
    }

    @Test func aSignalBetweenRunsStopsTheStudy() throws {
        let fixture = try StudyFixture()
        let log = FakeProgram.Log()
        let program = FakeProgram(log: log) { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        var study = try fixture.create(program)
        let end = try study.run(stopSignal: { log.runs.count > 8 ? 2 : nil }, progress: { _ in })
        #expect(end == .interrupted(signal: 2))
        let history = try fixture.history(study.id)
        #expect(history.record.state == .interrupted && history.verdict == nil && history.judged.count < 12)
    }

    @Test func whatADeadTunerLeftRunningIsAskedAgain() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        let id: String
        do {
            let study = try fixture.create(program)
            id = study.id
            // As a kill -9 leaves it: begun, not finished.
            _ = try study.begin(study.space.defaultConfiguration, phase: .search, Suggestion())
        }
        var resumed = try fixture.resume(id, program)
        var notes: [String] = []
        _ = try resumed.run(stopSignal: { nil }) { if case .note(let text) = $0 { notes.append(text) } }
        let history = try fixture.history(id)
        #expect(history.trials[0].record.outcome.state == .interrupted)
        #expect(history.trials[1].configuration == history.space.defaultConfiguration)
        #expect(history.judged.count == 12)
        #expect(notes.contains { $0.contains("lost") })
    }

    @Test func anotherProgramOrWorkloadCannotGoOn() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { _, _, _ in FakeRun(termination: .interrupted(signal: 2)) }
        let id: String
        do {
            var study = try fixture.create(program)
            id = study.id
            _ = try study.run(stopSignal: { nil }, progress: { _ in })
        }
        var other = program
        other.identity.sha256 = "beef"
        var moved = program
        moved.identity.workloads = []
        var wider = program
        wider.parameters.removeLast()
        for (changed, word) in [(other, "program"), (moved, "workloads"), (wider, "parameters")] {
            #expect { try fixture.resume(id, changed) } throws: {
                ($0 as? StudyError)?.code == .notTheSame && "\($0)".contains(word)
            }
        }
        // The same program at another place is the same program.
        var copy = program
        copy.identity.path = "/elsewhere"
        _ = try fixture.resume(id, copy)
    }

    @Test func aFinishedStudyIsNotResumed() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { _, _, _ in FakeRun() }
        let (_, history) = try fixture.run(StudyFixture.options(budget: 2), program)
        #expect { try fixture.resume(history.record.id, program) } throws: {
            ($0 as? StudyError)?.code == .nothingToResume
        }
    }

    @Test func oneStudyAtATime() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { _, _, _ in FakeRun() }
        let first = try fixture.create(program)
        #expect { try fixture.create(program) } throws: {
            ($0 as? BenchmarkingError)?.code == .lockHeld && "\($0)".contains("throughput of one")
        }
        // The refused one leaves nothing behind.
        #expect(try fixture.store.studies().map(\.id) == [first.id])
    }
}
