import Foundation
import MzML
import SpectrumModel
import Testing

private func cv(_ accession: Int, _ value: String = "", _ rest: String = "") -> String {
    "<cvParam cvRef=\"MS\" accession=\"MS:\(accession)\" name=\"x\" value=\"\(value)\" \(rest)/>"
}

/// Levels 1, 2, 1, 2 and a spectrum of light; 10, 20, 30, no time and 50 seconds.
private func path(in folder: TemporaryFolder) -> String {
    var document = MzMLDocument(
        spectra: (0..<5).map { i in
            var spectrum = MzMLDocument.Spectrum(mz: [100, 200, 300], intensity: [1, 2, Double(i)])
            spectrum.id = "scan=\(i + 1)"
            spectrum.terms = cv(1_000_511, "\(i % 2 + 1)")
            spectrum.scan = cv(1_000_016, "\(10 * (i + 1))", "unitAccession=\"UO:0000010\"")
            return spectrum
        })
    document.spectra[1].terms += cv(1_000_528, "150") + cv(1_000_527, "300")
    document.spectra[2].terms += cv(1_000_528, "100") + cv(1_000_527, "300")
    document.spectra[3].scan = ""
    document.spectra[4].terms = cv(1_000_804)
    document.spectra[4].arrays[0].accession = "MS:1000617"
    // Never decoded where it is not selected.
    document.spectra[3].arrays[1].payload = "!AAAAAAAAAAAAAAA"
    return folder.write(document.text().utf8)
}

private func read(_ change: (inout SpectrumSelection) -> Void) -> ReferenceReading {
    let folder = TemporaryFolder()
    let path = path(in: folder)
    let reference = ReferenceReading(path, limit: 1) { change(&$0.selection) }
    expectEqual(reference, Reading(path) { change(&$0.selection) }, "a selection")
    return reference
}

@Test func levelsAreSelected() {
    let surveys = read { $0.msLevels = [1] }
    #expect(surveys.error == nil && surveys.block.headers.map(\.index) == [0, 2])
    #expect(surveys.counts.deselectedSpectra == 3 && surveys.counts.spectra == 2 && surveys.counts.nonMassSpectra == 0)
    #expect(read { $0.msLevels = [0] }.block.headers.map(\.index) == [4])
    #expect(read { $0.msLevels = [2] }.error?.spectrumIndex == 3)
    #expect(read { $0.msLevels = [] }.counts.deselectedSpectra == 5)
    #expect(read { _ in }.error?.code == .invalidBase64)
}

@Test func timesAreSelected() {
    let some = read { $0.retentionTimeSeconds = 20...30 }
    #expect(some.error == nil && some.block.headers.map(\.index) == [1, 2] && some.counts.deselectedSpectra == 3)
    let all = read { $0.retentionTimeSeconds = 0...1000 }
    #expect(all.block.headers.map(\.index) == [0, 1, 2, 4] && all.counts.deselectedSpectra == 1)
}

@Test func massesAreSelected() {
    let some = read {
        $0.retentionTimeSeconds = 0...1000; $0.mz = 200...250
    }
    #expect(some.error == nil && some.block.headers.map(\.index) == [0, 1, 2, 4])
    #expect(some.block.mz == [200, 200, 200] && some.block.offsets == [0, 1, 2, 3, 3])
    #expect(some.counts.points == 3 && some.counts.deselectedSpectra == 1 && some.counts.emptySpectra == 0)
    // Spectrum 1 states a range from 150 on, so it is left out; spectrum 0 states none, and keeps no point.
    let low = read {
        $0.retentionTimeSeconds = 0...1000; $0.mz = 90...99
    }
    #expect(low.block.headers.map(\.index) == [0, 4] && low.block.mz.isEmpty && low.counts.deselectedSpectra == 3)
    #expect(low.counts.emptySpectra == 0)
    let high = read {
        $0.retentionTimeSeconds = 0...1000; $0.mz = 301...900
    }
    #expect(high.block.headers.map(\.index) == [0, 4])
    // Ends are included.
    #expect(
        read {
            $0.msLevels = [1]; $0.mz = 100...100
        }.block.mz == [100, 100])
}

@Test func selectedSpectraDoNotDependOnTheSelection() {
    let path = fixture("dda-excerpt.mzML")
    let all = ReferenceReading(path).block
    let surveys = ReferenceReading(path) { $0.selection.msLevels = [1] }.block
    #expect(surveys.count > 0 && surveys.count < all.count)
    for (i, header) in surveys.headers.enumerated() {
        #expect(header == all.headers[header.index])
        #expect(surveys.mz[surveys.points(of: i)] == all.mz[all.points(of: header.index)])
        #expect(surveys.intensity[surveys.points(of: i)] == all.intensity[all.points(of: header.index)])
    }
}

/// Chunks of the reference reader end as those of the fast one do: by spectra, or once they hold enough.
@Test(arguments: [
    (3, Int.max, [3, 3, 1]), (7, 72, [2, 2, 2, 1]), (2, 73, [2, 2, 2, 1]), (9, 1, [1, 1, 1, 1, 1, 1, 1]),
])
func chunksEndBySpectraOrBytes(spectra: Int, bytes: Int, expected: [Int]) throws {
    let folder = TemporaryFolder()
    // Three points of 12 bytes each.
    let document = MzMLDocument(
        spectra: (0..<7).map { MzMLDocument.Spectrum(mz: [100, 200, 300], intensity: [1, 2, Double($0)]) })
    var options = ReadingOptions()
    options.reader = .reference
    options.spectraPerChunk = spectra
    options.maximumChunkBytes = bytes
    let source = try openChunkSource(path: folder.write(document.text().utf8), options: options)
    var counts: [Int] = []
    while let chunk = try source.next() { counts.append(chunk.count) }
    #expect(counts == expected)
}
