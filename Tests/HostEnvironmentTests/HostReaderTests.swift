import Testing

@testable import HostEnvironment

@Suite struct HostReaderTests {
    @Test func readsAVirtualMachineWithLegacyGroups() throws {
        let tree = try RecordedTree(virtualMachine)
        let host = tree.reader().read()
        #expect(host.cpuModel == .available("AMD EPYC"))
        #expect(host.hypervisor == .available(true))
        #expect(host.logicalCPUs == .available(2))
        #expect(host.physicalCPUs == .available(2))
        #expect(host.usableCPUs == .available(2))
        #expect(host.usablePhysicalCPUs == .available(2))
        #expect(host.cpuLimits.isEmpty && host.memoryLimits.isEmpty)
        #expect(host.usableMemoryBytes == .available(24_684_084 * 1024))
        #expect(host.kernel == .available("6.18.44-fc-v669"))
        #expect(host.loadAverage.value?.fiveMinutes == 0.29)
        #expect(host.recommendedWorkers == 2)
    }

    @Test func takesDataCachesFromSysfsAndTheRestFromTheFallback() throws {
        let tree = try RecordedTree(virtualMachine)
        let caches = tree.reader().read().caches
        #expect(caches.l1Data == .available(32 * 1024))
        #expect(caches.l2 == .available(1024 * 1024))
        #expect(caches.l3 == .available(7))
    }

    @Test func reasonsReplaceMissingNumbers() throws {
        let tree = try RecordedTree(virtualMachine)
        let host = tree.reader().read()
        #expect(host.gpuModel.reason?.contains("/proc/driver/nvidia") == true)
        let interference = tree.reader().readInterference()
        #expect(interference.cpuPressure.value?.someSeconds == 8.816901)
        #expect(interference.memoryPressure.value?.fullSeconds.value == nil)
        #expect(interference.ioPressure.reason?.contains("/proc/pressure/io") == true)
        #expect(interference.stealSeconds == .available(14.5))
    }

    @Test func anEmptyMachineIsAllReasonsAndOneWorker() throws {
        let tree = try RecordedTree(["/proc/none": ""])
        let host = tree.reader().read()
        #expect(host.usableCPUs.value == nil && host.usableCPUs.reason?.isEmpty == false)
        #expect(host.totalMemoryBytes.value == nil)
        #expect(host.cpuModel.value == nil)
        #expect(host.recommendedWorkers == 1)
        #expect(host.identity.canonicalText.contains("usable_cpus=unknown"))
    }

    @Test func limitsOfAncestorsCountInTheUnifiedHierarchy() throws {
        let tree = try RecordedTree(clusterNode)
        let host = tree.reader().read()
        #expect(host.logicalCPUs == .available(16))
        #expect(host.physicalCPUs == .available(8))
        // 12 CPUs in the mask, 10.5 by quota: rounded down. 6 cores in the mask.
        #expect(host.usableCPUs == .available(10))
        #expect(host.usablePhysicalCPUs == .available(6))
        #expect(host.recommendedWorkers == 6)
        #expect(host.usableMemoryBytes == .available(51_539_607_552))
        #expect(host.memoryLimits.map(\.value) == [68_719_476_736, 51_539_607_552])
        #expect(host.hypervisor == .available(false))
        #expect(host.cpuModel == .available("Intel(R) Xeon(R) Gold 6254"))
        #expect(host.gpuModel == .available("2 x NVIDIA H100 80GB HBM3"))
    }

    @Test func slurmLimitsCpusAndMemory() throws {
        let tree = try RecordedTree(clusterNode)
        let task = tree.reader([
            "SLURM_CPUS_PER_TASK": "4", "SLURM_CPUS_ON_NODE": "8", "SLURM_MEM_PER_CPU": "2048",
        ]).read()
        #expect(task.usableCPUs == .available(4))
        #expect(task.recommendedWorkers == 4)
        #expect(task.usableMemoryBytes == .available(8 * 2048 * 1_048_576))
        let node = tree.reader(["SLURM_CPUS_ON_NODE": "3", "SLURM_MEM_PER_NODE": "16384"]).read()
        #expect(node.usableCPUs == .available(3))
        #expect(node.usableMemoryBytes == .available(16_384 * 1_048_576))
    }

    @Test func slurmValuesThatAreNotNumbersAreNamedNotObeyed() throws {
        let tree = try RecordedTree(clusterNode)
        let host = tree.reader(["SLURM_CPUS_PER_TASK": "four", "SLURM_MEM_PER_NODE": "0"]).read()
        #expect(host.usableCPUs == .available(10))
        #expect(host.usableMemoryBytes == .available(51_539_607_552))
        #expect(host.ignoredLimits == ["SLURM_CPUS_PER_TASK=four is not a number"])
    }

