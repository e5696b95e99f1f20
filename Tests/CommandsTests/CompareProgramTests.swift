import Foundation
import TestSupport
import Testing

/// `lavoisier-tune compare` as a user runs it, with a script in the place of the engine where not said otherwise.
@Suite struct CompareProgramTests {
    private func compare(
        _ fixture: TuneFixture, _ arguments: [String], engine: Bool = true
    ) throws -> Program.Outcome {
        try fixture.run(
            ["compare"] + (engine ? ["--engine", fixture.engine] : []) + ["--lock", fixture.folder.file("lock")]
                + arguments)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    /// Two files whose workers differ, and chunks that change results.
    private func files(_ fixture: TuneFixture) throws {
        try fixture.folder.write("a.yaml", "execution:\n  workers: 1\n  chunk_size: 32\n")
        try fixture.folder.write("b.yaml", "execution:\n  workers: 2\n  chunk_size: 32\n")
        try fixture.folder.write("wrong.yaml", "execution:\n  workers: 1\n  chunk_size: 16\n")
    }

    /// Whoever has two workers sleeps a second longer; a tolerance of 200 % keeps the script's own noise out.
    private static let slow = "case \"$workers\" in 2) sleep 1 ;; esac"
    private static let few = ["--pairs", "8", "--tolerance", "200%", "--json", "--quiet"]

    @Test func aSlowerConfigurationIsWorseAndAFasterOneBetter() throws {
        let fixture = try TuneFixture(Self.slow)
        try files(fixture)
        let worse = try compare(
            fixture, ["a.yaml", "b.yaml"] + Self.few + ["--html", "page.html", "--output", "runs.json"])
        #expect(worse.status == 2, "\(worse.output) \(worse.error)")
        #expect(worse.error.isEmpty, "quiet means quiet: \(worse.error)")
        let result = try object(worse.output)
        #expect(result["outcome"] as? String == "regression" && result["exitStatus"] as? Int == 2)
        #expect((result["pairs"] as? Int ?? 0) >= 8)
        let raw = try object(String(contentsOfFile: fixture.folder.file("runs.json"), encoding: .utf8))
        #expect(raw["schema"] as? String == "lavoisier-comparison/1")
        let record = try #require(raw["record"] as? [String: Any])
        #expect((record["warmUps"] as? [Any])?.count == 2 && (record["pairs"] as? [Any])?.count ?? 0 >= 8)
        let arms = raw["arms"] as? [[String: Any]] ?? []
        #expect(arms.compactMap { $0["name"] as? String } == ["a.yaml (before)", "b.yaml (after)"])
        let page = try String(contentsOfFile: fixture.folder.file("page.html"), encoding: .utf8)
        #expect(page.contains("Regression") && page.contains("execution.workers"))
        let better = try compare(fixture, ["b.yaml", "a.yaml", "--exit-on-improvement"] + Self.few)
        #expect(better.status == 4, "\(better.output)")
    }

    @Test func otherResultsAreALossUnlessAllowed() throws {
        let fixture = try TuneFixture(
            "case \"$chunk\" in 16) digest=bbbb; features='y\\t900\\t70\\t69\\t71\\t1\\t5\\n' ;; esac")
        try files(fixture)
        let lost = try compare(fixture, ["a.yaml", "wrong.yaml", "--pairs", "1"])
        #expect(lost.status == 5, "\(lost.output)")
        #expect(lost.output.contains("ACCURACY LOST") && lost.output.contains("f1: 1.0 -> 0.0 - lost"))
        // Allowed to differ, one pair tells nothing.
        let allowed = try compare(fixture, ["a.yaml", "wrong.yaml", "--pairs", "1", "--accuracy-drop", "1"])
        #expect(allowed.status == 3, "\(allowed.output)")
        #expect(allowed.output.contains("pairs that count: 1; fewer than 7 show nothing"))
    }

    @Test func pairsWorkloadsAndSeedReachTheRuns() throws {
        let fixture = try TuneFixture("echo \"$workers $out\" >> \"$0.log\"")
        try files(fixture)
        let outcome = try compare(
            fixture, ["a.yaml", "b.yaml", "--pairs", "3", "--workload", "small", "--workload", "medium", "--json"])
        #expect(outcome.status == 3, "\(outcome.output)")
        let result = try object(outcome.output)
        #expect(result["workloads"] as? [String] == ["small", "medium"])
        func order(_ seed: String) throws -> [String] {
            try? FileManager.default.removeItem(atPath: fixture.engine + ".log")
            _ = try compare(fixture, ["a.yaml", "b.yaml", "--pairs", "2", "--seed", seed])
            let text = try String(contentsOfFile: fixture.engine + ".log", encoding: .utf8)
            return text.split(separator: "\n").prefix(6).map { String($0.prefix(1)) }
        }
        let orders = try Set((1...6).map { try order("\($0)") })
        #expect(orders == [["1", "2", "1", "2", "2", "1"], ["1", "2", "2", "1", "1", "2"]])
        let short = try object(compare(fixture, ["a.yaml", "b.yaml", "--time-budget", "0s", "--json"]).output)
        #expect(short["pairs"] as? Int == 1)
    }

    @Test func twoEnginesAreComparedByTheirFiles() throws {
        let old = try TuneFixture()
        let new = try TuneFixture("exit 7")
        let failed = try compare(
            old, ["--before-binary", old.engine, "--after-binary", new.engine, "--pairs", "1"], engine: false)
        #expect(failed.status == 1)
        #expect(failed.output.contains("FAILED: \(new.engine) (after): exited with status 7"), "\(failed.output)")
        let same = try compare(
            old, ["default", "--before-binary", old.engine, "--after-binary", old.engine, "--pairs", "1", "--json"],
            engine: false)
        #expect(same.status == 3, "\(same.error)")
        let arms = try object(same.output)["arms"] as? [[String: Any]] ?? []
        #expect(arms.count == 2)
        // An engine of another version is given what is set and nothing more.
        let asked = try TuneFixture("cp \"$config\" \"$0.configuration\"")
        try asked.folder.write("c.yaml", "execution:\n  workers: 1\nfuture:\n  knob: 3\n")
        _ = try compare(asked, ["c.yaml", "--after-binary", asked.engine, "--pairs", "1"])
        let given = try String(contentsOfFile: asked.engine + ".configuration", encoding: .utf8)
        #expect(given == "execution.workers: \"1\"\nfuture.knob: \"3\"\n")
    }

    @Test func aPairThatNeverWorksIsAFailure() throws {
        // Warm-ups are runs 1 and 2.
        let fixture = try TuneFixture("echo x >> \"$0.count\"; [ \"$(wc -l < \"$0.count\")\" -gt 2 ] && exit 5")
        let outcome = try compare(fixture, ["default", "default", "--pairs", "1"])
        #expect(outcome.status == 1, "\(outcome.output) \(outcome.error)")
        #expect(outcome.output.contains("FAILED") && outcome.output.contains("exited with status 5"))
    }

    @Test func anInterruptWritesWhatRan() throws {
        let fixture = try TuneFixture(
            """
            echo x >> "$0.count"
            [ "$(wc -l < "$0.count")" -eq 6 ] && { kill -INT $PPID; sleep 5; }
            """)
        let outcome = try compare(fixture, ["default", "default", "--output", "runs.json", "--html", "page.html"])
        #expect(outcome.status == 130, "\(outcome.error)")
        let raw = try object(String(contentsOfFile: fixture.folder.file("runs.json"), encoding: .utf8))
        #expect(((raw["record"] as? [String: Any])?["pairs"] as? [Any])?.count == 2)
        #expect(FileManager.default.fileExists(atPath: fixture.folder.file("page.html")))
    }

    @Test func aComparisonWaitsForNoOther() throws {
        let fixture = try TuneFixture("sleep 1")
        let study = try fixture.start(fixture.study([]))
        defer {
            study.terminate()
            study.waitUntilExit()
        }
        for _ in 0..<200 where fixture.engines().isEmpty { usleep(50_000) }
        let outcome = try compare(fixture, ["default", "default", "--pairs", "1"])
        #expect(outcome.status == 1 && outcome.error.contains("another study runs on this machine"), "\(outcome.error)")
    }

    @Test func wrongUsageIsSaid() throws {
        let fixture = try TuneFixture()
        try fixture.folder.write("bad.yaml", "execution:\n  wrkers: 1\n")
        let cases: [([String], Int32, String)] = [
            ([], 64, "name two configurations"), (["default"], 64, "name two configurations"),
            (["a", "b", "c"], 64, "not 3"), (["default", "default", "--pairs", "0"], 64, "--pairs must be"),
            (["default", "default", "--tolerance", "x"], 64, "--tolerance"),
            (["default", "default", "--accuracy-drop", "2"], 64, "between 0 and 1"),
            (["default", "default", "--time-budget", "x"], 64, "--time-budget"),
            (["default", "bad.yaml"], 64, "did you mean 'execution.workers'"),
            (["default", "missing.yaml"], 64, "missing.yaml"),
            (["default", "default", "--workload", "smal"], 65, "did you mean 'small'"),
            (["default", "default", "--html", "no/such/page.html"], 73, "cannot be written"),
            (["default", "--before-binary", "/nonexistent"], 65, "/nonexistent does not exist"),
        ]
        for (arguments, status, expected) in cases {
            let outcome = try compare(fixture, arguments)
            #expect(outcome.status == status, "\(arguments): \(outcome.status) \(outcome.error)")
            #expect(outcome.error.contains(expected), "\(arguments): \(outcome.error)")
        }
        let unused = try compare(
            fixture, ["--before-binary", fixture.engine, "--after-binary", fixture.engine])
        #expect(unused.status == 64 && unused.error.contains("--engine is not used"))
    }

    @Test func theRealEngineAgainstItself() throws {
        let fixture = try TuneFixture()
        let outcome = try compare(
            fixture, ["default", "default", "--workload", "small", "--pairs", "1"], engine: false)
        // One pair tells nothing, but it ran: the same results, and figures of every metric.
        #expect(outcome.status == 3, "\(outcome.output) \(outcome.error)")
        for word in ["f1: 1.0 -> 1.0", "truth_recall: ", "wall time", "peak detection throughput", "MB/s"] {
            #expect(outcome.output.contains(word), "\(word) is missing in \(outcome.output)")
        }
    }
}
