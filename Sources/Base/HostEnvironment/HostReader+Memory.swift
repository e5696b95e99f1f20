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

    /// Memory of the control group over its limit, of the one that is nearest to it; file pages that can be dropped count as
    /// the kernel counts them.
    public func readGroupMemoryShare() -> Measured<Double> {
        let groups = ControlGroups(
            membership: hostText("/proc/self/cgroup").value ?? "", mounts: hostText("/proc/self/mountinfo").value ?? "")
        func number(_ path: String) -> Double? { hostText(path).value.flatMap { Double($0.trimmed) } }
        var shares: [Double] = []
        func add(_ used: String, _ limit: String) {
            // "max" is no number, and v1 has a page-rounded 2^63 for no limit.
            guard let used = number(used), let limit = number(limit), limit > 0, limit < 0x1p60 else { return }
            shares.append(used / limit)
        }
        for folder in groups.unified { add(folder + "/memory.current", folder + "/memory.max") }
        for folder in groups.legacy["memory"] ?? [] {
            add(folder + "/memory.usage_in_bytes", folder + "/memory.limit_in_bytes")
        }
        return Measured(shares.max(), otherwise: "no control group limits the memory of this process")
    }
}
