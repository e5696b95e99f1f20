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
}