    @Test func legacyQuotaAndMemoryLimitApply() throws {
        var files = virtualMachine
        files["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "50000\n"
        files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "4294967296\n"
        let tree = try RecordedTree(files)
        let host = tree.reader().read()
        // Half a CPU still runs one worker.
        #expect(host.usableCPUs == .available(1))
        #expect(host.cpuLimits.first?.value == 0.5)
        #expect(host.usableMemoryBytes == .available(4_294_967_296))
    }

    @Test func coresComeFromCpuinfoWithoutSysfs() throws {
        let tree = try RecordedTree(clusterNode.filter { !$0.key.hasPrefix("/sys/devices") })
        let host = tree.reader().read()
        #expect(host.physicalCPUs == .available(8))
        #expect(host.usablePhysicalCPUs == .available(6))
    }

    @Test func usableCpusServeWhenCoresAreUnknown() throws {
        var files = clusterNode.filter { !$0.key.hasPrefix("/sys/devices") }
        files["/proc/cpuinfo"] = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"
        let tree = try RecordedTree(files)
        let host = tree.reader().read()
        #expect(host.cpuModel == .available("Arm Neoverse N1"))
        #expect(host.usablePhysicalCPUs.reason?.contains("share a core") == true)
        #expect(host.recommendedWorkers == 10)
        #expect(host.hypervisor.value == nil)
    }

    @Test func thisMachineCanBeRead() {
        let host = HostReader().read()
        #expect((host.usableCPUs.value ?? 0) >= 1)
        #expect((host.usableMemoryBytes.value ?? 0) > 1 << 24)
        #expect(host.recommendedWorkers <= host.usableCPUs.value ?? 0)
        #expect(HostReader().read().identity == host.identity)
    }

    @Test func energyIsThatOfThePackages() throws {
        func counters(_ first: Int, _ second: Int) -> [String: String] {
            var files: [String: String] = [:]
            for (zone, name, energy) in [
                ("intel-rapl:0", "package-0", first), ("intel-rapl:1", "package-1", second),
                ("intel-rapl:0:0", "core", 5), ("intel-rapl:2", "psys", 5),
            ] {
                files["/sys/class/powercap/\(zone)/name"] = name + "\n"
                files["/sys/class/powercap/\(zone)/energy_uj"] = "\(energy)\n"
                files["/sys/class/powercap/\(zone)/max_energy_range_uj"] = "10000000000\n"
            }
            return files
        }
        let before = try RecordedTree(counters(1_000_000, 9_999_000_000))
        let after = try RecordedTree(counters(4_000_000, 1_000_000))
        let first = try #require(before.reader().readEnergy().value)
        let second = try #require(after.reader().readEnergy().value)
        // 3 J on one package; the other's counter started again after 1 J and counted 1 J more.
        #expect(second.joules(since: first, seconds: 1) == .available(5))
        #expect(second.joules(since: first, seconds: 60).reason?.contains("longer") == true)
        let virtual = try RecordedTree(virtualMachine)
        #expect(virtual.reader().readEnergy().reason?.contains("powercap") == true)
    }

    @Test func conditionsTellWhatMayChange() throws {
        var files = virtualMachine
        files["/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"] = "powersave\n"
        files["/sys/devices/system/cpu/intel_pstate/no_turbo"] = "1\n"
        files["/sys/kernel/mm/transparent_hugepage/enabled"] = "always [madvise] never\n"
        files["/proc/cpuinfo"] = "processor\t: 0\nmicrocode\t: 0x2f\n"
        let old = try RecordedTree(files)
        let before = withExtendedLifetime(old) { old.reader().readConditions() }
        #expect(before.frequencyGovernor == .available("powersave") && before.boost == .available(false))
        #expect(before.microcode == .available("0x2f") && before.transparentHugePages == .available("madvise"))
        #expect(before.loadAverage.value?.oneMinute == 0.26)
        files["/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"] = "performance\n"
        files["/proc/loadavg"] = "9 9 9 1/92 9485\n"
        files["/sys/kernel/mm/transparent_hugepage/enabled"] = nil
        let new = try RecordedTree(files)
        let after = withExtendedLifetime(new) { new.reader().readConditions() }
        let differences = after.differences(from: before)
        #expect(differences.map(\.name) == ["frequency governor", "transparent huge pages"])
        #expect(differences.map(\.after) == ["performance", nil])
        #expect(before.differences(from: before).isEmpty)
    }
}
