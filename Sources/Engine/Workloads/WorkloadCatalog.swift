import Parameters

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The workloads of a folder: each subfolder with a `workload.yaml`, in order of name.
public struct WorkloadCatalog: Sendable {
    public static let manifestName = "workload.yaml"

    public let root: String
    public let workloads: [Workload]

    /// - Throws: `WorkloadError` when the folder cannot be read or holds no workload, and for the first manifest at
    ///   fault.
    public init(root: String) throws(WorkloadError) {
        self.root = root
        var manifests: [(folder: String, manifest: WorkloadManifest)] = []
        for entry in try Self.entries(of: root) {
            let folder = "\(root)/\(entry)"
            let path = "\(folder)/\(Self.manifestName)"
            guard access(path, F_OK) == 0 else { continue }
            let yaml: String
            do {
                yaml = try ConfigurationLayer.readText(path)
            } catch {
                throw WorkloadError(.unreadableManifest, path: path, reason: "\(error)")
            }
            let manifest = try WorkloadManifest(yaml: yaml, path: path)
            if manifest.name != entry {
                throw WorkloadError(
                    .malformedManifest, path: path,
                    reason: "the name '\(manifest.name)' is not that of its folder, '\(entry)'")
            }
            manifests.append((folder, manifest))
        }
        if manifests.isEmpty {
            throw WorkloadError(
                .unreadableFolder, path: root,
                reason: "holds no workload (no folder with a \(Self.manifestName)); give the folder of the workloads")
        }
        var workloads: [Workload] = []
        for (folder, manifest) in manifests {
            workloads.append(try Self.workload(manifest, folder: folder, among: manifests))
        }
        self.workloads = workloads
    }

    /// - Throws: `WorkloadError(.unknownWorkload)` with the nearest name.
    public func find(_ name: String) throws(WorkloadError) -> Workload {
        if let workload = workloads.first(where: { $0.name == name }) { return workload }
        let names = workloads.map(\.name)
        let nearest = nearestName(to: name, among: names).map { "did you mean '\($0)'?" }
        throw WorkloadError(
            .unknownWorkload, path: name,
            reason: "no such workload; \(nearest ?? "known are \(names.joined(separator: ", "))")")
    }

    private static func workload(
        _ manifest: WorkloadManifest, folder: String, among manifests: [(folder: String, manifest: WorkloadManifest)]
    ) throws(WorkloadError) -> Workload {
        let content: Workload.Content
        switch manifest.content {
        case .files(let files): content = .files(files)
        case .tile(let source, let line, let file, let fileCount, let targetBytes, let compression):
            let found = manifests.first { $0.manifest.name == source }
            guard let found, case .files(let files) = found.manifest.content else {
                let candidates = manifests.filter { if case .files = $0.manifest.content { true } else { false } }
                let nearest = nearestName(to: source, among: candidates.map(\.manifest.name))
                throw WorkloadError(
                    .unknownWorkload, path: "\(folder)/\(manifestName)", line: line,
                    reason: "'\(source)' is no workload with files; "
                        + (nearest.map { "did you mean '\($0)'?" } ?? "name one that has them"))
            }
            content = .tile(
                TilePlan(
                    source: source, sourceFolder: found.folder, sourceFiles: files, file: file,
                    fileCount: fileCount, targetBytes: targetBytes, compression: compression))
        }
        return Workload(
            name: manifest.name, title: manifest.title, tier: manifest.tier, type: manifest.type,
            complexity: manifest.complexity, instrument: manifest.instrument,
            polarity: manifest.polarity, representation: manifest.representation, msLevels: manifest.msLevels,
            description: manifest.description, folder: folder, truthPath: manifest.truth.map { "\(folder)/\($0)" },
            identificationTruthPath: manifest.identificationTruth.map { "\(folder)/\($0)" }, content: content)
    }

    /// Names in a folder in ascending order, without hidden ones.
    private static func entries(of folder: String) throws(WorkloadError) -> [String] {
        guard let stream = opendir(folder) else {
            throw WorkloadError(
                .unreadableFolder, path: folder, reason: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
