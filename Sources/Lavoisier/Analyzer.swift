import Foundation
import HostEnvironment
import Instrumentation
import MzML
import Parameters
@_exported import Pipeline
import Synchronization

/// Analyses LC-MS runs: the engine behind `lavoisier analyze`, in this process.
///
/// With the GNU C library an analysis sets for the whole process that pieces of memory of 256 KiB and more lie on pages of their own,
/// which go back to the system when they are freed. `peak_detection.vectorized_operations` and `branch_prediction` are set for the process
/// as well, by each analysis when it begins: of two at the same time with different ones both take those of the later. Results are the same,
/// but for an approximate search, whose bounds may round otherwise.
///
/// ```swift
/// let analyzer = try Analyzer(settings: ["execution.workers": "2"])
/// let record = try analyzer.processFile("run.mzML", output: "results") { print(Int($0 * 100), "%") }
/// ```
public struct Analyzer: Sendable {
    private var configuration: AnalysisConfiguration
    private var machineProfile: String?
    private var request: ConfigurationRequest
    private let host: HostDescription
    private let locations: DataLocations
    /// Headers and indices of files that are analysed again, with whatever settings.
    private let caches = RunCaches(metadataBytes: 0, directoryBytes: 0)

    private static let processDefaults = Mutex<[String: String]>([:])

    /// Makes `settings` what every analyzer starts from that is made afterwards in this process, in the place of what an earlier
    /// call set; an empty dictionary takes it back. Where an analyzer's file, the environment or its own settings say otherwise, they win.
    /// - Parameter settings: parameter name and value as in YAML, for instance `["execution.memory_limit": "4GB"]`.
    /// - Throws: `ParameterError`; the defaults then stay as they were.
    public static func applyGlobalConfiguration(_ settings: [String: String]) throws {
        var request = ConfigurationRequest()
        request.profile = "none"
        request.processDefaults = settings
        _ = try request.resolve(host: HostReader().read())
        processDefaults.withLock { $0 = settings }
    }

    /// Settings from the built-in default, this machine's tuned profile, the defaults of the process
    /// (`applyGlobalConfiguration`), `configurationFile`, the environment (`LAVOISIER_...`) and `settings`, later wins.
    ///
    /// - Parameter settings: parameter name and value as in YAML; `lavoisier config docs` lists them.
    /// - Parameter configurationFile: YAML.
    /// - Parameter profile: a tuned target, `target/class`, or `none`; `nil` takes the throughput profile if there is one.
    /// - Parameter dataFolder: the project's `workloads` folder with the bundled library and compound tables; `nil` looks
    ///   for it as the program does.
    /// - Throws: `ParameterError` for a setting that does not exist or is out of range.
    public init(
        settings: [String: String] = [:], configurationFile: String? = nil, profile: String? = nil,
        dataFolder: String? = nil
    ) throws {
        let environment = ProcessInfo.processInfo.environment
        var request = ConfigurationRequest()
        request.assignments = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        request.configurationFile = configurationFile
        request.profile = profile
        request.environment = environment
        request.processDefaults = Self.processDefaults.withLock { $0 }
        host = HostReader().read()
        self.request = request
        let outcome = try request.resolve(host: host)
        configuration = AnalysisConfiguration(outcome.configuration)
        machineProfile = outcome.machineProfile
        let standard = DataLocations.standard(environment: environment, programPath: DataLocations.programPath)
        locations = dataFolder.map { DataLocations(workloads: $0, cache: standard.cache) } ?? standard
    }

    /// Takes the settings of a configuration file, for instance one that a tuner wrote, in the place of an earlier file;
    /// the environment and the `settings` of `init` still win.
    /// - Throws: `ParameterError`; the settings then stay as they were.
    public mutating func applyConfiguration(_ path: String) throws {
        var changed = request
        changed.configurationFile = path
        let outcome = try changed.resolve(host: host)
        request = changed
        configuration = AnalysisConfiguration(outcome.configuration)
        machineProfile = outcome.machineProfile
    }

    /// Analyses one mzML file into a folder.
    /// - Parameter progress: fraction of the work done, 0...1, rising; called from any thread.
    /// - Throws: `AnalysisError` when nothing could be written; a file that cannot be read is in `record.failedInputs`.
    @discardableResult
    public func processFile(
        _ path: String, output: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws -> RunRecord {
        try process([path], output: output, progress: progress)
    }

    /// Analyses all mzML files of a folder into one result.
    @discardableResult
    public func processDataset(
        _ folder: String, output: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws -> RunRecord {
        try process(InputFiles.expand([folder]), output: output, progress: progress)
    }

    private func process(
        _ files: [String], output: String, progress: @escaping @Sendable (Double) -> Void
    ) throws -> RunRecord {
        let run = AnalysisRun(
            files: files, outputDirectory: output, configuration: configuration, host: host,
            machineProfile: machineProfile, references: .bundled(locations), cache: locations.cache, caches: caches)
        let record = try run.run { event in
            if case .progress(let report, _) = event { progress(report.fraction) }
        }
        progress(1)
        return record
    }
}
