import Evaluation
import Foundation
import Pipeline
import TestSupport
import Testing

/// mzTab-M and JSON beside the tables, held against them and against the specification.
@Suite struct FurtherTableTests {
    private static let both = ["output.mztab=true", "output.json=true", "execution.workers=2"]
    static let dda = try? EngineRun([EngineRun.dda], both + ["annotation.adducts=all"])

    private func rows(_ text: String, _ prefix: String, header: String) throws -> [[String: String]] {
        let lines = text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        let names = try #require(lines.first { $0[0] == header })
        return lines.filter { $0[0] == prefix }.map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
    }

    private func table(_ text: String) throws -> [[String: String]] {
        let lines = text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }

    private func mzTab(_ run: EngineRun) throws -> String {
        let output = try #require(run.record.outputs.first { $0.path.hasSuffix(".mztab") })
        return try String(contentsOfFile: output.path, encoding: .utf8)
    }

    @Test func theFileIsValidAndSaysWhatTheTablesSay() throws {
        let run = try #require(Self.dda)
        let text = try mzTab(run)
        #expect(MzTabChecker.check(text) == [])
        let features = try table(run.text("features.tsv"))
        let smf = try rows(text, "SMF", header: "SFH")
        #expect(smf.map { $0["SMF_ID"] } == features.map { $0["feature_id"] })
        #expect(smf.map { $0["exp_mass_to_charge"] } == features.map { $0["mz"] })
        #expect(smf.map { $0["abundance_assay[1]"] } == features.map { $0["area"] })
        let sml = try rows(text, "SML", header: "SMH")
        let members = sml.flatMap { ($0["SMF_ID_REFS"] ?? "").split(separator: "|").map(String.init) }
        #expect(members.count == features.count && Set(members).count == features.count)
        let groups = Set(features.compactMap { $0["ion_group"] }.filter { !$0.isEmpty })
        let alone = features.count { $0["ion_group"]?.isEmpty == true }
        #expect(sml.count == groups.count + alone && groups.count > 0)
        let levels = Dictionary(uniqueKeysWithValues: features.map { ($0["feature_id"] ?? "", $0["level"] ?? "") })
        for molecule in sml where molecule["SMF_ID_REFS"]?.contains("|") == false {
            let level = levels[molecule["SML_ID"] ?? ""] ?? ""
            #expect(molecule["reliability"] == (level.isEmpty ? "5" : level))
        }
        let sme = try rows(text, "SME", header: "SEH")
        let identifications = try table(run.text("identifications.tsv")).filter { $0["feature_id"]?.isEmpty == false }
        #expect(sme.count == identifications.count)
        let libraryRows = sme.filter { $0["ms_level"] == "[MS, MS:1000511, ms level, 2]" }
        #expect(libraryRows.count == identifications.count { $0["source"]?.hasPrefix("library") == true })
        #expect(libraryRows.count > 5)
        let source = try String(contentsOfFile: EngineRun.dda, encoding: .utf8)
        for row in libraryRows {
            let id = try #require(row["spectra_ref"]).dropFirst("ms_run[1]:".count)
            #expect(source.contains("id=\"\(id)\""), "a spectrum of the file")
        }
    }

    @Test func theJSONSaysWhatTheTablesSay() throws {
        let run = try #require(Self.dda)
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(run.text("results.json").utf8)) as? [String: Any])
        #expect(object["schema"] as? String == "lavoisier-results/1")
        let files = try #require(object["files"] as? [[String: Any]])
        let features = try #require(files.first?["features"] as? [[String: Any]])
        let rows = try table(run.text("features.tsv"))
        #expect(files.count == 1 && features.count == rows.count)
        for (feature, row) in zip(features, rows) {
            #expect(feature["feature_id"] as? Int == Int(row["feature_id"] ?? ""))
            #expect(feature["mz"] as? Double == Double(row["mz"] ?? ""))
            #expect(feature["level"] as? String ?? "" == row["level"])
            let matches = feature["library_matches"] as? [[String: Any]] ?? []
            let candidates = feature["mass_candidates"] as? [[String: Any]] ?? []
            let best = matches.first ?? candidates.first
            #expect(best?["name"] as? String ?? "" == row["name"])
            #expect(best?["compound_id"] as? String ?? "" == row["compound_id"])
            #expect((matches.first?["matched_peaks"] as? Int).map(String.init) ?? "" == row["matched_peaks"])
            #expect((feature["msi_level"] as? Int).map(String.init) ?? "" == row["msi_level"])
        }
    }

    /// Another polarity, nothing named, another reader, nothing found, several files.
    @Test func otherRunsAreValidToo() throws {
        let negative = TestData.repository + "/workloads/small/HILICNeg15_StdH1.mzML"
        let run = try EngineRun([negative], Self.both)
        let text = try mzTab(run)
        #expect(MzTabChecker.check(text) == [] && text.contains("negative scan"))
        let unnamed = try EngineRun(
            [EngineRun.profile], Self.both + ["matching.enabled=false", "annotation.enabled=false"])
        let bare = try mzTab(unnamed)
        #expect(MzTabChecker.check(bare) == [] && bare.contains("no database"))
        let empty = try EngineRun([EngineRun.profile], Self.both + ["traces.noise_threshold=1e15"])
        let nothing = try mzTab(empty)
        #expect(empty.record.totalFeatures == 0 && MzTabChecker.check(nothing) == [])
        #expect((try? JSONSerialization.jsonObject(with: Data(empty.text("results.json").utf8))) != nil)
        let two = try EngineRun(
            [EngineRun.dda, EngineRun.profile], Self.both + ["annotation.adducts=all", "execution.reader=reference"])
        let files = two.record.outputs.filter { $0.path.hasSuffix(".mztab") }
        #expect(files.count == 2)
        let texts = try files.map { try String(contentsOfFile: $0.path, encoding: .utf8) }
        for text in texts { #expect(MzTabChecker.check(text) == []) }
        let fast = try mzTab(#require(Self.dda))
        #expect(texts[0] == fast, "the reference reader names the same spectra")
        #expect((try? JSONSerialization.jsonObject(with: Data(two.text("results.json").utf8))) != nil)
    }

    @Test func theDigestIsThatOfTheThreeTables() throws {
        let with = try #require(Self.dda)
        let without = try EngineRun([EngineRun.dda], ["execution.workers=3", "annotation.adducts=all"])
        #expect(with.record.digest == without.record.digest)
        #expect(!without.record.outputs.contains { $0.path.hasSuffix(".mztab") || $0.path.hasSuffix(".json") })
        let otherwise = try EngineRun(
            [EngineRun.dda],
            ["execution.workers=3", "execution.chunk_size=1", "annotation.adducts=all"] + Self.both.prefix(2))
        #expect(try mzTab(otherwise) == mzTab(with))
        #expect(try otherwise.text("results.json") == with.text("results.json"))
        let left = try FileManager.default.contentsOfDirectory(atPath: otherwise.folder.path)
        #expect(left.allSatisfy { !$0.hasPrefix(".") && !$0.contains(".part-") })
    }

    @Test func anAdductThatDoesNotReadIsRefused() throws {
        let folder = try TemporaryDirectory()
        let error = try #require(throws: AnalysisError.self) {
            try EngineRun([EngineRun.dda], ["annotation.adducts=[M+Qq]+"], folder: folder)
        }
        #expect(error.code == .badConfiguration && error.description.contains("annotation.adducts"))
        #expect(try folder.contents.isEmpty)
    }
}
