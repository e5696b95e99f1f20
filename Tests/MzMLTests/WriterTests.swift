import ContentHash
import Foundation
import MzML
import SpectrumModel
import Statistics
import Testing

private func sampleBlock() -> SpectrumBlock {
    var random = SeededGenerator(seed: 12)
    var block = SpectrumBlock()
    for i in 0..<5 {
        let count = [0, 1, 7, 100, 1000][i]
        var header = SpectrumHeader(
            index: i, scanNumber: 10 + i, msLevel: i % 2 + 1, polarity: Polarity.allCases[i % 3],
            representation: [.centroid, .profile, .unknown][i % 3], retentionTimeSeconds: random.uniform() * 1000)
        if header.msLevel == 2 {
            header.precursor = Precursor(
                selectedIonMZ: random.uniform() * 900, isolationTargetMZ: 500.1, isolationLowerOffset: 0.7, charge: 2,
                intensity: random.uniform() * 1e9, collisionEnergy: 30)
        }
        block.append(
            header, mz: (0..<count).map { _ in 50 + random.uniform() * 1000 }.sorted(),
            intensity: (0..<count).map { _ in Float(random.uniform() * 1e8) })
    }
    block.headers[4].retentionTimeSeconds = 0.1 + 0.2
    return block
}

private func write(_ block: SpectrumBlock, to path: String, compression: ArrayCompression) throws {
    var header = RunHeader(path: path)
    header.instrument = CVTerm(accession: 1_001_911, name: "Q Exactive")
    header.analyzers = [CVTerm(accession: 1_000_484, name: "orbitrap")]
    header.software = ["A & <B>"]
    header.sourceFiles = ["a \"b\".raw"]
    header.startTimestamp = "2020-01-01T00:00:00Z"
    let writer = try IndexedMzMLWriter(
        path: path, header: header, spectrumCount: block.count,
        options: WritingOptions(compression: compression))
    try writer.write(block)
    try writer.finish()
}

@Test(arguments: ArrayCompression.allCases)
func whatIsWrittenReadsBackBitForBit(compression: ArrayCompression) throws {
    let block = sampleBlock()
    let folder = TemporaryFolder()
    let path = folder.path + "/out.mzML"
    try write(block, to: path, compression: compression)
    let reading = Reading(path)
    #expect(reading.error == nil && reading.warnings.isEmpty)
    #expect(reading.block.headers == block.headers && reading.block.offsets == block.offsets)
    #expect(reading.block.mz == block.mz && reading.block.intensity == block.intensity)
    #expect(reading.header?.instrumentClass == .orbitrap && reading.header?.instrumentName == "Q Exactive")
    #expect(reading.header?.software == ["A & <B>", "Lavoisier"] && reading.header?.sourceFiles == ["a \"b\".raw"])
    #expect(reading.counts.encodedLengthMismatches == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.mzML"])
}

@Test func theIndexAndTheChecksumAreRight() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/out.mzML"
    try write(sampleBlock(), to: path, compression: .zlib)
    let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
    let bytes = Array(text.utf8)
    func start(_ offset: Int, _ length: Int) -> String {
        String(decoding: bytes[offset..<(offset + length)], as: UTF8.self)
    }
    let offsets = text.components(separatedBy: "<offset idRef=\"").dropFirst()
    #expect(offsets.count == 5)
    for (i, entry) in offsets.enumerated() {
        let parts = entry.components(separatedBy: "\">")
        let offset = try #require(Int(parts[1].prefix { $0.isNumber }))
        let expected = "<spectrum index=\"\(i)\" id=\"\(parts[0])\""
        #expect(start(offset, expected.utf8.count) == expected)
    }
    let list = try #require(Int(text.components(separatedBy: "<indexListOffset>")[1].prefix { $0.isNumber }))
    #expect(start(list, 10) == "<indexList")
    let pieces = text.components(separatedBy: "<fileChecksum>")
    let hash = try #require(SHA1Hash())
    Array((pieces[0] + "<fileChecksum>").utf8).withUnsafeBytes { hash.update($0) }
    #expect(pieces[1].hasPrefix(hash.finish() + "</fileChecksum>"))
}

@Test func sha1IsSHA1() throws {
    let hash = try #require(SHA1Hash())
    Array("abc".utf8).withUnsafeBytes { hash.update($0) }
    #expect(hash.finish() == "a9993e364706816aba3e25717850c26c9cd0d89d")
}

@Test func anAbandonedOrImpossibleFileLeavesNothing() throws {
    let folder = TemporaryFolder()
    do {
        let writer = try IndexedMzMLWriter(
            path: folder.path + "/out.mzML", header: RunHeader(path: ""), spectrumCount: 1)
        #expect(writer.byteCount > 0)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    let error = #expect(throws: MzMLError.self) {
        _ = try IndexedMzMLWriter(path: folder.path + "/absent/out.mzML", header: RunHeader(path: ""), spectrumCount: 1)
    }
    #expect(error?.code == .cannotWrite)
}

@Test func tilingRepeatsRealScans() throws {
    let source = fixture("dda-excerpt.mzML")
    let original = Reading(source).block
    let folder = TemporaryFolder()
    var summaries: [TileSummary] = []
    var lastProgress = (0, 0)
    for name in ["a.mzML", "b.mzML"] {
        summaries.append(
            try tile(source: [source, source], to: "\(folder.path)/\(name)", targetBytes: 300_000, compression: .zlib) {
                lastProgress = ($0, $1)
            })
    }
    let summary = summaries[0]
    let size = try #require(FileManager.default.contents(atPath: folder.path + "/a.mzML")).count
    #expect(summaries[0] == summaries[1] && summary.byteCount == size && abs(size - 300_000) < 50_000)
    #expect(summary.spectra == summary.repetitions * 12 && lastProgress.0 > 200_000)
    #expect(FileManager.default.contentsEqual(atPath: folder.path + "/a.mzML", andPath: folder.path + "/b.mzML"))

    let tiled = Reading(folder.path + "/a.mzML").block
    #expect(tiled.count == summary.spectra && tiled.mz.count == summary.points)
    let times = original.headers.map(\.retentionTimeSeconds)
    let step = (times[5] - times[0]).rounded(.up) + 1
    for (i, header) in tiled.headers.enumerated() {
        #expect(header.scanNumber == i + 1 && header.index == i)
        #expect(header.retentionTimeSeconds == times[i % 6] + Double(i / 6) * step)
        #expect(header.precursor == original.headers[i % 6].precursor)
        #expect(tiled.mz[tiled.points(of: i)] == original.mz[original.points(of: i % 6)])
        #expect(tiled.intensity[tiled.points(of: i)] == original.intensity[original.points(of: i % 6)])
    }
    #expect(tiled.headers.last.map { $0.retentionTimeSeconds - times[0] } == summary.durationSeconds)
}
