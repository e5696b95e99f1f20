import Foundation
import Pipeline
import ResultStore
import TestSupport
import Testing

/// Files that a study takes and writes: `--enqueue`, `--base`, `--write-config`, and `lavoisier optimize`.
@Suite struct TuneFilesTests {
    private func trials(_ fixture: TuneFixture) throws -> [[String: String]] {
        let store = try TrialStore(path: fixture.folder.file("trials.sqlite"), access: .readOnly)
        let study = try store.study("latest")
        return try store.trials(of: study.id).filter { $0.plan.phase == .search }.map {
            try JSONDecoder().decode([String: String].self, from: Data($0.plan.configurationJSON.utf8))
        }
    }

    // MARK: --enqueue

    @Test func ownConfigurationsComeFirst() throws {
        let fixture = try TuneFixture()
        let file = try fixture.folder.write(
            "own.jsonl",
            "{\"execution.chunk_size\": 1024}\n{\"execution\": {\"chunk_size\": 5, \"workers\": 1}}\n{\"execution.chunk_size\": 1024}\n"
        )
        let outcome = try fixture.run(fixture.study(["--enqueue", file]))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(
            outcome.error.contains(
                "\(file):2: execution.chunk_size 5 is not among the values that are searched; 4 is tried"))
        #expect(outcome.error.contains("\(file):3: configuration 3 is configuration 1 again and is left out"))
        #expect(outcome.error.contains("First come 2 configurations of your own."))
        let tried = try trials(fixture)
        #expect(tried[1]["execution.chunk_size"] == "1024")
        #expect(tried[2]["execution.chunk_size"] == "4" && tried[2]["execution.workers"] == "1")
        #expect(tried.count == 4)
        let page = try String(contentsOfFile: try #require(try fixture.result()["report"] as? String), encoding: .utf8)
        #expect(page.contains("enqueued") && page.contains("--enqueue \(file)"))
    }

    @Test(arguments: [
        ("- execution: {wokers: 1}\n", "own.yaml:1: unknown key 'execution.wokers'; did you mean 'execution.workers'?"),
        (
            "- execution.workers: 1\n- execution.memory_limit: 2GB\n",
            "own.yaml:2: execution.memory_limit is not searched"
        ),
        ("- traces.min_points: 3\n", "traces.min_points is not searched, so an enqueued configuration cannot set it"),
    ])
    func aBadConfigurationIsSaidWithItsPlace(text: String, word: String) throws {
        let fixture = try TuneFixture()
        let file = try fixture.folder.write("own.yaml", text)
        let outcome = try fixture.run(fixture.study(["--enqueue", file]))
        #expect(outcome.status == 64 && outcome.error.contains(word), "\(outcome.error)")
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.file("trials.sqlite")))
    }

    // MARK: --base and --write-config

    @Test func aBaseHoldsInEveryTrialAndIsToBeBeaten() throws {
        let fixture = try TuneFixture()
        let base = try fixture.folder.write(
            "base.yaml", "execution: {chunk_size: 48, memory_limit: 3GB}\ntraces.min_points: 7\n")
        let best = fixture.folder.file("new/best.yaml")
        let outcome = try fixture.run(fixture.study(["--base", base, "--write-config", best, "--json"]))
        #expect(outcome.status == 0, "\(outcome.error)")
        let tried = try trials(fixture)
        #expect(tried.allSatisfy { $0["execution.memory_limit"] == "3GB" && $0["traces.min_points"] == "7" })
        #expect(tried[1]["execution.chunk_size"] == "48", "the configuration in place is trial 1")
        let result = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(result["configurationFile"] as? String == best)
        // The machine's profile is not touched, for the result holds with these settings only.
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.file("config")).isEmpty)
        #expect(outcome.error.contains("this machine's profile stays as it is"))
        let text = try String(contentsOfFile: best, encoding: .utf8)
        let id = try #require(result["study"] as? String)
        for word in [
            "# study     \(id)", "# target    throughput", "# ratio ", "# date ", "# machine ", "# base      \(base)",
        ] {
            #expect(text.contains(word), "\(word) is missing in \(text)")
        }
        // `config show` reads it, complete: nothing is left to defaults or profiles.
        let shown = try Program.run(
            "lavoisier", ["config", "show", "--profile", "none", "--config", best], environment: fixture.environment)
        #expect(shown.status == 0 && shown.error.isEmpty, "\(shown.error)")
        #expect(shown.output.contains("memory_limit: 3GB") && shown.output.contains("min_points: 7"))
        #expect(text.hasSuffix(shown.output.replacing(/, from .*/, with: "")))
    }

    /// The winner is written when it is better, else what was known; an old file is replaced as a whole.
    @Test func theBestKnownIsWritten() throws {
        let slow = try TuneFixture("[ \"$chunk\" = 48 ] && sleep 0.06 || sleep 0.02")
        let base = try slow.folder.write("base.yaml", "execution.chunk_size: 48\n")
        let file = try slow.folder.write("best.yaml", "old")
        #expect(try slow.run(slow.study(["--base", base, "--write-config", file, "--quiet"])).status == 0)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(!text.contains("chunk_size: 48"), "the configuration in place is the slowest")

        let fast = try TuneFixture("[ \"$chunk\" = 48 ] && sleep 0.02 || sleep 0.06")
        let good = try fast.folder.write("base.yaml", "execution.chunk_size: 48\n")
        let kept = fast.folder.file("best.yaml")
        #expect(try fast.run(fast.study(["--base", good, "--write-config", kept, "--quiet"])).status == 0)
        #expect(try String(contentsOfFile: kept, encoding: .utf8).contains("chunk_size: 48"))

        // Nothing meets the limit: the old file stays.
        let outcome = try fast.run(
            fast.study(["--max-memory", "1kB", "--write-config", file, "--quiet"]))
        #expect(outcome.status == 8)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test func aFileThatCannotBeWrittenIsSaidBeforeTheStudy() throws {
        let fixture = try TuneFixture()
        for path in ["/proc/none/best.yaml", fixture.folder.path] {
            let outcome = try fixture.run(fixture.study(["--write-config", path]))
            #expect(outcome.status == 73 && outcome.error.contains(path), "\(outcome.error)")
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.file("trials.sqlite")))
        let missing = try fixture.run(fixture.study(["--base", "/nowhere/base.yaml"]))
        #expect(missing.status == 64 && missing.error.contains("/nowhere/base.yaml"), "\(missing.error)")
    }

    /// A resumed study knows its base, its enqueued configurations and its file again.
    @Test func aStoppedStudyGoesOnWithItsFiles() throws {
        let marker = "stop"
        let fixture = try TuneFixture(
            "[ -f \"$TMPDIR/\(marker)\" ] && { rm \"$TMPDIR/\(marker)\"; kill -INT $PPID; sleep 5; }")
        let base = try fixture.folder.write("base.yaml", "traces.min_points: 7\n")
        let own = try fixture.folder.write("own.yaml", "execution.chunk_size: 1024\n")
        let best = fixture.folder.file("best.yaml")
        try fixture.folder.write(marker, "")
        let process = try fixture.start(
            fixture.study(["--base", base, "--enqueue", own, "--write-config", best]))
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        #expect(!FileManager.default.fileExists(atPath: best))
        // What they said is in the store.
        try FileManager.default.removeItem(atPath: base)
        try FileManager.default.removeItem(atPath: own)
        let resumed = try fixture.run(["resume", "latest"] + fixture.places)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try trials(fixture).allSatisfy { $0["traces.min_points"] == "7" })
        #expect(try trials(fixture).contains { $0["execution.chunk_size"] == "1024" })
        #expect(try String(contentsOfFile: best, encoding: .utf8).contains("min_points: 7"))
    }

    // MARK: lavoisier optimize

    @Test func optimizeStartsTheTunerAndWritesTheFile() throws {
        let fixture = try TuneFixture()
        let file = fixture.folder.file("optimized_config.yaml")
        let arguments =
            [
                "optimize", "--target", "cpu_usage", "--config", file, "--engine", fixture.engine, "--rows", "6",
                "--budget", "3",
            ]
            + fixture.places
        let outcome = try Program.run(
            "lavoisier", arguments, environment: fixture.environment, directory: fixture.folder.path)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("Target cpu_usage") && outcome.error.contains("Configuration: \(file)"))
        #expect(try String(contentsOfFile: file, encoding: .utf8).contains("# target    cpu_usage"))
        #expect(try fixture.result()["configurations"] as? Int == 3)
        // Status and message are the tuner's.
        let limited = try Program.run(
            "lavoisier", arguments + ["--max-memory", "1kB"], environment: fixture.environment,
            directory: fixture.folder.path)
        #expect(limited.status == 8)
        let wrong = try Program.run("lavoisier", ["optimize", "--budgett", "3"], environment: fixture.environment)
        #expect(wrong.status == 64 && wrong.error.contains("--budgett"))
    }

    @Test func optimizeWithoutTheTunerSaysWhatToDo() throws {
        let folder = try TemporaryDirectory()
        let copy = folder.file("lavoisier")
        try FileManager.default.copyItem(atPath: Program.path("lavoisier"), toPath: copy)
        let outcome = try Program.run(copy, ["optimize", "--target", "memory"])
        #expect(outcome.status == 65)
        #expect(
            outcome.error.contains("\(folder.path)/lavoisier-tune is not there; build or install"), "\(outcome.error)")
    }

    /// The real engine: `analyze --config` with the written file gives the results of the tuned run.
    @Test func theWrittenFileReproducesTheTunedRun() throws {
        let fixture = try TuneFixture()
        let file = fixture.folder.file("best.yaml")
        let base = try fixture.folder.write("base.yaml", "traces.min_points: 6\n")
        let outcome = try fixture.run(
            ["--workload", "ident", "--budget", "2", "--rows", "6", "--base", base, "--write-config", file, "--quiet"]
                + fixture.places)
        #expect(outcome.status == 0, "\(outcome.error)")
        let store = try TrialStore(path: fixture.folder.file("trials.sqlite"), access: .readOnly)
        let study = try store.study("latest").id
        let digests = try store.trials(of: study).flatMap { try store.measurements(of: $0.number, in: study) }
            .compactMap(\.digest)
        let run = try Program.run(
            "lavoisier",
            [
                "analyze", TestData.repository + "/workloads/ident", "--output", fixture.folder.file("out"), "--config",
                file, "--json", "--quiet",
            ], environment: fixture.environment)
        let record = try RunRecord(json: run.output)
        #expect(Set(digests).contains(try #require(record.digest)))
        #expect(record.configuration.allSatisfy { $0.source == "--config" })
        // The base changes results, so this is not the default's digest by chance.
        let plain = try Program.run(
            "lavoisier",
            [
                "analyze", TestData.repository + "/workloads/ident", "--output", fixture.folder.file("plain"),
                "--profile", "none", "--json", "--quiet",
            ], environment: fixture.environment)
        #expect(try RunRecord(json: plain.output).digest != record.digest)
    }
}
