import Foundation
import SpectrumModel
import Testing

@testable import MzML

@Suite struct PointDensityTests {
    private func document(spectra: Int, points: (Int) -> Int, level: (Int) -> Int, filler: Int = 0) -> String {
        let list = (0..<spectra).map { index in
            """
            <spectrum index="\(index)" id="scan=\(index + 1)" defaultArrayLength="\(points(index))">\
            <cvParam cvRef="MS" accession="MS:1000511" name="ms level" value="\(level(index))"/>\
            <binaryDataArrayList count="2"><binary>\(String(repeating: "A", count: 4 * points(index) + filler))</binary>\
            </binaryDataArrayList></spectrum>

            """
        }
        return "<mzML><run><spectrumList count=\"\(spectra)\">\n" + list.joined() + "</spectrumList></run></mzML>\n"
    }

    private func estimate(_ text: String) throws -> PointDensity? {
        let path = NSTemporaryDirectory() + "density-\(UUID().uuidString).mzML"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return PointDensity.estimate(path: path)
    }

    @Test func aSmallFileIsCountedWhole() throws {
        let found = try #require(
            try estimate(document(spectra: 40, points: { 10 + $0 }, level: { $0 % 4 == 0 ? 1 : 2 })))
        #expect(found.spectra == 40 && found.fragmentSpectra == 30)
        let surveyPoints = stride(from: 0, to: 40, by: 4).reduce(0) { sum, index in sum + 10 + index }
        #expect(found.surveyPoints == Double(surveyPoints))
        #expect(found.instrument == .unknown)
    }

    @Test func aLargeFileIsEstimatedFromStretches() throws {
        // Cycles of one survey scan and nine fragment spectra, as large as these usually are: 19 MB.
        let text = document(
            spectra: 8_000, points: { $0 % 10 == 0 ? 4_000 : 150 + $0 % 100 }, level: { $0 % 10 == 0 ? 1 : 2 })
        #expect(text.utf8.count > 48 << 17)
        let found = try #require(try estimate(text))
        #expect(abs(found.surveyPoints / (800 * 4_000) - 1) < 0.15)
        #expect(abs(found.fragmentSpectra / 7_200 - 1) < 0.15)
    }

    @Test func whatCannotBeLookedIntoTellsNothing() throws {
        #expect(PointDensity.estimate(path: "/no/such/file") == nil)
        #expect(PointDensity.estimate(path: "/dev/null") == nil)
        #expect(try estimate("no spectra here") == nil)
        let path = NSTemporaryDirectory() + "density-\(UUID().uuidString).gz"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data([0x1F, 0x8B, 8, 0, 0, 0]).write(to: URL(fileURLWithPath: path))
        #expect(PointDensity.estimate(path: path) == nil)
    }

    @Test func theSharpestInstrumentIsTold() throws {
        let survey = document(spectra: 3, points: { _ in 5 }, level: { _ in 1 })
        func instrument(_ accessions: String...) throws -> InstrumentClass? {
            try estimate(accessions.map { "<cvParam accession=\"\($0)\"/>" }.joined() + survey)?.instrument
        }
        #expect(try instrument("MS:1000084") == .timeOfFlight)
        #expect(try instrument("MS:1000081", "MS:1000484") == .orbitrap)
        // A Q Exactive of which the converter lists the quadrupole only.
        #expect(try instrument("MS:1001911", "MS:1000081") == .orbitrap)
        #expect(try instrument("MS:1000082") == .unitResolution)
        // What stands in the spectra is no instrument.
        #expect(try estimate(survey + "<cvParam accession=\"MS:1000484\"/>")?.instrument == .unknown)
        #expect(try estimate("MS:100048" + survey)?.instrument == .unknown)
    }

    @Test func oddTextDoesNotCrash() throws {
        for text in [
            "<spectrum ", "<spectrum defaultArrayLength=\"", "<spectrum defaultArrayLength=\"-5\">x",
            "<spectrum a=\"<\">",
        ] {
            let found = try estimate(text + "\n")
            #expect(found.map { $0.surveyPoints >= 0 } ?? true)
        }
    }
}
