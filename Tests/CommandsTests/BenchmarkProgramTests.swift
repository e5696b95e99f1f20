import Foundation
import TestSupport
import Testing

/// `lavoisier benchmark` as a user runs it, with a script in the place of the engine where not said otherwise.
@Suite struct BenchmarkProgramTests {
    private func run(
        _ fixture: TuneFixture, _ arguments: [String], engine: Bool = true, shellLimits: String? = nil
    ) throws -> Program.Outcome {
        let isComparison = arguments.contains("--before")
        let own =
            isComparison ? [] : (engine ? ["--engine", fixture.engine] : []) + ["--lock", fixture.folder.file("lock")]
        return try Program.run(
            "lavoisier", ["benchmark"] + own + arguments, environment: fixture.environment,
            directory: fixture.folder.path, shellLimits: shellLimits)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    private func file(_ fixture: TuneFixture, _ name: String) throws -> [String: Any] {
        try object(String(contentsOfFile: fixture.folder.file(name), encoding: .utf8))
    }

    private func settings(_ record: [String: Any]) -> [String: String] {
        let list = record["configuration"] as? [[String: String]] ?? []
        return Dictionary(list.map { ($0["name"] ?? "", $0["text"] ?? "") }) { first, _ in first }
    }

    private func pairs(_ record: [String: Any]) -> [[String: Any]] {
        (record["record"] as? [String: Any])?["pairs"] as? [[String: Any]] ?? []
    }

    @Test func theRealEngineOnASmallWorkload() throws {
        let fixture = try TuneFixture()
        let outcome = try run(
            fixture,
            ["--workload", "small", "--min-runs", "2", "--max-runs", "2", "--output", "a.json"], engine: false)
        #expect(outcome.status == 0, "\(outcome.error)")
        for word in [
            "wall time", "CPU time", "peak memory", "peak detection throughput", "points/s", "features/s",
            "unavailable: spectral matching throughput of small: the workload has no queries",
            "known features found",
        ] {
            #expect(outcome.output.contains(word), "\(word) is missing in \(outcome.output)")
        }
        #expect(outcome.error.contains("written to a.json"))
        let record = try file(fixture, "a.json")
        #expect(record["schema"] as? String == "lavoisier-benchmark/1")
        #expect(pairs(record).count == 2)
        let sources = try #require((record["sources"] as? [String: Any])?["sources"] as? [[String: Any]])
        #expect(sources.contains { $0["name"] as? String == "energy" && $0["status"] is [String: Any] })
        #expect((record["workloads"] as? [[String: Any]])?.first?["name"] as? String == "small")
        #expect(settings(record)["annotation.enabled"] == "true")
        // A file compared with itself: nothing changed.
        let same = try run(fixture, ["--before", "a.json", "--after", "a.json", "--html", "page.html", "--json"])
        #expect([0, 3].contains(same.status), "\(same.output) \(same.error)")
        let comparison = try #require(try object(same.output)["comparison"] as? [String: Any])
        #expect((comparison["accuracy"] as? [[String: Any]])?.first?["digestsEqual"] as? Bool == true)
        let page = try String(contentsOfFile: fixture.folder.file("page.html"), encoding: .utf8)
        #expect(page.contains("</html>") && page.contains("Content-Security-Policy"))
    }

    @Test func runsUntilTightOrUntilALimit() throws {
        let fixture = try TuneFixture("sleep 0.02")
        let loose = try run(
            fixture, ["--precision", "900%", "--min-runs", "7", "--max-runs", "9", "--json", "--quiet"])
        #expect(loose.status == 0 && loose.error.isEmpty, "\(loose.error)")
        let first = try object(loose.output)
        #expect(first["end"] as? String == "tight" && pairs(first).count == 7)
        let strict = try object(
            run(fixture, ["--precision", "0%", "--max-runs", "8", "--json", "--metrics", "wall"]).output)
        #expect(strict["end"] as? String == "maximumRuns" && pairs(strict).count == 8)
        let short = try object(
            run(fixture, ["--time-budget", "0s", "--max-runs", "8", "--precision", "0%", "--json"]).output)
        #expect(short["end"] as? String == "outOfTime" && pairs(short).count == 1)
        #expect(((first["record"] as? [String: Any])?["warmUps"] as? [Any])?.count == 1)
    }

    @Test func algorithmsMetricsAndSettingsReachTheRuns() throws {
        let fixture = try TuneFixture()
        let quick = ["--min-runs", "1", "--max-runs", "1", "--json", "--quiet"]
        let only = try object(
            run(fixture, quick + ["--algorithms", "peak_detection,annotation", "--metrics", "throughput,accuracy"])
                .output)
        #expect(settings(only)["matching.enabled"] == "false" && settings(only)["annotation.enabled"] == "true")
        #expect(only["algorithms"] as? [String] == ["peak_detection", "annotation"])
        let summary = only["summary"] as? [[String: Any]] ?? []
        let names = summary.compactMap { ($0["metric"] as? [String: Any])?["name"] as? String }
        #expect(names == ["throughput", "throughput.peak_detection", "throughput.annotation"])
        try fixture.folder.write("c.yaml", "execution:\n  chunk_size: 16\n  workers: 1\n")
        let own = try object(
            run(fixture, quick + ["--config", "c.yaml", "--set", "execution.chunk_size=64", "--workload", "small"])
                .output)
        #expect(settings(own)["execution.chunk_size"] == "64" && settings(own)["execution.workers"] == "1")
        // The script is another engine than this one: it is given what was set and nothing more.
        #expect(
            own["configuration"] as? [[String: String]] == [
                ["name": "execution.workers", "text": "1"], ["name": "execution.chunk_size", "text": "64"],
            ])
        let none = try object(run(fixture, quick + ["--set", "annotation.enabled=false"]).output)
        #expect(none["algorithms"] as? [String] == ["peak_detection", "spectral_matching"])
        let two = try object(run(fixture, quick + ["--workload", "small", "--workload", "medium"]).output)
        #expect((two["workloads"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == ["small", "medium"])
    }

