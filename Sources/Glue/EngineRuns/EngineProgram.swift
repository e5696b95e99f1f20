import Benchmarking
import Foundation
import HostEnvironment
import Instrumentation
import Pipeline

/// `lavoisier analyze` over prepared workloads: one child process per workload and run.
///
/// A child gets a configuration file, an empty output folder that is removed afterwards, no machine profile and nothing of
/// this process's `LAVOISIER_*`, so that a run depends on the arm alone.
public struct EngineProgram: Sendable {
    public let workloads: [EngineWorkload]
    let environment: [String: String]
    private let interrupt: InterruptFlag?
    let scratch: RunScratch

    /// - Parameters:
    ///   - workloads: prepared; at least one.
    ///   - interrupt: kills a running child when raised.
    /// - Throws: `AnalysisError(.outputFailed)` when there is no place for temporary files.
    public init(
        workloads: [EngineWorkload], locations: DataLocations, interrupt: InterruptFlag?
    ) throws(AnalysisError) {
        precondition(!workloads.isEmpty, "nothing to run")
        self.workloads = workloads
        self.interrupt = interrupt
        environment = Self.environment(locations)
        scratch = try RunScratch()
    }

    /// What a child needs of this process's environment, and where its data lie: nothing that sets an option.
    private static func environment(_ locations: DataLocations) -> [String: String] {
        let inherited = ProcessInfo.processInfo.environment
        var environment: [String: String] = [:]
        for name in ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH"] {
            if let value = inherited[name] { environment[name] = value }
        }
        environment["LAVOISIER_CACHE_DIR"] = absolutePath(locations.cache)
        if let folder = locations.workloads { environment["LAVOISIER_DATA_DIR"] = absolutePath(folder) }
        return environment
    }

    /// A run and what it wrote, one per workload while none failed.
    public struct Outcome: Sendable {
        public var run: ProgramRun
        public var results: [WorkloadResults]
    }

    /// Runs all workloads once. Truth is counted; accuracy against other results is for `ReferenceResults` to judge.
    ///
    /// What happens to the child is part of the run. - Throws: `AnalysisError` when this program itself cannot go on (no
    /// temporary folder, full disk).
    public func run(_ arm: EngineArm, limits: RunLimits) throws(AnalysisError) -> Outcome {
        let folder = try scratch.makeFolder()
        defer { scratch.remove(folder) }
        let file = "\(folder)/configuration.yaml"
        try scratch.write(arm.configuration, to: file)
        var outcome = Outcome(run: ProgramRun(parts: []), results: [])
        var remainingSeconds = limits.timeoutSeconds
        for workload in workloads {
            let output = "\(folder)/results-\(outcome.results.count)"
            let process = ChildProcess(
                executable: arm.engine.path,
                arguments: ["analyze"] + workload.files
                    + ["--output", output, "--config", file, "--profile", "none", "--quiet"],
                environment: environment,
                limits: ChildLimits(timeoutSeconds: max(remainingSeconds, 0.1), memoryBytes: limits.memoryBytes))
            let measurement = process.run(interrupt: interrupt)
            remainingSeconds -= measurement.wallSeconds.value ?? 0
            let failure = RunFailure(measurement)
            let read = failure == nil ? WorkloadResults.read(output, workload: workload) : nil
            scratch.remove(output)
            outcome.run.parts.append(Self.part(workload, measurement, try? read?.get()))
            if let failure {
                outcome.run.failure = failure
                return outcome
            }
            switch read {
            case .success(let found)?: outcome.results.append(found)
            case .failure(let failure)?:
                outcome.run.failure = failure
                return outcome
            case nil: return outcome
            }
        }
        return outcome
    }

    private static func part(
        _ workload: EngineWorkload, _ measurement: ChildMeasurement, _ results: WorkloadResults?
    ) -> WorkloadRun {
        let record = results?.record
        let own = Measured(record?.peakMemoryBytes, otherwise: "the engine reported no peak")
        let peak: Measured<Int> =
            switch (measurement.peakMemoryBytes.value, own.value) {
            case (let outside?, let inside?): .available(max(outside, inside))
            case (nil, .some): own
            default: measurement.peakMemoryBytes
            }
        return WorkloadRun(
            workload: workload.name, measurement: measurement, inputBytes: workload.bytes,
            itemCount: record.map { $0.inputs.reduce(0) { $0 + $1.spectra } }, counts: record.map(counts) ?? [:],
            peakMemoryBytes: peak, digest: record?.digest,
            stages: (record?.stages ?? []).map {
                StageSeconds(name: $0.name, wall: $0.wallSeconds, cpu: $0.cpuSeconds)
            },
            truth: results?.truth, identifications: results?.identifications)
    }

    /// Work that the engine counted, by the names of `WorkloadRun.counts`.
    private static func counts(_ record: RunRecord) -> [String: Int] {
        func sum(_ count: (RunRecord.Input) -> Int) -> Int { record.inputs.reduce(0) { $0 + count($1) } }
        return [
            "points": sum(\.surveyPoints), "queries": sum(\.fragmentSpectra), "features": sum(\.features),
        ]
    }
}
