internal import CChildLauncher
import HostEnvironment
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A cgroup of one run: the kernel ends what is in it when its memory passes the bound, whatever process of the run
/// took it and however fast.
///
/// Removed by `remove`, by the guard of the run when this process is killed, and by the next process that makes one when
/// even the guard was killed.
struct MemoryControlGroup: Sendable {
    let version: Int
    let folder: String
    let limitBytes: Int

    /// What this machine allows, found once: a group is made, bounded and removed again.
    static let parent: Measured<MemoryGroupParent> = HostReader().memoryGroupParent().flatMap { parent in
        MemoryControlGroup.make(in: parent, limitBytes: 1 << 30).flatMap { group in
            let left = group.remove()
            return Measured(left ? parent : nil, otherwise: "\(group.folder) cannot be removed")
        }
    }

    private static let number = Atomic<Int>(0)
    private static let prefix = "lavoisier-"

    /// Makes a group and bounds it; nothing is left when that fails.
    static func make(in parent: MemoryGroupParent, limitBytes: Int) -> Measured<MemoryControlGroup> {
        removeAbandoned(in: parent.folder)
        let order = number.wrappingAdd(1, ordering: .relaxed).newValue
        let folder = "\(parent.folder)/\(prefix)\(getpid())-\(order)"
        guard mkdir(folder, 0o755) == 0 else {
            return .unavailable(reason: "cannot make a group in \(parent.folder): \(systemMessage(errno))")
        }
        let group = MemoryControlGroup(version: parent.version, folder: folder, limitBytes: limitBytes)
        let file = parent.version == 2 ? "memory.max" : "memory.limit_in_bytes"
        if let number = writeSmallFile("\(folder)/\(file)", "\(limitBytes)") {
            _ = group.remove()
            return .unavailable(reason: "\(folder)/\(file): \(systemMessage(number))")
        }
        // Without these the kernel would move the rest to swap, where there is swap, and end one process of several.
        if parent.version == 2 {
            _ = writeSmallFile("\(folder)/memory.swap.max", "0")
            _ = writeSmallFile("\(folder)/memory.oom.group", "1")
        } else {
            _ = writeSmallFile("\(folder)/memory.memsw.limit_in_bytes", "\(limitBytes)")
        }
        return .available(group)
    }

    var processes: String { "\(folder)/cgroup.procs" }

    /// How often the kernel had to kill in this group.
    var kills: Int {
        let file = version == 2 ? "memory.events" : "memory.oom_control"
        guard case .success(let text) = readSmallFile("\(folder)/\(file)") else { return 0 }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) ?? 0 }
        }
        return 0
    }

    /// Kills what is in the group and removes it. Returns whether it is gone.
    func remove() -> Bool { child_remove_control_group(folder, processes, 5000) == 0 }

    /// Groups of processes that are no more. One that has processes stays: `rmdir` refuses it.
    private static func removeAbandoned(in folder: String) {
        for name in folderNames(folder) where name.hasPrefix(prefix) {
            let parts = name.dropFirst(prefix.count).split(separator: "-")
            guard parts.count == 2, let pid = pid_t(parts[0]), pid != getpid(), kill(pid, 0) != 0, errno == ESRCH else {
                continue
            }
            rmdir("\(folder)/\(name)")
        }
    }
}

/// How a memory limit of a run was held.
public struct MemoryEnforcement: Sendable, Hashable, Codable {
    public enum Means: String, Sendable, Hashable, Codable {
        /// The kernel bounds the run and all its processes.
        case controlGroup2
        case controlGroup1
        /// Resident memory of the process is looked at every 20 ms; RLIMIT_DATA bounds what it can take in between.
        case polling
    }

    public let means: Means
    /// What the kernel refuses to go beyond: of the whole run in a cgroup, of one process's writable memory otherwise.
    public let hardLimitBytes: Int
    /// Why there is no cgroup.
    public let reason: String?

    public init(means: Means, hardLimitBytes: Int, reason: String? = nil) {
        self.means = means
        self.hardLimitBytes = hardLimitBytes
        self.reason = reason
    }

    /// For people: `cgroup v2, at most 1207959552 bytes`.
    public var text: String {
        switch means {
        case .controlGroup2: "cgroup v2, at most \(hardLimitBytes) bytes"
        case .controlGroup1: "cgroup v1, at most \(hardLimitBytes) bytes"
        case .polling:
            "polled every 20 ms, at most \(hardLimitBytes) bytes of writable memory"
                + (reason.map { " (no cgroup: \($0))" } ?? "")
        }
    }

    /// The bound of a cgroup: above the limit, since polling decides at the limit and the group also counts the page
    /// cache that the run filled, which it would otherwise lose and read again.
    static func groupBound(_ limit: Int) -> Int { limit + max(limit / 8, 16 << 20) }

    /// The bound of writable address space, which is never all resident: stacks and reserved heaps count.
    static func dataBound(_ limit: Int, cpus: Int) -> Int { 2 * limit + (1 << 30) + cpus * (16 << 20) }
}
