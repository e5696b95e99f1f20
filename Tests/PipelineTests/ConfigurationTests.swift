import Foundation
import HostEnvironment
import Parameters
import TestSupport
import Testing

@testable import Pipeline

@Suite struct MachineProfileTests {
    private func sample(_ id: String = "abc") -> MachineProfile {
        MachineProfile(
            machineID: id, machine: [.init("cpu_model", "Some \"CPU\"")],
            profiles: [
                .init(
                    target: "throughput", workloadClass: "small",
                    settings: [.init("execution.workers", "2"), .init("execution.buffer_size", "64KiB")],
                    provenance: [
                        .init("study", "2026-01-01-throughput-x"), .init("ratio", "1.10 (95 % CI 1.05 to 1.16)"),
                    ])
            ])
    }

    @Test func fileRoundTrip() throws {
        let yaml = sample().yaml(descriptions: EngineParameters.descriptions(host: EngineRun.host))
        #expect(try MachineProfile(yaml: yaml, file: "x") == sample())
        #expect(yaml.contains("execution.buffer_size: \"64KiB\"  # bytes, default "))
    }

    @Test func writingOneProfileLeavesTheOthers() {
        var profile = sample()
        profile.set(.init(target: "memory", workloadClass: "large", settings: [], provenance: []))
        profile.set(.init(target: "throughput", workloadClass: "small", settings: [], provenance: []))
        #expect(profile.profiles.map(\.name) == ["memory/large", "throughput/small"])
        #expect(profile.profiles[1].settings.isEmpty)
    }

    @Test func nearestClassIsChosen() {
        var profile = sample()
        profile.set(.init(target: "throughput", workloadClass: "large", settings: [], provenance: []))
        #expect(profile.profile(named: "throughput", workloadClass: "large")?.workloadClass == "large")
        #expect(profile.profile(named: "throughput", workloadClass: "small")?.workloadClass == "small")
        #expect(profile.profile(named: "throughput/medium", workloadClass: "small") == nil)
        #expect(profile.profile(named: "memory", workloadClass: "small") == nil)
        #expect(MachineProfile.workloadClass(ofBytes: 31_999_999) == "small")
        #expect(MachineProfile.workloadClass(ofBytes: 200_000_000) == "large")
    }

    @Test func anotherMachinesFileIsRefused() throws {
        let folder = try TemporaryDirectory()
        try folder.write("here.yaml", sample("there").yaml(descriptions: []))
        let error = #expect(throws: ParameterError.self) {
            try MachineProfile.find(machineID: "here", folders: [folder.path])
        }
        #expect(error?.description.contains("measured on machine there") == true)
        #expect(try MachineProfile.find(machineID: "there", folders: [folder.path]) == nil)
    }

    @Test(arguments: ["profiles: {}\n", "machine: {id: x}\nprofiles: {throughput: 3}\n", "a: 1\n", ": ["])
    func malformedFiles(yaml: String) {
        #expect(throws: ParameterError.self) { try MachineProfile(yaml: yaml, file: "x") }
    }
}

