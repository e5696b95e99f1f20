import Evaluation
import Foundation
import Pipeline
import Workloads

/// A workload that is ready to run, with what is known to be in it.
public struct EngineWorkload: Sendable {
    public var name: String
    /// SHA-256 that names the data.
    public var sha256: String
    /// Absolute paths.
    public var files: [String]
    public var bytes: Int
    public var truth: TruthTable?
    public var identificationTruth: IdentificationTruthTable?

    public init(
        name: String, sha256: String, files: [String], bytes: Int, truth: TruthTable?,
        identificationTruth: IdentificationTruthTable?
    ) {
        self.name = name
        self.sha256 = sha256
        self.files = files
        self.bytes = bytes
        self.truth = truth
        self.identificationTruth = identificationTruth
    }
}

extension EngineWorkload {
    /// Finds bundled workloads by name and makes what is made on first use.
    ///
    /// - Parameter note: told before something is prepared, which takes some seconds.
    /// - Throws: `AnalysisError(.badConfiguration)` without a name or with one twice, `AnalysisError(.badInput)` for data
    ///   that is missing or unreadable, `WorkloadError`.
    public static func prepare(
        _ names: [String], _ locations: DataLocations, note: (String) -> Void
    ) throws -> [EngineWorkload] {
        guard let root = locations.workloads else {
            throw AnalysisError(
                .badInput, "the bundled workloads were not found; run inside the project or set LAVOISIER_DATA_DIR")
        }
        guard !names.isEmpty, Set(names).count == names.count else {
            throw AnalysisError(.badConfiguration, "name at least one workload, and each only once")
        }
        let catalog = try WorkloadCatalog(root: root)
        return try names.map { try catalog.find($0) }.map { workload in
            var isNoted = false
            let files = try workload.prepare(cacheDirectory: locations.cache) { _ in
                if !isNoted { note("preparing the workload \(workload.name) (once)") }
                isNoted = true
            }
            return EngineWorkload(
                name: workload.name, sha256: workload.hash, files: files.map(absolutePath),
                bytes: try files.reduce(0) { try $0 + size(of: $1) },
                truth: try workload.truthPath.map { path in try read { try TruthTable(path: path) } },
                identificationTruth: try workload.identificationTruthPath.map { path in
                    try read { try IdentificationTruthTable(path: path) }
                })
        }
    }

    private static func read<Table>(_ body: () throws -> Table) throws(AnalysisError) -> Table {
        do {
            return try body()
        } catch {
            throw AnalysisError(.badInput, "\(error)")
        }
    }

    private static func size(of path: String) throws(AnalysisError) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let bytes = attributes?[.size] as? Int, bytes > 0 else {
            throw AnalysisError(.badInput, "\(path) is missing or empty")
        }
        return bytes
    }
}

extension DataLocations {
    /// Where the data lies, with absolute paths: children get them, and the names of prepared files follow from them.
    public static func absolute(environment: [String: String]) -> DataLocations {
        let found = standard(environment: environment, programPath: programPath)
        return DataLocations(workloads: found.workloads.map(absolutePath), cache: absolutePath(found.cache))
    }

    /// Makes the bundled library and the compound tables ready, so that no run pays for it.
    /// - Throws: `AnalysisError`.
    public func prepareReferences(note: (String) -> Void) throws {
        _ = try ReferenceData.open(
            ReferenceData.Sources.bundled(self), cache: cache, wantsLibrary: true, wantsCompounds: true,
            wantsDecoys: true, note: note)
    }
}

/// A path that means the same in another working folder.
public func absolutePath(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
}
