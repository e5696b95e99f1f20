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
