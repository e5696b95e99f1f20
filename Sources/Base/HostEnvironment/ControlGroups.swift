/// A bound on CPUs or memory and where it comes from.
public struct ResourceLimit: Sendable, Hashable, Codable {
    /// CPUs (may be fractional) or bytes.
    public let value: Double
    /// For instance `cgroup v2 cpu.max of /user.slice` or `SLURM_CPUS_PER_TASK`.
    public let source: String

    public init(value: Double, source: String) {
        self.value = value
        self.source = source
    }
}

/// The folders that limit this process, found from `/proc/self/cgroup` and `/proc/self/mountinfo`.
///
/// A limit may sit on any ancestor, so each hierarchy gives its leaf and all folders up to the mount point.
/// In a container the mount shows only the container's own subtree (mountinfo's root field), and with a cgroup
/// namespace the path is `/`; a path outside the mount's root falls back to the mount point itself.
struct ControlGroups: Sendable, Equatable {
    /// Folders of the unified hierarchy (v2), leaf first; empty without one.
    var unified: [String] = []
    /// Folders of v1 hierarchies by controller (`cpu`, `memory`), leaf first.
    var legacy: [String: [String]] = [:]

    init(membership: String, mounts: String) {
        let mounted = Self.parseMounts(mounts)
        for line in membership.lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let path = String(parts[2])
            if parts[1].isEmpty {
                if let mount = mounted.first(where: { $0.isUnified }) { unified = mount.folders(of: path) }
                continue
            }
            for controller in parts[1].split(separator: ",").map(String.init) {
                if let mount = mounted.first(where: { !$0.isUnified && $0.options.contains(controller) }) {
                    legacy[controller] = mount.folders(of: path)
                }
            }
        }
    }

    struct Mount: Equatable {
        let root: String
        let point: String
        let isUnified: Bool
        let options: Set<String>

        func folders(of path: String) -> [String] {
            var relative: String
            if root == "/" {
                relative = path
            } else if path == root {
                relative = ""
            } else if path.hasPrefix(root + "/") {
                relative = String(path.dropFirst(root.count))
            } else {
                relative = ""
            }
            // A path that leaves the namespace (/../..) cannot be followed.
            if relative.split(separator: "/").contains("..") { relative = "" }
            var folders: [String] = []
            while !relative.isEmpty && relative != "/" {
                folders.append(point + relative)
                relative = relative.lastIndex(of: "/").map { String(relative[..<$0]) } ?? ""
            }
            folders.append(point)
            return folders
        }
    }

    /// `36 35 98:0 /root /point options - type source super-options`, with octal escapes for spaces in paths.
    static func parseMounts(_ text: String) -> [Mount] {
        text.lines.compactMap { line in
            let fields = line.fields
            guard let separator = fields.firstIndex(of: "-") else { return nil }
            let (left, right) = (fields[..<separator], fields[(separator + 1)...])
            guard left.count >= 5, let type = right.first, type == "cgroup" || type == "cgroup2" else { return nil }
            return Mount(
                root: unescape(left[3]), point: unescape(left[4]), isUnified: type == "cgroup2",
                options: Set((right.last ?? "").split(separator: ",").map(String.init)))
        }
    }

    private static func unescape(_ text: Substring) -> String {
        guard text.contains("\\") else { return String(text) }
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        var i = 0
        while i < bytes.count {
            if bytes[i] == UInt8(ascii: "\\"), i + 3 < bytes.count,
                let code = UInt8(String(decoding: bytes[(i + 1)...(i + 3)], as: UTF8.self), radix: 8)
            {
                out.append(code)
                i += 4
            } else {
                out.append(bytes[i])
                i += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    // MARK: limits

    /// CPU bandwidth limits of all folders, as CPUs.
    func cpuLimits(_ files: HostFiles) -> [ResourceLimit] {
        var limits: [ResourceLimit] = []
        for folder in unified {
            guard let text = files.text(folder + "/cpu.max").value, let cpus = Self.parseCPUMax(text) else { continue }
            limits.append(ResourceLimit(value: cpus, source: "cgroup v2 \(folder)/cpu.max"))
        }
        for folder in legacy["cpu"] ?? [] {
            guard let quota = files.text(folder + "/cpu.cfs_quota_us").value.flatMap({ Double($0.trimmed) }),
                let period = files.text(folder + "/cpu.cfs_period_us").value.flatMap({ Double($0.trimmed) }),
                quota > 0, period > 0
            else { continue }
            limits.append(ResourceLimit(value: quota / period, source: "cgroup v1 \(folder)/cpu.cfs_quota_us"))
        }
        return limits
    }

    /// Memory limits of all folders, in bytes. `memory.high` counts: beyond it the kernel throttles and reclaims.
    func memoryLimits(_ files: HostFiles) -> [ResourceLimit] {
        var limits: [ResourceLimit] = []
        func add(_ path: String, _ version: String) {
            // "max", or on v1 a page-rounded 2^63, means no limit.
            guard let bytes = files.text(path).value.flatMap({ Double($0.trimmed) }), bytes > 0, bytes < 0x1p60 else {
                return
            }
            limits.append(ResourceLimit(value: bytes, source: "cgroup \(version) \(path)"))
        }
        for folder in unified {
            add(folder + "/memory.max", "v2")
            add(folder + "/memory.high", "v2")
        }
        for folder in legacy["memory"] ?? [] { add(folder + "/memory.limit_in_bytes", "v1") }
        return limits
    }

    /// CPUs allowed by a `cpu.max` file (`max 100000`, `250000 100000`); nil when unlimited or malformed.
    static func parseCPUMax(_ text: String) -> Double? {
        let words = text.fields
        guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), quota > 0, period > 0
        else {
            return nil
        }
        return quota / period
    }
}
