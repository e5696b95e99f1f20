import Benchmarking
import EngineRuns
import Foundation
import HostEnvironment
import Parameters
import Pipeline
import ResultStore
import StudyRunner
import Workloads

/// Everything that a study of the engine needs, checked and prepared before the first trial.
struct EngineSetup {
    let host: HostDescription
    let launcher: EngineLauncher
    let profilePath: String
    /// What this machine's profile and the base file say, and the user's own configurations.
    let inputs: StudyInputs

    /// - Parameters:
    ///   - stored: of the study that goes on; `nil` reads the files of the request.
    ///   - note: told before something is prepared, which takes some seconds.
    init(_ request: EngineStudyRequest, stored: StudyInputs? = nil, note: (String) -> Void) throws {
        // Before anything is prepared, which takes a while, and before a store is made.
        if let reason = EngineLauncher.obstacle(to: request.options.target, host: HostReader()) {
            throw StudyError(
                .invalidOptions,
                "the target \(request.options.target.rawValue) cannot be measured on this machine: \(reason)")
        }
        let host = HostReader().read()
        self.host = host
        var inputs = try stored ?? Self.inputs(request, host: host)
        if let path = request.configurationFile { inputs.configurationFile = absolutePath(path) }
        if let path = inputs.configurationFile { try Self.checkReplaceable(path) }
        let engine = try EngineBinary.locate(request.enginePath)
        let locations = DataLocations.absolute(environment: request.environment)
        let prepared = try EngineWorkload.prepare(request.workloads, locations, note: note)
        try locations.prepareReferences(note: note)
        let identity = ProgramIdentity(
            path: engine.path, sha256: engine.sha256, versions: Self.versions(host),
            workloads: prepared.map { WorkloadReference(name: $0.name, sha256: $0.sha256) })
        launcher = EngineLauncher(
            identity: identity,
            program: try EngineProgram(workloads: prepared, locations: locations, interrupt: request.interrupt),
            host: host, base: inputs.base ?? [], minimumAccuracy: request.options.minimumAccuracy)
        let folders = MachineProfile.searchFolders(
            configDirectory: request.configurationDirectory, environment: request.environment)
        let inPlace = try MachineProfile.find(machineID: host.identity.id, folders: folders)
        let size = MachineProfile.workloadClass(ofBytes: prepared.map(\.bytes).max() ?? 0)
        if stored == nil {
            let profile = inPlace?.profile.profile(named: request.options.target.rawValue, workloadClass: size)?
                .settings.map { Setting($0.name, $0.value) }
            // As `analyze --config` would put them together: the file over the profile.
            let overlay = inputs.before ?? []
            let kept = profile?.filter { setting in !overlay.contains { $0.name == setting.name } }
            inputs.before = kept.map { $0 + overlay } ?? inputs.before
            try Self.enqueue(request, host: host, &inputs, note: note)
        }
        self.inputs = inputs
        profilePath =
            request.configurationDirectory.map { "\($0)/\(host.identity.id).yaml" } ?? inPlace?.path
            ?? "\(Self.newProfileFolder(folders))/\(host.identity.id).yaml"
        try Self.checkWritable([
            request.reportsDirectory,
            String(profilePath.prefix(upTo: profilePath.lastIndex(of: "/") ?? profilePath.startIndex)),
        ])
    }

    /// What the base file says: fixed settings, and searched ones as the configuration in place.
    private static func inputs(_ request: EngineStudyRequest, host: HostDescription) throws -> StudyInputs {
        var inputs = StudyInputs()
        inputs.sources = .ofThisMachine
        guard let path = request.baseFile else { return inputs }
        let searched = Set(EngineParameters.searched(host: host).map(\.name))
        let given = try ResolvedConfiguration(
            descriptions: EngineParameters.descriptions(host: host),
            layers: [ConfigurationLayer(source: "--base", path: path)]
        ).settings.filter { $0.source == "--base" }.map { Setting($0.description.name, $0.text) }
        inputs.base = given.filter { !searched.contains($0.name) }
        let place = given.filter { searched.contains($0.name) }
        inputs.before = place.isEmpty ? nil : place
        inputs.baseFile = absolutePath(path)
        return inputs
    }

    private static func enqueue(
        _ request: EngineStudyRequest, host: HostDescription, _ inputs: inout StudyInputs, note: (String) -> Void
    ) throws {
        guard let path = request.enqueueFile else { return }
        let own = try EnqueuedConfigurations(
            ConfigurationLayer.list(source: "--enqueue", path: path),
            searched: EngineParameters.searched(host: host),
            known: EngineParameters.descriptions(host: host).map(\.name),
            before: Study.usable(inputs.before, of: EngineParameters.searched(host: host)))
        own.notes.forEach(note)
        inputs.enqueued = own.configurations
        inputs.enqueueFile = absolutePath(path)
        let first = 1 + (inputs.before == nil ? 0 : 1)
        if first + own.configurations.count > request.options.budget {
            note(
                "the budget of \(request.options.budget) does not reach all \(own.configurations.count) enqueued "
                    + "configurations")
        }
    }

    /// The first folder that exists, else the user's own: `./config` is only right inside a project.
    private static func newProfileFolder(_ folders: [String]) -> String {
        var isFolder: ObjCBool = false
        return folders.first {
            FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && isFolder.boolValue
        }
            ?? folders.last ?? "config"
    }

    private static func versions(_ host: HostDescription) -> [String: String] {
        var versions = ["lavoisier": LavoisierVersion.current]
        versions["kernel"] = host.kernel.value
        return versions
    }

    /// A file that is replaced in the end must be one that can be: better known now than after minutes of measuring.
    private static func checkReplaceable(_ path: String) throws(StudyError) {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        if files.fileExists(atPath: path, isDirectory: &isFolder) {
            if isFolder.boolValue { throw StudyError(.outputFailed, "\(path) is a folder; name a file") }
            guard files.isWritableFile(atPath: path) else {
                throw StudyError(
                    .outputFailed, "\(path) cannot be written; change its permissions or name another file")
            }
        }
        do {
            try checkWritable([String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))])
        } catch {
            throw StudyError(.outputFailed, "\(path) cannot be written: \(error)")
        }
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
