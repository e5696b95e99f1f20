import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A process by its number and its start, since numbers are given again.
struct ProcessStart: Hashable {
    let pid: pid_t
    /// In clock ticks since the machine started (`/proc/PID/stat`, field 22).
    let ticks: UInt64

    /// Sends the signal if this process is still the one meant.
    func send(_ signal: Int32) {
        if ProcessStat(pid: pid)?.startTicks == ticks { kill(pid, signal) }
    }
}

/// The fields of `/proc/PID/stat` that name a process's place.
struct ProcessStat {
    let parent: pid_t
    let group: pid_t
    let startTicks: UInt64

    init?(pid: pid_t) {
        guard case .success(let text) = readSmallFile("/proc/\(pid)/stat") else { return nil }
        self.init(text)
    }

    /// `12 (name with ) and spaces) S 1 12 ...`: the name ends at the last bracket.
    init?(_ text: String) {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 19, let parent = pid_t(fields[1]), let group = pid_t(fields[2]),
            let ticks = UInt64(fields[19])
        else { return nil }
        (self.parent, self.group, startTicks) = (parent, group, ticks)
    }
}

/// Children and their children of a process that are outside its process group: those that `kill(-group)` misses.
///
/// Whoever lost its parent before is not found; a cgroup finds those too.
func descendantsOutsideGroup(of root: pid_t) -> [ProcessStart] {
    var children: [pid_t: [(pid: pid_t, stat: ProcessStat)]] = [:]
    for pid in folderNames("/proc").compactMap({ pid_t($0) }) {
        if let stat = ProcessStat(pid: pid) { children[stat.parent, default: []].append((pid, stat)) }
    }
    var found: [ProcessStart] = []
    var pending = [root]
    var seen: Set<pid_t> = [root]
    while let parent = pending.popLast() {
        for child in children[parent] ?? [] where seen.insert(child.pid).inserted {
            pending.append(child.pid)
            if child.stat.group != root { found.append(ProcessStart(pid: child.pid, ticks: child.stat.startTicks)) }
        }
    }
    return found
}
