import Foundation
import GRDB
import TestSupport
import Testing

/// What the search of `lavoisier-tune` knows, trades off, and when it ends; a script in the place of the engine.
@Suite struct TuneSearchTests {
    /// More workers are faster and take more memory.
    private static let tradeOff = """
        memory=$((40000000 + workers * workers * 9000000))
        case "$workers" in 1) sleep 0.09 ;; 2) sleep 0.05 ;; *) sleep 0.03 ;; esac
        """

    @Test func theTradeOffIsStoredShownAndDrawn() throws {
        let fixture = try TuneFixture(Self.tradeOff)
        let outcome = try fixture.run(
            fixture.study(["--target", "balanced", "--budget", "12", "--stop-below", "0", "--json", "--quiet"]))
        #expect(outcome.status == 0, "\(outcome.error)")
        let result = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(result["target"] as? String == "balanced")
        let front = try #require(result["front"] as? [[String: Any]])
        #expect(!front.isEmpty && front.count { $0["isChosen"] as? Bool == true } == 1)
        let memory = front.compactMap { $0["peakMemoryBytes"] as? Double }
        let speed = front.compactMap { $0["throughput"] as? Double }
        #expect(memory == memory.sorted() && speed == speed.sorted(), "\(front)")
        let shown = try fixture.run(["show", "latest", "--store", fixture.folder.file("trials.sqlite")])
        #expect(shown.output.contains("front     trial ") && shown.output.contains("(chosen)"))
        let page = try String(contentsOfFile: try #require(result["report"] as? String), encoding: .utf8)
        #expect(page.contains("Throughput against peak memory") && page.contains("on the front. Chosen: Trial"))
        #expect(page.contains("throughput per memory"))
        let exported = try fixture.run(["export", "latest", "--store", fixture.folder.file("trials.sqlite")])
        #expect(exported.output.contains("\"paretoFront\""))
    }

    @Test func aLaterStudyIsInformedUnlessItIsToStartFresh() throws {
        let fixture = try TuneFixture(Self.tradeOff)
        #expect(try fixture.run(fixture.study(["--budget", "6", "--quiet"])).status == 0)
        let first = try #require(try fixture.result()["study"] as? String)
        #expect(try fixture.run(fixture.study(["--budget", "4", "--quiet", "--seed", "2"])).status == 0)
        let second = try fixture.result()
        #expect(second["earlierStudies"] as? [String] == [first])
        let page = try String(contentsOfFile: try #require(second["report"] as? String), encoding: .utf8)
        #expect(page.contains("Earlier studies that inform the search") && page.contains(first))
        #expect(try fixture.run(fixture.study(["--budget", "4", "--quiet", "--fresh"])).status == 0)
        let fresh = try fixture.result()
        #expect(fresh["earlierStudies"] as? [String] == [])
        let freshPage = try String(contentsOfFile: try #require(fresh["report"] as? String), encoding: .utf8)
        #expect(freshPage.contains("--fresh"))
    }

    /// Everything is equally fast: the model soon expects nothing of what is left.
    @Test func theSearchEndsWhenLittleIsLeftToGain() throws {
        let fixture = try TuneFixture("sleep 0.02")
        let outcome = try fixture.run(fixture.study(["--budget", "60", "--stop-below", "30%"]))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("the model expects at most"), "\(outcome.error)")
        let result = try fixture.result()
        let count = try #require(result["configurations"] as? Int)
        #expect(count >= 20 && count < 60)
        #expect((result["searchEnd"] as? String)?.contains("the search stopped after \(count) of 60") == true)
        let page = try String(contentsOfFile: try #require(result["report"] as? String), encoding: .utf8)
        #expect(page.contains("End of the search") && page.contains("--stop-below 30"))
    }

    /// What an older version wrote is brought up to date, also by a command that only reads.
    @Test func storesOfOlderVersionsAreListed() throws {
        let fixture = try TuneFixture()
        #expect(try fixture.run(fixture.study(["--budget", "2", "--quiet"])).status == 0)
        let path = fixture.folder.file("trials.sqlite")
        do {
            let store = try DatabaseQueue(path: path)
            try store.write { db in
                try db.execute(
                    sql:
                        "DROP TABLE pareto_front; ALTER TABLE trial DROP COLUMN origin; DELETE FROM grdb_migrations WHERE identifier = 'v2'"
                )
            }
        }
        let listed = try fixture.run(["list", "--store", path])
        #expect(listed.status == 0 && listed.output.contains("finished"), "\(listed.error)")
    }

    @Test(arguments: ["-1%", "120%", "much", "nan", ""])
    func aGainThatIsNoneIsRefused(text: String) throws {
        let fixture = try TuneFixture()
        let outcome = try fixture.run(fixture.study(["--stop-below=\(text)"]))
        #expect(outcome.status == 64 && outcome.error.contains("--stop-below"), "\(outcome.error)")
    }
}
