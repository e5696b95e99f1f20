/// A workload that cannot be used: where, why, and what to do.
public struct WorkloadError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case unreadableFolder
        case unreadableManifest
        case malformedManifest
        case unknownKey
        case unknownWorkload
        case noSuchType
        case missingFile
        case wrongSize
        case wrongChecksum
        case notPrepared
        case cannotPrepare
    }

    public let code: Code
    /// The file or folder, or the name of a workload that does not exist.
    public let path: String
    /// Line in a manifest, from 1.
    public let line: Int?
    public let reason: String

    public init(_ code: Code, path: String, line: Int? = nil, reason: String) {
        self.code = code
        self.path = path
        self.line = line
        self.reason = reason
    }

    public var description: String {
        guard let line else { return "\(path): \(reason)" }
        return "\(path):\(line): \(reason)"
    }
}
