import Benchmarking
import Foundation
import HostEnvironment
import Testing

@testable import ResultStore

@Suite struct TrialStoreTests {
    @Test func whatIsStoredIsReadBack() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let study = try store.createStudy(studyPlan)
        #expect(study.id.wholeMatch(of: /2026-11-28-throughput-[0-9a-f]{6}/) != nil)
        let first = try store.beginTrial(trialPlan(1), in: study.id)
        let second = try store.beginTrial(trialPlan(2, phase: .confirm), in: study.id)
        #expect((first.number, second.number) == (0, 1))
        let runs = [
            measurement(0), measurement(1, run: childRun(.timedOut(seconds: 3), wall: .unavailable(reason: "x"))),
        ]
        for run in runs { try store.addMeasurement(run, to: 0, in: study.id) }
        try store.finishTrial(0, in: study.id, outcome: TrialOutcome(state: .succeeded, objective: 2.5))
        try store.setIncumbent("workers: 1\n", of: study.id)
        try store.setVerdict(json: #"{"better":true}"#, of: study.id)
        try store.setReportPath("r.html", of: study.id)
        try store.setConfigurationPath("c.yaml", of: study.id)
        try store.setState(.finished, of: study.id)

        let again = try fixture.open(.readOnly)
        let stored = try again.study("latest")
        #expect(stored.plan == studyPlan)
        #expect(stored.state == .finished)
        #expect(stored.incumbentConfiguration == "workers: 1\n")
        #expect(stored.verdictJSON == #"{"better":true}"#)
        #expect(stored.reportPath == "r.html" && stored.configurationPath == "c.yaml")
        let trials = try again.trials(of: study.id)
        #expect(trials.map(\.plan) == [trialPlan(1), trialPlan(2, phase: .confirm)])
        #expect(trials.map(\.outcome.state) == [.succeeded, .running])
        #expect(trials[0].outcome.objective == 2.5 && trials[0].finishedAt != nil && trials[1].finishedAt == nil)
        #expect(try again.measurements(of: 0, in: study.id) == runs)
        #expect(try again.measurements(of: 1, in: study.id).isEmpty)
        try again.integrityCheck()
    }

