import Foundation
import HostEnvironment
import Testing

@testable import Benchmarking

@Suite struct MeasurementSourcesTests {
    private func reader(_ files: [String: String]) throws -> (HostReader, URL) {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("sources-\(UUID())")
        for (path, text) in files {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let none = Measured<Int>.unavailable(reason: "not recorded")
        let reader = HostReader(
            root: root.path, environment: [:], architecture: .available("x86_64"),
            cacheFallback: CacheSizes(l1Data: none, l2: none, l3: none))
        return (reader, root)
    }

    @Test func aBareMachineHasAReasonForEverythingItLacks() throws {
        let (host, root) = try reader([:])
        defer { try? FileManager.default.removeItem(at: root) }
        let sources = MeasurementSources.probe(host: host).adding(memoryGroup: .unavailable(reason: "no groups here"))
        #expect(sources["wall"] == .measured && sources["cpu"] == .measured)
        let missing = sources.sources.map(\.name).filter { !sources.isAvailable($0) }
        #expect(
            missing == [
                "peak_memory", "memory_timeline", "memory_shares", "io", "run_queue", "cpu_pressure", "memory_pressure",
                "io_pressure", "steal", "energy",
            ])
        for source in sources.sources {
            guard case .unavailable(let reason) = source.status else { continue }
            #expect(reason.count > 10, "\(source.name)")
        }
        guard case .estimated(let model)? = sources["memory_limit"] else {
            Issue.record("a limit can always be polled")
            return
        }
        #expect(model.contains("no groups here"))
        #expect(sources["nothing"] == nil && !sources.isAvailable("nothing"))
    }

    @Test func whatCanBeReadIsMeasured() throws {
        let pressure = "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
        let (host, root) = try reader([
            "/proc/self/status": "VmHWM:\t 10 kB\nVmRSS:\t 5 kB\n",
            "/proc/self/smaps_rollup": "Pss: 1 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 1 kB\n",
            "/proc/self/io": "rchar: 1\nwchar: 1\nread_bytes: 0\nwrite_bytes: 0\n", "/proc/self/schedstat": "1 2 3\n",
            "/proc/pressure/cpu": pressure, "/proc/pressure/memory": pressure, "/proc/pressure/io": pressure,
            "/proc/stat": "cpu  1 0 4 1 1 0 1 14 0 0\n", "/sys/class/powercap/intel-rapl:0/name": "package-0\n",
            "/sys/class/powercap/intel-rapl:0/energy_uj": "5\n",
            "/sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
        ])
        defer { try? FileManager.default.removeItem(at: root) }
        let group = MemoryGroupParent(version: 2, folder: "/g")
        let sources = MeasurementSources.probe(host: host).adding(memoryGroup: .available(group))
        #expect(sources.sources.allSatisfy { sources.isAvailable($0.name) })
        #expect(sources["memory_limit"] == .measured && sources["energy"] == .measured)
        guard case .estimated? = sources["run_queue"] else {
            Issue.record("polled waiting is a lower bound")
            return
        }
        let counted = sources.adding(Measured<InstructionCounter>.unavailable(reason: "valgrind is not installed"))
        #expect(counted["instructions"] == .unavailable(reason: "valgrind is not installed"))
        let data = try JSONEncoder().encode(counted)
        #expect(try JSONDecoder().decode(MeasurementSources.self, from: data) == counted)
    }

    /// What a run says it could not measure is what the probe said.
    @Test func runsAgreeWithTheProbe() {
        let run = shell("true").run()
        let sources = MeasurementSources.ofThisMachine
        #expect(sources.isAvailable("io") == (run.io.value != nil))
        #expect(sources.isAvailable("cpu_pressure") == (run.cpuPressureSeconds.value != nil))
        #expect(sources.isAvailable("memory_pressure") == (run.memoryPressureSeconds.value != nil))
        #expect(sources.isAvailable("io_pressure") == (run.ioPressureSeconds.value != nil))
        #expect(sources.isAvailable("steal") == (run.stealSeconds.value != nil))
        #expect(sources.isAvailable("energy") == (run.energyJoules.value != nil))
    }
}
