import ContentHash
import MzML
import SpectrumModel

/// One data file of a workload, as its manifest states it.
public struct WorkloadFile: Sendable, Hashable {
    /// File name inside the workload's folder.
    public let name: String
    public let bytes: Int
    /// Lower-case hexadecimal.
    public let sha256: String
    public let origin: String
    public let licence: String

    public init(name: String, bytes: Int, sha256: String, origin: String, licence: String) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
        self.origin = origin
        self.licence = licence
    }
}

/// How a workload is made from the scans of another one.
public struct TilePlan: Sendable, Hashable {
    /// The workload whose files are repeated, in its order.
    public let source: String
    /// Folder and files of the source.
    public let sourceFolder: String
    public let sourceFiles: [WorkloadFile]
    /// Name of the file that is made, or of what the names of several begin and end with.
    public let file: String
    public let fileCount: Int
    /// Of all files together.
    public let targetBytes: Int
    public let compression: ArrayCompression

    /// Names of the files that are made: `many-01.mzML`, `many-02.mzML` ... for several.
    public var files: [String] {
        guard fileCount > 1 else { return [file] }
        let end = file.lastIndex(of: ".") ?? file.endIndex
        let width = String(fileCount).utf8.count
        return (1...fileCount).map { number in
            let digits = String(number)
            let zeros = String(repeating: "0", count: width - digits.utf8.count)
            return "\(file[..<end])-\(zeros)\(digits)\(file[end...])"
        }
    }

    /// What one of the files repeats: the files of the source, each file beginning with the next one.
    func sources(ofFile number: Int) -> [WorkloadFile] {
        let first = number % max(sourceFiles.count, 1)
        return Array(sourceFiles[first...] + sourceFiles[..<first])
    }
}

/// How large a workload is, from the quickest to run.
public enum WorkloadTier: String, Sendable, Hashable, Codable, CaseIterable {
    case small, medium, large
    /// For tests and accuracy; not part of the default benchmark.
    case extra
}

/// A named set of real runs with their facts, as `workload.yaml` states them.
public struct Workload: Sendable, Hashable {
    public enum Content: Sendable, Hashable {
        /// Files that lie in the workload's folder.
        case files([WorkloadFile])
        /// Files that are made on first use.
        case tile(TilePlan)
    }

    public let name: String
    public let title: String
    public let tier: WorkloadTier
    /// `nil` where the manifest does not say.
    public let type: WorkloadType?
    /// `nil` where the manifest does not say.
    public let complexity: WorkloadComplexity?
    public let instrument: String
    public let polarity: Polarity
    public let representation: SpectrumRepresentation
    /// MS levels in the data, ascending.
    public let msLevels: [Int]
    public let description: String
    /// The folder of the manifest.
    public let folder: String
    /// What is known to be in the data; `nil` where nobody has published it.
    public let truthPath: String?
    /// What others identified in the data.
    public let identificationTruthPath: String?
    public let content: Content

    /// The files that its data come from: its own, or those that are repeated.
    public var sourceFiles: [WorkloadFile] {
        switch content {
        case .files(let files): files
        case .tile(let plan): plan.sourceFiles
        }
    }

    /// Bytes of the data: exact for files, the target for a tiled workload.
    public var totalBytes: Int {
        switch content {
        case .files(let files): files.reduce(0) { $0 + $1.bytes }
        case .tile(let plan): plan.targetBytes
        }
    }

    /// SHA-256 that names the data: checksums of the files, how they are tiled, and the facts that an analysis depends
    /// on. Titles, texts, type, complexity and truth do not enter; neither do paths.
    public var hash: String {
        var lines = [
            "lavoisier workload 1", "name \(name)", "polarity \(polarity.symbol)",
            "representation \(representation)", "levels \(msLevels)",
        ]
        lines += sourceFiles.map { "file \($0.sha256) \($0.bytes) \($0.name)" }
        if case .tile(let plan) = content {
            lines.append("tile \(plan.file) \(plan.targetBytes) \(plan.compression.rawValue)")
            if plan.fileCount > 1 { lines.append("as \(plan.fileCount) files") }
        }
        return sha256(lines.joined(separator: "\n"))
    }

    /// Where the data files are, or will be once `prepare` has made them.
    public func filePaths(cacheDirectory: String) -> [String] {
        switch content {
        case .files(let files): files.map { "\(folder)/\($0.name)" }
        case .tile(let plan): plan.files.map { "\(preparedFolder(cacheDirectory))/\($0)" }
        }
    }

    /// The folder of what is made on first use; its name changes with the data.
    func preparedFolder(_ cacheDirectory: String) -> String { "\(cacheDirectory)/workloads/\(name)-\(hash.prefix(16))" }
}
