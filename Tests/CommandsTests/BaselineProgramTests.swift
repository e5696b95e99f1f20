import Benchmarking
import Foundation
import HostEnvironment
import RegressionGate
import TestSupport
import Testing

/// `lavoisier-tune baseline` and `noise`, and references that are built from their commit.
@Suite struct BaselineProgramTests {
    private func baseline(_ fixture: GateFixture) throws -> Baseline {
        try BaselineFiles(folder: fixture.folder.file("baselines")).read("main")
    }

    @Test func createdUpdatedListedAndShown() throws {
        let fixture = try GateFixture()
        #expect(try fixture.create(["--reason", "the first", "--set", "execution.workers=1"]).status == 0)
        let first = try baseline(fixture)
        #expect(first.latest.runs.count == 2 && first.pinned == nil)
        #expect(
            first.latest.runs.allSatisfy { $0.values["wall"] ?? 0 > 0 && $0.digest == first.latest.workloads[0].digest }
        )
        #expect(first.latest.workloads.map(\.name) == ["ident"])
        #expect(first.latest.configuration.settings == ["execution.workers=1"])
        #expect(first.latest.unavailable["instructions"] == "not asked for")
        #expect(first.latest.machine.volatile["kernel"] != nil)
        #expect(first.latest.reference.commit == nil && first.latest.reference.obstacle != nil)

        let again = try fixture.create()
        #expect(again.status == 64 && again.error.contains("baseline update main --reason"))
        let updating = [
            "baseline", "update", "main", "--engine", fixture.reference, "--runs", "3", "--no-instructions", "--lock",
            fixture.folder.file("lock"),
        ]
        #expect(try fixture.run(updating).status == 64, "without a reason")
        #expect(try fixture.run(updating + ["--reason", "  "]).status == 64)
        let updated = try fixture.run(updating + ["--reason", "a second look", "--pin"])
        #expect(updated.status == 0, "\(updated.error)")
        let second = try baseline(fixture)
        #expect(second.latest.runs.count == 3 && second.pinned == second.latest)
        #expect(second.latest.configuration == first.latest.configuration)
        #expect(second.history.map(\.reason) == ["the first", "a second look"])
        #expect(second.history.map(\.isPinned) == [false, true])

