import Foundation
import TestSupport
import Testing

/// `lavoisier scaling` as a user runs it, with a script in the place of the engine where not said otherwise.
@Suite struct ScalingProgramTests {
    private func run(_ fixture: TuneFixture, _ arguments: [String], engine: Bool = true) throws -> Program.Outcome {
        try Program.run(
            "lavoisier",
            ["scaling", "--lock", fixture.folder.file("lock")] + (engine ? ["--engine", fixture.engine] : [])
                + arguments,
            environment: fixture.environment, directory: fixture.folder.path)
    }

    @Test func theRealEngineOnASmallWorkload() throws {
        let fixture = try TuneFixture()
        let outcome = try run(
            fixture, ["--workload", "small", "--workers", "2,1", "--rounds", "2", "--output", "scaling.json"],
            engine: false)
        #expect(outcome.status == 0, "\(outcome.error)")
        for word in [
            "small: 2 rounds of 1, 2 workers", "whole run", "read and detect", "outside of stages",
            "2: times faster, efficiency",
            "Serial fraction of the whole run: ", "2 numbers of workers cannot tell contention from coherency",
            "Without ", "not a measurement",
        ] { #expect(outcome.output.contains(word), "\(word) is missing in \(outcome.output)") }
        let text = try String(contentsOfFile: fixture.folder.file("scaling.json"), encoding: .utf8)
        let record = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(record["schema"] as? String == "lavoisier-scaling/3")
        #expect(record["workers"] as? [Int] == [1, 2])
        #expect(((record["record"] as? [String: Any])?["pairs"] as? [Any])?.count == 2)
    }

    @Test func theNumbersOfWorkersReachTheRuns() throws {
        let fixture = try TuneFixture("echo \"$workers $chunk\" >> \"${0%/*}/ran\"")
        let outcome = try run(
            fixture,
            [
                "--workload", "ident", "--workers", "1,3,4", "--rounds", "2", "--set", "execution.chunk_size=77",
                "--json",
            ])
        #expect(outcome.status == 0, "\(outcome.error)")
        let ran = String(decoding: try fixture.folder.read("ran"), as: UTF8.self).split(separator: "\n")
        // A warm-up and two rounds.
        for workers in [1, 3, 4] { #expect(ran.count { $0 == "\(workers) 77" } == 3, "\(ran)") }
        let record = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        let results = try #require(record?["results"] as? [[String: Any]])
        #expect(results.first?["workload"] as? String == "ident")
        // The time budget is over after the first round.
        let short = try run(
            fixture, ["--workload", "ident", "--workers", "1,2", "--rounds", "9", "--time-budget", "1ms"])
        #expect(short.status == 0 && short.output.contains("ident: 1 round of"), "\(short.output) \(short.error)")
    }

    @Test func resultsThatDependOnTheWorkersAreAFailure() throws {
        let fixture = try TuneFixture("digest=\"d$workers\"")
        let outcome = try run(fixture, ["--workload", "ident", "--workers", "1,2", "--rounds", "1"])
        #expect(outcome.status == 5 && outcome.error.contains("the results of ident depend on the number of workers"))
        // From run to run they may not differ either, however many rounds there are.
        let changing = try TuneFixture("digest=\"d$$\"")
        let changed = try run(changing, ["--workload", "ident", "--workers", "1,2", "--rounds", "4"])
        #expect(changed.status == 5, "\(changed.error)")
        let failing = try TuneFixture("[ \"$workers\" = 2 ] && echo no >&2 && exit 9")
        let failed = try run(failing, ["--workload", "ident", "--workers", "1,2", "--rounds", "1"])
        #expect(failed.status == 1 && failed.error.contains("with 2 workers: "), "\(failed.error)")
    }

    @Test func aRunThatReadsNothingMeasuresNothing() throws {
        let fixture = try TuneFixture("spectra=0")
        let outcome = try run(fixture, ["--workload", "ident", "--workers", "1,2", "--rounds", "1"])
        #expect(outcome.status == 7 && outcome.error.contains("read no spectra of ident"), "\(outcome.error)")
    }

    @Test(arguments: [
        (["--workers", "2,4"], "give 1"), (["--workers", "1"], "at least one more"), (["--workers", "1,x"], "'x'"),
        (["--rounds", "0"], "--rounds"), (["--set", "execution.workers=3"], "give --workers"),
        (["--set", "execution.wrokers=3"], "workers"),
    ])
    func wrongUsageIsSaid(arguments: [String], word: String) throws {
        let outcome = try run(try TuneFixture(), ["--workload", "ident"] + arguments)
        #expect(outcome.status == 64 && outcome.error.contains(word), "\(outcome.status) \(outcome.error)")
    }
}
