import Testing

@testable import HostEnvironment

@Suite struct ParserTests {
    @Test func cpuListsAreRangesAndNumbers() {
        #expect(parseCPUList("0-2,5,7-8\n") == [0, 1, 2, 5, 7, 8])
        #expect(parseCPUList("3") == [3])
    }

    @Test(arguments: ["", "\n", "a", "3-1", "1-2-3", "-", "0-99999999", "1,,2x"])
    func malformedCpuListsAreRefused(_ text: String) {
        #expect(parseCPUList(text) == nil)
    }

    @Test func cacheSizesCarryUnits() {
        #expect(parseCacheSize("32K\n") == 32_768)
        #expect(parseCacheSize("36M") == 36 << 20)
        #expect(parseCacheSize("512") == 512)
        #expect(parseCacheSize("K") == nil)
        #expect(parseCacheSize("") == nil)
    }

    @Test func quotasAreCpus() {
        #expect(ControlGroups.parseCPUMax("250000 100000\n") == 2.5)
        #expect(ControlGroups.parseCPUMax("max 100000") == nil)
        #expect(ControlGroups.parseCPUMax("100000 0") == nil)
        #expect(ControlGroups.parseCPUMax("") == nil)
    }

    @Test func kernelTextIsCutAtBlanksAndLineEnds() {
        #expect("  a\t\tbc \u{B}d\r\n".fields == ["a", "bc", "d"])
        #expect(" \n\t".fields.isEmpty && "".fields.isEmpty)
        #expect("a b\r\n\n c\n".lines == ["a b", " c"])
        #expect("\t \r\n".trimmed == "" && "".trimmed == "" && "x".trimmed == "x")
        #expect(" Prüfung € \n".trimmed == "Prüfung €")
        #expect("/mnt/Prüfung é€ x".fields == ["/mnt/Prüfung", "é€", "x"])
    }

    /// Looked at again in every run: a mount that is no control group, one that is, and lines without what they need.
    @Test func mountsAreReadByTheirSeparator() {
        let mounts = ControlGroups.parseMounts(
            """
            21 1 0:20 / / rw - ext4 /dev/vda rw
            30 21 0:26 /a\\040b /sys/fs/cg\\011 rw,nosuid shared:9 master:1 - cgroup2 - rw,nsdelegate
            31 21 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
            32 21 0:28 / /x rw cgroup2 cgroup2 rw
            33 21 - cgroup2 cgroup2 rw
            34 21 0:29 / /y rw -
            """)
        #expect(
            mounts == [
                ControlGroups.Mount(
                    root: "/a b", point: "/sys/fs/cg\t", isUnified: true, options: ["rw", "nsdelegate"]),
                ControlGroups.Mount(
                    root: "/", point: "/sys/fs/cgroup/cpu", isUnified: false, options: ["rw", "cpu", "cpuacct"]),
            ])
    }

    @Test func keysMatchWholeNames() {
        let text = "VmHWMx:\t 7 kB\nVmHWM:\t    1672 kB\n"
        #expect(parseKibibytes("VmHWM", in: text) == 1672 * 1024)
        #expect(parseKibibytes("VmRSS", in: text) == nil)
        #expect(parseKibibytes("VmHWM", in: "VmHWM: -1 kB") == nil)
    }

    @Test func aContainerSeesItsSubtreeAtTheMountPoint() {
        let groups = ControlGroups(
            membership: "5:memory:/docker/abc/inner\n1:cpu,cpuacct:/elsewhere\n",
            mounts: """
                50 40 0:30 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
                51 40 0:31 /docker/abc /sys/fs/cgroup/cpu\\040both rw - cgroup cgroup rw,cpu,cpuacct
                """)
        #expect(groups.legacy["memory"] == ["/sys/fs/cgroup/memory/inner", "/sys/fs/cgroup/memory"])
        #expect(groups.legacy["cpu"] == ["/sys/fs/cgroup/cpu both"])
        #expect(groups.unified.isEmpty)
    }

    @Test func aPathOutOfTheNamespaceIsNotFollowed() {
        let groups = ControlGroups(
            membership: "0::/../../other\n", mounts: "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        #expect(groups.unified == ["/sys/fs/cgroup"])
    }

    @Test(arguments: ["", "::::", "nonsense", "0:", "41 31 - cgroup2", "a - cgroup2 - -\n\n - "])
    func hostileGroupFilesGiveNoLimits(_ text: String) {
        let groups = ControlGroups(membership: text, mounts: text)
        #expect(groups.unified.isEmpty && groups.legacy.isEmpty)
    }
}

@Suite struct MachineIdentityTests {
    func identity(memory: Int?, cpus: Int? = 2) -> MachineIdentity {
        MachineIdentity(
            architecture: "x86_64", cpuModel: "AMD EPYC", usableCPUs: cpus, usableMemoryBytes: memory, gpuModel: "none")
    }

    @Test func memoryIsRoundedDownToAPowerOfTwo() {
        #expect(identity(memory: 24_684_084 * 1024).usableMemoryBytes == 16 << 30)
        #expect(identity(memory: 16 << 30).usableMemoryBytes == 16 << 30)
        #expect(identity(memory: (16 << 30) - 1).usableMemoryBytes == 8 << 30)
    }

    @Test func theIdIsStableAndDependsOnEachField() {
        // printf 'architecture=x86_64\ncpu=AMD EPYC\nusable_cpus=2\nusable_memory=17179869184\ngpu=none\n' | sha256sum
        #expect(identity(memory: 20 << 30).id == "7961378d7513")
        let ids = [
            identity(memory: 20 << 30), identity(memory: 40 << 30), identity(memory: nil),
            identity(memory: 20 << 30, cpus: 3),
        ].map(\.id)
        #expect(Set(ids).count == 4)
        #expect(ids.allSatisfy { $0.count == 12 })
    }

    @Test func theSummaryIsReadable() {
        #expect(identity(memory: 20 << 30).summary == "AMD EPYC, 2 usable CPUs, 16 GiB, GPU none, x86_64")
    }
}
