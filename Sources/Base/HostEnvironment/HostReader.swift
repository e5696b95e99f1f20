#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads `/proc`, `/sys` and the environment into a `HostDescription`.
///
/// - Determinism: depends on the files below the root, the environment and the given facts only.
public struct HostReader: Sendable {
    let files: HostFiles
    private let environment: [String: String]
    private let architecture: Measured<String>
    private let cacheFallback: CacheSizes
    private let ticksPerSecond: Double

    /// The machine this process runs on.
    public init() {
        self.init(
            root: "/", environment: environmentVariables(SlurmAllocation.variables),
            architecture: Self.systemArchitecture(),
            cacheFallback: Self.systemCaches(), ticksPerSecond: Double(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }

    /// A recorded machine.
    /// - Parameter root: folder that holds `proc` and `sys`.
    /// - Parameter cacheFallback: used where sysfs lists no caches.
    public init(
        root: String, environment: [String: String], architecture: Measured<String>, cacheFallback: CacheSizes,
        ticksPerSecond: Double = 100
    ) {
        files = HostFiles(root: root)
        self.environment = environment
        self.architecture = architecture
        self.cacheFallback = cacheFallback
        self.ticksPerSecond = ticksPerSecond
    }

    public func read() -> HostDescription {
        let cpuText = files.text("/proc/cpuinfo")
        let information = cpuText.map(CPUInformation.init)
        let groups = ControlGroups(
            membership: files.text("/proc/self/cgroup").value ?? "",
            mounts: files.text("/proc/self/mountinfo").value ?? "")
        let slurm = SlurmAllocation(environment: environment)
        let affinity = affinityMask(information)
        let cpuLimits = groups.cpuLimits(files) + [slurm.cpus].compactMap { $0 }
        let usable = affinity.map { Self.lowered($0.count, by: cpuLimits, atLeast: 1) }
        let total = files.text("/proc/meminfo").flatMap { text in
            Measured(parseKibibytes("MemTotal", in: text), otherwise: "/proc/meminfo has no MemTotal")
        }
        let memoryLimits = groups.memoryLimits(files) + [slurm.memory].compactMap { $0 }
        let usableCores = affinity.flatMap { cores(of: $0, information) }
        return HostDescription(
            architecture: architecture, kernel: files.text("/proc/sys/kernel/osrelease").map(\.trimmed),
            cpuModel: information.flatMap(\.model), hypervisor: information.flatMap(\.hypervisor),
            logicalCPUs: information.flatMap { known in
                Measured(known.logicalCPUs > 0 ? known.logicalCPUs : nil, otherwise: "/proc/cpuinfo lists no processor")
            },
            physicalCPUs: onlineCPUs(information).flatMap { cores(of: $0, information) }, usableCPUs: usable,
            usablePhysicalCPUs: usableCores.combined(with: usable) { min($0, $1) }, cpuLimits: cpuLimits,
            totalMemoryBytes: total, usableMemoryBytes: total.map { Self.lowered($0, by: memoryLimits, atLeast: 0) },
            memoryLimits: memoryLimits, caches: caches(firstCPU: affinity.value?.first ?? 0), gpuModel: gpuModel(),
            loadAverage: readLoadAverage(),
            ignoredLimits: slurm.ignored, topology: topology(cpus: affinity.value ?? [0]))
    }

    /// Pressure stall and steal totals now; two readings around a run say how much it was disturbed.
    public func readInterference() -> InterferenceTotals {
        func pressure(_ name: String) -> Measured<PressureTotals> {
            files.text("/proc/pressure/\(name)").flatMap { text in
                Measured(PressureTotals(text), otherwise: "/proc/pressure/\(name) is malformed")
            }
        }
        return InterferenceTotals(
            cpuPressure: pressure("cpu"), memoryPressure: pressure("memory"), ioPressure: pressure("io"),
            stealSeconds: files.text("/proc/stat").flatMap { text in
                Measured(
                    parseSteal(text, ticksPerSecond: ticksPerSecond), otherwise: "/proc/stat has no steal column")
            })
    }

    /// A file below the root (`/proc/stat`), or why it cannot be read.
    public func hostText(_ path: String) -> Measured<String> { files.text(path) }

    /// What may have changed since the last measurement on this machine.
    public func readConditions() -> HostConditions {
        HostConditions.read(files, loadAverage: readLoadAverage())
    }

    /// Tasks that wanted a CPU lately.
    public func readLoadAverage() -> Measured<LoadAverage> {
        files.text("/proc/loadavg").flatMap { text in
            Measured(LoadAverage(text), otherwise: "/proc/loadavg is malformed")
        }
    }

    /// Energy counters of the CPU packages now.
    public func readEnergy() -> Measured<EnergyTotals> { EnergyTotals.read(files) }

    // MARK: parts

    private static func lowered(_ value: Int, by limits: [ResourceLimit], atLeast floor: Int) -> Int {
        limits.reduce(value) { min($0, max(floor, Int($1.value))) }
    }

    /// The affinity mask (which cpusets have already narrowed), else all online CPUs.
    private func affinityMask(_ information: Measured<CPUInformation>) -> Measured<[Int]> {
        let status = files.text("/proc/self/status")
        if let list = status.value.flatMap({ parseField("Cpus_allowed_list", in: $0) }).flatMap(parseCPUList) {
            return .available(list)
        }
        return onlineCPUs(information)
    }

    private func onlineCPUs(_ information: Measured<CPUInformation>) -> Measured<[Int]> {
        if let list = files.text("/sys/devices/system/cpu/online").value.flatMap(parseCPUList) {
            return .available(list)
        }
        return information.flatMap { known in
            Measured(
                known.logicalCPUs > 0 ? Array(0..<known.logicalCPUs) : nil,
                otherwise: "neither the affinity mask, sysfs nor /proc/cpuinfo lists CPUs")
        }
    }

    /// How many physical cores the given CPUs belong to.
    private func cores(of cpus: [Int], _ information: Measured<CPUInformation>) -> Measured<Int> {
        var siblings: Set<String> = []
        for cpu in cpus {
            let folder = "/sys/devices/system/cpu/cpu\(cpu)/topology"
            let list =
                files.text(folder + "/core_cpus_list").value ?? files.text(folder + "/thread_siblings_list").value
            if let list = list?.trimmed, !list.isEmpty {
                siblings.insert(list)
            } else {
                return listedCores(cpus, information)
            }
        }
        return .available(siblings.count)
    }

    private func listedCores(_ cpus: [Int], _ information: Measured<CPUInformation>) -> Measured<Int> {
        let names = information.value?.cores ?? [:]
        let found = cpus.compactMap { names[$0] }
        return Measured(
            found.count == cpus.count && !found.isEmpty ? Set(found).count : nil,
            otherwise: "neither sysfs nor /proc/cpuinfo says which CPUs share a core")
    }

    private func caches(firstCPU: Int) -> CacheSizes {
        let folder = "/sys/devices/system/cpu/cpu\(firstCPU)/cache"
        var sizes: [String: Int] = [:]
        for name in files.names(in: folder) where name.hasPrefix("index") {
            guard let level = files.text("\(folder)/\(name)/level").value?.trimmed,
                let type = files.text("\(folder)/\(name)/type").value?.trimmed, type != "Instruction",
                let size = files.text("\(folder)/\(name)/size").value.flatMap(parseCacheSize)
            else { continue }
            sizes[level] = size
        }
        func size(_ level: String, _ fallback: Measured<Int>) -> Measured<Int> {
            sizes[level].map { .available($0) } ?? fallback
        }
        return CacheSizes(
            l1Data: size("1", cacheFallback.l1Data), l2: size("2", cacheFallback.l2), l3: size("3", cacheFallback.l3))
    }

    /// Models of the GPUs the NVIDIA driver lists, equal ones counted.
    private func gpuModel() -> Measured<String> {
        let folder = "/proc/driver/nvidia/gpus"
        var counts: [String: Int] = [:]
        for name in files.names(in: folder) {
            guard let model = files.text("\(folder)/\(name)/information").value.flatMap({ parseField("Model", in: $0) })
            else { continue }
            counts[model, default: 0] += 1
        }
        let texts = counts.sorted { $0.key < $1.key }.map { $0.value == 1 ? $0.key : "\($0.value) x \($0.key)" }
        return Measured(
            texts.isEmpty ? nil : texts.joined(separator: ", "), otherwise: "no GPU: \(folder) is missing or empty")
    }
}

/// `32K`, `16384K` or `36M` in bytes.
func parseCacheSize(_ text: String) -> Int? {
    let text = text.trimmed
    let factor: Int? =
        switch text.utf8.last {
        case UInt8(ascii: "K"): 1024
        case UInt8(ascii: "M"): 1_048_576
        case UInt8(ascii: "G"): 1_073_741_824
        default: nil
        }
    guard let number = Int(factor == nil ? text : String(text.dropLast())), number > 0, number < 1 << 32 else {
        return nil
    }
    return number * (factor ?? 1)
}
