import BayesianTuning
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
    let space: EngineSpace
    /// What this machine's profile and the base file say, and the user's own configurations.
    let inputs: StudyInputs

    /// - Parameters:
    ///   - resumed: the study that goes on; `nil` reads the files of the request.
    ///   - note: told before something is prepared, which takes some seconds.
    init(_ request: EngineStudyRequest, resumed: StudyHistory? = nil, note: (String) -> Void) throws {
        let stored = resumed?.inputs
        // Before anything is prepared, which takes a while, and before a store is made.
        if let reason = EngineLauncher.obstacle(to: request.options.target, host: HostReader()) {
            throw StudyError(
                .invalidOptions,
                "the target \(request.options.target.rawValue) cannot be measured on this machine: \(reason)")
        }
        let host = HostReader().read()
        self.host = host
        let space =
            try resumed.map { EngineSpace(names: $0.space.names, leftOut: $0.inputs.leftOut ?? [], host: host) }
            ?? request.space(host: host)
        self.space = space
        var inputs = try stored ?? Self.inputs(request, space, host: host)
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
            space: space, base: inputs.base ?? [], minimumAccuracy: request.options.minimumAccuracy)
        let folders = MachineProfile.searchFolders(
            configDirectory: request.configurationDirectory, environment: request.environment)
        let inPlace = try MachineProfile.find(machineID: host.identity.id, folders: folders)
        let size = MachineProfile.workloadClass(ofBytes: prepared.map(\.bytes).max() ?? 0)
        if stored == nil {
            let profile = inPlace?.profile.profile(named: request.options.target.rawValue, workloadClass: size)?
                .settings.map { Setting($0.name, $0.value) }
            try Self.takeInPlace(profile, space: space, searchable: request.searchable(host: host), &inputs, note: note)
            try Self.enqueue(request, space, &inputs, note: note)
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
    private static func inputs(
        _ request: EngineStudyRequest, _ space: EngineSpace, host: HostDescription
    ) throws -> StudyInputs {
        var inputs = StudyInputs()
        inputs.sources = .ofThisMachine
        inputs.parameters = request.parameters
        inputs.leftOut = space.leftOut
        guard let path = request.baseFile else { return inputs }
        let searched = Set(space.searched.map(\.name))
        let given = try request.baseSettings(host: host)
        inputs.base = given.filter { !searched.contains($0.name) }
        let place = given.filter { searched.contains($0.name) }
        inputs.before = place.isEmpty ? nil : place
        inputs.baseFile = absolutePath(path)
        return inputs
    }

    /// Puts this machine's profile below what the base file says, as `analyze --config` would put them together.
    ///
    /// A profile may set what this study could search and was told not to. Such a setting would be lost with a new profile,
    /// so the study says so, does without it, and leaves the profile as it is.
    private static func takeInPlace(
        _ profile: [Setting]?, space: EngineSpace, searchable: Set<String>, _ inputs: inout StudyInputs,
        note: (String) -> Void
    ) throws {
        guard let profile else { return }
        let overlay = inputs.before ?? []
        let fixed = Set((inputs.base ?? []).map(\.name))
        let own = try space.catalog.canonical(
            profile.map { ConfigurationLayer.Entry(name: $0.name, text: $0.text, location: "machine profile") }
        ).map { Setting($0.name, $0.text) }
        let searched = Set(space.searched.map(\.name))
        inputs.before = own.filter { setting in !overlay.contains { $0.name == setting.name } } + overlay
        let lost = own.filter { setting in
            guard searchable.contains(setting.name), !searched.contains(setting.name), !fixed.contains(setting.name),
                let description = space.catalog.description(of: setting.name),
                let value = try? description.parse(setting.text)
            else { return false }
            return value != description.defaultValue
        }
        guard !lost.isEmpty else { return }
        inputs.notInPlace = lost
        note(
            "this machine's profile sets \(lost.map { "\($0.name)=\($0.text)" }.joined(separator: " ")), which this study "
                + "does not search: it is compared without that")
    }

    private static func enqueue(
        _ request: EngineStudyRequest, _ space: EngineSpace, _ inputs: inout StudyInputs, note: (String) -> Void
    ) throws {
        guard let path = request.enqueueFile else { return }
        let own = try EnqueuedConfigurations(
            ConfigurationLayer.list(source: "--enqueue", path: path), searched: space.searched,
            known: space.catalog, before: Study.usable(inputs.before, of: space.searched))
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

    /// Why this machine's profile stays as it is, whatever the study finds; `nil` when the study may write it.
    var profileObstacle: String? {
        if inputs.base != nil { return "the result holds with the settings of the base file only" }
        if inputs.notInPlace != nil { return "it has settings that this study does not search" }
        return nil
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
