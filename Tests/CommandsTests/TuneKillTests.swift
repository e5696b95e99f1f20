import Foundation
import ResultStore
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Nothing that happens to the tuner or its child loses more than the running trial.
@Suite struct TuneKillTests {
    /// A study that takes about a second.
    private func fixture() throws -> TuneFixture { try TuneFixture("sleep 0.01") }

    private func waitUntil(_ seconds: Double = 5, _ condition: () throws -> Bool) rethrows -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while try !condition() {
            if Date() > end { return false }
            usleep(10_000)
        }
        return true
    }

    private func trialCount(_ fixture: TuneFixture) -> Int {
        guard let store = try? TrialStore(path: fixture.folder.file("trials.sqlite"), access: .readOnly),
            let study = try? store.study("latest")
        else { return 0 }
        return (try? store.trials(of: study.id).count) ?? 0
    }

    @Test(arguments: 0..<5) func killingTheTunerLosesAtMostOneTrial(attempt: Int) throws {
        let fixture = try fixture()
        let moment = UInt32.random(in: 0...600_000)
        let process = try fixture.start(fixture.study([]))
        #expect(waitUntil { trialCount(fixture) > 0 }, "the study did not start")
        usleep(moment)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let place: Comment = "attempt \(attempt), killed \(moment) us after the first trial"
        #expect(waitUntil { fixture.processes().isEmpty }, place)
        let store = try TrialStore(path: fixture.folder.file("trials.sqlite"))
        try store.integrityCheck()
        let id = try store.study("latest").id
        let before = try store.trials(of: id)
        #expect(before.count { $0.outcome.state == .running } <= 1, place)
        let resumed = try fixture.run(["resume", id] + fixture.places)
        if try store.study(id).state == .finished, resumed.status == 64 { return }
        #expect(resumed.status == 0, "\(place) \(resumed.error)")
        let after = try store.trials(of: id)
        #expect(try store.study(id).state == .finished, place)
        #expect(after.count { $0.outcome.state == .interrupted } <= 1, place)
        #expect(
            Array(after.prefix(before.count)).filter { $0.outcome.state != .interrupted }
                == before.filter { $0.outcome.state != .running }, place)
        #expect(try fixture.result(id)["configurations"] as? Int == 4, place)
        try store.integrityCheck()
    }

    @Test(arguments: 0..<5) func killingTheChildIsNotedAndTheStudyGoesOn(attempt: Int) throws {
        let fixture = try fixture()
        let moment = UInt32.random(in: 0...200_000)
        let process = try fixture.start(fixture.study([]))
        #expect(waitUntil { trialCount(fixture) > 0 }, "the study did not start")
        usleep(moment)
        var killed: Int32?
        #expect(
            waitUntil {
                killed = fixture.engines().first; return killed != nil || !process.isRunning
            })
        if let killed { kill(killed, SIGKILL) }
        process.waitUntilExit()
        let place: Comment = "attempt \(attempt), a child killed \(moment) us after the first trial"
        #expect(process.terminationStatus == 0, place)
        #expect(waitUntil { fixture.processes().isEmpty }, place)
        #expect(try fixture.result()["configurations"] as? Int == 4, place)
        try TrialStore(path: fixture.folder.file("trials.sqlite"), access: .readOnly).integrityCheck()
    }

    @Test(arguments: [SIGINT: Int32(130), SIGTERM: Int32(143)]) func aSignalStopsAndSaves(signal: Int32, status: Int32)
        throws
    {
        let fixture = try TuneFixture("sleep 0.02")
        let process = try fixture.start(fixture.study([]))
        #expect(waitUntil { trialCount(fixture) > 1 })
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == status)
        #expect(waitUntil { fixture.processes().isEmpty })
        let stopped = try fixture.result()
        #expect(stopped["state"] as? String == "interrupted")
        let report = try #require(stopped["report"] as? String)
        #expect(FileManager.default.fileExists(atPath: report))
        let resumed = try fixture.run(["resume", "latest"] + fixture.places)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try fixture.result()["state"] as? String == "finished")
    }

    @Test func twoStudiesDoNotMeasureEachOther() throws {
        let fixture = try TuneFixture("sleep 0.02")
        let process = try fixture.start(fixture.study([]))
        #expect(waitUntil { trialCount(fixture) > 0 })
        let second = try fixture.run(fixture.study([]))
        #expect(
            second.status == 1
                && second.error.contains("another study runs on this machine: study throughput of medium"))
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
    }
}
