import Foundation
import SpectrumModel
import TestSupport
import Testing

@testable import SpectralMatching

@Suite("MSP reader")
struct MSPReaderTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func read(_ text: String) throws -> (spectra: [LibrarySpectrum], report: SourceReport) {
        var reader = try MSPReader(path: folder.write("library.msp", text))
        var spectra: [LibrarySpectrum] = []
        while let spectrum = try reader.next() { spectra.append(spectrum) }
        return (spectra, reader.report)
    }

    @Test("reads every field")
    func fields() throws {
        let (spectra, report) = try read(
            """
            NAME: Mellein
            ACCESSION: MSBNK-AAFC-AC000001
            PRECURSORMZ: 179.0697
            PRECURSORTYPE: [M+H]+
            FORMULA: C10H10O3
            EXACTMASS: 178.06299
            INCHIKEY: KWILGNNWGSNMPA-UHFFFAOYSA-N
            SMILES: CC1CC2=C(C(=CC=C2)O)C(=O)O1
            IONMODE: POSITIVE
            INSTRUMENT: Q-Exactive
            INSTRUMENTTYPE: LC-ESI-ITFT
            COLLISIONENERGY: 10(NCE)
            LICENSE: CC BY-SA
            Num Peaks: 2
            133.0648 21905.33203125
            151.0754 9239.8974609375
            """)
        let spectrum = try #require(spectra.first)
        #expect(spectra.count == 1)
        #expect(report.skippedRecords == 0 && report.skippedValues == 0)
        #expect(
            spectrum.entry
                == LibraryEntry(
                    name: "Mellein", accession: "MSBNK-AAFC-AC000001", adduct: "[M+H]+", formula: "C10H10O3",
                    inchiKey: "KWILGNNWGSNMPA-UHFFFAOYSA-N", smiles: "CC1CC2=C(C(=CC=C2)O)C(=O)O1",
                    instrument: "Q-Exactive", instrumentType: "LC-ESI-ITFT", collisionEnergy: "10(NCE)",
                    license: "CC BY-SA", polarity: .positive, precursorMZ: 179.0697, exactMass: 178.06299))
        #expect(spectrum.peaks.mz == [133.0648, 151.0754])
        #expect(spectrum.peaks.intensity == [21905.33203125, 9239.8974609375])
        #expect(spectrum.entry.inchiKeyBlock == "KWILGNNWGSNMPA")
    }

    @Test("takes the spellings of other libraries, CRLF, several peaks per line, and records without a blank line")
    func spellings() throws {
        let (spectra, report) = try read(
            "Name: A\r\nDB#: X1\r\nPrecursor_type: [M-H]-\r\nPrecursorMZ: 100.5\r\nIon_mode: N\r\nNum peaks: 3\r\n"
                + "50.1 10; 60.2 20;\r\n70.3\t30\t\"b3\"\r\nName: B\r\nPRECURSOR MZ: 2.005e2\r\nNum Peaks: 1\r\n.5e2 1\r\n"
        )
        #expect(spectra.map { $0.entry.name } == ["A", "B"])
        #expect(spectra[0].entry.accession == "X1")
        #expect(spectra[0].entry.polarity == .negative)
        #expect(spectra[0].peaks.mz == [50.1, 60.2, 70.3])
        #expect(spectra[1].entry.precursorMZ == 200.5)
        #expect(spectra[1].peaks.mz == [50])
        #expect(report.skippedValues == 0)
    }

    @Test(
        "the adduct tells the polarity where the mode is missing",
        arguments: [
            ("[M+H]+", Polarity.positive), ("[M-2H]2-", .negative), ("[M]+*", .positive), ("", .unknown),
        ])
    func polarityFromAdduct(adduct: String, polarity: Polarity) throws {
        let (spectra, _) = try read("NAME: A\nPRECURSORTYPE: \(adduct)\nPRECURSORMZ: 100\nNum Peaks: 1\n50 1\n")
        #expect(spectra.first?.entry.polarity == polarity)
    }

    @Test(
        "bad values are skipped and counted with their line",
        arguments: [
            ("nan 5", 1), ("50 nan", 1), ("-50 5", 1), ("50 -5", 1), ("inf 5", 1), ("50 1e999", 1), ("fifty 5", 1),
            ("50", 1), ("0x32 5", 1), ("50 0", 0), ("50,5 7", 0),
        ])
    func badPeaks(line: String, skipped: Int) throws {
        let (spectra, report) = try read("NAME: A\nPRECURSORMZ: 100\nNum Peaks: 2\n\(line)\n60 1\n")
        let spectrum = try #require(spectra.first)
        #expect(spectrum.peaks.mz.last == 60)
        #expect(report.skippedValues == skipped)
        if skipped > 0 { #expect(report.issues.first?.line == 4) }
    }

    @Test(
        "records that no search can reach are skipped and counted",
        arguments: [
            "NAME: A\nPRECURSORMZ: 100\nNum Peaks: 0\n", "NAME: A\nPRECURSORMZ: 100\n", "NAME: A\nNum Peaks: 1\n50 1\n",
            "NAME: A\nPRECURSORMZ: about 100\nNum Peaks: 1\n50 1\n", "NAME: A\nPRECURSORMZ: -1\nNum Peaks: 1\n50 1\n",
            "NAME: A\nPRECURSORMZ: NaN\nNum Peaks: 1\n50 1\n", "just text\n",
            "NAME: A\nPRECURSORMZ: 100\nNum Peaks: 1\nx y\n",
        ])
    func uselessRecords(record: String) throws {
        let (spectra, report) = try read("\n\n" + record + "\nNAME: B\nPRECURSORMZ: 100\nNum Peaks: 1\n50 1\n")
        #expect(spectra.map { $0.entry.name } == ["B"])
        #expect(report.skippedRecords == 1)
        #expect(report.issues.contains { $0.line == 3 })
    }

    @Test("a wrong or huge peak count allocates nothing and is only noted")
    func peakCount() throws {
        let (spectra, report) = try read("NAME: A\nPRECURSORMZ: 100\nNum Peaks: 99999999999\n50 1\n")
        #expect(spectra.count == 1)
        #expect(report.skippedValues == 1)
        let (_, fewer) = try read("NAME: A\nPRECURSORMZ: 100\nNum Peaks: 7\n50 1\n")
        #expect(fewer.issues.first?.reason.contains("7 peaks are declared") == true)
    }

    @Test("a line of megabytes is cut, the rest of the file goes on")
    func longLine() throws {
        let long = String(repeating: "x", count: 3 * TextLineReader.maximumLineLength + 5)
        let (spectra, report) = try read("NAME: A\nSMILES: \(long)\nPRECURSORMZ: 100\nNum Peaks: 1\n50 1\n")
        #expect(spectra.first?.entry.precursorMZ == 100)
        #expect(spectra.first?.entry.smiles == "")
        #expect(report.issues.first?.line == 2)
        let (plain, _) = try read(long)
        #expect(plain.isEmpty)
    }

    @Test("random bytes and mutilated records never stop the reader")
    func noise() throws {
        let good = "NAME: A\nPRECURSORMZ: 100.5\nEXACTMASS: 99.49\nNum Peaks: 3\n50 1\n60 2; 70 3\n"
        for seed in 0..<200 {
            var bytes = Array((good + "\n" + good).utf8)
            var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
            for _ in 0..<(1 + seed % 20) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            var reader = try MSPReader(path: folder.write("noise.msp", bytes))
            while let spectrum = try reader.next() {
                #expect(spectrum.peaks.count > 0, "seed \(seed)")
                #expect(spectrum.entry.precursorMZ.isFinite, "seed \(seed)")
                #expect(spectrum.peaks.mz.allSatisfy { $0.isFinite && $0 > 0 }, "seed \(seed)")
            }
        }
    }

    @Test("gzip is read, a cut or damaged stream is an error that names the file")
    func compressed() throws {
        let path = try #require(bundledLibrary)
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        let cut = try folder.write("cut.msp.gz", Array(bytes[..<200_000]))
        var reader = try MSPReader(path: cut)
        let error = try #require(throws: LibraryFileError.self) { while try reader.next() != nil {} }
        #expect(error.code == .truncated)
        #expect(error.description.contains("cut.msp.gz"))
        #expect(reader.report.accepted > 100)
        var damaged = Array(bytes[..<200_000])
        for index in 100_000..<100_050 { damaged[index] ^= 0x55 }
        var second = try MSPReader(path: folder.write("damaged.msp.gz", damaged))
        #expect(throws: LibraryFileError.self) { while try second.next() != nil {} }
    }

    @Test("a missing file and a folder are errors")
    func missing() throws {
        let error = try #require(throws: LibraryFileError.self) { try MSPReader(path: "/nonexistent/library.msp") }
        #expect(error.code == .unreadable)
        #expect(error.description.contains("No such file"))
        #expect(throws: LibraryFileError.self) {
            var reader = try MSPReader(path: folder.path)
            _ = try reader.next()
        }
    }
}
