import HostEnvironment
import Parameters
import TestSupport
import Testing

@testable import Pipeline

@Suite struct ConfigurationCheckTests {
    private func check(_ yaml: String) -> [String] {
        ConfigurationCheck(yaml: yaml, file: "a.yaml", host: EngineRun.host).findings.map(\.description)
    }

    @Test func aGoodFileHasNoFindings() {
        #expect(check("execution: {workers: 1, chunk_size: auto}\npeaks.min_width: 4\n") == [])
    }

    @Test func everythingIsFoundAtOnceInTheOrderOfTheLines() {
        let found = check(
            """
            execution:
              wrokers: 3
              chunk_size: 0
              file_access: mapped
            storage.read_optimization.memory_mapping: no
            parallel: {synchronization: minimal}
            memory.caching.eviction_policy: fifo
            centwave.roiList: 3
            """)
        #expect(found.count == 6, "\(found)")
        #expect(found[0] == "a.yaml:2: error: unknown key 'execution.wrokers'; did you mean 'execution.workers'?")
        #expect(found[1].hasPrefix("a.yaml:3: error: '0' is not valid for execution.chunk_size"))
        #expect(found[2].hasPrefix("a.yaml:5: error: storage.read_optimization.memory_mapping is 'no', but"))
        #expect(found[2].contains("execution.file_access is 'mapped' at a.yaml:4"))
        #expect(found[3].hasPrefix("a.yaml:6: notice: parallel.synchronization is built in"))
        #expect(found[4].hasPrefix("a.yaml:7: error: 'fifo' is not valid for memory.caching.eviction_policy"))
        #expect(found[5].hasPrefix("a.yaml:8: error: unknown key 'centwave.roiList'"))
    }

    @Test(arguments: [
        ("selection: {first_second: 20, last_second: 10}\n", "error: selection.first_second (20.0) must not be above"),
        ("centwave.ppm: 3\ntraces.tolerance: 5\n", "error: traces.tolerance and centwave.ppm cannot both count"),
        ("annotation.adducts: \"[M+\"\n", "error: annotation.adducts"),
        ("analysis.preset: orbitrap\npeaks: {min_width: 30, max_width: 20}\n", "error: peaks.min_width (30.0 s)"),
        ("peaks: {min_width: 30, max_width: 20}\n", "error: peaks.min_width (30.0 s)"),
        ("execution: {memory_limit: 64MiB, workers: 60}\n", "error: the memory limit of 64MiB is too small for 60"),
        ("a: [\n", "error: not valid YAML"), ("- 1\n", "error: expected keys and values"),
        ("# nothing\n", "warning: the file sets nothing"),
    ])
    func contradictionsAreErrors(yaml: String, message: String) {
        let found = check(yaml)
        #expect(found.contains { $0.contains(message) }, "\(found)")
        #expect(found.allSatisfy { $0.hasPrefix("a.yaml:") })
    }

    /// Right, but without an effect.
    @Test(arguments: [
        (
            "annotation:\n  enabled: false\n  top: 7\n",
            "a.yaml:3: warning: annotation.top has no effect: it matters only while annotation.enabled is true, "
                + "and that is false"
        ),
        (
            "matching.enabled: false\nmatching.top: 3\n",
            "a.yaml:2: warning: matching.top has no effect: it matters only while matching.enabled is true, and that is false"
        ),
        ("execution: {workers: 256}\n", "warning: execution.workers 256 is more than the"),
        ("memory.memory_limit: 1000TB\n", "is more than the usable memory"),
        ("peaks.min_width: 9000\n", "peaks.min_width (9000.0 s) must be below"),
        (
            "execution: {workers: 2, memory_limit: 300MB}\nparallel.memory_per_worker: 200MB\n",
            "warning: execution.workers is lowered from 2 to 1: of the memory limit of 300MB, parallel.memory_per_worker gives each 200MB"
        ),
        (
            "parallel: {concurrent_tasks: 32, buffer_size: 256MB}\n",
            "warning: storage.read_optimization.prefetch_size has no effect: it matters only while"
        ),
    ])
    func settingsWithoutEffectAreWarnings(yaml: String, message: String) {
        let found = check(yaml)
        #expect(found.contains { $0.contains(message) }, "\(found)")
    }

    /// A complete file, as the tuner writes it, says nothing by a setting that has its default.
    @Test func aCompleteFileHasNoWarnings() throws {
        let all = try ResolvedConfiguration(EngineParameters.catalog(host: EngineRun.host), layers: [])
        #expect(check(all.yaml()) == [])
    }

    @Test func machineProfilesAreChecked() {
        let yaml = """
            machine: {id: "x"}
            profiles:
              throughput:
                small:
                  provenance: {study: "s"}
                  settings:
                    execution.workers: "1"
                    execution.chunk_sise: "4"
                large:
                  settings: {parallel.cores: "0"}
              nonsense: 3
            """
        let found = check(yaml)
        #expect(found.contains { $0.hasPrefix("a.yaml:8: error: unknown key 'execution.chunk_sise'") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("a.yaml:10: error: '0' is not valid for parallel.cores") }, "\(found)")
        #expect(found.contains { $0.contains("profiles.nonsense") }, "\(found)")
        #expect(found.count == 3)
    }

    @Test func differencesAreOfValues() throws {
        let folder = try TemporaryDirectory()
        let a = try folder.write("a.yaml", "parallel.cores: 1\nexecution.chunk_size: 32\ntraces.min_points: 9\n")
        let b = try folder.write("b.yaml", "execution: {workers: 1, buffer_size: 64KiB}\n")
        func read(_ name: String) throws -> ResolvedConfiguration {
            try ConfigurationChoice(name).resolve(
                host: EngineRun.host, configurationDirectory: folder.path,
                environment: ["LAVOISIER_CHUNK_SIZE": "3"]
            ).configuration
        }
        let differences = ConfigurationDifference.between(try read(a), try read(b))
        #expect(differences.map(\.name) == ["execution.buffer_size", "traces.min_points"])
        #expect(differences[1].a == "9" && differences[1].b == "auto" && differences[1].group == .analysis)
        #expect(ConfigurationDifference.between(try read(a), try read(a)).isEmpty)
        let (plain, other) = (try read("default"), try read(b))
        #expect(
            ConfigurationDifference.between(plain, other).last?.a == plain["execution.buffer_size"].text)
        #expect(throws: ParameterError.self) { try read("profile") }
        #expect(!ConfigurationChoice("profile=memory/large").isFile && ConfigurationChoice("./default").isFile)
    }
}