@Suite struct ConfigurationRequestTests {
    private func request(_ folder: TemporaryDirectory, profile: Bool) throws -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.configurationDirectory = folder.path
        // The working directory may hold a profile of this machine: whoever ran `make tune` has one.
        if !profile { request.profile = "none" }
        if profile {
            try MachineProfile(
                machineID: EngineRun.host.identity.id, machine: [],
                profiles: [
                    .init(
                        target: "throughput", workloadClass: "small",
                        settings: [.init("execution.chunk_size", "111"), .init("execution.buffer_size", "128KiB")],
                        provenance: [])
                ]
            ).write(
                to: folder.file("\(EngineRun.host.identity.id).yaml"),
                descriptions: EngineParameters.descriptions(host: EngineRun.host))
        }
        return request
    }

    @Test func layersWinInOrder() throws {
        let folder = try TemporaryDirectory()
        var request = try request(folder, profile: true)
        request.configurationFile = try folder.write("c.yaml", "execution:\n  buffer_size: 256KiB\n  workers: 3\n")
        request.environment = ["LAVOISIER_WORKERS": "4", "LAVOISIER_MEMORY_LIMIT": "50%", "LAVOISIER_TYPO": "1"]
        request.assignments = ["numeric.precision=mixed"]
        let outcome = try request.resolve(host: EngineRun.host)
        let configuration = outcome.configuration
        #expect(configuration["execution.chunk_size"].text == "111")
        #expect(configuration["execution.chunk_size"].source == "machine profile")
        #expect(configuration["execution.buffer_size"].text == "256KiB")
        #expect(configuration["execution.workers"].source == "environment")
        #expect(configuration.integer("execution.workers") == 4)
        #expect(configuration.integer("execution.memory_limit") == (EngineRun.host.usableMemoryBytes.value ?? 0) / 2)
        #expect(configuration.choice("numeric.precision") == "mixed")
        #expect(outcome.machineProfile?.contains("throughput/small") == true)
        #expect(outcome.notices.contains { $0.contains("LAVOISIER_TYPO") })
    }

    /// Of several files the later wins, setting by setting; the option for the limit wins over all.
    @Test func filesAreLayers() throws {
        let folder = try TemporaryDirectory()
        var request = ConfigurationRequest()
        request.profile = "none"
        request.configurationFiles = [
            try folder.write("a.yaml", "execution: {workers: 3, buffer_size: 256KiB}\n"),
            try folder.write("b.yaml", "execution:\nmemory.pool_management:\nparallel.workers: 2\n"),
        ]
        request.memoryLimit = "1GB"
        request.environment = ["LAVOISIER_MEMORY_LIMIT": "", "LAVOISIER_TYPO": ""]
        let outcome = try request.resolve(host: EngineRun.host)
        #expect(outcome.configuration.integer("execution.workers") == 2)
        #expect(outcome.configuration["execution.buffer_size"].text == "256KiB")
        #expect(outcome.configuration["execution.memory_limit"].location == "--memory-limit")
        #expect(outcome.notices == [])
        request.assignments = ["execution.memory_limit=2GB"]
        #expect(
            try request.resolve(host: EngineRun.host).configuration.integer("execution.memory_limit") == 1_000_000_000)
        request.assignments = ["memory.pool_management=5"]
        let error = #expect(throws: ParameterError.self) { try request.resolve(host: EngineRun.host) }
        #expect("\(error as Any)".contains("it is a section"), "\(error as Any)")
    }

    @Test func profileCanBeSwitchedOff() throws {
        let folder = try TemporaryDirectory()
        var request = try request(folder, profile: true)
        request.profile = "none"
        #expect(try request.resolve(host: EngineRun.host).configuration["execution.chunk_size"].source == "default")
    }

    @Test func askingForAProfileThatIsNotThereIsAnError() throws {
        let folder = try TemporaryDirectory()
        var request = try request(folder, profile: true)
        request.profile = "memory"
        let error = #expect(throws: ParameterError.self) { try request.resolve(host: EngineRun.host) }
        #expect(error?.description.contains("it has throughput/small") == true)
    }

    @Test func wrongEnvironmentValueIsNamed() throws {
        let folder = try TemporaryDirectory()
        var request = try request(folder, profile: false)
        request.environment = ["LAVOISIER_MEMORY_LIMIT": "lots"]
        let error = #expect(throws: ParameterError.self) { try request.resolve(host: EngineRun.host) }
        #expect(error?.description.hasPrefix("environment LAVOISIER_MEMORY_LIMIT: 'lots' is not valid") == true)
    }

    /// The last part of a name is enough where it is the only one; elsewhere the whole name is.
    @Test func environmentNamesAreNeverGuessed() throws {
        let folder = try TemporaryDirectory()
        var request = try request(folder, profile: false)
        request.environment = ["LAVOISIER_TOP": "3", "LAVOISIER_MATCHING_TOP": "7"]
        let outcome = try request.resolve(host: EngineRun.host)
        #expect(outcome.configuration.integer("matching.top") == 7)
        #expect(outcome.configuration["annotation.top"].source == "default")
        #expect(
            outcome.notices == [
                "environment variable LAVOISIER_TOP could mean LAVOISIER_MATCHING_TOP or LAVOISIER_ANNOTATION_TOP and is "
                    + "ignored"
            ])
    }

    /// A setting's own name goes before another spelling of another setting.
    @Test func ownNamesGoFirstInTheEnvironment() throws {
        let folder = try TemporaryDirectory()
        var request = try request(folder, profile: false)
        request.environment = ["LAVOISIER_BUFFER_SIZE": "128KiB", "LAVOISIER_PARALLEL_BUFFER_SIZE": "3MiB"]
        let outcome = try request.resolve(host: EngineRun.host)
        #expect(outcome.configuration.integer("execution.buffer_size") == 128 << 10)
        #expect(outcome.configuration.integer("storage.read_optimization.prefetch_size") == 3 << 20)
        #expect(outcome.notices == [])
    }

    /// Workers are as many as there are, and no more than go into the limit; whoever asked for more is told.
    @Test(arguments: [
        ("100MB", "execution.workers=8", 8, false), ("100MB", "execution.workers=12", 10, true),
        ("300MB", "execution.workers=12", 3, true), ("4GB", "execution.workers=12", 1, true),
        ("4GB", "parallel.hyperthreading=true", 1, false), ("4GB", "execution.chunk_size=32", 1, false),
        ("auto", "execution.workers=12", 12, false),
    ])
    func workersHaveTheMemoryThatTheyAreToHave(
        share: String, assignment: String, workers: Int, isTold: Bool
    ) throws {
        let configuration = try EngineRun.configuration([
            "parallel.memory_per_worker=\(share)", assignment, "execution.memory_limit=1GB",
        ])
        #expect(configuration.workers == workers)
        let told = configuration.lowered(try MemoryBudget(configuration: configuration)).map(\.text)
        #expect(told.contains { $0.hasPrefix("execution.workers is lowered from 12 to \(workers)") } == isTold)
        #expect(told.count == (isTold ? 1 : 0), "\(told)")
    }

    /// With a larger limit there are more workers, and what a refusal names is enough for them.
    @Test func theLimitThatIsNamedIsEnoughForTheWorkersThatItBrings() throws {
        func obstacle(_ mebibytes: Int) throws -> String? {
            try EngineRun.configuration([
                "execution.workers=64", "parallel.memory_per_worker=2MiB", "execution.memory_limit=\(mebibytes)MiB",
            ]).memoryObstacle()?.reason
        }
        let reason = try #require(try obstacle(64))
        let named = try #require(reason.firstMatch(of: /at least (\d+)MiB/).flatMap { Int($0.1) }, "\(reason)")
        #expect(try obstacle(named) == nil)
        // Those of 64 MiB alone would do with some 270.
        #expect(named > 400, "\(reason)")
    }

    @Test func batchesOfQueries() throws {
        func together(_ assignments: [String]) throws -> Int {
            try EngineRun.configuration(assignments).queriesPerSearch
        }
        #expect(try together(["execution.chunk_size=100"]) == 100)
        #expect(try together(["execution.chunk_size=1000"]) == 256)
        #expect(try together(["execution.chunk_size=100", "matching.batch_processing=false"]) == 1)
    }

    /// Defaults that are documented in words are what these words set.
    @Test func eightyPercentIsTheDefaultLimit() throws {
        let given = try ResolvedConfiguration(
            descriptions: EngineParameters.descriptions(host: EngineRun.host),
            layers: [ConfigurationLayer(assignments: ["execution.memory_limit=80%"])])
        let limit = given["execution.memory_limit"]
        #expect(limit.value == limit.description.defaultValue)
        // To the byte, for any memory.
        for bytes in 25_268_994_040..<25_268_994_060 {
            #expect(try ByteSize(parsing: "80%", percentBase: bytes) == ByteSize(percent: 80, of: bytes))
            #expect(ByteSize(percent: 80, of: bytes).bytes == bytes * 4 / 5)
        }
    }

    @Test func defaultsAreAnExperts() throws {
        let configuration = try ResolvedConfiguration(
            descriptions: EngineParameters.descriptions(host: EngineRun.host), layers: [])
        #expect(configuration.integer("execution.workers") == EngineRun.host.recommendedWorkers)
        let searched = EngineParameters.searched(host: EngineRun.host).map(\.name)
        // Those of one machine differ from those of another by what each has.
        let parallel = EngineParameters.parallel(host: EngineRun.host)
            .filter { $0.irrelevance == nil && $0.notSearched == nil }.map(\.name)
        #expect(
            searched == [
                "execution.chunk_size", "execution.workers", "execution.buffer_size", "execution.reference_pages",
            ] + parallel + [
                "execution.file_access", "execution.concurrent_files", "memory.pool_management.feature_cache",
                "numeric.precision",
                "peak_detection.parallel_scales",
            ])
    }
}

@Suite struct DataLocationsTests {
    @Test func foundBesideTheProgram() throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: folder.file("share/lavoisier/workloads/libraries"), withIntermediateDirectories: true)
        let locations = DataLocations.standard(
            environment: ["XDG_CACHE_HOME": "/c"], programPath: folder.file("bin/lavoisier"))
        // The working directory of the tests may hold the repository's own folder, which comes first.
        #expect(
            [TestData.repository + "/workloads", folder.file("share/lavoisier/workloads")].contains(locations.workloads)
        )
        #expect(locations.cache == "/c/lavoisier")
    }
}