    @Test func wrongUsageIsSaid() throws {
        let fixture = try TuneFixture()
        let cases: [([String], String)] = [
            (["--metrics", "speed"], "'speed' is not known"),
            (["--algorithms", "anotation"], "did you mean 'annotation'"),
            (["--precision", "2ppm"], "give a share like 2%"), (["--time-budget", "soon"], "--time-budget"),
            (["--min-runs", "5", "--max-runs", "4"], "at most --max-runs (4)"),
            (["--set", "execution.wrkers=1"], "did you mean 'execution.workers'"),
            (["--algorithms", "annotation", "--set", "matching.enabled=true"], "give one or the other"),
            (["--html", "x.html"], "belongs to a comparison"), (["--tolerance", "2%"], "belongs to a comparison"),
            (["--before", "a.json"], "needs both files"),
            (["--before", "a.json", "--after", "b.json", "--output", "x"], "--output measures"),
        ]
        for (arguments, expected) in cases {
            let outcome = try run(fixture, arguments)
            #expect(outcome.status == 64, "\(arguments): \(outcome.status)")
            #expect(outcome.error.contains(expected), "\(arguments): \(outcome.error)")
        }
        #expect(try run(fixture, ["--workload", "smal"]).error.contains("did you mean 'small'"))
        #expect(try run(fixture, ["--engine", "/nonexistent"], engine: false).status == 65)
        #expect(try run(fixture, ["--output", "no/such/folder.json"]).status == 73)
    }

