/// Cache sizes in bytes as one CPU sees them.
public struct CacheSizes: Sendable, Hashable, Codable {
    public let l1Data: Measured<Int>
    public let l2: Measured<Int>
    /// Shared; of the instance that the first usable CPU belongs to.
    public let l3: Measured<Int>

    public init(l1Data: Measured<Int>, l2: Measured<Int>, l3: Measured<Int>) {
        self.l1Data = l1Data
        self.l2 = l2
        self.l3 = l3
    }
}

/// What a machine offers this process, as of one reading.
public struct HostDescription: Sendable, Hashable, Codable {
    public let architecture: Measured<String>
    public let kernel: Measured<String>
    public let cpuModel: Measured<String>
    /// Whether the CPU says that it is virtual.
    public let hypervisor: Measured<Bool>
    public let logicalCPUs: Measured<Int>
    public let physicalCPUs: Measured<Int>
    /// CPUs this process can keep busy: affinity mask, cgroup quotas (rounded down, at least 1) and Slurm.
    public let usableCPUs: Measured<Int>
    /// Physical cores among the CPUs of the affinity mask, at most `usableCPUs`.
    public let usablePhysicalCPUs: Measured<Int>
    public let cpuLimits: [ResourceLimit]
    public let totalMemoryBytes: Measured<Int>
    /// Total memory under cgroup and Slurm limits.
    public let usableMemoryBytes: Measured<Int>
    public let memoryLimits: [ResourceLimit]
    public let caches: CacheSizes
    public let gpuModel: Measured<String>
    public let loadAverage: Measured<LoadAverage>
    /// Limits that were set and not understood, each with its reason.
    public let ignoredLimits: [String]
    /// Of the CPUs of the affinity mask.
    public let topology: MachineTopology

    /// Worker threads an expert would start: usable physical cores (two hardware threads share one core's vector units
    /// and caches), usable CPUs when cores are unknown, 1 when nothing is known.
    public var recommendedWorkers: Int {
        max(1, usablePhysicalCPUs.value ?? usableCPUs.value ?? 1)
    }

    public var identity: MachineIdentity {
        MachineIdentity(
            architecture: architecture.value ?? "unknown", cpuModel: cpuModel.value ?? "unknown",
            usableCPUs: usableCPUs.value, usableMemoryBytes: usableMemoryBytes.value,
            gpuModel: gpuModel.value ?? "none")
    }
}
