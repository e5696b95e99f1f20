import Foundation
import TestSupport
import Testing

/// `lavoisier check-mztab` and `--write` as a user runs them.
@Suite struct MzTabProgramTests {
    @Test func writesAndChecks() throws {
        let folder = try TemporaryDirectory()
        let run = TestData.repository + "/Tests/MzMLTests/Fixtures/dda-excerpt.mzML"
        let analysed = try Program.run(
            "lavoisier",
            [
                "analyze", run, "--output", folder.path, "--write", "mztab", "--write", "json", "--quiet", "--set",
                "matching.enabled=false", "--set", "annotation.enabled=false",
            ])
        #expect(analysed.status == 0, "\(analysed.error)")
        let file = folder.file("dda-excerpt.mztab")
        let good = try Program.run("lavoisier", ["check-mztab", file])
        #expect(good.status == 0 && good.output == "\(file): valid\n")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let bad = try folder.write("bad.mztab", text.replacingOccurrences(of: "2.0.0-M", with: "1.0"))
        let found = try Program.run("lavoisier", ["check-mztab", file, bad, folder.file("missing.mztab")])
        #expect(found.status == 65 && found.output.contains("bad.mztab: line 1: mzTab-version"))
        #expect(found.error.contains("cannot read"))
        #expect(try Program.run("lavoisier", ["analyze", run, "--output", folder.path, "--write", "xml"]).status == 64)
    }

    /// A library that knows nothing but names: every spectrum is a candidate of its own, and the file stays valid.
    @Test func namesAloneAreEnough() throws {
        let folder = try TemporaryDirectory()
        let run = TestData.repository + "/workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML"
        func analyze(_ arguments: [String]) throws {
            let outcome = try Program.run(
                "lavoisier",
                ["analyze", run, "--output", folder.path, "--quiet", "--profile", "none"] + arguments,
                environment: ["LAVOISIER_CACHE_DIR": folder.file("cache"), "XDG_CACHE_HOME": folder.file("cache")])
            #expect(outcome.status == 0, "\(outcome.error)")
        }
        try analyze(["--set", "matching.enabled=false", "--set", "annotation.enabled=false"])
        var records = ""
        let text = try String(contentsOfFile: folder.file("spectra.mgf"), encoding: .utf8)
        try #require(text.contains("BEGIN IONS"))
        for (number, block) in text.components(separatedBy: "BEGIN IONS\n").dropFirst().enumerated() {
            let lines = block.split(separator: "\n")
            let precursor = try #require(lines.first { $0.hasPrefix("PEPMASS=") }).dropFirst(8).split(separator: " ")[0]
            let peaks = lines.filter { $0.first?.isNumber == true }
            for side in ["left", "right"] {
                records += "NAME: \(side) \(number)\nPRECURSORMZ: \(precursor)\nNum Peaks: \(peaks.count)\n"
                // The second differs, so that it is no duplicate.
                let extra = try #require(peaks.first?.split(separator: " ").last)
                records += peaks.joined(separator: "\n") + (side == "right" ? "\n49.5 \(extra)\n\n" : "\n\n")
            }
        }
        let library = try folder.write("names.msp", records)
        try analyze([
            "--write", "mztab", "--set", "annotation.enabled=false", "--library", library, "--set",
            "matching.min_score=0",
            "--set", "matching.min_matched_peaks=1",
        ])
        let file = folder.file("171103_PMA_TK_QC_04-4to5min.mztab")
        let check = try Program.run("lavoisier", ["check-mztab", file])
        #expect(check.status == 0, "\(check.output)")
        let rows = try String(contentsOfFile: folder.file("identifications.tsv"), encoding: .utf8).split(
            separator: "\n"
        )
        .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) } }
        let header = try #require(rows.first)
        let column = try #require(header.firstIndex(of: "feature_id"))
        let ranks = Dictionary(grouping: rows.dropFirst().filter { !$0[column].isEmpty }) { $0[column] }
        #expect(ranks.values.contains { $0.count > 1 })
        let ambiguity = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        let place = try #require(ambiguity.first { $0[0] == "SFH" }?.firstIndex(of: "SME_ID_REF_ambiguity_code"))
        let codes = ambiguity.filter { $0[0] == "SMF" }.map { String($0[place]) }
        #expect(codes.contains { $0 == "1" || $0 == "3" } && !codes.contains("2"))
    }

    private static let peerPython = ProcessInfo.processInfo.environment["LAVOISIER_PEER_PYTHON"]

    /// A public reader of mzTab-M (`pip install pyteomics pandas`) finds the same version, run and rows.
    @Test(.enabled(if: peerPython != nil, "needs LAVOISIER_PEER_PYTHON with pyteomics"))
    func pyteomicsReadsIt() throws {
        let python = try #require(Self.peerPython)
        let folder = try TemporaryDirectory()
        let run = TestData.repository + "/workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML"
        let analysed = try Program.run(
            "lavoisier", ["analyze", run, "--output", folder.path, "--write", "mztab", "--quiet"],
            environment: ["LAVOISIER_DATA_DIR": TestData.repository + "/workloads"])
        #expect(analysed.status == 0, "\(analysed.error)")
        let script = """
            import sys
            from pyteomics import mztab
            table = mztab.MzTab(sys.argv[1], table_format="dict")
            rows = {name: section["rows"] for name, section in table}
            print(table.version, table.ms_runs[1]["location"].endswith(".mzML"), *(len(rows[n]) for n in ("SML", "SMF", "SME")))
            """
        let file = folder.file("171103_PMA_TK_QC_04-4to5min.mztab")
        let read = try Program.run(python, ["-c", script, file])
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        let counts = ["SML", "SMF", "SME"].map { name in String(lines.count { $0.hasPrefix("\(name)\t") }) }
        #expect(read.output == "2.0.0-M True \(counts.joined(separator: " "))\n", "\(read.error)")
    }
}