    @Test func anEngineThatFailsIsAFailureAndKeepsTheOldFile() throws {
        let fixture = try TuneFixture("echo 'no such thing' >&2; exit 9")
        try fixture.folder.write("a.json", "old")
        let outcome = try run(fixture, ["--output", "a.json"])
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("the engine failed (crashed): exited with status 9: no such thing"))
        #expect(try String(contentsOfFile: fixture.folder.file("a.json"), encoding: .utf8) == "old")
    }

    @Test func anInterruptWritesWhatRan() throws {
        // The fourth run, the third that counts, asks for the end of the program that measures.
        let fixture = try TuneFixture(
            """
            echo x >> "$0.count"
            [ "$(wc -l < "$0.count")" -eq 4 ] && { kill -TERM $PPID; sleep 5; }
            """)
        let outcome = try run(fixture, ["--output", "a.json", "--precision", "0%"])
        #expect(outcome.status == 143, "\(outcome.error)")
        let record = try file(fixture, "a.json")
        #expect(record["end"] as? String == "interrupted")
        #expect(pairs(record).count == 3)
        let compared = try run(fixture, ["--before", "a.json", "--after", "a.json"])
        #expect([0, 3].contains(compared.status))
    }

    @Test func aMeasurementWaitsForNoOther() throws {
        let fixture = try TuneFixture("sleep 1")
        let study = try fixture.start(fixture.study([]))
        defer {
            study.terminate()
            study.waitUntilExit()
        }
        for _ in 0..<200 where fixture.engines().isEmpty { usleep(50_000) }
        let outcome = try run(fixture, ["--max-runs", "1", "--min-runs", "1"])
        #expect(outcome.status == 1 && outcome.error.contains("another study runs on this machine"), "\(outcome.error)")
    }

    /// A result file with other times (and what else `change` does), so that no status depends on this machine's.
    private func rewrite(
        _ fixture: TuneFixture, _ source: String, _ target: String, wall: Double,
        _ change: (inout [String: Any]) -> Void = { _ in }
    ) throws {
        var record = try file(fixture, source)
        var inner = try #require(record["record"] as? [String: Any])
        var pairs = try #require(inner["pairs"] as? [[String: Any]])
        for index in pairs.indices {
            var runs = try #require(pairs[index]["runs"] as? [[String: Any]])
            var run = try #require(runs[0]["run"] as? [String: Any])
            var parts = try #require(run["parts"] as? [[String: Any]])
            var measurement = try #require(parts[0]["measurement"] as? [String: Any])
            measurement["wallSeconds"] = ["value": wall * (1 + 0.01 * Double(index))]
            measurement["cpuPressureSeconds"] = ["value": 0]
            measurement["stealSeconds"] = ["value": 0]
            parts[0]["measurement"] = measurement
            change(&parts[0])
            run["parts"] = parts
            runs[0]["run"] = run
            pairs[index]["runs"] = runs
        }
        inner["pairs"] = pairs
        record["record"] = inner
        try JSONSerialization.data(withJSONObject: record).write(
            to: URL(fileURLWithPath: fixture.folder.file(target)))
    }

    @Test func comparisonsEndWithTheStatusOfTheirOutcome() throws {
        let fixture = try TuneFixture()
        func measure(_ name: String, _ workload: String) throws {
            let outcome = try run(
                fixture,
                [
                    "--min-runs", "8", "--max-runs", "8", "--metrics", "wall,accuracy", "--quiet", "--output", name,
                    "--workload", workload,
                ])
            #expect(outcome.status == 0, "\(outcome.error)")
        }
        try measure("medium.json", "medium")
        try measure("raw.json", "tof")
        try rewrite(fixture, "medium.json", "fast.json", wall: 1)
        try rewrite(fixture, "medium.json", "same.json", wall: 1.01)
        try rewrite(fixture, "medium.json", "slow.json", wall: 1.5)
        try rewrite(fixture, "raw.json", "tof.json", wall: 1)
        try rewrite(fixture, "raw.json", "other.json", wall: 1) { $0["digest"] = "bbbb" }
        func compare(_ before: String, _ after: String, _ more: [String] = []) throws -> Program.Outcome {
            try run(fixture, ["--before", before, "--after", after] + more)
        }
        let slower = try compare("fast.json", "slow.json")
        #expect(slower.status == 2, "\(slower.output)")
        #expect(slower.output.contains("REGRESSION: worse: wall time of medium +50"), "\(slower.output)")
        #expect(slower.output.contains("note: The two series ran one after the other."))
        let same = try compare("fast.json", "same.json")
        #expect(same.status == 0 && same.output.hasPrefix("no regression"), "\(same.output)")
        #expect(try compare("fast.json", "slow.json", ["--tolerance", "60%"]).status == 0)
        let faster = try compare("slow.json", "fast.json")
        #expect(faster.status == 0 && faster.output.hasPrefix("better"), "\(faster.output)")
        #expect(try compare("slow.json", "fast.json", ["--exit-on-improvement"]).status == 4)
        // tof has no truth that could tell whether other results are as good.
        #expect(try compare("tof.json", "other.json").status == 5)
        #expect(try compare("tof.json", "other.json", ["--accept-changed-results"]).status == 0)
        #expect(try compare("fast.json", "tof.json").status == 7)
        let text = try String(contentsOfFile: fixture.folder.file("fast.json"), encoding: .utf8)
        let machine = try #require((try object(text)["machine"] as? [String: Any])?["id"] as? String)
        try fixture.folder.write("else.json", text.replacing(machine, with: "0123456789ab"))
        let foreign = try compare("fast.json", "else.json")
        #expect(foreign.status == 6 && foreign.output.contains("NOT COMPARABLE: not comparable: the machines differ"))
        let forced = try compare("fast.json", "else.json", ["--force"])
        #expect(forced.status == 0 && forced.output.contains("note: FORCED"), "\(forced.output)")
        try fixture.folder.write("broken.json", String(text.prefix(200)))
        #expect(try compare("fast.json", "broken.json").status == 65)
        #expect(try compare("fast.json", "missing.json").status == 65)
        #expect(try compare("fast.json", "slow.json", ["--html", "no/such/page.html"]).status == 73)
        // As JSON, with the status inside.
        let printed = try object(compare("fast.json", "slow.json", ["--json"]).output)
        #expect(printed["exitStatus"] as? Int == 2)
        #expect((printed["comparison"] as? [String: Any])?["outcome"] as? String == "regression")
    }

    @Test func fewRunsCannotTell() throws {
        let fixture = try TuneFixture()
        let outcome = try run(
            fixture, ["--min-runs", "2", "--max-runs", "2", "--metrics", "wall", "--quiet", "--output", "a.json"])
        #expect(outcome.status == 0, "\(outcome.error)")
        try rewrite(fixture, "a.json", "b.json", wall: 1)
        try rewrite(fixture, "a.json", "c.json", wall: 9)
        #expect(try run(fixture, ["--before", "b.json", "--after", "c.json"]).status == 3)
    }
}
