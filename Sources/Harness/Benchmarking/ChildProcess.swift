import HostEnvironment

/// A program to run once and measure.
///
/// The child gets a process group of its own, `/dev/null` as input, and nothing of this process's environment and
/// descriptors. It dies with this process: the kernel kills it (parent-death signal), a guard kills what it started.
/// Whatever ends the run ends all of it: the process group, and the descendants that left the group but kept their
/// parents. Under a memory limit with a cgroup nothing escapes.
public struct ChildProcess: Sendable, Hashable {
    /// Absolute path; PATH is not searched.
    public var executable: String
    /// Without the program's name, which is `executable`.
    public var arguments: [String]
    /// The whole environment of the child.
    public var environment: [String: String]
    /// Absolute path; nil: the directory of this process.
    public var workingDirectory: String?
    public var limits: ChildLimits
    /// Bytes kept of the end of each output stream.
    public var tailCapacity: Int

    public init(
        executable: String, arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil, limits: ChildLimits = ChildLimits(), tailCapacity: Int = 16_384
    ) {
        precondition(tailCapacity >= 0, "negative tail capacity")
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.limits = limits
        self.tailCapacity = tailCapacity
    }

    /// Runs the program to its end, whatever that is, and returns what it cost.
    ///
    /// Blocks the calling thread: call it from the main thread or one of your own, not from Swift's cooperative pool.
    /// Several threads may run children at once, but then each disturbs the other's measurement.
    /// - Parameter interrupt: when raised, the child is killed and the run ends as `.interrupted`.
    public func run(interrupt: InterruptFlag? = nil) -> ChildMeasurement {
        run(interrupt: interrupt, groupParent: MemoryControlGroup.parent)
    }

    /// - Parameter groupParent: where a cgroup for the memory limit may be made.
    func run(interrupt: InterruptFlag?, groupParent: @autoclosure () -> Measured<MemoryGroupParent>) -> ChildMeasurement
    {
        // Not probed where there is no limit to hold.
        let parent: Measured<MemoryGroupParent> =
            limits.memoryBytes == nil ? .unavailable(reason: "no memory limit") : groupParent()
        var session = ChildSession(process: self, interrupt: interrupt, groupParent: parent)
        return session.run()
    }
}

/// Bounds of one run.
public struct ChildLimits: Sendable, Hashable, Codable {
    /// Wall time after which the group is killed; nil: none.
    public var timeoutSeconds: Double?
    /// Time between SIGTERM and SIGKILL for a child that must go.
    public var graceSeconds: Double
    /// Resident memory of the process above which the group is killed; nil: none. Looked at every 20 ms, with a hard
    /// bound above it by the kernel: a cgroup where this machine allows one, else RLIMIT_DATA.
    /// `ChildMeasurement.memoryEnforcement` says which.
    public var memoryBytes: Int?
    /// RLIMIT_AS. Rarely wanted: mapped files and thread stacks count, and the child sees failing allocations.
    public var addressSpaceBytes: Int?
    /// RLIMIT_FSIZE: the largest file the child may write.
    public var fileSizeBytes: Int?
    /// RLIMIT_CORE; 0 by default, because a crashing trial must not fill the disk.
    public var coreDumpBytes: Int

    public init(
        timeoutSeconds: Double? = nil, graceSeconds: Double = 2, memoryBytes: Int? = nil, addressSpaceBytes: Int? = nil,
        fileSizeBytes: Int? = nil, coreDumpBytes: Int = 0
    ) {
        precondition((timeoutSeconds ?? 1) > 0 && graceSeconds >= 0, "time limits must be positive")
        precondition((memoryBytes ?? 1) > 0 && (addressSpaceBytes ?? 1) > 0, "memory limits must be positive")
        precondition((fileSizeBytes ?? 0) >= 0 && coreDumpBytes >= 0, "negative file limits")
        self.timeoutSeconds = timeoutSeconds
        self.graceSeconds = graceSeconds
        self.memoryBytes = memoryBytes
        self.addressSpaceBytes = addressSpaceBytes
        self.fileSizeBytes = fileSizeBytes
        self.coreDumpBytes = coreDumpBytes
    }
}
