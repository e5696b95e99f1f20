import Foundation
import HostEnvironment
import Testing

@testable import Benchmarking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The groups of a process that are left below the parent.
func groupsLeft(of pid: Int32) -> [String] {
    guard let parent = MemoryControlGroup.parent.value else { return [] }
    return folderNames(parent.folder).filter { $0.hasPrefix("lavoisier-\(pid)-") }
}

@Suite(.serialized) struct MemoryLimitTests {
    static let hasGroups = MemoryControlGroup.parent.value != nil
    private let hog = "exec dd if=/dev/zero of=/dev/null bs=200M count=1000000"
    private let limits = ChildLimits(timeoutSeconds: 60, memoryBytes: 64 << 20)

    private func isExceeded(_ run: ChildMeasurement) -> Bool {
        if case .memoryLimitExceeded(let bytes) = run.termination { bytes > 64 << 20 } else { false }
    }

    @Test func withoutGroupsPollingHoldsTheLimit() throws {
        let run = shell(hog, limits: limits).run(interrupt: nil, groupParent: .unavailable(reason: "not for this test"))
        #expect(isExceeded(run), "\(run.termination)")
        let enforcement = try #require(run.memoryEnforcement)
        #expect(enforcement.means == .polling && enforcement.reason == "not for this test")
        #expect(enforcement.text.contains("not for this test"))
    }

    @Test func withoutGroupsWritableMemoryIsBounded() throws {
        let run = shell("ulimit -d", limits: limits).run(interrupt: nil, groupParent: .unavailable(reason: "none"))
        let bytes = try #require(run.memoryEnforcement?.hardLimitBytes)
        #expect(run.standardOutput.text == "\(bytes / 1024)\n")
        // Room for what is never all resident, and still a bound.
        #expect(bytes >= 2 * (64 << 20) + (1 << 30))
        #expect(shell("ulimit -d").run().standardOutput.text == "unlimited\n")
        #expect(shell("true").run().memoryEnforcement == nil)
    }

    @Test func aGroupThatCannotBeEnteredIsGivenUp() throws {
        // An ordinary folder: it can be made, but has no `memory.max`.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("no-cgroup-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let parent = MemoryGroupParent(version: 2, folder: folder.path)
        let run = shell("echo ran", limits: limits).run(interrupt: nil, groupParent: .available(parent))
        #expect(run.standardOutput.text == "ran\n")
        #expect(run.memoryEnforcement?.means == .polling)
        #expect(run.memoryEnforcement?.reason?.contains("memory.max") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func aChildThatCannotEnterRunsWithoutTheGroup() throws {
        // `memory.max` is there to be written, `cgroup.procs` is a folder.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("half-cgroup-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("cgroup.procs"), withIntermediateDirectories: true)
        var bound = RunBound(limit: 64 << 20, parent: .unavailable(reason: "first"))
        #expect(bound.enforcement?.reason == "first")
        bound.giveUpGroup(reason: "second")
        #expect(bound.enforcement?.reason == "second" && bound.group == nil && bound.dataBytes != nil)
        let group = MemoryControlGroup(version: 2, folder: folder.path, limitBytes: 1)
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        guard
            case .failed(.startFailed(EISDIR, ChildLaunch.controlGroupStep, _)) = ChildLaunch(
                shell("true"), output: ends[1], error: ends[1], group: group)
        else {
            Issue.record("entering a folder was not reported")
            return
        }
    }

    @Test(.enabled(if: hasGroups, "this machine allows no cgroups")) func aGroupHoldsTheLimit() throws {
        let run = shell(hog, limits: limits).run()
        #expect(isExceeded(run), "\(run.termination)")
        let enforcement = try #require(run.memoryEnforcement)
        #expect(enforcement.means != .polling && enforcement.reason == nil)
        #expect(enforcement.hardLimitBytes == (64 << 20) + (16 << 20))
        #expect((run.peakMemoryBytes.value ?? 0) > 64 << 20)
        #expect(groupsLeft(of: getpid()).isEmpty)
    }

    /// Polling sees the shell alone, which is small.
    @Test(.enabled(if: hasGroups, "this machine allows no cgroups")) func aGroupBoundsGrandchildrenToo() {
        let run = shell("dd if=/dev/zero of=/dev/null bs=200M count=1000000 & wait", limits: limits).run()
        #expect(isExceeded(run), "\(run.termination)")
        #expect(run.peakMemorySource == .controlGroup)
        #expect(groupsLeft(of: getpid()).isEmpty)
    }

    @Test(.enabled(if: hasGroups, "this machine allows no cgroups")) func aGroupLetsNobodyEscape() {
        // The middle shell ends, so that nothing but the cgroup knows the sleeper.
        let run = shell("setsid sh -c 'sleep 1000 & echo $!'", limits: limits).run()
        #expect(run.termination == .exited(code: 0))
        let pid = Int32(run.standardOutput.text.dropLast()) ?? 0
        #expect(pid > 1 && vanishes(pid))
        #expect(groupsLeft(of: getpid()).isEmpty)
    }

    @Test(.enabled(if: hasGroups, "this machine allows no cgroups")) func groupsOfTheDeadAreRemoved() throws {
        let parent = try #require(MemoryControlGroup.parent.value)
        // The number of a process that has ended.
        let ended = Int32(shell("echo $$").run().standardOutput.text.dropLast()) ?? 0
        let folder = "\(parent.folder)/lavoisier-\(ended)-1"
        #expect(mkdir(folder, 0o755) == 0)
        #expect(shell("true", limits: limits).run().termination.isSuccess)
        #expect(groupsLeft(of: ended).isEmpty)
        rmdir(folder)
    }
}

@Suite struct ProcessTreeTests {
    @Test func theStatLineIsReadAfterItsLastBracket() throws {
        let stat = try #require(
            ProcessStat("12 (a) b) S 3 4 5 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1000 200\n"))
        #expect(stat.parent == 3 && stat.group == 4 && stat.startTicks == 98765)
        #expect(ProcessStat("12 (a) S 1 2\n") == nil && ProcessStat("") == nil)
    }

    @Test func aNumberThatWasGivenAgainIsLeftAlone() throws {
        let own = try #require(ProcessStat(pid: getpid()))
        // Would end this process.
        ProcessStart(pid: getpid(), ticks: own.startTicks + 1).send(SIGKILL)
    }

    @Test func aTimeoutReachesDescendantsThatLeftTheGroup() {
        let run = shell(
            "trap '' TERM; setsid sleep 1000 & echo $!; sh -c 'setsid sleep 1000 & echo $!; wait' & wait; sleep 1000",
            limits: ChildLimits(timeoutSeconds: 4, graceSeconds: 0.1)
        ).run()
        #expect(run.termination == .timedOut(seconds: 4))
        let pids = run.standardOutput.text.split(separator: "\n").compactMap { Int32($0) }
        #expect(pids.count == 2 && pids.allSatisfy(vanishes), "\(run.standardOutput.text)")
    }
}
