import Benchmarking
import Foundation
import HostEnvironment
import Parameters

@testable import EngineRuns

/// A run of one workload as a test states it.
func fakeRun(
    wall: Double = 1, ready: Double? = nil, pressure: Double = 0, steal: Double = 0, memory: Int = 100_000_000,
    workload: String = "small",
    digest: String? = "aaaa", counts: [String: Int] = ["points": 1_000, "queries": 50, "features": 10],
    stages: [StageSeconds] = [], truth: TruthCount? = TruthCount(found: 40, expected: 42),
    identifications: TruthCount? = nil, agreement: Double? = nil, failure: RunFailure? = nil,
    termination: Termination = .exited(code: 0)
) -> ProgramRun {
    func none<Value>() -> Measured<Value> { .unavailable(reason: "not in this sample") }
    let measurement = ChildMeasurement(
        termination: termination, startedAt: 1_700_000_000, wallSeconds: .available(wall),
        userSeconds: .available(wall), systemSeconds: .available(0.25), peakMemoryBytes: .available(memory),
        peakMemorySource: .polled, io: none(), minorFaults: none(), majorFaults: none(), voluntarySwitches: none(),
        involuntarySwitches: none(), cpuPressureSeconds: .available(pressure * wall),
        stealSeconds: .available(steal * wall), energyJoules: .unavailable(reason: "no energy counters"),
        standardOutput: OutputTail(text: "", totalBytes: 0), standardError: OutputTail(text: "", totalBytes: 0),
        runQueueSeconds: ready.map { .available($0) } ?? ChildMeasurement.notRecorded())
    return ProgramRun(
        parts: [
            WorkloadRun(
                workload: workload, measurement: measurement, inputBytes: 10_000_000, itemCount: 500, counts: counts,
                peakMemoryBytes: .available(memory), digest: digest, stages: stages, truth: truth,
                identifications: identifications, agreement: agreement)
        ], failure: failure)
}

/// Conditions as a test machine states them.
func sampleConditions(kernel: String = "6.1") throws -> HostConditions {
    let text = """
        {"kernel": {"value": "\(kernel)"}, "frequencyGovernor": {"unavailable": "no cpufreq"},
         "boost": {"value": true}, "microcode": {"value": "0x1"}, "transparentHugePages": {"value": "madvise"},
         "loadAverage": {"value": {"oneMinute": 0.5, "fiveMinutes": 0.25, "fifteenMinutes": 0.125}}}
        """
    return try JSONDecoder().decode(HostConditions.self, from: Data(text.utf8))
}

func sampleMachine(_ cpu: String = "Sample CPU") -> MachineIdentity {
    MachineIdentity(
        architecture: "x86_64", cpuModel: cpu, usableCPUs: 2, usableMemoryBytes: 1 << 34, gpuModel: "none")
}

/// A result file in memory.
func sampleRecord(
    runs: [ProgramRun], machine: MachineIdentity = sampleMachine(), hash: String = String(repeating: "b", count: 64),
    workload: String = "small", algorithms: [EngineAlgorithm] = EngineAlgorithm.allCases,
    metrics: [BenchmarkMetric] = BenchmarkMetric.allCases
) throws -> BenchmarkRecord {
    var inner = InterleavedRecord(arms: 1, seed: 1)
    inner.warmUps = [ArmRun(arm: 0, loadBefore: .available(0.5), run: fakeRun(wall: 9, workload: workload))]
    inner.pairs = runs.enumerated().map {
        RunPair(index: $0.offset, runs: [ArmRun(arm: 0, loadBefore: .available(0.5), run: $0.element)])
    }
    var record = BenchmarkRecord(
        created: "2026-11-28 22:00:00 UTC", version: "0.0", engine: EngineBinary(path: "/e", sha256: "e"),
        configuration: [Setting("execution.workers", "2")], algorithms: algorithms, metrics: metrics,
        workloads: [
            BenchmarkRecord.Workload(
                EngineWorkload(
                    name: workload, sha256: hash, files: [], bytes: 10_000_000, truth: nil, identificationTruth: nil))
        ],
        machine: machine, conditionsBefore: try sampleConditions(), conditionsAfter: try sampleConditions(),
        rule: BenchmarkRecord.Rule(), end: .tight, record: inner, summary: [])
    record.summary = BenchmarkRecord.summary(record)
    return record
}

/// Eight runs about a wall time.
func series(_ wall: Double, _ change: (inout ProgramRun) -> Void = { _ in }) -> [ProgramRun] {
    [1.00, 1.01, 0.99, 1.02, 0.98, 1.00, 1.01, 0.99].map { factor in
        var run = fakeRun(wall: wall * factor)
        change(&run)
        return run
    }
}
