import Foundation
import Pipeline
import SpectralMatching
import TestSupport
import Testing

/// Q-values of library matches in the result tables.
@Suite struct FalseDiscoveryTests {
    private static let settings = ["execution.workers=2", "matching.min_score=0.3"]
    private static let run = try? EngineRun([EngineRun.dda], settings + ["output.json=true", "output.mztab=true"])

    /// Rows as dictionaries by the names of the columns.
    private func rows(_ text: String) -> [[String: String]] {
        let lines = text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
        }
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }

    @Test func everyBestMatchHasOne() throws {
        let run = try #require(Self.run)
        let features = rows(try run.text("features.tsv"))
        #expect(features.contains { $0["q_value"] != "" })
        for row in features { #expect((row["q_value"] == "") == (row["library_score"] == "")) }
        let matches = rows(try run.text("identifications.tsv")).filter { $0["source"] == "library" }
        for row in matches where row["rank"] == "1" { #expect(row["q_value"] != "") }
        let values = matches.compactMap { Double($0["q_value"] ?? "") }
        #expect(!values.isEmpty && values.allSatisfy { $0 > 0 && $0 <= 1 })
        // Matches that win have lower q-values the higher they score.
        let winners = matches.filter { $0["rank"] == "1" && $0["feature_id"] == "" && $0["q_value"] != "1.000000" }
            .sorted { Double($0["score"]!)! > Double($1["score"]!)! }
        try #require(winners.count > 5)
        for (better, worse) in zip(winners, winners.dropFirst()) where better["score"] != worse["score"] {
            #expect(Double(better["q_value"]!)! <= Double(worse["q_value"]!)!)
        }
        #expect(try run.text("results.json").contains("\"q_value\":"))
        let value = try #require(features.first { $0["q_value"] != "" }?["q_value"])
        let tables = try FileManager.default.contentsOfDirectory(atPath: run.folder.path)
        let mztab = try #require(tables.first { $0.hasSuffix(".mztab") })
        #expect(try run.text(mztab).contains("\t\(value)"))
    }

    @Test func withoutDecoysThereAreNone() throws {
        let run = try EngineRun([EngineRun.dda], Self.settings + ["matching.decoys=none"])
        for table in ["features.tsv", "identifications.tsv"] {
            #expect(rows(try run.text(table)).allSatisfy { $0["q_value"] == "" }, "\(table)")
        }
    }

    /// The limit leaves out what is above it and changes nothing else.
    @Test func theLimitDropsMatches() throws {
        func matches(_ run: EngineRun) throws -> [[String: String]] {
            rows(try run.text("identifications.tsv"))
                .filter { $0["source"] == "library" && $0["feature_id"] == "" && $0["rank"] == "1" }
        }
        let all = try matches(#require(Self.run))
        let limit = try #require(all.compactMap { Double($0["q_value"]!) }.min())
        let limited = try matches(EngineRun([EngineRun.dda], Self.settings + ["matching.max_q_value=\(limit + 1e-6)"]))
        #expect(limited == all.filter { Double($0["q_value"]!)! <= limit + 1e-6 })
    }

    /// Each run is estimated by itself.
    @Test func otherFilesChangeNothing() throws {
        let both = try EngineRun([EngineRun.profile, EngineRun.dda], Self.settings)
        let name = try #require(EngineRun.dda.split(separator: "/").last.map { String($0) })
        let alone = rows(try #require(Self.run).text("features.tsv")).map { $0["q_value"] }
        #expect(rows(try both.text("features.tsv")).filter { $0["file"] == name }.map { $0["q_value"] } == alone)
    }

    /// The decoys of a library are made once, and are never taken for the library of an equal source.
    @Test func decoysAreKept() throws {
        let folder = try TemporaryDirectory()
        let cache = folder.file("cache")
        let text = (0..<3).map {
            "NAME: \($0)\nPRECURSORMZ: 200.\($0)\nIONMODE: POSITIVE\nNum Peaks: 2\n5\($0) 1\n6\($0) 2\n\n"
        }.joined()
        var notes: [String] = []
        func open(_ name: String) throws -> ReferenceData {
            try ReferenceData.open(
                ReferenceData.Sources(library: folder.file(name), compounds: []), cache: cache, wantsLibrary: true,
                wantsCompounds: false, wantsDecoys: true, note: { notes.append($0) })
        }
        try folder.write("one.msp", text)
        let first = try open("one.msp")
        #expect(first.decoys?.count == 3 && first.decoys?.path != first.library?.path)
        #expect(notes.count == 2 && notes[1].contains("decoys"), "\(notes)")
        _ = try open("one.msp")
        try folder.write("two.msp", text)
        let copy = try open("two.msp")
        #expect(notes.count == 2, "\(notes)")
        #expect(copy.library?.sourceHash == first.library?.sourceHash)
        #expect(copy.decoys?.sourceHash == first.decoys?.sourceHash)
    }
}
