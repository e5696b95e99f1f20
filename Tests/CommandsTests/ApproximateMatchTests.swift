import Foundation
import TestSupport
import Testing

/// `lavoisier match --search-strategy` as a user runs it.
@Suite struct ApproximateMatchTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func match(_ arguments: [String], output: String = "hits.json") throws -> Program.Outcome {
        let spectra = """
            BEGIN IONS
            TITLE=caffeine
            PEPMASS=195.0877
            CHARGE=1+
            110.0713 15
            123.0428 5
            138.0662 100
            195.0877 60
            END IONS

            """
        try spectra.write(toFile: folder.file("query.mgf"), atomically: true, encoding: .utf8)
        return try Program.run(
            "lavoisier",
            ["match", folder.file("query.mgf"), "--search", "open", "--output", folder.file(output)] + arguments,
            environment: ["LAVOISIER_DATA_DIR": TestData.repository + "/workloads"])
    }

    private func document() throws -> [String: Any]? {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("hits.json")))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any]
    }

    @Test func tellsWhatItMeasured() throws {
        let outcome = try match(["--search-strategy", "approximate", "--speed-priority", "0.9"])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("search is approximate") && outcome.error.contains("recall"))
        let document = try #require(try document())
        let search = try #require(document["search"] as? [String: Any])
        #expect(search["used"] as? String == "approximate" && search["recallOfAll"] as? Double ?? 0 >= 0.95)
        #expect(search["indexType"] as? String == "lsh_forest" && search["trees"] as? Int ?? 0 > 0)
        #expect(search["speedPriority"] as? Double == 0.9)
        #expect((document["hits"] as? [[String: Any]])?.isEmpty == false)
    }

    @Test func fallsBackToExactAndSaysSo() throws {
        let outcome = try match([
            "--search-strategy", "approximate", "--use-case", "high_accuracy", "--accuracy-threshold", "1",
        ])
        #expect(outcome.status == 0 && outcome.error.contains("search is exact: no setting"))
        let document = try #require(try document())
        let search = try #require(document["search"] as? [String: Any])
        #expect(search["used"] as? String == "exact" && search["accuracyThreshold"] as? Double == 1)
        let found = try #require(document["hits"] as? [[String: Any]])
        // A list without a word about the search is what exact search writes.
        #expect(try match([]).status == 0)
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("hits.json")))
        let exact = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(!exact.isEmpty && exact as NSArray == found as NSArray)
    }

    @Test(arguments: [
        ["--search-strategy", "fuzzy"], ["--use-case", "fast"], ["--accuracy-threshold", "2"],
        ["--speed-priority", "2"],
        ["--index-type", "hnsw"],
    ]) func refusesUnknownValues(arguments: [String]) throws {
        #expect(try match(arguments).status == 64)
    }
}
