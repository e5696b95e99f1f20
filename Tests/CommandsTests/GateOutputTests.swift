import Benchmarking
import Foundation
import RegressionGate
import Reporting
import TestSupport
import Testing
import Yams

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// What a gate writes, and the options that only show there.
@Suite struct GateOutputTests {
    private func fixture() throws -> GateFixture {
        let fixture = try GateFixture()
        #expect(try fixture.create().status == 0)
        return fixture
    }

    /// Whether a file is well-formed XML.
    private func isXML(_ path: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: path) else { return false }
        return XMLParser(data: data).parse()
    }

    private func report(_ path: String) throws -> GateReport {
        try GateReport(json: String(contentsOfFile: path, encoding: .utf8))
    }

    @Test func everyFormatIsWrittenAndSaysTheSame() throws {
        let fixture = try fixture()
        let files = ["gate.xml", "gate.json", "gate.md", "deep/gate.html"].map { fixture.folder.file($0) }
        let outcome = try fixture.run(
            fixture.interleaved([
                "--junit", files[0], "--json-output", files[1], "--markdown", files[2], "--html", files[3], "--json",
            ]))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(isXML(files[0]) && isXML(files[3]))
        let written = try report(files[1])
        #expect(try GateReport(json: outcome.output) == written)
        #expect(written.outcome == .passed && written.exitStatus == 0 && written.baseline == "main")
        #expect(written.programs.map(\.role) == ["reference", "candidate"])
        #expect(
            written.checks.map(\.metric) == ["digest", "truth", "cpu", "peak_memory", "wall", "energy", "throughput"])
        // A warm-up and eight pairs of each.
        #expect(written.runs.count == 18 && written.runs.count { $0.pair < 0 } == 2)
        #expect(written.pairs == 8)
        #expect(written.facts.contains { $0.name.hasSuffix("waited for a CPU") })
        #expect(written.checks.first { $0.metric == "peak_memory" }?.ratio.value?.count == "8 pairs")
        #expect(written.sources.contains { $0.name.hasPrefix("Wall time") && $0.value.value == "measured" })
        let markdown = try String(contentsOfFile: files[2], encoding: .utf8)
        #expect(markdown.hasPrefix("### Lavoisier gate: Passed") && markdown.contains("| ident | wall time |"))
        // No terminal: nothing but the result, and quiet leaves out even the sentence on standard error.
        #expect(outcome.error.isEmpty, "\(outcome.error)")
    }

    @Test func outputsAreWrittenWhateverHappens() throws {
        let fixture = try fixture()
        try fixture.write({ $0.body = "exit 3" }, to: fixture.candidate)
        let (junit, json) = (fixture.folder.file("gate.xml"), fixture.folder.file("gate.json"))
        #expect(try fixture.run(fixture.interleaved(["--junit", junit, "--json-output", json])).status == 1)
        #expect(isXML(junit))
        #expect(try report(json).outcome == .failed)
        let missing = ["gate", "--baseline", "nothing", "--junit", junit, "--json-output", json]
        #expect(try fixture.run(missing).status == 65)
        #expect(try report(json).exitStatus == 65)
    }

    @Test func pairsRunsAndTimeBoundTheWork() throws {
        let fixture = try fixture()
        let json = fixture.folder.file("gate.json")
        /// Runs for each pair that ran.
        func runs(_ arguments: [String]) throws -> Int {
            // Nothing decides but memory, which is the same in every run: the gate ends at its first look.
            _ = try fixture.run(
                fixture.interleaved(
                    ["--tolerance", "wall=off", "--tolerance", "cpu=off", "--json-output", json] + arguments, wide: []))
            let report = try report(json)
            #expect(report.pairs == 8)
            let count = report.runs.count { $0.pair >= 0 }
            return count.isMultiple(of: report.pairs) ? count / report.pairs : -1
        }
        #expect(try runs([]) == 2)
        #expect(try runs(["--runs-per-pair", "2"]) == 4)
        #expect(try runs(["--pairs", "12"]) == 2)
        // The budget is over after the first pair.
        _ = try fixture.run(
            fixture.interleaved(
                ["--tolerance", "wall=off", "--tolerance", "cpu=off", "--json-output", json, "--time-budget", "1ms"],
                wide: []))
        #expect(try report(json).runs.count { $0.pair >= 0 } < 16)
        #expect(try report(json).checks.first { $0.metric == "wall" }?.decides == false)
    }

    @Test func theRuleIsShownAsItHeld() throws {
        let fixture = try fixture()
        let json = fixture.folder.file("gate.json")
        func tolerance(_ arguments: [String]) throws -> Double? {
            _ = try fixture.run(
                fixture.interleaved(["--json-output", json] + arguments, wide: ["cpu", "peak_memory"]))
            return try report(json).checks.first { $0.metric == "wall" }?.tolerance
        }
        #expect(try tolerance(["--machine", "shared"]) == 0.10)
        #expect(try tolerance(["--machine", "dedicated"]) == 0.03)
        #expect(try tolerance(["--tolerance", "wall=7%,200ms"]) == 0.07)
    }

    @Test func instructionsAreLeftOutWhereTheyAreNotWanted() throws {
        let fixture = try fixture()
        let json = fixture.folder.file("gate.json")
        #expect(try fixture.run(fixture.gate(["--deterministic", "--json-output", json])).status == 0)
        let check = try #require(try report(json).checks.first { $0.metric == "instructions" })
        #expect(check.state == .notComparable && check.detail.hasPrefix("not comparable: the baseline has no count"))
        #expect(try report(json).notes.contains { $0.hasPrefix("Not compared: instructions on ident") })
        #expect(
            try fixture.run(fixture.gate(["--deterministic", "--json-output", json, "--no-instructions"])).status == 0)
        #expect(try report(json).checks.allSatisfy { $0.metric != "instructions" })
    }

    /// Counts of a script do not exist, so the baseline's and the candidate's are compared by what the file says.
    @Test func storedInstructionsCompareUnderEqualKeysOnly() throws {
        let fixture = try fixture()
        try fixture.edit { baseline in
            baseline.latest.instructions = [
                BaselineInstructions(
                    workload: "ident",
                    key: InstructionKey(
                        architecture: "pdp11", cpuLevel: "none", tool: "abacus-1", toolchain: "hand", library: "none"),
                    settings: [], counts: [1_000])
            ]
        }
        let outcome = try fixture.run(fixture.gate(["--deterministic"]))
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
        #expect(outcome.output.contains("not comparable: "))
    }

    @Test func quietSaysNothingButTheResult() throws {
        let fixture = try fixture()
        let loud = try fixture.create(["--baselines-dir", "elsewhere"])
        #expect(loud.status == 0 && loud.error.contains("elsewhere/main.json"))
        let quiet = try fixture.create(["--baselines-dir", "third", "--quiet"])
        #expect(quiet.status == 0 && quiet.error.isEmpty)
        let found = try fixture.run(
            [
                "gate", "--baseline", "main", "--baselines-dir", "third", "--candidate", fixture.candidate,
                "--deterministic",
                "--no-instructions", "--quiet", "--lock", fixture.folder.file("lock"),
            ])
        #expect(found.status == 0, "\(found.error)")
    }

    /// The workflow of docs/ci.md: valid YAML that builds, gates, and keeps what the gate wrote.
    @Test func theWorkflowInTheDocumentationIsValid() throws {
        let text = try String(contentsOfFile: TestData.repository + "/docs/ci.md", encoding: .utf8)
        let block = try #require(text.firstMatch(of: /```yaml\n(.*?)```/.dotMatchesNewlines())?.output.1)
        let workflow = try #require(try Yams.load(yaml: String(block)) as? [AnyHashable: Any])
        // YAML 1.1 reads the bare key `on` as true.
        #expect(workflow.keys.contains("on") || workflow.keys.contains(true))
        let jobs = try #require(workflow["jobs"] as? [String: Any])
        let steps = try #require((jobs["gate"] as? [String: Any])?["steps"] as? [[String: Any]])
        for step in steps { #expect((step["run"] == nil) != (step["uses"] == nil), "\(step)") }
        let commands = steps.compactMap { $0["run"] as? String }
        for word in [
            "make deps", "make build", "gate --self-test", "gate --baseline baselines/main.json", "--junit", "--html",
            "--markdown",
        ] {
            #expect(commands.contains { $0.contains(word) }, "\(word)")
        }
        // Each option of the commands is one that the program knows.
        let help = try ["gate", "noise"].map { try Program.run("lavoisier-tune", [$0, "--help"]).output }.joined()
        for command in commands where command.contains("lavoisier-tune") {
            for option in command.split(separator: " ") where option.hasPrefix("--") {
                #expect(help.contains(option), "\(option)")
            }
        }
        let uses = steps.compactMap { $0["uses"] as? String }
        for action in ["actions/checkout@", "actions/cache@", "actions/upload-artifact@"] {
            #expect(uses.contains { $0.hasPrefix(action) }, "\(action)")
        }
    }
}
