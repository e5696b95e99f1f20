import Foundation
import TestSupport
import Testing

@testable import HostEnvironment

@Suite struct MemoryPressureTests {
    private func reader(_ files: [String: String]) throws -> (HostReader, TemporaryDirectory) {
        let folder = try TemporaryDirectory()
        for (path, text) in files { try folder.write(path, text) }
        let none = Measured<Int>.unavailable(reason: "not recorded")
        let reader = HostReader(
            root: folder.path, environment: [:], architecture: .available("x86_64"),
            cacheFallback: CacheSizes(l1Data: none, l2: none, l3: none))
        return (reader, folder)
    }

    private let pressure = """
        some avg10=12.50 avg60=3.00 avg300=1.00 total=123
        full avg10=7.00 avg60=2.00 avg300=0.50 total=45

        """

    @Test func stallsAreThoseOfSomeTaskInTenSeconds() throws {
        let (host, folder) = try reader(["proc/pressure/memory": pressure])
        defer { withExtendedLifetime(folder) {} }
        #expect(host.readMemoryStall().value == 12.5)
        let (odd, oddFolder) = try reader(["proc/pressure/memory": "nothing\n"])
        #expect(odd.readMemoryStall() == .unavailable(reason: "/proc/pressure/memory has no avg10"))
        withExtendedLifetime(oddFolder) {}
        #expect(try reader([:]).0.readMemoryStall().value == nil)
    }

    /// The group with a limit that waited most counts, or the machine; where the machine does not tell, the group alone.
    @Test(
        arguments: [("0.10", "3.00", 3.0), ("4.00", "3.00", 4), (nil, "3.00", 3), ("0.10", nil, 0.1)]
            as [(String?, String?, Double)])
    func groupsHaveStallsOfTheirOwn(machine: String?, group: String?, percent: Double) throws {
        var files = [
            "proc/self/cgroup": "0::/jobs/one\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/jobs/memory.pressure": "some avg10=9.00 avg60=0 avg300=0 total=1\n",
            "sys/fs/cgroup/jobs/memory.max": "max\n", "sys/fs/cgroup/jobs/one/memory.max": "1000\n",
        ]
        func stalls(_ share: String) -> String {
            "some avg10=\(share) avg60=0 avg300=0 total=1\nfull avg10=9 total=1\n"
        }
        files["proc/pressure/memory"] = machine.map(stalls)
        files["sys/fs/cgroup/jobs/one/memory.pressure"] = group.map(stalls)
        let (host, folder) = try reader(files)
        defer { withExtendedLifetime(folder) {} }
        #expect(host.readMemoryStall(host.groupMemoryFiles()).value == percent)
    }

    @Test func theNearestGroupCounts() throws {
        let (host, folder) = try reader([
            "proc/self/cgroup": "0::/jobs/one\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/jobs/one/memory.current": "400\n", "sys/fs/cgroup/jobs/one/memory.max": "max\n",
            "sys/fs/cgroup/jobs/memory.current": "900\n", "sys/fs/cgroup/jobs/memory.max": "1000\n",
        ])
        defer { withExtendedLifetime(folder) {} }
        #expect(host.readGroupMemoryShare(host.groupMemoryFiles()).value == 0.9)
    }

    /// Pages of files that nobody uses are dropped before anything else: a long file that was read is no shortage.
    @Test(arguments: [("inactive_file 300\n", 0.6), ("", 0.9), ("inactive_file 2000\n", 0)])
    func idlePagesOfFilesAreNoShortage(idle: String, share: Double) throws {
        let (unified, folder) = try reader([
            "proc/self/cgroup": "0::/job\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/job/memory.current": "900\n", "sys/fs/cgroup/job/memory.max": "1000\n",
            "sys/fs/cgroup/job/memory.stat": "anon 500\nfile 400\nactive_file 50\n\(idle)slab 7\n",
        ])
        defer { withExtendedLifetime(folder) {} }
        #expect(unified.readGroupMemoryShare(unified.groupMemoryFiles()).value == share)
        // The older hierarchy has totals over the groups below, and names them so.
        let (legacy, legacyFolder) = try reader([
            "proc/self/cgroup": "4:memory:/job\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
            "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "900\n",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "1000\n",
            "sys/fs/cgroup/memory/job/memory.stat": "inactive_file 1\n\(idle.isEmpty ? "" : "total_" + idle)",
        ])
        defer { withExtendedLifetime(legacyFolder) {} }
        #expect(legacy.readGroupMemoryShare(legacy.groupMemoryFiles()).value == share)
    }

    @Test func withoutALimitNothingIsTold() throws {
        let (host, folder) = try reader([
            "proc/self/cgroup": "0::/\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/memory.current": "400\n", "sys/fs/cgroup/memory.max": "max\n",
        ])
        defer { withExtendedLifetime(folder) {} }
        #expect(host.readGroupMemoryShare(host.groupMemoryFiles()).value == nil)
    }
}
