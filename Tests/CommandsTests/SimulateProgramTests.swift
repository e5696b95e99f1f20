import Foundation
import Pipeline
import TestSupport
import Testing

/// `lavoisier simulate` as a user runs it.
@Suite struct SimulateProgramTests {
    private static let background = TestData.repository + "/workloads/metabo/FeatureFinderMetabo_1_input.mzML"

    private func simulate(
        _ folder: TemporaryDirectory, _ name: String, _ options: [String]
    ) throws -> Program.Outcome {
        try Program.run(
            "lavoisier",
            ["simulate", Self.background, folder.file("\(name).mzML"), "--truth", folder.file("\(name).tsv")] + options)
    }

    /// The table without the name of the data file, and the bytes of the run.
    private func result(_ folder: TemporaryDirectory, _ name: String) throws -> (table: String, run: [UInt8]) {
        let table = String(decoding: try folder.read("\(name).tsv"), as: UTF8.self)
        return (table.replacingOccurrences(of: "\(name).mzML", with: ""), try folder.read("\(name).mzML"))
    }

    @Test func oneSeedOneResult() throws {
        let folder = try TemporaryDirectory()
        let outcome = try simulate(folder, "a", ["--peaks", "20", "--json"])
        #expect(outcome.status == 0 && outcome.error.contains("20 ions"), "\(outcome.error)")
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(summary["ions"] as? Int == 20 && summary["spectra"] as? Int == 279)
        let again = try simulate(folder, "b", ["--peaks", "20", "--quiet"])
        #expect(again.status == 0 && again.error.isEmpty && again.output.isEmpty)
        let (a, b) = (try result(folder, "a"), try result(folder, "b"))
        #expect(a == b && a.table.split(separator: "\n").count == 21)
    }

    /// What is found in a run whose scans are in random order is no chromatographic peak.
    @Test(arguments: [
        "small/HILICNeg15_StdH1.mzML", "medium/171103_PMA_TK_QC_04-4to5min.mzML",
        "medium/171103_PMA_TK_QC_05-4to5min.mzML",
    ]) func shuffledScansHoldHardlyAnyFeatures(file: String) throws {
        let folder = try TemporaryDirectory()
        let real = TestData.repository + "/workloads/" + file
        let shuffled = folder.file("shuffled.mzML")
        let made = try Program.run(
            "lavoisier",
            ["simulate", real, shuffled, "--truth", folder.file("t.tsv"), "--peaks", "0", "--permute", "1"])
        #expect(made.status == 0, "\(made.error)")
        let counts = try [real, shuffled].map { path in
            let outcome = try Program.run(
                "lavoisier",
                [
                    "analyze", path, "--output", folder.file("out"), "--json", "--quiet", "--profile", "none", "--set",
                    "matching.enabled=false", "--set", "annotation.enabled=false",
                ])
            return try RunRecord(json: outcome.output).totalFeatures
        }
        #expect(20 * counts[1] <= counts[0], "\(counts[1]) of \(counts[0])")
    }

    /// An option that was ignored would leave everything as it is without it.
    @Test(arguments: [
        ["--seed", "2"], ["--permute", "2"], ["--intensity", "1e4:1e5"], ["--decades", "2"], ["--width", "20:30"],
        ["--tailing", "0"], ["--tau", "1:2"], ["--mz", "900:1500"], ["--rt", "2050:2400"], ["--doubly-charged", "1"],
        ["--isotopologues", "2"], ["--overlaps", "1"], ["--separation", "1000"], ["--analyzer", "tof"],
        ["--resolving-power", "20000"], ["--resolution-dalton", "0.2"], ["--limit-quantile", "0.3"],
        ["--ions-at-limit", "50"], ["--spray-noise", "0.2"], ["--mz-noise", "5"], ["--every-isotopologue"],
        ["--compression", "none"],
    ])
    func everyOptionCounts(options: [String]) throws {
        let folder = try TemporaryDirectory()
        for (name, more) in [("a", []), ("b", options)] {
            let outcome = try simulate(folder, name, ["--peaks", "20", "--quiet"] + more)
            #expect(outcome.status == 0, "\(outcome.error)")
        }
        let (a, b) = (try result(folder, "a"), try result(folder, "b"))
        #expect(a != b)
    }

