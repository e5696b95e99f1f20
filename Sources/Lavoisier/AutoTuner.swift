@_exported import EngineTuning
import Foundation
@_exported import StudyRunner

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
    public init(target: StudyTarget = .throughput, budget: Int = 50, seed: UInt64 = 1) {
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
    public func optimizeForWorkload(
        _ workloads: String..., engine: String? = nil, maximumMemoryBytes: Int? = nil, maximumSeconds: Double? = nil,
        directory: String = "reports", configurationDirectory: String? = nil,
        progress: (StudyEvent) -> Void = { _ in }
    ) throws -> EngineStudy.Outcome {
        var request = request
        request.workloads = workloads
        request.enginePath = engine
        request.options.maximumMemoryBytes = maximumMemoryBytes
        request.options.maximumSeconds = maximumSeconds
        request.storePath = "\(directory)/trials.sqlite"
        request.reportsDirectory = directory
        request.configurationDirectory = configurationDirectory
        var study = try EngineStudy.start(request, note: { _ in })
        return try study.run(progress: progress)
    }
}
