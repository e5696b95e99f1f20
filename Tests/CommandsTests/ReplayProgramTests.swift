import Foundation
import TestSupport
import Testing

/// `lavoisier-tune replay` as a user runs it.
@Suite struct ReplayProgramTests {
    static let table = TestData.repository + "/Tests/TuningReplayTests/Fixtures/pool_time.json"

    private func replay(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run("lavoisier-tune", ["replay"] + arguments)
    }

    private func runs(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func writesALinePerTableAndSeed() throws {
        let folder = try TemporaryDirectory()
        let file = folder.file("results.jsonl")
        let outcome = try replay([Self.table, Self.table, "--seeds", "3-5", "--budget", "12", "--output", file])
        #expect(outcome.status == 0 && outcome.output.isEmpty)
        let found = try runs(try String(contentsOfFile: file, encoding: .utf8))
        #expect(found.map { $0["seed"] as? Int } == [3, 4, 5, 3, 4, 5])
        for run in found {
            #expect(run["problem"] as? String == "pool_time")
            #expect((run["regret"] as? [Double])?.count == 12 && (run["rows"] as? [Int])?.count == 12)
            #expect(run["duplicates"] is Int && run["cpu_seconds_per_suggestion"] is Double)
        }
    }

    /// Every option changes what is evaluated.
    @Test func optionsAreHeeded() throws {
        let short = [Self.table, "--seeds", "2", "--budget", "15"]
        func rows(_ options: [String]) throws -> [Int] {
            let outcome = try replay(short + options)
            #expect(outcome.status == 0)
            return try #require(try runs(outcome.output).first?["rows"] as? [Int])
        }
        let plain = try rows([])
        #expect(try rows(["--candidates", "grid", "--strategy", "bayesian"]) == plain)
        let rowsOnly = try rows(["--candidates", "rows"])
        #expect(Set(rowsOnly).count == 15)
        for options in [["--noise"], ["--tell-effective"], ["--strategy", "random"], ["--strategy", "sobol"]] {
            #expect(try rows(options) != plain, "\(options)")
        }
    }

    @Test(
        arguments: [
            (["/nowhere/t.json"], 65, "/nowhere/t.json"), ([table, "--seeds", "5-2"], 64, "--seeds '5-2'"),
            ([table, "--seeds", "x"], 64, "--seeds 'x'"), ([table, "--candidates", "all"], 64, "rows, grid"),
            ([table, "--strategy", "guess"], 64, "bayesian, random, sobol"),
            ([table, "--budget", "0"], 64, "--budget"),
            ([table, "--output", "/nowhere/r.jsonl"], 73, "/nowhere/r.jsonl"),
        ] as [([String], Int32, String)])
    func mistakesAreNamed(arguments: [String], status: Int32, expected: String) throws {
        let outcome = try replay(arguments)
        #expect(outcome.status == status && outcome.output.isEmpty)
        #expect(outcome.error.contains(expected), "\(outcome.error)")
    }
}
