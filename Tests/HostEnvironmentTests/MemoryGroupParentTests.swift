import Testing

@testable import HostEnvironment

@Suite struct MemoryGroupParentTests {
    private let unifiedMount = "30 23 0:26 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"

    /// A program in `app.slice/shell.scope` of a user session that systemd delegates.
    private func session(_ changes: [String: String] = [:]) throws -> RecordedTree {
        let own = "/sys/fs/cgroup/user.slice/app.slice/shell.scope"
        let files = [
            "/proc/self/cgroup": "0::/user.slice/app.slice/shell.scope\n", "/proc/self/mountinfo": unifiedMount,
            "/sys/fs/cgroup/user.slice/app.slice/cgroup.subtree_control": "memory pids\n",
            "\(own)/cgroup.subtree_control": "\n", "\(own)/memory.max": "max\n", "\(own)/memory.high": "max\n",
            "\(own)/memory.swap.max": "max\n", "\(own)/pids.max": "max\n", "\(own)/cpu.max": "max 100000\n",
        ]
        return try RecordedTree(files.merging(changes) { _, new in new })
    }

    /// The tree has to outlive the reading.
    private func parent(_ tree: RecordedTree) -> Measured<MemoryGroupParent> {
        withExtendedLifetime(tree) { tree.reader().memoryGroupParent() }
    }

    @Test func aDelegatedSessionGivesTheFolderBeside() throws {
        let expected = MemoryGroupParent(version: 2, folder: "/sys/fs/cgroup/user.slice/app.slice")
        #expect(try parent(session()) == .available(expected))
    }

    @Test(arguments: ["memory.max", "memory.high", "memory.swap.max", "pids.max", "cpu.max", "cpuset.cpus"])
    func aBoundOfItsOwnIsNotLeft(_ file: String) throws {
        let text = file == "cpuset.cpus" ? "0-3\n" : file == "cpu.max" ? "50000 100000\n" : "1000\n"
        let tree = try session(["/sys/fs/cgroup/user.slice/app.slice/shell.scope/\(file)": text])
        let reason = try #require(parent(tree).reason)
        #expect(reason.contains(file))
    }

    @Test func aParentWithoutTheControllerIsRefused() throws {
        let tree = try session(["/sys/fs/cgroup/user.slice/app.slice/cgroup.subtree_control": "pids\n"])
        let reason = try #require(parent(tree).reason)
        #expect(reason.contains("no memory controller") && reason.contains("systemd-run"))
    }

    @Test func aGroupThatControlsMemoryBelowItIsUsedItself() throws {
        let own = "/sys/fs/cgroup/user.slice/app.slice/shell.scope"
        let tree = try session(["\(own)/cgroup.subtree_control": "cpu memory\n", "\(own)/memory.max": "1000\n"])
        #expect(parent(tree) == .available(MemoryGroupParent(version: 2, folder: own)))
    }

    @Test(arguments: [("1\n", true), ("0\n", false)])
    func aLegacyGroupMustBoundWhatIsBelowIt(_ text: String, _ isUsable: Bool) throws {
        let folder = "/sys/fs/cgroup/memory/process_api/48fe"
        var files = virtualMachine
        files["\(folder)/memory.use_hierarchy"] = text
        let parent = try parent(RecordedTree(files))
        #expect(parent.value == (isUsable ? MemoryGroupParent(version: 1, folder: folder) : nil))
        #expect(isUsable || parent.reason?.contains("use_hierarchy") == true)
    }

    @Test func withoutGroupsThereIsAReason() throws {
        #expect(try parent(RecordedTree(["/proc/none": ""])).reason?.isEmpty == false)
    }
}

@Suite struct InstructionSetLevelTests {
    private let second = "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
    private let third = "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"
    private let fourth = "avx512f avx512bw avx512cd avx512dq avx512vl"

    @Test func levelsNeedAllTheirFlagsAndThoseBelow() throws {
        func level(_ flags: String) throws -> Measured<String> {
            let tree = try RecordedTree([
                "/proc/cpuinfo": "processor\t: 0\nvmx flags\t: none\nflags\t\t: fpu \(flags)\n"
            ])
            return withExtendedLifetime(tree) { tree.reader().instructionSetLevel() }
        }
        #expect(try level("sse2") == .available("x86-64"))
        #expect(try level(second) == .available("x86-64-v2"))
        #expect(try level(third) == .available("x86-64"))
        #expect(try level("\(second) \(third)") == .available("x86-64-v3"))
        #expect(try level("\(second) \(third) avx512f avx512bw") == .available("x86-64-v3"))
        #expect(try level("\(fourth) \(second) \(third)") == .available("x86-64-v4"))
        let empty = try RecordedTree(["/proc/none": ""])
        #expect(withExtendedLifetime(empty) { empty.reader().instructionSetLevel() }.value == nil)
    }

    @Test func armIsToldByItsVectors() {
        func level(_ features: String) -> String {
            HostReader.instructionSetLevel(architecture: "aarch64", processors: "Features\t: \(features)\n")
        }
        #expect(level("fp asimd") == "armv8-a")
        #expect(level("fp sve") == "armv8-a+sve")
        #expect(level("sve sve2") == "armv8-a+sve2")
        #expect(HostReader.instructionSetLevel(architecture: "riscv64", processors: "") == "riscv64")
    }
}
