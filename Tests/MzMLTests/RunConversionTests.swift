import Foundation
import SpectrumModel
import Testing

@testable import MzML

private func converted(
    _ source: String, in folder: TemporaryFolder, as name: String = "out.mzML",
    selection: SpectrumSelection = .everything,
    recover: Bool = false, reader: ReadingOptions.Reader = .fast, writing: WritingOptions = WritingOptions()
) throws -> (Reading, ConversionSummary, String) {
    var reading = ReadingOptions()
    reading.selection = selection
    reading.recoversTruncation = recover
    reading.reader = reader
    reading.spectraPerChunk = 4
    let path = folder.path + "/" + name
    let summary = try #require(try convert(source: source, to: path, reading: reading, writing: writing))
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    return (Reading(path), summary, text)
}

@Test(arguments: ReadingOptions.Reader.allCases)
func conversionKeepsSpectraIDsAndHeader(reader: ReadingOptions.Reader) throws {
    let folder = TemporaryFolder()
    let source = Reading(fixture("dda-excerpt.mzML"))
    let (reading, summary, text) = try converted(fixture("dda-excerpt.mzML"), in: folder, reader: reader)
    #expect(reading.error == nil && reading.warnings.isEmpty)
    #expect(reading.block.headers == source.block.headers && reading.block.offsets == source.block.offsets)
    #expect(reading.block.mz == source.block.mz && reading.block.intensity == source.block.intensity)
    #expect(summary.spectra == 6 && summary.points == source.block.mz.count && summary.byteCount == text.utf8.count)
    let original = String(decoding: fixtureBytes("dda-excerpt.mzML"), as: UTF8.self)
    func ids(_ text: String) -> [String] {
        text.components(separatedBy: "<spectrum ").dropFirst().map { part in
            part.components(separatedBy: " id=\"")[1].components(separatedBy: "\"")[0]
        }
    }
    #expect(ids(text) == ids(original) && ids(text)[0].contains("controllerType=0"))
    let header = try #require(reading.header)
    let before = try #require(source.header)
    #expect(header.instrument == before.instrument && header.software == before.software + ["Lavoisier"])
    #expect(header.sourceFiles == before.sourceFiles + ["dda-excerpt.mzML"])
    #expect(header.startTimestamp == before.startTimestamp && header.samples.count == before.samples.count)
}

@Test func theSelectionIsWhatIsWritten() throws {
    let folder = TemporaryFolder()
    let source = Reading(fixture("dda-excerpt.mzML")).block
    let times = source.headers.map(\.retentionTimeSeconds)
    func selected(_ selection: SpectrumSelection) throws -> (SpectrumBlock, ConversionSummary) {
        let (reading, summary, _) = try converted(fixture("dda-excerpt.mzML"), in: folder, selection: selection)
        #expect(reading.error == nil && reading.warnings.isEmpty)
        #expect(summary.deselectedSpectra == source.count - reading.block.count)
        return (reading.block, summary)
    }
    #expect(try selected(SpectrumSelection(msLevels: [1])).0.headers.map(\.msLevel) == [1])
    let fragments = source.headers.filter { $0.msLevel == 2 }.map(\.scanNumber)
    #expect(try selected(SpectrumSelection(msLevels: [2])).0.headers.map(\.scanNumber) == fragments)
    #expect(try selected(SpectrumSelection(msLevels: [1, 2])).0.count == 6)
    let middle = try selected(SpectrumSelection(retentionTimeSeconds: times[1]...times[3])).0
    #expect(middle.headers.map(\.retentionTimeSeconds) == Array(times[1...3]))
    #expect(middle.headers.map(\.scanNumber) == source.headers[1...3].map(\.scanNumber))
    let (window, _) = try selected(SpectrumSelection(mz: 100...200))
    #expect(window.mz == source.mz.filter { (100...200).contains($0) } && !window.mz.isEmpty)
    #expect(try selected(SpectrumSelection(msLevels: [7])).0.count == 0)
}

