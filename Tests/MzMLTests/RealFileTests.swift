import Foundation
import MzML
import SpectrumModel
import Testing

private let extraData = ProcessInfo.processInfo.environment["LAVOISIER_EXTRA_DATA"]

private func realFiles() -> [String] {
    guard let extraData else { return [] }
    let folder = extraData + "/mzml"
    let names = FileManager.default.enumerator(atPath: folder)?.allObjects.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".mzML") }.sorted().map { folder + "/" + $0 }
}

/// Every value of every mass spectrum equals what the reference reader finds, but for the repairs that are counted.
private func compareWithReference(_ path: String) {
    let reading = Reading(path, spectraPerChunk: 50)
    if reading.error?.code == .unsupportedVersion { return }
    guard let reference = ReferenceReader.read(path) else {
        Issue.record("the reference cannot read \(path)")
        return
    }
    #expect(reading.error == nil && reading.block.count == reference.count, "\(path)")
    let repaired = reading.counts.unsortedSpectra > 0 || reading.counts.droppedPoints > 0
    for (i, expected) in reference.enumerated() where i < reading.block.count {
        let header = reading.block.headers[i]
        let points = reading.block.points(of: i)
        guard header.msLevel > 0 else {
            #expect(points.isEmpty)
            continue
        }
        #expect(header.msLevel == expected.level && header.index == i)
        if let seconds = expected.seconds { #expect(header.retentionTimeSeconds == seconds) }
        let mz = expected.mz ?? []
        let intensity = (expected.intensity ?? []).map { max(Float($0), 0) }
        if repaired {
            #expect(reading.block.mz[points].elementsEqual(mz.sorted()), "\(path) spectrum \(i)")
            #expect(reading.block.intensity[points].sorted() == intensity.sorted(), "\(path) spectrum \(i)")
        } else {
            #expect(reading.block.mz[points].elementsEqual(mz), "\(path) spectrum \(i)")
            #expect(reading.block.intensity[points].elementsEqual(intensity), "\(path) spectrum \(i)")
        }
    }
}

@Test func theExcerptEqualsTheReference() { compareWithReference(fixture("dda-excerpt.mzML")) }

@Test(.enabled(if: extraData != nil), arguments: realFiles())
func realFilesEqualTheReference(path: String) { compareWithReference(path) }

@Test(.enabled(if: extraData != nil), arguments: realFiles().filter { $0.contains("/openms/") || $0.contains("/odd/") })
func cuttingNeverChangesRealFiles(path: String) {
    let expected = Reading(path).fingerprint
    for (bufferSize, spectraPerChunk) in [(4096, 1), (100_000, 7), (16 << 20, 1000)] {
        #expect(Reading(path, bufferSize: bufferSize, spectraPerChunk: spectraPerChunk).fingerprint == expected)
    }
}
