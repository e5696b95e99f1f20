import Foundation
import HostEnvironment
import Parameters
import Pipeline
import ResultStore
import TestSupport
import Testing

/// What `lavoisier-tune` searches: `--parameters`, `lavoisier-tune parameters`, and what is kept of it.
@Suite struct TuneParametersTests {
    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func tried(_ fixture: TuneFixture) throws -> [[String: String]] {
        let store = try TrialStore(path: fixture.folder.file("trials.sqlite"), access: .readOnly)
        return try store.trials(of: store.study("latest").id).filter { $0.plan.phase == .search }.map {
            try JSONDecoder().decode([String: String].self, from: Data($0.plan.configurationJSON.utf8))
        }
    }

    @Test func onlyWhatIsAskedForIsSearched() throws {
        let fixture = try TuneFixture()
        let outcome = try fixture.run(
            fixture.study(["--budget", "8", "--stop-below", "0", "--parameters", "execution.chunk_size,numeric.*"]))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("Searched: execution.chunk_size, numeric.precision."))
        #expect(outcome.error.contains("execution.workers") && outcome.error.contains(": not asked for."))
        #expect(outcome.error.contains("numeric.wavelet_transform: by-length is the faster of the"))
        let configurations = try tried(fixture)
        #expect(configurations.count >= 8)
        #expect(Set(configurations.map { $0["execution.workers"] }).count == 1)
        #expect(Set(configurations.map { $0["execution.file_access"] }) == ["mapped"])
        #expect(Set(configurations.map { $0["execution.chunk_size"] }).count > 1)
        // Stored with the study and shown on its page.
        let result = try fixture.result()
        #expect(result["searched"] as? [String] == ["execution.chunk_size", "numeric.precision"])
        let left = try #require(result["leftOut"] as? [[String: String]])
        #expect(left.contains { $0["name"] == "execution.workers" && $0["reason"] == "not asked for" })
        let page = try String(contentsOfFile: try #require(result["report"] as? String), encoding: .utf8)
        #expect(page.contains("Left out of the search") && page.contains("by-length is the faster of the"))
        #expect(page.contains("--parameters"))
    }

