import Foundation
import HostEnvironment
import Parameters
import Pipeline
import TestSupport
import Testing

/// `lavoisier config show | check | diff | docs`.
@Suite struct ConfigProgramTests {
    private static let folder = TestData.repository + "/config"

    private func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.run("lavoisier", ["config"] + arguments, environment: environment)
    }

    private func object(_ outcome: Program.Outcome) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    // MARK: show

    @Test func showSaysWhereEachValueComesFrom() throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("c.yaml", "parallel:\n  cores: 1\nmatching.top: 7\n")
        let words = [
            "show", "--profile", "none", "--config", file, "--set", "execution.chunk_size=48", "--only-changed",
        ]
        let shown = try run(words, ["LAVOISIER_BUFFER_SIZE": "64KiB"])
        #expect(shown.status == 0, "\(shown.error)")
        #expect(shown.output.contains("chunk_size: 48  # spectra, default 32, from --set\n"))
        #expect(shown.output.contains("top: 7  # default 5, from --config \(file):3\n"), "\(shown.output)")
        #expect(shown.output.contains(", from environment LAVOISIER_BUFFER_SIZE"))
        #expect(!shown.output.contains("precision"))
        let found = try object(run(words + ["--json"], ["LAVOISIER_BUFFER_SIZE": "64KiB"]))
        let settings = try #require(found["settings"] as? [[String: Any]])
        let top = try #require(settings.first { $0["name"] as? String == "matching.top" })
        #expect(top["value"] as? String == "7" && top["source"] as? String == "--config")
        #expect(top["location"] as? String == "\(file):3" && top["isActive"] as? Bool == true)
        let all =
            try object(run(["show", "--profile", "none", "--json", "--config", file]))["settings"] as? [[String: Any]]
        let described = EngineParameters.descriptions(host: HostReader().read())
        #expect(all?.compactMap { $0["name"] as? String } == described.map(\.name))
        let workers = all?.first { $0["name"] as? String == "execution.workers" }
        #expect(workers?["value"] as? String == "1" && workers?["spelling"] as? String == "parallel.cores")
    }

    /// The option before the environment before files.
    @Test func theMemoryLimitHasAnOptionOfItsOwn() throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("c.yaml", "execution.memory_limit: 1GB\n")
        func limit(_ arguments: [String], _ environment: [String: String]) throws -> String? {
            let outcome = try run(["show", "--profile", "none", "--json", "--config", file] + arguments, environment)
            let settings = try object(outcome)["settings"] as? [[String: Any]]
            return settings?.first { $0["name"] as? String == "execution.memory_limit" }?["value"] as? String
        }
        let environment = ["LAVOISIER_MEMORY_LIMIT": "700MB"]
        #expect(try limit([], [:]) == "1GB")
        #expect(try limit([], environment) == "700MB")
        #expect(try limit(["--memory-limit", "600MB"], environment) == "600MB")
        #expect(try limit(["--memory-limit", "600MB", "--set", "execution.memory_limit=500MB"], [:]) == "600MB")
        #expect(try run(["show", "--memory-limit", "much", "--profile", "none"]).status == 64)
    }

    // MARK: check

    @Test func checkFindsAllProblemsOfAllFiles() throws {
        let folder = try TemporaryDirectory()
        let bad = try folder.write("bad.yaml", "execution:\n  wrokers: 3\n  chunk_size: 0\n")
        let good = try folder.write("good.yaml", "execution.chunk_size: 16\n")
        let idle = try folder.write("idle.yaml", "{annotation.enabled: no, annotation.top: 9}\n")
        let outcome = try run(["check", bad, good, idle, "/nowhere.yaml"])
        #expect(outcome.status == 65)
        #expect(
            outcome.output.contains(
                "\(bad):2: error: unknown key 'execution.wrokers'; did you mean 'execution.workers'?\n"))
        #expect(
            outcome.output.contains("\(bad):3: error: '0' is not valid")
                && outcome.output.contains("\(bad): 2 errors\n"))
        #expect(outcome.output.contains("\(good): good\n"))
        #expect(outcome.output.contains("\(idle):1: warning: ") && outcome.output.contains("\(idle): 1 warning\n"))
        #expect(outcome.output.contains("/nowhere.yaml: error: cannot read /nowhere.yaml"))
        #expect(try run(["check", good, idle]).status == 0)
        #expect(try run(["check", idle, "--strict"]).status == 65)
        let files = try #require(try object(run(["check", bad, good, "--json"]))["files"] as? [[String: Any]])
        #expect(files.map { $0["isGood"] as? Bool } == [false, true])
        let finding = try #require((files[0]["findings"] as? [[String: Any]])?.first)
        #expect(finding["severity"] as? String == "error" && finding["location"] as? String == "\(bad):2")
        #expect(try run(["check"]).status == 64)
    }

    /// What ships is right, and works.
    @Test func shippedFilesAreGood() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".yaml") }
        #expect(files.contains("memory_optimization.yaml") && files.contains("storage_optimization.yaml"))
        // A profile of the machine that the tests run on may lie there too.
        let outcome = try run(["check"] + files.sorted().map { "\(Self.folder)/\($0)" })
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test(arguments: ["memory_optimization", "storage_optimization"])
    func shippedExamplesGiveTheSameResults(name: String) throws {
        let folder = try TemporaryDirectory()
        let file = TestData.repository + "/workloads/ident/FeatureFinderMetaboIdent_1_input.mzML"
        func digest(_ more: [String]) throws -> RunRecord {
            let outcome = try Program.run(
                "lavoisier",
                ["analyze", file, "--output", folder.file("out"), "--profile", "none", "--json", "--quiet"] + more,
                environment: ["LAVOISIER_DATA_DIR": TestData.repository + "/workloads"])
            #expect(outcome.status == 0, "\(outcome.error)")
            return try RunRecord(json: outcome.output)
        }
        let plain = try digest([])
        let tuned = try digest(["--config", "\(Self.folder)/\(name).yaml"])
        #expect(tuned.digest != nil && tuned.digest == plain.digest)
        #expect(tuned.configurationHash != plain.configurationHash)
        // The parameters' own names are what is recorded.
        #expect(tuned.configuration.map(\.name) == plain.configuration.map(\.name))
    }

    // MARK: diff

    @Test func diffShowsWhatDiffersOnThisMachine() throws {
        let folder = try TemporaryDirectory()
        let a = try folder.write("a.yaml", "storage.read_optimization.memory_mapping: no\nexecution.chunk_size: 32\n")
        let outcome = try run(["diff", "default", a], ["LAVOISIER_CHUNK_SIZE": "7"])
        #expect(outcome.status == 0, "\(outcome.error)")
        let rows = outcome.output.split(separator: "\n").dropFirst(2)
        #expect(rows.count == 1, "\(outcome.output)")
        #expect(rows.first?.split(separator: " ").prefix(3) == ["execution.file_access", "mapped", "buffered"])
        let found = try object(run(["diff", a, "default", "--json"]))
        let difference = try #require((found["differences"] as? [[String: Any]])?.first)
        #expect(difference["name"] as? String == "execution.file_access")
        #expect(difference["a"] as? String == "buffered" && difference["b"] as? String == "mapped")
        let same = try run(["diff", a, a])
        #expect(same.status == 0 && same.output.isEmpty && same.error.contains("are the same on this machine"))
        let bad = try folder.write("bad.yaml", "execution.wrokers: 2\n")
        let refused = try run(["diff", "default", bad])
        #expect(refused.status == 65 && refused.error.contains("\(bad):1: unknown key"))
        #expect(try run(["diff", "default", "/nowhere.yaml"]).status == 65)
    }

    @Test func diffKnowsTheProfileOfThisMachine() throws {
        let folder = try TemporaryDirectory()
        let host = HostReader().read()
        #expect(try run(["diff", "default", "profile", "--config-dir", folder.path]).status == 64)
        try MachineProfile(
            machineID: host.identity.id, machine: [],
            profiles: [
                .init(
                    target: "memory", workloadClass: "large", settings: [.init("execution.chunk_size", "4")],
                    provenance: [])
            ]
        ).write(to: folder.file("\(host.identity.id).yaml"), descriptions: EngineParameters.descriptions(host: host))
        let outcome = try run(["diff", "default", "profile=memory", "--config-dir", folder.path])
        #expect(outcome.status == 0 && outcome.output.contains("execution.chunk_size"), "\(outcome.error)")
        #expect(try run(["diff", "default", "profile=memory/small", "--config-dir", folder.path]).status == 64)
    }

    // MARK: docs

    @Test func docsExplainWhatIsAskedFor() throws {
        let one = try run(["docs", "parallel.cores"])
        #expect(one.output.contains("**`execution.workers`**") && one.output.contains("`parallel.cores`"))
        #expect(!one.output.contains("chunk_size"))
        let section = try run(["docs", "matching", "numeric.precision"]).output
        #expect(section.contains("**`matching.top`**") && section.contains("**`numeric.precision`**"))
        #expect(!section.contains("**`execution."))
        let wrong = try run(["docs", "execution.wrokers"])
        #expect(wrong.status == 64 && wrong.error.contains("did you mean 'execution.workers'?"))
        let builtIn = try run(["docs", "parallel.synchronization"])
        #expect(builtIn.status == 64 && builtIn.error.contains("merged at the end in a fixed order"))
    }

    @Test func docsAreReadableForPrograms() throws {
        let found = try object(run(["docs", "--json"]))
        let settings = try #require(found["settings"] as? [[String: Any]])
        #expect(settings.count == EngineParameters.descriptions(host: HostReader().read()).count)
        let access = try #require(settings.first { $0["name"] as? String == "execution.file_access" })
        #expect(access["type"] as? String == "choice" && access["choices"] as? [String] == ["mapped", "buffered"])
        let alias = try #require((access["aliases"] as? [[String: Any]])?.first)
        #expect(alias["name"] as? String == "storage.read_optimization.memory_mapping")
        let top = try #require(settings.first { $0["name"] as? String == "annotation.top" })
        let clause = try #require((top["mattersOnlyWhile"] as? [[String: Any]])?.first)
        #expect(clause["setting"] as? String == "annotation.enabled" && clause["isOneOf"] as? [String] == ["true"])
        #expect(
            (found["builtIn"] as? [[String: Any]])?.contains { $0["name"] as? String == "parallel.synchronization" }
                == true)
    }

    @Test func docsForAllMachinesAreTheCommittedPage() throws {
        let page = try String(contentsOfFile: TestData.repository + "/docs/settings-reference.md", encoding: .utf8)
        #expect(try run(["docs", "--machine-independent"]).output == page)
    }
}
