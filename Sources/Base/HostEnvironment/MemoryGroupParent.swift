/// A cgroup folder below which this process may make a group with a memory limit of its own, as far as reading tells.
public struct MemoryGroupParent: Sendable, Hashable, Codable {
    /// 1 or 2.
    public let version: Int
    public let folder: String
}

extension HostReader {
    /// Where a child of this process can be put so that the kernel bounds its memory, and stays inside every bound that
    /// holds for this process.
    ///
    /// In v2 a group with processes cannot have limited groups below it, so the new one lies beside this process's own;
    /// that is refused where the own group bounds anything, because its neighbour would not be bound. In v1 it lies below.
    public func memoryGroupParent() -> Measured<MemoryGroupParent> {
        let groups = ControlGroups(
            membership: hostText("/proc/self/cgroup").value ?? "", mounts: hostText("/proc/self/mountinfo").value ?? "")
        let unified = unifiedParent(groups)
        if unified.value != nil { return unified }
        return groups.legacy["memory"] == nil ? unified : legacyParent(groups)
    }

    private func unifiedParent(_ groups: ControlGroups) -> Measured<MemoryGroupParent> {
        guard let own = groups.unified.first else { return .unavailable(reason: "there is no cgroup v2 hierarchy") }
        func controls(_ folder: String) -> Bool {
            (hostText(folder + "/cgroup.subtree_control").value ?? "").fields.contains("memory")
        }
        if controls(own) { return .available(MemoryGroupParent(version: 2, folder: own)) }
        guard groups.unified.count > 1, case let parent = groups.unified[1], controls(parent) else {
            return .unavailable(
                reason:
                    "cgroup v2 gives no memory controller beside \(own) (run it in a delegated group, for instance by "
                    + "'systemd-run --user --scope')")
        }
        // `cpu.max` is `max 100000`: the first word tells.
        for (file, unbounded) in [
            ("memory.max", "max"), ("memory.high", "max"), ("memory.swap.max", "max"), ("cpu.max", "max"),
            ("pids.max", "max"), ("cpuset.cpus", ""),
        ] {
            if let text = hostText("\(own)/\(file)").value?.trimmed, String(text.fields.first ?? "") != unbounded {
                return .unavailable(reason: "\(own)/\(file) is \(text), which a group beside it would not keep")
            }
        }
        return .available(MemoryGroupParent(version: 2, folder: parent))
    }

    private func legacyParent(_ groups: ControlGroups) -> Measured<MemoryGroupParent> {
        guard let own = groups.legacy["memory"]?.first else {
            return .unavailable(reason: "there is no memory controller")
        }
        // Without it a group below would escape the limit of this one.
        guard hostText(own + "/memory.use_hierarchy").value?.trimmed == "1" else {
            return .unavailable(reason: "\(own) does not bound the groups below it (memory.use_hierarchy)")
        }
        return .available(MemoryGroupParent(version: 1, folder: own))
    }
}
