import HostEnvironment

@testable import Benchmarking

/// A run as a test states it; what it leaves out is unavailable or harmless.
func sampleRun(
    wall: Double = 2, cpu: Double = 3, memory: Int = 100_000_000, pressure: Double = 0, steal: Double = 0,
    digest: String = "aaaa", workload: String = "small", counts: [String: Int] = [:], stages: [StageSeconds] = [],
    truth: TruthCount? = nil, failure: RunFailure? = nil, termination: Termination = .exited(code: 0)
) -> ProgramRun {
    func none<Value>() -> Measured<Value> { .unavailable(reason: "not in this sample") }
    let measurement = ChildMeasurement(
        termination: termination, startedAt: 1_700_000_000, wallSeconds: .available(wall),
        userSeconds: .available(cpu), systemSeconds: .available(0), peakMemoryBytes: .available(memory),
        peakMemorySource: .polled, io: none(), minorFaults: none(), majorFaults: none(), voluntarySwitches: none(),
        involuntarySwitches: none(), cpuPressureSeconds: .available(pressure * wall),
        stealSeconds: .available(steal * wall), energyJoules: .unavailable(reason: "no counters"),
        standardOutput: OutputTail(text: "", totalBytes: 0), standardError: OutputTail(text: "", totalBytes: 0))
    return ProgramRun(
        parts: [
            WorkloadRun(
                workload: workload, measurement: measurement, inputBytes: 10_000_000, itemCount: 500, counts: counts,
                peakMemoryBytes: .available(memory), digest: digest, stages: stages, truth: truth)
        ], failure: failure)
}
