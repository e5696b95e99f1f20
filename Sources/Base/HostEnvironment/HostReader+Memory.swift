/// How short of memory the machine and the control group of this process are now.
extension HostReader {
    /// Share of the last ten seconds in which at least one task waited for memory, percent (`some avg10` of pressure stall
    /// information): of the machine, or of the control group with a limit among these that waited most.
    ///
    /// A group that reaches its own limit waits for memory while the machine around it has plenty, and within a container the
    /// machine's figure may not be told. A group without a limit may hold one that has its own and is nothing to this process.
    public func readMemoryStall(_ groups: [GroupMemoryFiles] = []) -> Measured<Double> {
        let machine = memoryStall("/proc/pressure/memory")
        let limited = groups.filter { limitBytes($0) != nil }
        let known =
            [machine.value].compactMap(\.self) + limited.compactMap { $0.pressure.flatMap { memoryStall($0).value } }
        return known.max().map { .available($0) } ?? machine
    }

    private func memoryStall(_ path: String) -> Measured<Double> {
        hostText(path).flatMap { text in
            let words = text.split(whereSeparator: \.isWhitespace)
            let value = words.first { $0.hasPrefix("avg10=") }.flatMap { Double($0.dropFirst(6)) }
            return Measured(value, otherwise: "\(path) has no avg10")
        }
    }

    /// Where the kernel tells of the memory of the control groups of this process, leaf first: it stays the same for a run.
    public func groupMemoryFiles() -> [GroupMemoryFiles] {
        let groups = ControlGroups(
            membership: hostText("/proc/self/cgroup").value ?? "", mounts: hostText("/proc/self/mountinfo").value ?? "")
        return groups.unified.map { path in
            GroupMemoryFiles(
                used: path + "/memory.current", limit: path + "/memory.max", statistics: path + "/memory.stat",
                idlePages: "inactive_file", pressure: path + "/memory.pressure")
        }
            + (groups.legacy["memory"] ?? []).map { path in
                GroupMemoryFiles(
                    used: path + "/memory.usage_in_bytes", limit: path + "/memory.limit_in_bytes",
                    statistics: path + "/memory.stat", idlePages: "total_inactive_file", pressure: nil)
            }
    }

    /// Memory of a control group over its limit, of the one that is nearest to it.
    ///
    /// Without pages of files that nobody has used lately: the kernel drops those first and at no cost, and reading a file that
    /// is larger than the limit fills the group with them.
    public func readGroupMemoryShare(_ files: [GroupMemoryFiles]) -> Measured<Double> {
        let shares = files.compactMap { file -> Double? in
            guard let limit = limitBytes(file), let used = number(file.used) else { return nil }
            let idle = hostText(file.statistics).value.flatMap { text in
                text.lines.lazy.map(\.fields).first { $0.count == 2 && $0[0] == file.idlePages }.flatMap {
                    Double($0[1])
                }
            }
            return max(used - (idle ?? 0), 0) / limit
        }
        return Measured(shares.max(), otherwise: "no control group limits the memory of this process")
    }

    private func number(_ path: String) -> Double? { hostText(path).value.flatMap { Double($0.trimmed) } }

    /// "max" is no number, and v1 has a page-rounded 2^63 for no limit.
    private func limitBytes(_ group: GroupMemoryFiles) -> Double? {
        number(group.limit).flatMap { $0 > 0 && $0 < 0x1p60 ? $0 : nil }
    }
}

/// Paths of a control group's figures.
public struct GroupMemoryFiles: Sendable, Hashable {
    public let used: String
    public let limit: String
    public let statistics: String
    /// Name among the statistics of the bytes of file pages that were not used lately.
    public let idlePages: String
    /// Stalls of the tasks in the group; the older hierarchy does not tell them.
    public let pressure: String?
}
