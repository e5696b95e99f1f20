import Benchmarking
import ContentHash
import Evaluation
import Foundation
import HostEnvironment
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

    /// Puts the workload that fits the characteristics into `workloads`, and says which and why.
    mutating func chooseWorkload(note: (String) -> Void) throws {
        guard let workloadType else { return }
        let (workload, reason) = try catalog.choose(workloadType, characteristics)
        workloads = [workload.name]
        note(reason)
    }
}

/// Everything that a study of the engine needs, checked and prepared before the first trial.
struct EngineSetup {
    let host: HostDescription
    let launcher: EngineLauncher
    let profilePath: String
    /// What this machine's profile says now.
    let before: [Setting]?

    /// - Parameter note: told before something is prepared, which takes some seconds.
    init(_ request: EngineStudyRequest, note: (String) -> Void) throws {
        // Before anything is prepared, which takes a while, and before a store is made.
        if let reason = EngineLauncher.obstacle(to: request.options.target, host: HostReader()) {
            throw StudyError(
                .invalidOptions,
                "the target \(request.options.target.rawValue) cannot be measured on this machine: \(reason)")
        }
        let host = HostReader().read()
        self.host = host
        let engine = try Self.enginePath(request)
        let found = DataLocations.standard(environment: request.environment, programPath: DataLocations.programPath)
        // Absolute, as the children get them: the names of prepared files follow from the paths.
        let locations = DataLocations(workloads: found.workloads.map(absolutePath), cache: absolutePath(found.cache))
        let (loaded, prepared) = try Self.prepare(request.workloads, locations, note: note)
        let sources = ReferenceData.Sources.bundled(locations)
        _ = try ReferenceData.open(
            sources, cache: locations.cache, wantsLibrary: true, wantsCompounds: true, note: note)
        let identity = ProgramIdentity(
            path: engine, sha256: try sha256(file: engine), versions: Self.versions(host),
            workloads: loaded.map { WorkloadReference(name: $0.name, sha256: $0.hash) })
        launcher = try EngineLauncher(
            identity: identity, workloads: prepared, host: host, locations: locations,
            minimumAccuracy: request.options.minimumAccuracy, interrupt: request.interrupt)
        let folders = MachineProfile.searchFolders(
            configDirectory: request.configurationDirectory, environment: request.environment)
        let inPlace = try MachineProfile.find(machineID: host.identity.id, folders: folders)
        let size = MachineProfile.workloadClass(ofBytes: prepared.map(\.bytes).max() ?? 0)
        before = inPlace?.profile.profile(named: request.options.target.rawValue, workloadClass: size)?
            .settings.map { Setting($0.name, $0.value) }
        profilePath =
            request.configurationDirectory.map { "\($0)/\(host.identity.id).yaml" } ?? inPlace?.path
            ?? "\(Self.newProfileFolder(folders))/\(host.identity.id).yaml"
        try Self.checkWritable([
            request.reportsDirectory,
            String(profilePath.prefix(upTo: profilePath.lastIndex(of: "/") ?? profilePath.startIndex)),
        ])
    }

    /// The first folder that exists, else the user's own: `./config` is only right inside a project.
    private static func newProfileFolder(_ folders: [String]) -> String {
        var isFolder: ObjCBool = false
        return folders.first {
            FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && isFolder.boolValue
        }
            ?? folders.last ?? "config"
    }

    private static func enginePath(_ request: EngineStudyRequest) throws(StudyError) -> String {
        let path: String
        if let given = request.enginePath {
            path = absolutePath(given)
        } else {
            let program = DataLocations.programPath
            path = "\(program.prefix(upTo: program.lastIndex(of: "/") ?? program.startIndex))/lavoisier"
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            let hint = request.enginePath == nil ? "; build or install it, or give --engine PATH" : ""
            throw StudyError(.badInput, "the engine \(path) does not exist or is not a program\(hint)")
        }
        return path
    }

    private static func versions(_ host: HostDescription) -> [String: String] {
        var versions = ["lavoisier": LavoisierVersion.current]
        versions["kernel"] = host.kernel.value
        return versions
    }

    private static func prepare(
        _ names: [String], _ locations: DataLocations, note: (String) -> Void
    ) throws -> ([Workload], [EngineWorkload]) {
        guard let root = locations.workloads else {
            throw StudyError(
                .badInput, "the bundled workloads were not found; run inside the project or set LAVOISIER_DATA_DIR")
        }
        guard !names.isEmpty, Set(names).count == names.count else {
            throw StudyError(.invalidOptions, "name at least one workload, and each only once")
        }
        let catalog = try WorkloadCatalog(root: root)
        let workloads = try names.map { try catalog.find($0) }
        let prepared = try workloads.map { workload in
            var isNoted = false
            let files = try workload.prepare(cacheDirectory: locations.cache) { _ in
                if !isNoted { note("preparing the workload \(workload.name) (once)") }
                isNoted = true
            }
            return EngineWorkload(
                name: workload.name, files: files.map(absolutePath),
                bytes: try files.reduce(0) { try $0 + size(of: $1) },
                truth: try workload.truthPath.map { path in try read { try TruthTable(path: path) } },
                identificationTruth: try workload.identificationTruthPath.map { path in
                    try read { try IdentificationTruthTable(path: path) }
                })
        }
        return (workloads, prepared)
    }

    private static func read<Table>(_ body: () throws -> Table) throws(StudyError) -> Table {
        do {
            return try body()
        } catch {
            throw StudyError(.badInput, "\(error)")
        }
    }

    private static func size(of path: String) throws(StudyError) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let bytes = attributes?[.size] as? Int, bytes > 0 else {
            throw StudyError(.badInput, "\(path) is missing or empty")
        }
        return bytes
    }

    /// Better now than after minutes of measuring.
    private static func checkWritable(_ folders: [String]) throws(StudyError) {
        for folder in folders where !folder.isEmpty {
            do {
                _ = try OutputDirectory(folder)
            } catch {
                throw StudyError(.outputFailed, "\(error)")
            }
        }
    }
}