    /// The default space on this workload, less what its one file rules out.
    @Test func theSpaceFollowsFromTheDescriptionsAndTheWorkload() throws {
        let fixture = try TuneFixture()
        let host = HostReader().read()
        let all = EngineParameters.searched(host: host).map(\.name)
        let described = EngineParameters.descriptions(host: host)
        func list(_ words: [String]) throws -> [String: Any] {
            let outcome = try fixture.run(["parameters", "--json"] + words)
            #expect(outcome.status == 0, "\(outcome.error)")
            return try object(outcome.output)
        }
        func names(_ found: [String: Any]) -> [String] {
            (found["searched"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
        }
        func left(_ found: [String: Any]) -> [String] {
            (found["leftOut"] as? [[String: String]] ?? []).compactMap { $0["name"] }
        }
        let plain = try list([])
        #expect(names(plain) == all.filter { !left(plain).contains($0) })
        #expect(
            Set(names(plain)).isSuperset(of: [
                "execution.chunk_size", "execution.workers", "execution.buffer_size", "numeric.precision",
                "parallel.task_granularity", "execution.concurrent_files",
            ]))
        // What cannot matter here is said, with the reason.
        let reasons = plain["leftOut"] as? [[String: String]] ?? []
        for name in ["parallel.numa_aware", "parallel.data_locality", "parallel.memory_binding"] {
            let reason = try #require(reasons.first { $0["name"] == name }?["reason"])
            #expect(reason.contains(host.topology.nodesInReach.count > 1 ? "name it" : "NUMA node"), "\(reason)")
        }
        #expect(plain["target"] as? String == "throughput")
        // Of a target what serves it, and of a trade-off or with a bound on the other what serves either.
        let (saving, quick) = ("memory.pool_management.feature_cache", "peak_detection.parallel_scales")
        #expect(names(plain).contains(quick) && left(plain).contains(saving))
        let memory = try list(["--target", "memory"])
        #expect(names(memory).contains(saving) && left(memory).contains(quick))
        for words in [
            ["--target", "balanced"], ["--max-memory", "1GB"], ["--target", "memory", "--max-time", "1m"],
        ] {
            #expect(Set(names(try list(words))).isSuperset(of: [saving, quick]), "\(words)")
        }
        let one = try list(["--workload", "small"])
        #expect(
            names(one)
                == names(plain).filter {
                    // The second matters only with more than one file at a time.
                    !["execution.concurrent_files", "storage.read_optimization.coordination_strategy"].contains($0)
                })
        #expect(
            (one["leftOut"] as? [[String: String]])?.contains {
                $0["name"] == "execution.concurrent_files" && $0["reason"] == "no workload has more than one file"
            } == true)
        #expect(names(try list(["--parameters", "basic"])).count == 4)
        #expect(try #require(try list(["--parameters", "basic"])["configurations"] as? Int) > 100)
        #expect(names(try list(["--parameters", "-execution.*,parallel.cores"])).contains("execution.workers"))
        #expect(names(try list(["--parameters", "+execution.reader"])).contains("execution.reader"))
        // A base file fixes what conditions ask for.
        let threads = try #require(described.first { $0.name == "execution.io_workers" })
        let parents = try (threads.condition?.clauses ?? []).map { clause in
            let parent = try #require(described.first { $0.name == clause.parameter })
            return "\(parent.name): \(parent.text(of: try #require(clause.values.last)))"
        }
        #expect(!parents.isEmpty)
        let base = try fixture.folder.write("base.yaml", parents.joined(separator: "\n"))
        let based = try list(["--parameters", threads.name, "--base", base])
        #expect(names(based) == [threads.name])
        #expect(based["configurations"] as? Int == threads.searchValues?.count)
        // Where a base file has the memory decide how many workers there are, no other number would run.
        let shared = try fixture.folder.write("shared.yaml", "parallel.memory_per_worker: 4GB\n")
        let decided = try list(["--parameters", "all", "--base", shared])
        #expect(!names(decided).contains("execution.workers") && names(decided).contains("execution.chunk_size"))
        #expect(
            (decided["leftOut"] as? [[String: String]])?.contains {
                $0["name"] == "execution.workers" && $0["reason"]?.hasPrefix("parallel.memory_per_worker") == true
            } == true)
        let text = try fixture.run(["parameters"])
        #expect(
            text.output.contains("Searched") && text.output.contains("Left out")
                && text.output.contains("configurations"))
        let parent = try #require(threads.condition?.clauses.first?.parameter)
        let conditional = try fixture.run(["parameters", "--parameters", "\(parent),\(threads.name)"])
        let row = try #require(conditional.output.split(separator: "\n").first { $0.hasPrefix(threads.name) })
        #expect(row.contains("\(parent) is "), "\(row)")
        #expect(!text.output.contains("peaks.min_width"))
    }

    /// A conditional parameter differs from its default only where its condition holds, and there it is tried.
    @Test func conditionalParametersAreSearchedOnlyWhileActive() throws {
        let described = EngineParameters.descriptions(host: HostReader().read())
        let threads = try #require(described.first { $0.name == "execution.io_workers" })
        let clauses = try #require(threads.condition?.clauses)
        let fixture = try TuneFixture()
        let list = ([threads.name] + clauses.map(\.parameter)).joined(separator: ",")
        let outcome = try fixture.run(
            fixture.study(["--parameters", list, "--strategy", "sobol", "--budget", "14", "--quiet"]))
        #expect(outcome.status == 0, "\(outcome.error)")
        var changed = 0
        for configuration in try tried(fixture) {
            let isActive = clauses.allSatisfy { clause in
                described.first { $0.name == clause.parameter }.map { parent in
                    clause.values.contains { parent.text(of: $0) == configuration[parent.name] }
                } ?? false
            }
            let isDefault = configuration[threads.name] == threads.text(of: threads.defaultValue)
            #expect(isActive || isDefault, "\(configuration)")
            if !isDefault { changed += 1 }
        }
        #expect(changed > 0)
    }

    @Test(arguments: [
        ("execution.wrokers", "did you mean 'execution.workers'?"), ("traces.min_points", "it changes results"),
        ("execution.io_workers", "cannot matter in this study: it matters only while "),
        ("execution.memory_limit", "cannot be searched"), ("parallel.synchronization", "built in and not switchable"),
        ("-all", "leaves nothing to search"),
    ])
    func whatCannotBeSearchedIsSaidBeforeAnythingRuns(list: String, message: String) throws {
        let fixture = try TuneFixture()
        let outcome = try fixture.run(fixture.study(["--parameters", list]))
        #expect(outcome.status == 64 && outcome.error.contains(message), "\(outcome.error)")
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.file("trials.sqlite")))
        #expect(try fixture.run(["parameters", "--parameters", list]).status == 64)
    }

    @Test func aStoppedStudyGoesOnWithItsSpace() throws {
        let marker = "stop"
        let fixture = try TuneFixture(
            "[ -f \"$TMPDIR/\(marker)\" ] && { rm \"$TMPDIR/\(marker)\"; kill -INT $PPID; sleep 5; }")
        try fixture.folder.write(marker, "")
        let process = try fixture.start(
            fixture.study(["--parameters", "-numeric.precision", "--stop-below", "0", "--budget", "6"]))
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let resumed = try fixture.run(["resume", "latest"] + fixture.places)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(resumed.error.contains("Left out: numeric.precision: not asked for."))
        let configurations = try tried(fixture)
        #expect(configurations.count >= 6 && Set(configurations.map { $0["numeric.precision"] }) == ["float64"])
        #expect(try fixture.result()["state"] as? String == "finished")
    }

    /// A profile that sets what is not searched stays as it is, and the study says that it is compared without that.
    @Test func aNarrowStudyDoesNotWriteOverAWiderProfile() throws {
        let fixture = try TuneFixture("[ \"$chunk\" = 32 ] && sleep 0.06 || sleep 0.02")
        let host = HostReader().read()
        let path = fixture.folder.file("config/\(host.identity.id).yaml")
        func profile(_ settings: [MachineProfile.Assignment]) throws -> String {
            try fixture.folder.write(
                "config/\(host.identity.id).yaml",
                MachineProfile(
                    machineID: host.identity.id, machine: [],
                    profiles: [
                        .init(target: "throughput", workloadClass: "small", settings: settings, provenance: [])
                    ]
                ).yaml(descriptions: []))
            return try String(contentsOfFile: path, encoding: .utf8)
        }
        let wide = try profile([.init("execution.file_access", "buffered"), .init("execution.chunk_size", "32")])
        let narrow = ["--parameters", "execution.chunk_size", "--budget", "5"]
        let outcome = try fixture.run(fixture.study(narrow))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("sets execution.file_access=buffered, which this study does not search"))
        #expect(outcome.error.contains("this machine's profile stays as it is"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == wide)
        // Nothing is lost where the profile sets nothing else.
        let same = try profile([.init("execution.file_access", "mapped"), .init("execution.chunk_size", "32")])
        #expect(try fixture.run(fixture.study(narrow + ["--quiet"])).status == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8) != same)
    }

    /// Another spelling is as good as the name, wherever the tuner reads settings.
    @Test func otherSpellingsAreRead() throws {
        let fixture = try TuneFixture()
        let own = try fixture.folder.write(
            "own.yaml", "- {storage.read_optimization.memory_mapping: no, memory.chunk_size: 16}\n")
        let base = try fixture.folder.write(
            "base.yaml", "memory.memory_limit: 3GB\nparallel.synchronization: minimal\n")
        let outcome = try fixture.run(
            fixture.study(
                ["--enqueue", own, "--base", base, "--parameters", "+execution.file_access", "--quiet"]))
        #expect(outcome.status == 0, "\(outcome.error)")
        let configurations = try tried(fixture)
        #expect(configurations.allSatisfy { $0["execution.memory_limit"] == "3GB" })
        #expect(
            configurations[1]["execution.file_access"] == "buffered"
                && configurations[1]["execution.chunk_size"] == "16")
    }
}
