/// How short of memory the machine and the control group of this process are now.
extension HostReader {
    /// Share of the last ten seconds in which at least one task waited for memory, percent (`some avg10` of pressure stall
    /// information).
    public func readMemoryStall() -> Measured<Double> {
        hostText("/proc/pressure/memory").flatMap { text in
            let words = text.split(whereSeparator: \.isWhitespace)
            let value = words.first { $0.hasPrefix("avg10=") }.flatMap { Double($0.dropFirst(6)) }
            return Measured(value, otherwise: "/proc/pressure/memory has no avg10")
        }
    }

    /// Files of used and allowed memory of the control groups of this process, leaf first: they stay the same for a run.
    public func groupMemoryFiles() -> [(used: String, limit: String)] {
        let groups = ControlGroups(
            membership: hostText("/proc/self/cgroup").value ?? "", mounts: hostText("/proc/self/mountinfo").value ?? "")
        return groups.unified.map { (used: $0 + "/memory.current", limit: $0 + "/memory.max") }
            + (groups.legacy["memory"] ?? []).map {
                (used: $0 + "/memory.usage_in_bytes", limit: $0 + "/memory.limit_in_bytes")
            }
    }

    /// Memory of a control group over its limit, of the one that is nearest to it; file pages that can be dropped count as
    /// the kernel counts them.
    public func readGroupMemoryShare(_ files: [(used: String, limit: String)]) -> Measured<Double> {
        func number(_ path: String) -> Double? { hostText(path).value.flatMap { Double($0.trimmed) } }
        let shares = files.compactMap { file -> Double? in
            // "max" is no number, and v1 has a page-rounded 2^63 for no limit.
            guard let limit = number(file.limit), limit > 0, limit < 0x1p60, let used = number(file.used) else {
                return nil
            }
            return used / limit
        }
        return Measured(shares.max(), otherwise: "no control group limits the memory of this process")
    }
}