    /// Runs stored before memory over time, run-queue delay and the other pressures were measured.
    @Test func runsOfEarlierVersionsAreRead() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let study = try store.createStudy(studyPlan)
        _ = try store.beginTrial(trialPlan(1), in: study.id)
        let timeline = MemoryTimeline(
            resident: [.init(seconds: 0.01, bytes: 10, anonymousBytes: 5)], shares: .unavailable(reason: "short"))
        let run = childRun(memoryTimeline: .available(timeline))
        try store.addMeasurement(measurement(0, run: run), to: 0, in: study.id)
        #expect(try store.measurements(of: 0, in: study.id).first?.run == run)
        let later = ["memoryTimeline", "runQueueSeconds", "memoryPressureSeconds", "ioPressureSeconds"]
        let paths = later.map { "'$.\($0)'" }.joined(separator: ", ")
        try store.execute("UPDATE measurement SET raw = json_remove(raw, \(paths))")
        let old = try #require(try store.measurements(of: 0, in: study.id).first?.run)
        #expect(old.memoryTimeline.reason == "not recorded for this run")
        #expect(old == childRun())
        #expect(try store.export(study: study.id, format: .json).contains("not recorded for this run"))
    }

    @Test func studiesAreFoundByIdPrefixAndAge() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        #expect(throws: ResultStoreError.self) { try store.study("latest") }
        for id in ["2026-11-27-memory-aaaaaa", "2026-11-28-throughput-abc123", "2026-11-28-throughput-abd456"] {
            _ = try store.createStudy(studyPlan) { _ in id }
        }
        #expect(try store.study("2026-11-27").id == "2026-11-27-memory-aaaaaa")
        #expect(try store.study("2026-11-28-throughput-abc").id == "2026-11-28-throughput-abc123")
        #expect(try store.study("latest").id == "2026-11-28-throughput-abd456")
        #expect(try store.studies().count == 3)
        let ambiguous = #expect(throws: ResultStoreError.self) { try store.study("2026-11-28") }
        #expect(ambiguous?.code == .ambiguousStudy)
        #expect(ambiguous?.reason.contains("abc123") == true && ambiguous?.reason.contains("abd456") == true)
        for unknown in ["", "2025", "%", "2026-11-28-throughput-abc1234"] {
            #expect(throws: ResultStoreError.self) { try store.study(unknown) }
        }
    }

    @Test func equalNamesAreTriedAgain() throws {
        let store = try StoreFixture().open()
        var names = ["one", "one", "two"]
        #expect(try store.createStudy(studyPlan) { _ in names.removeFirst() }.id == "one")
        #expect(try store.createStudy(studyPlan) { _ in names.removeFirst() }.id == "two")
    }

    @Test func runningTrialsAreInterruptedOnResume() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let id = try store.createStudy(studyPlan).id
        for i in 1...3 { _ = try store.beginTrial(trialPlan(i), in: id) }
        try store.finishTrial(1, in: id, outcome: TrialOutcome(state: .infeasible, reason: "F1 0.9"))
        #expect(try store.interruptRunningTrials(of: id, reason: "the tuner was killed") == [0, 2])
        #expect(try store.interruptRunningTrials(of: id, reason: "again").isEmpty)
        let outcomes = try store.trials(of: id).map(\.outcome)
        #expect(outcomes.map(\.state) == [.interrupted, .infeasible, .interrupted])
        #expect(outcomes[0].reason == "the tuner was killed" && outcomes[1].reason == "F1 0.9")
    }

    @Test func whatMakesNoSenseIsRefused() throws {
        let store = try StoreFixture().open()
        let id = try store.createStudy(studyPlan).id
        func code(_ body: () throws -> Void) -> ResultStoreError.Code? {
            #expect(throws: ResultStoreError.self, performing: body)?.code
        }
        #expect(code { _ = try store.beginTrial(trialPlan(1), in: "none") } == .unknownStudy)
        #expect(code { try store.setState(.failed, of: "none") } == .unknownStudy)
        #expect(code { try store.finishTrial(0, in: id, outcome: TrialOutcome(state: .failed)) } == .unknownTrial)
        #expect(code { try store.addMeasurement(measurement(0), to: 0, in: id) } == .unknownTrial)
        _ = try store.beginTrial(trialPlan(1), in: id)
        #expect(code { try store.finishTrial(0, in: id, outcome: TrialOutcome(state: .running)) } == .invalidValue)
        #expect(
            code { try store.finishTrial(0, in: id, outcome: TrialOutcome(state: .succeeded, objective: .nan)) }
                == .invalidValue)
        try store.finishTrial(0, in: id, outcome: TrialOutcome(state: .failed))
        #expect(code { try store.finishTrial(0, in: id, outcome: TrialOutcome(state: .failed)) } == .trialNotRunning)
        #expect(code { try store.addMeasurement(measurement(0, stages: "{"), to: 0, in: id) } == .invalidValue)
        var plan = trialPlan(1)
        plan.configurationJSON = "workers: 1"
        #expect(code { _ = try store.beginTrial(plan, in: id) } == .invalidValue)
        #expect(code { try store.setVerdict(json: "better", of: id) } == .invalidValue)
        #expect(try store.trials(of: id).count == 1)
    }

    @Test func twoConnectionsWriteAtOnce() async throws {
        let fixture = try StoreFixture()
        let path = fixture.path
        // Both also create and migrate the file at once.
        let id = "2026-11-28-shared-000000"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let store = try TrialStore(path: path)
                    if writer == 0 { _ = try store.createStudy(studyPlan) { _ in id } }
                }
            }
            try await group.waitForAll()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let store = try TrialStore(path: path)
                    for i in 0..<25 {
                        let trial = try store.beginTrial(trialPlan(writer * 100 + i), in: id)
                        try store.addMeasurement(measurement(0), to: trial.number, in: id)
                        try store.finishTrial(
                            trial.number, in: id, outcome: TrialOutcome(state: .succeeded, objective: 1))
                        _ = try store.trials(of: id)
                    }
                }
            }
            try await group.waitForAll()
        }
        let trials = try TrialStore(path: path, access: .readOnly).trials(of: id)
        #expect(trials.map(\.number) == Array(0..<100))
        #expect(Set(trials.map(\.plan.configurationHash)).count == 100)
    }
}
