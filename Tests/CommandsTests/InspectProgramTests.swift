import Foundation
import Pipeline
import TestSupport
import Testing

/// `lavoisier inspect` as a user runs it, and the readers of `analyze`.
@Suite struct InspectProgramTests {
    private static let excerpt = TestData.repository + "/Tests/MzMLTests/Fixtures/dda-excerpt.mzML"
    private static let run = TestData.repository + "/workloads/metabo/FeatureFinderMetabo_1_input.mzML"

    private func inspect(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run("lavoisier", ["inspect"] + arguments)
    }

    private func objects(_ text: String) throws -> [[String: Any]] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    }

    @Test func printsABlockPerFile() throws {
        let outcome = try inspect([Self.excerpt, "--sums"])
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        let expected = """
            dda-excerpt.mzML
              file           44.6 kB, indexed mzML 1.1.0
              instrument     Q Exactive, class orbitrap, serial number Exactive Series slot #1331
                             electrospray ionization > fourier transform ion cyclotron resonance mass spectrometer > inductive detector
              software       ThermoRawFileParser 1.3.2, ProteoWizard software 3.0.25027
              processing     Conversion to mzML (ThermoRawFileParser)
                             peak picking (ThermoRawFileParser)
                             Conversion to mzML (ProteoWizard software)
              source         171103_PMA_TK_QC_04 (Thermo RAW format)
                             171103_PMA_TK_QC_04.mzML
              run            _x0031_71103_PMA_TK_QC_04, started 2017-11-03T18:41:57Z
              spectra        6
                             level  spectra  polarity  form            time (s)                  m/z  points          sum of m/z    sum of intensity
                             -----  -------  --------  --------  --------------  -------------------  ------  ------------------  ------------------
                             1            1  +         centroid  240.5 to 240.5  120.066 to 1473.312     939   357747.2144317627  143445458.31396484
                             2            5  +         centroid  240.1 to 240.8   50.321 to 300.1965     104  12776.815532684326  10078957.903808594
              precursors     5 spectra with a precursor
              arrays         6 of m/z: float64, zlib
                             6 of intensity: float64, zlib
              index          wrong
              checksum       absent
              problems       the index is wrong: the file ends without the index that it promises

            """
        #expect(outcome.output == expected)
        let two = try inspect([Self.excerpt, Self.run])
        #expect(two.output.contains("problems       the index is wrong") && two.output.contains("\n\nFeatureFinder"))
        #expect(two.output.contains("problems       none in the metadata; --sums reads the values too\n"))
    }

    @Test func jsonKeysAreStable() throws {
        let outcome = try inspect([Self.excerpt, "--sums", "--json"])
        let run = try #require(try objects(outcome.output).first)
        #expect(
            run.keys.sorted() == [
                "bytes", "checksum", "chromatograms", "container", "dataProcessing", "declaredSpectra", "encodings",
                "extraArrays", "index", "instrument", "isIndexed", "levels", "mzMLVersion", "path", "precursors",
                "problems", "reader", "runID", "samples", "software", "sourceFiles", "spectra", "started", "valuesRead",
            ])
        let level = try #require((run["levels"] as? [[String: Any]])?.first)
        #expect(
            level.keys.sorted() == [
                "declaredPoints", "emptySpectra", "level", "polarities", "representations", "retentionTimeSeconds",
                "spectra", "statedMZ", "sums",
            ])
        #expect((level["sums"] as? [String: Any])?["points"] as? Int == 939)
        #expect((level["sums"] as? [String: Any])?["mz"] as? Double == 357747.2144317627)
        #expect(run["path"] as? String == Self.excerpt && run["reader"] as? String == "fast")
        let plain = try #require(try objects(inspect([Self.excerpt, "--json"]).output).first)
        #expect(plain["valuesRead"] as? Bool == false)
        #expect(((plain["levels"] as? [[String: Any]])?.first)?["sums"] == nil)
        let help = try Program.run("lavoisier", ["help", "inspect"]).output
        for key in Array(run.keys) + Array(level.keys) + ["failure"] { #expect(help.contains(key), "\(key)") }
    }

    @Test func spectraAreLines() throws {
        let table = try inspect([Self.excerpt, "--spectra"])
        let rows = table.output.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        #expect(rows.count == 7 && rows.allSatisfy { $0.count == 12 })
        #expect(
            rows[0][0] == "file" && rows[0][8] == "sum_mz"
                && rows.dropFirst().map { $0[1] } == ["0", "1", "2", "3", "4", "5"])
        #expect(rows.dropFirst().reduce(0) { $0 + (Int($1[7]) ?? 0) } == 939 + 104)
        #expect(table.error.contains("dda-excerpt.mzML: the index is wrong"))
        let lines = try inspect([Self.excerpt, "--spectra", "--json"]).output.split(separator: "\n")
        let parsed = lines.compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        #expect(parsed.count == 6 && parsed.allSatisfy { $0["file"] as? String == "dda-excerpt.mzML" })
        // Foundation does not read all digits of a number back.
        for (i, line) in lines.enumerated() { #expect(line.contains("\"sumMZ\":\(rows[i + 1][8])}")) }
    }

    @Test func bothReadersPrintTheSame() throws {
        let fast = try inspect([Self.run, "--spectra"])
        let reference = try inspect([Self.run, "--spectra", "--reader", "reference"])
        #expect(fast.status == 0 && fast.output == reference.output && fast.output.count > 10_000)
        let block = try inspect([Self.run, "--reader", "reference"]).output
        #expect(block.contains("read by the reference reader"))
        #expect(try inspect([Self.run, "--reader", "other"]).status == 64 && inspect([]).status == 64)
    }

    @Test func whatCannotBeReadDoesNotHideTheRest() throws {
        let folder = try TemporaryDirectory()
        let bytes = [UInt8](FileManager.default.contents(atPath: Self.excerpt) ?? Data())
        let cut = try folder.write("cut.mzML", bytes.prefix(bytes.count / 2))
        let none = try folder.write("none.mzML", "not XML")
        let outcome = try inspect([none, cut, Self.run, "--json"])
        #expect(outcome.status == 65 && outcome.error.contains("[not-mzml]") && outcome.error.contains("[truncated]"))
        let found = try objects(outcome.output)
        #expect(found.count == 3 && found.map { $0["failure"] != nil } == [true, true, false])
        #expect((found[1]["failure"] as? [String: Any])?["byteOffset"] as? Int == bytes.count / 2)
        let text = try inspect([none, cut, Self.run])
        #expect(text.status == 65 && text.output.contains("problems       reading stopped: byte \(bytes.count / 2)"))
        #expect(text.output.contains("problems       reading stopped: not an mzML file") && text.output.contains("279"))
        let kept = try inspect([cut, "--recover"])
        #expect(kept.status == 0 && kept.output.contains("of 6 declared were kept") && kept.error.isEmpty)
        #expect(try inspect([folder.file("absent.mzML")]).status == 65)
    }

    private static let peerPython = ProcessInfo.processInfo.environment["LAVOISIER_PEER_PYTHON"]

    /// pyopenms and pymzml read the same values, but for what docs/mzml-oddities.md explains.
    @Test(
        .enabled(
            if: peerPython != nil && TestData.extra != nil, "needs LAVOISIER_PEER_PYTHON and LAVOISIER_EXTRA_DATA"))
    func peersReadTheSame() throws {
        let outcome = try Program.run(
            try #require(Self.peerPython),
            [
                TestData.repository + "/scripts/check_readers.py", try #require(TestData.extra) + "/mzml",
                "--lavoisier",
                Program.path("lavoisier"),
            ])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    }

    // MARK: The readers of analyze

    private func analyze(_ input: String, _ output: String, _ options: [String]) throws -> Program.Outcome {
        try Program.run(
            "lavoisier", ["analyze", input, "--output", output, "--profile", "none", "--json"] + options,
            environment: ["LAVOISIER_DATA_DIR": TestData.repository + "/workloads"])
    }

    @Test func analysesAreTheSameWithBothReaders() throws {
        let folder = try TemporaryDirectory()
        let fast = try RunRecord(json: analyze(Self.run, folder.file("fast"), []).output)
        let reference = try RunRecord(json: analyze(Self.run, folder.file("slow"), ["--reader", "reference"]).output)
        #expect(fast.digest != nil && fast.digest == reference.digest && fast.totalFeatures > 0)
        #expect(reference.configuration.contains { $0.name == "execution.reader" && $0.value == "reference" })
        #expect(try analyze(Self.run, folder.file("other"), ["--reader", "other"]).status == 64)
    }

    @Test func truncatedFilesAreAnalysedOnlyWhereAskedFor() throws {
        let folder = try TemporaryDirectory()
        let bytes = [UInt8](FileManager.default.contents(atPath: Self.run) ?? Data())
        let cut = try folder.write("cut.mzML", bytes.prefix(bytes.count * 3 / 4))
        let refused = try analyze(cut, folder.file("no"), [])
        #expect(refused.status == 65 && refused.error.contains("[truncated]"))
        let kept = try analyze(cut, folder.file("yes"), ["--recover"])
        #expect(kept.status == 0, "\(kept.error)")
        let notices = try RunRecord(json: kept.output).inputs[0].notices
        #expect(notices.contains { $0.contains("of 279 declared were kept") && $0.contains("is missing") })
    }
}