    @Test func withoutPeaksNoTableIsNeeded() throws {
        let folder = try TemporaryDirectory()
        let outcome = try Program.run(
            "lavoisier", ["simulate", Self.background, folder.file("out.mzML"), "--peaks", "0", "--permute", "3"])
        #expect(outcome.status == 0 && outcome.error.contains("279 MS1 scans shuffled with seed 3"), "\(outcome.error)")
        #expect(try folder.contents == ["out.mzML"])
        let refused = try Program.run("lavoisier", ["simulate", Self.background, folder.file("other.mzML")])
        #expect(refused.status == 64 && refused.error.contains("--truth"))
    }

    @Test func wrongUsageIsRefused() throws {
        let folder = try TemporaryDirectory()
        for options in [
            ["--peaks", "-1"], ["--intensity", "5"], ["--intensity", "2:1"], ["--intensity", "1:2", "--decades", "3"],
            ["--tau", "0:1"], ["--doubly-charged", "2"], ["--polarity", "unknown"], ["--polarity", "negative"],
            ["--mz", "1:2"], ["--rt", "0:1e9"], ["--analyzer", "magnet"], ["--width", "1e4:2e4"],
            ["--resolving-power", "1e4", "--resolution-dalton", "1"], ["--compression", "lzma"],
        ] {
            let outcome = try simulate(folder, "out", options)
            #expect(outcome.status == 64 && !outcome.error.isEmpty, "\(options): \(outcome.error)")
        }
        #expect(try folder.contents.isEmpty)
    }

    @Test func unstatedRepresentationNeedsAWord() throws {
        let folder = try TemporaryDirectory()
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: Self.background)), as: UTF8.self)
        let stated = "accession=\"MS:1000127\" name=\"centroid spectrum\""
        #expect(text.contains(stated))
        let unstated = text.replacingOccurrences(of: stated, with: "accession=\"MS:1000294\" name=\"mass spectrum\"")
        let background = try folder.write("in.mzML", unstated)
        let arguments = ["simulate", background, folder.file("out.mzML"), "--truth", folder.file("out.tsv")]
        let refused = try Program.run("lavoisier", arguments)
        #expect(refused.status == 65 && refused.error.contains("--assume-centroid"), "\(refused.error)")
        #expect(try Program.run("lavoisier", arguments + ["--assume-centroid"]).status == 0)
    }

    @Test func nothingIsOverwrittenUnaskedAndProfilesAreRefused() throws {
        let folder = try TemporaryDirectory()
        try folder.write("out.tsv", "mine")
        let refused = try simulate(folder, "out", ["--peaks", "5"])
        #expect(refused.status == 73 && refused.error.contains("--force"))
        #expect(try folder.contents == ["out.tsv"] && folder.read("out.tsv") == Array("mine".utf8))
        #expect(try simulate(folder, "out", ["--peaks", "5", "--force"]).status == 0)
        let profile = try Program.run(
            "lavoisier",
            [
                "simulate", TestData.repository + "/workloads/ident/FeatureFinderMetaboIdent_1_input.mzML",
                folder.file("p.mzML"), "--truth", folder.file("p.tsv"),
            ])
        #expect(profile.status == 65 && profile.error.contains("profile") && profile.error.contains("spectrum 0"))
        #expect(try folder.contents == ["out.mzML", "out.tsv"])
        let same = try Program.run(
            "lavoisier", ["simulate", Self.background, folder.file("s"), "--truth", folder.file("s"), "--peaks", "5"])
        #expect(same.status == 64)
    }
}
