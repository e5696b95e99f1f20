#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the bundled data lies and where what is made from it is kept.
public struct DataLocations: Sendable, Hashable {
    /// The folder with the workloads and the libraries; `nil` when none was found.
    public let workloads: String?
    /// Prepared libraries and generated workloads; created when needed.
    public let cache: String

    public init(workloads: String?, cache: String) {
        self.workloads = workloads
        self.cache = cache
    }

    /// Looks for the data: `$LAVOISIER_DATA_DIR`, `./workloads`, beside the program (a build inside the repository, or
    /// `share/lavoisier` of an installation). The cache is `$LAVOISIER_CACHE_DIR`, `$XDG_CACHE_HOME/lavoisier`, else
    /// `~/.cache/lavoisier`.
    public static func standard(environment: [String: String], programPath: String) -> DataLocations {
        var candidates: [String] = []
        if let folder = environment["LAVOISIER_DATA_DIR"], !folder.isEmpty { candidates.append(folder) }
        candidates.append("workloads")
        var folder = programPath
        while let slash = folder.lastIndex(of: "/"), slash != folder.startIndex {
            folder = String(folder[..<slash])
            candidates.append("\(folder)/share/lavoisier/workloads")
            candidates.append("\(folder)/workloads")
        }
        // Absolute and free of links, so that one library is one cache entry however its path was spelled.
        let found = candidates.lazy.compactMap(absolutePath).first { access("\($0)/libraries", R_OK | X_OK) == 0 }
        let cache: String
        if let folder = environment["LAVOISIER_CACHE_DIR"], !folder.isEmpty {
            cache = folder
        } else if let folder = environment["XDG_CACHE_HOME"], !folder.isEmpty {
            cache = "\(folder)/lavoisier"
        } else if let home = environment["HOME"], !home.isEmpty {
            cache = "\(home)/.cache/lavoisier"
        } else {
            cache = "/var/tmp/lavoisier-cache"
        }
        return DataLocations(workloads: found, cache: cache)
    }

    /// The path with links and dots resolved; `nil` when there is nothing.
    private static func absolutePath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The path of the running program, links resolved.
    public static var programPath: String {
        var buffer = [CChar](repeating: 0, count: 4_097)
        let length = readlink("/proc/self/exe", &buffer, 4_096)
        guard length > 0 else { return CommandLine.arguments.first ?? "lavoisier" }
        return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
