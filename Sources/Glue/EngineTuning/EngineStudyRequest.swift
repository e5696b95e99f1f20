import Benchmarking
import ContentHash
import Evaluation
import Foundation
import HostEnvironment
import Parameters
import Pipeline
import ResultStore
import StudyRunner
import Workloads

/// What to tune, how, and where the results go.
public struct EngineStudyRequest: Sendable {
    public var options = StudyOptions()
    /// Names of bundled workloads; every run runs all of them.
    public var workloads = ["medium"]
    /// Chooses the workload, with `characteristics`, instead of `workloads`; `nil` takes those.
    public var workloadType: WorkloadType?
    public var characteristics = WorkloadCharacteristics()
    /// What is searched, as `ParameterSelection` reads it; `nil` is `default`.
    public var parameters: String?
    /// File with the user's own configurations, tried right after the default and the one in place.
    public var enqueueFile: String?
    /// Configuration file that holds in every trial for what is not searched; what is searched is in place before.
    public var baseFile: String?
    /// File for the complete best configuration known in the end.
    public var configurationFile: String?
    /// The program `lavoisier`; `nil` takes the one beside this program.
    public var enginePath: String?
    public var storePath = "reports/trials.sqlite"
    public var reportsDirectory = "reports"
    /// Folder of this machine's profile; `nil` takes the one that `analyze` would find.
    public var configurationDirectory: String?
    public var environment: [String: String] = ProcessInfo.processInfo.environment
    /// Raised by Ctrl-C; kills a running child.
    public var interrupt: InterruptFlag?
    /// One study at a time per lock.
    public var lockPath = StudyLock.machineWidePath

    public init() {}

    private var catalog: WorkloadCatalog {
        get throws {
            let locations = DataLocations.standard(environment: environment, programPath: DataLocations.programPath)
            guard let root = locations.workloads else {
                throw StudyError(
                    .badInput, "the bundled workloads were not found; run inside the project or set LAVOISIER_DATA_DIR")
            }
            return try WorkloadCatalog(root: root)
        }
    }

    /// The files of each workload, which need not be there yet.
    func workloadFiles() throws -> [[String]] {
        let catalog = try catalog
        return try workloads.map { try catalog.find($0).filePaths(cacheDirectory: "") }
    }

    /// The space that a study with this request would search.
    /// - Throws: `StudyError`, `WorkloadError`, and `ParameterError` for a bad base file.
    public func space(host: HostDescription) throws -> EngineSpace {
        try EngineSpace(
            parameters, host: host, purposes: options.purposes, fixed: try baseSettings(host: host),
            files: try workloadFiles())
    }

    /// Names of all that could be searched on this machine with these workloads.
    func searchable(host: HostDescription) throws -> Set<String> {
        Set(
            try EngineSpace(
                "all", host: host, fixed: try baseSettings(host: host), files: try workloadFiles()
            ).searched.map(\.name))
    }

    /// What the base file says, by the parameters' own names.
    func baseSettings(host: HostDescription) throws -> [Setting] {
        guard let path = baseFile else { return [] }
        var notices: [String] = []
        return try EngineParameters.resolve(
            [ConfigurationLayer(source: "--base", path: path)], host: host, notices: &notices
        ).settings.filter { $0.source == "--base" }.map { Setting($0.description.name, $0.text) }
    }

    /// Puts the workload that fits the characteristics into `workloads`, and says which and why.
    mutating func chooseWorkload(note: (String) -> Void) throws {
        guard let workloadType else { return }
        let (workload, reason) = try catalog.choose(workloadType, characteristics)
        workloads = [workload.name]
        note(reason)
    }
}
