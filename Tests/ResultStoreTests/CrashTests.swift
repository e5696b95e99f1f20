import Benchmarking
import Foundation
import Testing

@testable import ResultStore

private let crashFile = "LAVOISIER_TEST_CRASH_STORE"

@Suite struct CrashTests {
    /// Runs only inside the process that `aKilledWriterLosesNothingCommitted` starts, and kills that while it writes.
    @Test(.enabled(if: getenv(crashFile) != nil))
    func killedWriter() throws {
        let path = String(cString: try #require(getenv(crashFile)))
        let store = try TrialStore(path: path)
        let id = try store.createStudy(studyPlan).id
        let killer = Thread {
            // The main thread is somewhere in a transaction by then.
            while (try? store.trials(of: id).count) ?? 0 < 20 {}
            kill(getpid(), SIGKILL)
        }
        killer.start()
        for i in 0..<1_000_000 {
            let trial = try store.beginTrial(trialPlan(i), in: id)
            try store.addMeasurement(measurement(0), to: trial.number, in: id)
            try store.finishTrial(trial.number, in: id, outcome: TrialOutcome(state: .succeeded, objective: 1))
        }
    }

    @Test(.enabled(if: getenv(crashFile) == nil))
    func aKilledWriterLosesNothingCommitted() throws {
        let fixture = try StoreFixture()
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let program = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var environment = [crashFile: fixture.path, "PATH": "/usr/bin:/bin"]
        if let libraries = getenv("LD_LIBRARY_PATH") { environment["LD_LIBRARY_PATH"] = String(cString: libraries) }
        let run = ChildProcess(
            executable: program, arguments: ["--testing-library", "swift-testing", "--filter", "killedWriter"],
            environment: environment, limits: ChildLimits(timeoutSeconds: 60)
        ).run()
        try #require(run.termination == .signalled(number: SIGKILL), "\(run)")
        let store = try fixture.open()
        try store.integrityCheck()
        let id = try store.study("latest").id
        let trials = try store.trials(of: id)
        try #require(trials.count >= 20)
        #expect(trials.map(\.number) == Array(0..<trials.count))
        #expect(trials.dropLast().allSatisfy { $0.outcome.state == .succeeded })
        _ = try store.interruptRunningTrials(of: id, reason: "killed")
        #expect(try store.beginTrial(trialPlan(1), in: id).number == trials.count)
    }

    /// The write-ahead log cut at any byte, as a power cut may leave it: always a whole number of transactions.
    @Test func aTornLogGivesAPrefixOfTheTrials() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let id = try store.createStudy(studyPlan).id
        try store.checkpoint()
        for i in 0..<6 { _ = try store.beginTrial(trialPlan(i), in: id) }
        let database = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        let log = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "-wal"))
        try #require(log.count > 4096)
        var previous = 0
        for cut in stride(from: 0, through: log.count, by: 1237) {
            let copy = try StoreFixture()
            try database.write(to: URL(fileURLWithPath: copy.path))
            try log.prefix(cut).write(to: URL(fileURLWithPath: copy.path + "-wal"))
            let torn = try copy.open()
            try torn.integrityCheck()
            let count = try torn.trials(of: id).count
            #expect(count >= previous && count <= 6, "cut at byte \(cut)")
            previous = count
        }
        #expect(previous > 0)
    }
}
