@_exported import Benchmarking
@_exported import EngineTuning
import Foundation
import Parameters
@_exported import StudyRunner
@_exported import Workloads

/// Finds the settings that make this machine fastest (or leanest) on a workload: the study behind `lavoisier-tune`.
///
/// ```swift
/// let tuner = AutoTuner(target: .throughput, budget: 50)
/// let outcome = try tuner.optimizeForWorkload("medium", engine: "/usr/local/bin/lavoisier")
/// ```
public struct AutoTuner: Sendable {
    private var request = EngineStudyRequest()

    /// - Parameter budget: configurations to try at most; repeats of one do not count.
    /// - Parameter seed: the same seed and the same results give the same search.
    /// - Parameter tuningSeconds: bound on the whole study.
    /// - Parameter confirmationRows: interleaved rows of the confirmation, 6 or more; `nil` takes 12 to 40.
    /// - Parameter lockPath: one study at a time per lock; `nil` takes the one of this machine.
    /// - Parameter parameters: what is searched, as `lavoisier-tune --parameters` reads it: `"basic"`, `"all"`,
    ///   `"-numeric.precision"`; `nil` takes all that is worth trying on this machine.
    public init(
        target: StudyTarget = .throughput, budget: Int = 50, seed: UInt64 = 1, tuningSeconds: Double? = nil,
        confirmationRows: Int? = nil, lockPath: String? = nil, parameters: String? = nil
    ) {
        request.parameters = parameters
        if let lockPath { request.lockPath = lockPath }
        request.options.tuningSeconds = tuningSeconds
        if let confirmationRows {
            request.options.confirmationRows = confirmationRows
            request.options.maximumConfirmationRows = confirmationRows
        }
        request.options.target = target
        request.options.budget = budget
        request.options.seed = seed
    }

    /// Runs a study: search, paired confirmation, report, and this machine's profile when the result is better.
    ///
    /// Blocks for minutes; call it from a thread that lives as long as the process.
    /// - Parameter workloads: names of bundled workloads.
    /// - Parameter engine: the program `lavoisier`; `nil` takes the one beside the running program.
    /// - Parameter maximumMemoryBytes: hard bound on the peak memory of what is returned.
    /// - Parameter maximumSeconds: hard bound on the time of one analysis.
    /// - Parameter directory: folder for `trials.sqlite` and reports.
    /// - Parameter configurationDirectory: folder of the machine's profile; `nil` takes the one that `Analyzer` finds.
    /// - Parameter configurationFile: file for the complete best configuration known, for `Analyzer`.
    public func optimizeForWorkload(
        _ workloads: String..., engine: String? = nil, maximumMemoryBytes: Int? = nil, maximumSeconds: Double? = nil,
        directory: String = "reports", configurationDirectory: String? = nil, configurationFile: String? = nil,
        progress: (StudyEvent) -> Void = { _ in }
    ) throws -> EngineStudy.Outcome {
        var request = request
        request.workloads = workloads
        let constraints = PerformanceConstraints(
            maximumMemoryBytes: maximumMemoryBytes, maximumSeconds: maximumSeconds)
        return try run(
            request, constraints, engine: engine, directory: directory,
            configurationDirectory: configurationDirectory, configurationFile: configurationFile, progress: progress)
    }

    /// Runs a study on the bundled workload that is nearest to what is wished.
    ///
    /// ```swift
    /// try tuner.optimizeForWorkload(
    ///     type: .metabolomicsAnalysis, characteristics: WorkloadCharacteristics(size: .large, complexity: .high),
    ///     constraints: PerformanceConstraints(maxMemory: "64GB", maxTime: "2h"))
    /// ```
    /// - Parameter note: told which workload was chosen, and why.
    public func optimizeForWorkload(
        type: WorkloadType, characteristics: WorkloadCharacteristics = WorkloadCharacteristics(),
        constraints: PerformanceConstraints = PerformanceConstraints(), engine: String? = nil,
        directory: String = "reports", configurationDirectory: String? = nil, configurationFile: String? = nil,
        note: (String) -> Void = { _ in }, progress: (StudyEvent) -> Void = { _ in }
    ) throws -> EngineStudy.Outcome {
        var request = request
        request.workloadType = type
        request.characteristics = characteristics
        return try run(
            request, constraints, engine: engine, directory: directory,
            configurationDirectory: configurationDirectory, configurationFile: configurationFile, note: note,
            progress: progress)
    }

    private func run(
        _ request: EngineStudyRequest, _ constraints: PerformanceConstraints, engine: String?, directory: String,
        configurationDirectory: String?, configurationFile: String?, note: (String) -> Void = { _ in },
        progress: (StudyEvent) -> Void
    ) throws -> EngineStudy.Outcome {
        var request = request
        request.enginePath = engine
        request.options.maximumMemoryBytes = constraints.maximumMemoryBytes
        request.options.maximumSeconds = constraints.maximumSeconds
        request.storePath = "\(directory)/trials.sqlite"
        request.reportsDirectory = directory
        request.configurationDirectory = configurationDirectory
        request.configurationFile = configurationFile
        var study = try EngineStudy.start(request, note: note)
        return try study.run(progress: progress)
    }
}

/// Bounds that the configuration which a study returns is measured to keep.
public struct PerformanceConstraints: Sendable, Hashable {
    /// Peak memory.
    public var maximumMemoryBytes: Int?
    /// Wall time of one analysis.
    public var maximumSeconds: Double?

    public init(maximumMemoryBytes: Int? = nil, maximumSeconds: Double? = nil) {
        self.maximumMemoryBytes = maximumMemoryBytes
        self.maximumSeconds = maximumSeconds
    }

    /// As a user writes them: `64GB`, `2h`.
    /// - Throws: `QuantityError`.
    public init(maxMemory: String?, maxTime: String? = nil) throws(QuantityError) {
        if let maxMemory { maximumMemoryBytes = try ByteSize(parsing: maxMemory).bytes }
        if let maxTime { maximumSeconds = try TimeSpan(parsing: maxTime).seconds }
    }
}
