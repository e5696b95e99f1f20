import Benchmarking
import Foundation
import GRDB
import HostEnvironment

@testable import ResultStore

/// A store in a folder of its own, removed with the value's owner, with a clock that counts seconds.
final class StoreFixture {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trial-store-\(UUID())")
    var path: String { folder.appendingPathComponent("trials.sqlite").path }

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func open(_ access: TrialStore.Access = .readWrite, maximumPages: Int? = nil) throws -> TrialStore {
        try TrialStore(
            path: path, access: access, busyTimeout: 10, maximumPages: maximumPages, clock: { 1_795_836_606.25 })
    }
}

let studyPlan = StudyPlan(
    machine: MachineIdentity(
        architecture: "x86_64", cpuModel: "AMD EPYC", usableCPUs: 2, usableMemoryBytes: 16 << 30, gpuModel: "none"),
    target: "throughput", budgetJSON: #"{"trials":40}"#, seed: .max, strategy: "gaussian-process",
    enginePath: "/usr/bin/lavoisier", engineSHA256: "abc", versions: ["engine": "1.0", "tuner": "1.1"],
    workloads: [WorkloadReference(name: "small", sha256: "def")],
    searchSpaceJSON: #"{"execution.workers":{"maximum":2,"minimum":1}}"#, searchSpaceSHA256: "123")

func trialPlan(_ workers: Int, phase: TrialPhase = .search) -> TrialPlan {
    TrialPlan(
        configurationJSON: #"{"execution.workers":\#(workers)}"#, configurationHash: "hash-\(workers)", phase: phase,
        predictedMean: 1.5, predictedDeviation: 0.25, suggestionCPUSeconds: 0.125)
}

func childRun(
    _ termination: Termination = .exited(code: 0), wall: Measured<Double> = .available(2),
    memoryTimeline: Measured<MemoryTimeline> = ChildMeasurement.notRecorded()
) -> ChildMeasurement {
    ChildMeasurement(
        termination: termination, startedAt: 1_795_836_600, wallSeconds: wall, userSeconds: .available(1.5),
        systemSeconds: .available(0.25), peakMemoryBytes: .available(1 << 20), peakMemorySource: .polled,
        io: .available(
            InputOutput(readCallBytes: 10, writeCallBytes: 20, storageReadBytes: 0, storageWriteBytes: 40)),
        minorFaults: .available(1), majorFaults: .available(0), voluntarySwitches: .available(3),
        involuntarySwitches: .available(4), cpuPressureSeconds: .unavailable(reason: "no PSI"),
        stealSeconds: .available(0), energyJoules: .available(7.5), standardOutput: OutputTail(text: "", totalBytes: 0),
        standardError: OutputTail(text: "a \"b\"\n", totalBytes: 6), memoryTimeline: memoryTimeline)
}

func measurement(
    _ index: Int, run: ChildMeasurement = childRun(), stages: String? = #"{"read":0.5}"#
) -> MeasurementRecord {
    MeasurementRecord(
        repeatIndex: index, arm: index % 2 == 0 ? "default" : "candidate", order: index, workload: "small", run: run,
        digest: "d\(index)", accuracyJSON: #"{"f1":1}"#, stagesJSON: stages)
}

extension TrialStore {
    func execute(_ sql: String) throws { try queue.writeWithoutTransaction { try $0.execute(sql: sql) } }

    func strings(_ sql: String) throws -> [String] { try queue.read { try String.fetchAll($0, sql: sql) } }

    func pragma(_ name: String) throws -> String? {
        try queue.read { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    /// Moves the write-ahead log into the file.
    func checkpoint() throws { _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
}