@Test func whatIsNotCarriedOverIsCounted() throws {
    let folder = TemporaryFolder()
    var document = MzMLDocument(spectra: [.init(mz: [1, 2], intensity: [3, 4]), .init(mz: [5], intensity: [6])])
    document.spectra[0].id = "a &lt;b&gt; &amp; &#65;&#x42; &nothing"
    document.spectra[0].arrays.append(.init(accession: "MS:1000517", number: .float32, values: [1, 2]))
    document.spectra[1].terms = "<cvParam cvRef=\"MS\" accession=\"MS:1000804\" name=\"light\" value=\"\"/>"
    document.spectra[1].id = "light"
    document.afterList = ""
    let source = folder.write(document.text().replacingOccurrences(of: "&nothing", with: "nothing").utf8)
    let (reading, summary, text) = try converted(source, in: folder)
    #expect(reading.block.mz == [1, 2] && summary.spectra == 1 && summary.nonMassSpectra == 1)
    #expect(summary.counts.skippedArrays == 3)
    #expect(summary.counts.skippedArrayKinds == [1_000_514: 1, 1_000_515: 1, 1_000_517: 1])
    #expect(text.contains("id=\"a &lt;b&gt; &amp; AB nothing\" defaultArrayLength"))
}

@Test func chromatogramsAreCarriedOver() throws {
    let folder = TemporaryFolder()
    let chromatograms = [
        Chromatogram(index: 0, id: "TIC", kind: .totalIonCurrent, timesSeconds: [0, 1.5, 3], intensities: [1, 2, 3])
    ]
    for count in [0, 2] {
        let source = folder.path + "/source\(count).mzML"
        let writer = try IndexedMzMLWriter(path: source, header: RunHeader(path: ""), spectrumCount: count)
        for i in 0..<count {
            var block = SpectrumBlock()
            block.append(
                SpectrumHeader(
                    index: i, scanNumber: i + 1, msLevel: 1, polarity: .unknown, representation: .unknown,
                    retentionTimeSeconds: 1), mz: [1, 2], intensity: [3, 4])
            try writer.write(block)
        }
        try writer.write(chromatograms)
        try writer.finish()
        for name in ["out.mzML", "out.mzML.gz"] {
            let (_, summary, _) = try converted(source, in: folder, as: name)
            #expect(summary.chromatograms == 1 && summary.spectra == count && summary.warnings.isEmpty)
            let (_, again, _) = try converted(folder.path + "/" + name, in: folder, as: "again.mzML")
            #expect(again.chromatograms == 1)
            let reader = try ReferenceSpectrumReader(path: folder.path + "/again.mzML")
            var block = SpectrumBlock()
            while try reader.next(into: &block, limit: 9) {}
            #expect(reader.chromatograms == chromatograms && block.count == count)
        }
    }
}

@Test func aTruncatedFileIsKeptOnlyWhenAskedFor() throws {
    let folder = TemporaryFolder()
    let source = folder.write(fixtureBytes("dda-excerpt.mzML")[..<30_000], as: "cut.mzML")
    let error = #expect(throws: MzMLError.self) { _ = try converted(source, in: folder) }
    #expect(error?.code == .truncated)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["cut.mzML"])
    let (reading, summary, _) = try converted(source, in: folder, recover: true)
    #expect(reading.error == nil && reading.block.count == 3 && summary.spectra == 3)
    #expect(summary.warnings.contains { $0.contains("3 complete spectra of 6 declared") })
}

@Test func aStoppedConversionLeavesNothing() throws {
    let folder = TemporaryFolder()
    var calls = 0
    var reading = ReadingOptions()
    reading.spectraPerChunk = 1
    let summary = try convert(
        source: fixture("dda-excerpt.mzML"), to: folder.path + "/out.mzML", reading: reading, writing: WritingOptions()
    ) { fraction in
        calls += 1
        #expect(fraction > 0 && fraction <= 1)
        return calls < 3
    }
    #expect(summary == nil && calls == 3)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
}

@Test func arrayKindsHaveNames() {
    #expect(ArrayKind.name(1_000_517) == "signal to noise" && ArrayKind.name(1_003_007) == "raw ion mobility")
    #expect(ArrayKind.name(1_999_999) == "MS:1999999" && ArrayKind.name(0) == "no stated kind")
}
