import Benchmarking
import Foundation
import HostEnvironment
import Testing

@Suite struct ChildMeasurementTests {
    @Test func costsAreThoseOfTheChild() {
        let run = shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; head -c 5000000 /dev/zero >/dev/null").run()
        #expect(run.termination.isSuccess)
        let wall = run.wallSeconds.value ?? 0
        let cpu = run.cpuSeconds.value ?? 0
        #expect(cpu > 0.01)
        // One thread at a time: CPU time cannot exceed wall time by more than the accounting's grain.
        #expect(cpu <= wall * 1.1 + 0.05)
        #expect((run.voluntarySwitches.value ?? 0) > 0)
        #expect((run.minorFaults.value ?? 0) > 0)
        #expect(run.cpuPressureSeconds.value.map { $0 >= 0 } ?? (run.cpuPressureSeconds.reason != nil))
    }

    @Test func inputOutputIsReadBeforeReaping() throws {
        let run = ChildProcess(
            executable: "/bin/dd", arguments: ["if=/dev/zero", "of=/dev/null", "bs=1M", "count=7"]
        ).run()
        let io = try #require(run.io.value)
        #expect(io.readCallBytes >= 7 << 20 && io.readCallBytes < 8 << 20)
        #expect(io.writeCallBytes >= 7 << 20 && io.writeCallBytes < 8 << 20)
    }

    @Test func peakMemoryIsTheChildsNotOurs() throws {
        // The parent is made big: the kernel's figure for a small child is then the parent's.
        let ballast = [UInt8](repeating: 1, count: 150 << 20)
        // A child that ends by itself might be missed on a busy machine.
        let small = shell("exec sleep 1000", limits: ChildLimits(timeoutSeconds: 0.1, graceSeconds: 0)).run()
        #expect(small.peakMemorySource == .polled)
        #expect(try #require(small.peakMemoryBytes.value) < 32 << 20)
        #expect(ballast[ballast.count - 1] == 1)
    }

    /// The kernel's figure is exact once it is well above what fork copied from this process, so the child takes twice that.
    @Test func aLargePeakIsExact() throws {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let own = try #require(parseKibibytes("VmHWM", in: status))
        let mebibytes = max(500, 2 * own >> 20)
        let run = ChildProcess(
            executable: "/bin/dd", arguments: ["if=/dev/zero", "of=/dev/null", "bs=\(mebibytes)M", "count=1"]
        ).run()
        #expect(run.peakMemorySource == .resourceUsage)
        let peak = try #require(run.peakMemoryBytes.value)
        #expect(peak >= mebibytes << 20 && peak < (mebibytes + 20) << 20)
    }

    @Test func roundTripsThroughJSON() throws {
        for run in [shell("echo hello; exit 3").run(), ChildProcess(executable: "/nowhere").run()] {
            let data = try JSONEncoder().encode(run)
            #expect(try JSONDecoder().decode(ChildMeasurement.self, from: data) == run)
        }
    }

    /// As version 0.6 stored a run: without what is measured since.
    @Test func runsOfEarlierVersionsAreRead() throws {
        let old = """
            {"termination":{"exited":{"code":0}},"startedAt":1795836600,"wallSeconds":{"value":2},
            "userSeconds":{"value":1.5},"systemSeconds":{"value":0.25},"peakMemoryBytes":{"value":1048576},
            "peakMemorySource":"polled","io":{"unavailable":"why"},"minorFaults":{"value":1},"majorFaults":{"value":0},
            "voluntarySwitches":{"value":3},"involuntarySwitches":{"value":4},
            "cpuPressureSeconds":{"unavailable":"no PSI"},"stealSeconds":{"value":0},"energyJoules":{"value":7.5},
            "standardOutput":{"text":"","totalBytes":0},"standardError":{"text":"x","totalBytes":1}}
            """
        let run = try JSONDecoder().decode(ChildMeasurement.self, from: Data(old.utf8))
        #expect(run.wallSeconds == .available(2) && run.energyJoules == .available(7.5))
        #expect(run.memoryTimeline.reason == "not recorded for this run")
        #expect(run.runQueueSeconds.value == nil && run.memoryPressureSeconds.value == nil)
        #expect(run.ioPressureSeconds.value == nil && run.memoryEnforcement == nil)
        let again = try JSONEncoder().encode(run)
        #expect(try JSONDecoder().decode(ChildMeasurement.self, from: again) == run)
    }
}