        let list = try fixture.run(["baseline", "list"])
        #expect(list.status == 0 && list.output.contains("main") && list.output.contains("pinned"))
        #expect(
            try fixture.run(["baseline", "list", "--baselines-dir", "nothing"]).output.split(separator: "\n").count == 2
        )
        let shown = try fixture.run(["baseline", "show", "main"])
        #expect(shown.output.contains("a second look") && shown.output.contains("execution.workers=1"))
        let json = try fixture.run(["baseline", "show", "main", "--json"])
        #expect(try Baseline(json: json.output, source: "output") == second)
    }

    /// A pinned release and the latest main side by side: what has added up shows.
    @Test func slowDriftShows() throws {
        let fixture = try GateFixture()
        #expect(try fixture.create(["--pin"]).status == 0)
        try fixture.edit { baseline in
            for index in baseline.latest.runs.indices { baseline.latest.runs[index].values["wall"] = 1.3 }
            baseline.pinned?.runs.indices.forEach { baseline.pinned?.runs[$0].values["wall"] = 1 }
        }
        let shown = try fixture.run(["baseline", "show", "main"])
        #expect(shown.output.contains("wall time on ident: +30.0 %"), "\(shown.output)")
        let gate = try fixture.run(fixture.gate(["--deterministic", "--no-instructions", "--json"]))
        #expect(gate.output.contains("Since the pinned entry: wall time on ident"))
        #expect(try fixture.create(["--baselines-dir", "other"]).status == 0)
        let compared = try fixture.run(["baseline", "compare", "main", "other/main.json"])
        #expect(compared.status == 0 && compared.output.contains("results on ident: identical"))
        let missing = try fixture.run(["baseline", "compare", "main", "other/main.json", "--entry", "pinned"])
        #expect(missing.status == 6)
    }

    @Test(arguments: [
        (["baseline", "create", "../x"], 64, "no name for a baseline"),
        (["baseline", "create", "x", "--set", "execution.wrkers=1"], 64, "did you mean 'execution.workers'?"),
        (["baseline", "create", "x", "--config", "nothing.yaml"], 64, "nothing.yaml"),
        (["baseline", "create", "x", "--workload", "meduim"], 65, "did you mean 'medium'?"),
        (["baseline", "create", "x", "--runs", "0"], 64, "--runs"),
        (["baseline", "create", "x", "--instruction-runs", "0"], 64, "--instruction-runs"),
        (["baseline", "create", "x", "--engine", "/nowhere"], 65, "/nowhere"),
        (["baseline", "create", "x", "--repository", "/nowhere"], 64, "/nowhere"),
        (["baseline", "create", "x", "--baselines-dir", "/proc/none"], 73, "/proc/none"),
        (["baseline", "show", "x"], 65, "cannot read the baseline"), (["noise", "--pairs", "4"], 64, "--pairs 4"),
        (["noise", "--workload", "meduim"], 65, "did you mean 'medium'?"),
        (["noise", "--time-budget", "x"], 64, "--time-budget"),
        (["noise", "--engine", "/nowhere"], 65, "/nowhere"), (["noise", "--set", "x"], 64, "x"),
    ])
    func wrongUsageGetsOneClearLine(arguments: [String], status: Int32, word: String) throws {
        let fixture = try GateFixture()
        let measures = arguments[0] == "noise" || arguments[1] == "create"
        let outcome = try fixture.run(
            arguments + (measures && !arguments.contains("--engine") ? ["--engine", fixture.reference] : []))
        #expect(outcome.status == status, "\(outcome.error)")
        #expect(outcome.error.contains(word), "\(outcome.error)")
    }

    @Test func anEngineWithoutSteadyResultsMakesNoBaseline() throws {
        let fixture = try GateFixture()
        let text = try String(contentsOfFile: fixture.reference, encoding: .utf8)
        let digest = try #require(text.firstMatch(of: /"digest": "([0-9a-f]+)"/)?.output.1)
        try fixture.folder.write(
            "reference",
            text.replacing("\"digest\": \"\(digest)\"", with: "\"digest\": \"'\"$(date +%N)\"'\""))
        let outcome = try fixture.create()
        #expect(outcome.status == 1 && outcome.error.contains("differ from run to run"))
        #expect(!FileManager.default.fileExists(atPath: fixture.baseline))
    }

    // MARK: noise

    @Test func noiseIsMeasuredStoredAndUsed() throws {
        let fixture = try GateFixture()
        #expect(try fixture.create().status == 0)
        let outcome = try fixture.run([
            "noise", "--engine", fixture.reference, "--workload", "ident", "--pairs", "16", "--runs-per-pair", "1",
            "--set", "execution.workers=1", "--lock", fixture.folder.file("lock"), "--time-budget", "10m",
        ])
        #expect(outcome.status == 0, "\(outcome.error)")
        // The baseline was made without that setting: its noise is another.
        #expect(try fixture.run(fixture.interleaved(["--json"])).output.contains("not measured on this machine"))
        let own = try fixture.run([
            "noise", "--engine", fixture.reference, "--workload", "ident", "--pairs", "16", "--runs-per-pair", "1",
            "--lock", fixture.folder.file("lock"), "--quiet",
        ])
        #expect(own.status == 0)
        // The table's bound is the floor of tolerances: twice the noise of a gate of 24 pairs.
        let stored = try JSONDecoder().decode(MachineNoise.self, from: try noiseFile(fixture, settings: []))
        let floor = GateText.percent(2 * (stored.noise(of: "wall", pairs: 24) ?? -1))
        let row = try #require(own.output.split(separator: "\n").first { $0.hasPrefix("wall") })
        #expect(row.contains(" \(floor) "), "\(floor) in \(row)")
        #expect(outcome.output.contains("seen with 24") && outcome.output.contains("pairs for 5 %"))
        #expect(outcome.error.contains("stored in \(fixture.folder.file("cache/noise"))"))
        // Its floor of the tolerance shows in a gate's report: the noise of memory is 0, that of time is not.
        let gate = try fixture.run(fixture.interleaved(["--json"]))
        #expect(gate.output.contains("Noise of wall on this machine"), "\(gate.output)")
        let json = try fixture.run([
            "noise", "--engine", fixture.reference, "--workload", "ident", "--pairs", "16", "--runs-per-pair", "2",
            "--lock", fixture.folder.file("lock"), "--json", "--quiet",
        ])
        let noise = try JSONDecoder().decode(MachineNoise.self, from: Data(json.output.utf8))
        #expect(noise.runsPerPair == 2 && noise.workloads == ["ident"] && json.error.isEmpty)
        #expect(noise.metrics.first { $0.name == "wall" }?.pairs == 16)
        #expect(noise.metrics.first { $0.name == "peak_memory" }?.pairDeviation == 0)
        #expect(noise.unavailable?["energy"] != nil || noise.metrics.contains { $0.name == "energy" })
        // Other settings have a file of their own, and the gate of this baseline, which has none, took nothing from it.
        let set = try JSONDecoder().decode(
            MachineNoise.self, from: try noiseFile(fixture, settings: ["execution.workers=1"]))
        #expect(set.settings == ["execution.workers=1"] && set.runsPerPair == 1)
    }

    private func noiseFile(_ fixture: GateFixture, settings: [String]) throws -> Data {
        let files = NoiseFiles(cache: fixture.folder.file("cache"))
        let path = files.path(
            machine: HostReader().read().identity, workloads: ["ident"], settings: settings)
        return try #require(FileManager.default.contents(atPath: path))
    }

    // MARK: references

    /// A repository whose 'swift build' copies a script, and notes that it did.
    private func repository(_ swift: String) throws -> (GateFixture, repository: String) {
        let fixture = try GateFixture()
        try fixture.folder.write(
            "tools/swift", "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'Swift version 9.9'; exit 0; }\n\(swift)\n")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: fixture.folder.file("tools/swift"))
        fixture.path =
            fixture.folder.file("tools") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        try fixture.folder.write("repository/engine", try fixture.folder.read("reference"))
        let repository = fixture.folder.file("repository")
        for arguments in [
            ["init", "-q"], ["add", "."],
            ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "engine"],
        ] {
            let git = try Program.run("/usr/bin/env", ["git", "-C", repository] + arguments)
            #expect(git.status == 0, "\(git.error)")
        }
        return (fixture, repository)
    }

    private func create(_ fixture: GateFixture, _ repository: String) throws {
        let outcome = try fixture.create(["--repository", repository])
        #expect(outcome.status == 0, "\(outcome.error)")
        let entry = try baseline(fixture).latest
        #expect(entry.reference.commit?.count == 40 && !entry.reference.isDirty)
        #expect(entry.versions["swift"] == "Swift version 9.9")
    }

    private func gate(_ fixture: GateFixture, _ repository: String) throws -> Program.Outcome {
        try fixture.run(
            fixture.gate(["--repository", repository, "--pairs", "8", "--runs-per-pair", "1", "--no-instructions"]))
    }

    @Test func theReferenceIsBuiltOnceFromItsCommit() throws {
        let (fixture, repository) = try repository(
            "mkdir -p .build/release && cp engine .build/release/lavoisier && chmod +x .build/release/lavoisier && echo built >> \"$TMPDIR/builds\""
        )
        try create(fixture, repository)
        let entry = try baseline(fixture).latest
        // What the working tree says now does not matter: the commit is built.
        try fixture.folder.write("repository/engine", "#!/bin/sh\nexit 9\n")
        let first = try gate(fixture, repository)
        #expect(first.status == 0, "\(first.output) \(first.error)")
        #expect(first.error.contains("building the reference \(entry.reference.commit?.prefix(12) ?? "?")"))
        let second = try gate(fixture, repository)
        #expect(second.status == 0 && !second.error.contains("building"))
        #expect(String(decoding: try fixture.folder.read("builds"), as: UTF8.self) == "built\n")
        // The repository has no worktree left, and the cache no sources.
        let worktrees = try Program.run("/usr/bin/env", ["git", "-C", repository, "worktree", "list"])
        #expect(worktrees.output.split(separator: "\n").count == 1)
        let folders = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.file("cache/references"))
        let folder = fixture.folder.file("cache/references/\(try #require(folders.first))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["build.log", "lavoisier"])
        // Another compiler builds it again: else the gate would compare compilers.
        let tool = String(decoding: try fixture.folder.read("tools/swift"), as: UTF8.self)
        try fixture.folder.write("tools/swift", tool.replacing("version 9.9", with: "version 9.10"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: fixture.folder.file("tools/swift"))
        #expect(try gate(fixture, repository).error.contains("building the reference"))
        #expect(String(decoding: try fixture.folder.read("builds"), as: UTF8.self) == "built\nbuilt\n")
    }

    /// Stopped in the middle of a run or of a build: the status says by what, and nothing is left behind.
    @Test(arguments: [("INT", Int32(130)), ("TERM", 143)]) func whatIsStoppedWritesNothing(
        signal: String, status: Int32
    ) throws {
        let stopping = try GateFixture { $0.body = "kill -\(signal) $PPID; sleep 5" }
        let made = try stopping.create()
        #expect(made.status == status, "\(made.error)")
        #expect(!FileManager.default.fileExists(atPath: stopping.baseline))
        let noise = try stopping.run([
            "noise", "--engine", stopping.reference, "--workload", "ident", "--lock", stopping.folder.file("lock"),
        ])
        #expect(noise.status == status, "\(noise.error)")
        #expect(!FileManager.default.fileExists(atPath: stopping.folder.file("cache/noise")))

        let (fixture, repository) = try repository("kill -\(signal) $PPID; sleep 5")
        try create(fixture, repository)
        let built = try gate(fixture, repository)
        #expect(built.status == status, "\(built.error)")
        let folders = try FileManager.default.subpathsOfDirectory(atPath: fixture.folder.file("cache/references"))
        #expect(!folders.contains { $0.hasSuffix("/lavoisier") || $0.contains("source-") }, "\(folders)")
    }

    @Test func aBuildThatFailsSaysWhereToLook() throws {
        let (fixture, repository) = try repository("echo 'error: no such module' ; exit 1")
        try create(fixture, repository)
        let outcome = try gate(fixture, repository)
        #expect(outcome.status == 1)
        for word in [
            "does not build", "swift build -c release", "error: no such module", "build.log", "--reference-binary",
        ] {
            #expect(outcome.error.contains(word), "\(word): \(outcome.error)")
        }
    }

    /// A rebuilt reference that finds something else than the baseline says is no reference.
    @Test func aRebuiltReferenceMustFindTheSame() throws {
        let (fixture, repository) = try repository(
            "mkdir -p .build/release && sed 's/\"digest\": \"/&ff/' engine > .build/release/lavoisier && chmod +x .build/release/lavoisier"
        )
        try create(fixture, repository)
        try fixture.folder.write(
            "candidate",
            String(decoding: try fixture.folder.read("reference"), as: UTF8.self)
                .replacing("\"digest\": \"", with: "\"digest\": \"ff"))
        let outcome = try gate(fixture, repository)
        #expect(
            outcome.status == 6 && outcome.error.contains("rebuilt reference gives digest ff"), "\(outcome.error)")
    }

    @Test func aCommitThatIsNotHereIsSaid() throws {
        let (fixture, repository) = try repository("exit 1")
        try create(fixture, repository)
        try fixture.edit { $0.latest.reference.commit = String(repeating: "0a", count: 20) }
        let outcome = try gate(fixture, repository)
        #expect(outcome.status == 6 && outcome.error.contains("fetch-depth: 0"))
        // A build command that is none is not run.
        try fixture.edit { $0.latest.reference.buildCommand = "rm -rf everything" }
        #expect(try gate(fixture, repository).error.contains("not a 'swift build'"))
    }

    @Test func aDirtyTreeIsNotedAndCannotBeRebuilt() throws {
        let (fixture, repository) = try repository("exit 1")
        try fixture.folder.write("repository/engine", "changed")
        let outcome = try fixture.create([
            "--repository", repository, "--build-command", "swift build -c release --product lavoisier",
        ])
        #expect(outcome.status == 0 && outcome.error.contains("nobody can rebuild this reference"))
        #expect(try baseline(fixture).latest.reference.isDirty)
        #expect(try baseline(fixture).latest.reference.buildCommand == "swift build -c release --product lavoisier")
        #expect(try gate(fixture, repository).status == 6)
    }
}
