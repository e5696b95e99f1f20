import BayesianTuning
import Benchmarking
import Evaluation
import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import Pipeline
import StudyRunner

/// `lavoisier analyze` as a program to tune: one child process per workload and run.
public struct EngineLauncher: TunableProgram {
    public let identity: ProgramIdentity
    public let parameters: [ParameterDescription]
    private let descriptions: [ParameterDescription]
    private let workloads: [EngineWorkload]
    private let environment: [String: String]
    private let minimumAccuracy: Double
    private let interrupt: InterruptFlag?
    private let scratch: TrialScratch
    private var reference: ReferenceResults?

    /// - Parameters:
    ///   - workloads: prepared; at least one.
    ///   - minimumAccuracy: F1 against the default's results below which a run does not count.
    ///   - interrupt: kills a running child when raised.
    public init(
        identity: ProgramIdentity, workloads: [EngineWorkload], host: HostDescription, locations: DataLocations,
        minimumAccuracy: Double, interrupt: InterruptFlag?
    ) throws(StudyError) {
        precondition(!workloads.isEmpty, "nothing to run")
        self.identity = identity
        self.workloads = workloads
        self.minimumAccuracy = minimumAccuracy
        self.interrupt = interrupt
        descriptions = EngineParameters.descriptions(host: host)
        parameters = EngineParameters.searched(host: host)
        environment = Self.environment(locations)
        scratch = try TrialScratch()
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

    public func settings(of configuration: Configuration) -> [Setting] {
        descriptions.map { description in
            Setting(description.name, description.text(of: configuration[description.name] ?? description.defaultValue))
        }
    }

    public func obstacle(to target: StudyTarget) -> String? { Self.obstacle(to: target, host: HostReader()) }

    /// Runs carry the energy that the machine's counters give; everything else is measured everywhere.
    static func obstacle(to target: StudyTarget, host: HostReader) -> String? {
        target == .energy ? host.readEnergy().reason : nil
    }

    public mutating func run(_ configuration: Configuration, limits: RunLimits) throws -> ProgramRun {
        let folder = try scratch.makeFolder()
        defer { scratch.remove(folder) }
        let resolved = try ResolvedConfiguration(
            descriptions: descriptions,
            layers: [
                ConfigurationLayer(
                    source: "trial",
                    entries: settings(of: configuration).map {
                        ConfigurationLayer.Entry(name: $0.name, text: $0.text, location: "trial")
                    })
            ])
        let file = "\(folder)/configuration.yaml"
        try scratch.write(resolved.yaml(), to: file)
        var run = ProgramRun(parts: [])
        var results: [WorkloadResults] = []
        var remainingSeconds = limits.timeoutSeconds
        for workload in workloads {
            let output = "\(folder)/results-\(results.count)"
            let process = ChildProcess(
                executable: identity.path,
                arguments: ["analyze"] + workload.files
                    + ["--output", output, "--config", file, "--profile", "none", "--quiet"],
                environment: environment,
                limits: ChildLimits(timeoutSeconds: max(remainingSeconds, 0.1), memoryBytes: limits.memoryBytes))
            let measurement = process.run(interrupt: interrupt)
            remainingSeconds -= measurement.wallSeconds.value ?? 0
            let read = RunFailure(measurement) == nil ? WorkloadResults.read(output, workload: workload) : nil
            run.parts.append(Self.part(workload, measurement, read))
            if let failure = RunFailure(measurement) {
                run.failure = failure
                return run
            }
            switch read {
            case .success(let found)?: results.append(found)
            case .failure(let failure)?:
                run.failure = failure
                return run
            case nil: return run
            }
        }
        judge(&run, results, configuration)
        return run
    }

    private static func part(
        _ workload: EngineWorkload, _ measurement: ChildMeasurement, _ read: Result<WorkloadResults, RunFailure>?
    ) -> WorkloadRun {
        let record = (try? read?.get())?.record
        let own = Measured(record?.peakMemoryBytes, otherwise: "the engine reported no peak")
        let peak: Measured<Int> =
            switch (measurement.peakMemoryBytes.value, own.value) {
            case (let outside?, let inside?): .available(max(outside, inside))
            case (nil, .some): own
            default: measurement.peakMemoryBytes
            }
        return WorkloadRun(
            workload: workload.name, measurement: measurement, inputBytes: workload.bytes,
            itemCount: record.map { $0.inputs.reduce(0) { $0 + $1.spectra } }, peakMemoryBytes: peak,
            digest: record?.digest,
            stages: (record?.stages ?? []).map { StageSeconds(name: $0.name, wall: $0.wallSeconds, cpu: $0.cpuSeconds) }
        )
    }

    private mutating func judge(_ run: inout ProgramRun, _ results: [WorkloadResults], _ configuration: Configuration) {
        let isDefault = zip(parameters, configuration.values).allSatisfy { $0.defaultValue == $1 }
        if reference == nil, isDefault { reference = ReferenceResults(results) }
        guard var reference else {
            run.failure = RunFailure(.crashed, "the default configuration has not run yet, so there is no reference")
            return
        }
        // Everything but execution settings may change results, each within its bound.
        let kind = descriptions.filter { $0.group != .execution }.map { description in
            description.text(of: configuration[description.name] ?? description.defaultValue)
        }.joined(separator: " ")
        let (accuracy, failure) = reference.judge(results, kind: kind, minimumAccuracy: minimumAccuracy)
        self.reference = reference
        run.accuracy = accuracy
        run.failure = failure
    }
}

/// A path that means the same in another working folder.
func absolutePath(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
}
