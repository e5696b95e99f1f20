import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The kernel's part in a run's memory limit: a cgroup, or RLIMIT_DATA where there can be none.
struct RunBound {
    private(set) var group: MemoryControlGroup?
    /// Nil without a limit.
    private(set) var enforcement: MemoryEnforcement?
    /// RLIMIT_DATA for the child.
    private(set) var dataBytes: Int?
    private let limit: Int?

    /// - Parameters:
    ///   - limit: resident bytes; nil: no limit.
    ///   - parent: where a cgroup may be made.
    init(limit: Int?, parent: Measured<MemoryGroupParent>) {
        self.limit = limit
        guard let limit else { return }
        let bytes = MemoryEnforcement.groupBound(limit)
        switch parent.flatMap({ MemoryControlGroup.make(in: $0, limitBytes: bytes) }) {
        case .available(let made):
            group = made
            enforcement = MemoryEnforcement(
                means: made.version == 2 ? .controlGroup2 : .controlGroup1, hardLimitBytes: bytes)
        case .unavailable(let reason): giveUpGroup(reason: reason)
        }
    }

    /// Falls back to polling and RLIMIT_DATA.
    mutating func giveUpGroup(reason: String) {
        remove()
        guard let limit else { return }
        let cpus = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let bytes = MemoryEnforcement.dataBound(limit, cpus: max(cpus, 1))
        dataBytes = bytes
        enforcement = MemoryEnforcement(means: .polling, hardLimitBytes: bytes, reason: reason)
    }

    /// Whether the kernel had to end the run at its bound.
    var wasReached: Bool { (group?.kills ?? 0) > 0 }

    var hardLimitBytes: Int { enforcement?.hardLimitBytes ?? 0 }

    /// Ends what is left in the group and removes it.
    mutating func remove() {
        _ = group?.remove()
        group = nil
    }
}
