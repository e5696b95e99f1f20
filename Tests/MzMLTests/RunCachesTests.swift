import Caching
import Foundation
import SpectrumModel
import Testing

@testable import MzML

/// What is remembered of a file is what the file says, as long as it is the same file.
@Suite struct RunCachesTests {
    private let folder = TemporaryFolder()
    /// Any time when all files are long settled.
    private let later: @Sendable () -> Int = { Int(Date().timeIntervalSince1970) + 1000 }

    private func caches(metadata: Int = 1 << 20, directory: Int = 1 << 20) -> RunCaches {
        RunCaches(metadataBytes: metadata, directoryBytes: directory, now: later)
    }

    private func read(_ path: String, _ caches: RunCaches?, access: ReadingOptions.Access = .mapped) -> Reading {
        Reading(path, bufferSize: 4096, spectraPerChunk: 2) {
            $0.access = access
            $0.caches = caches
        }
    }

    @Test(arguments: [ReadingOptions.Access.mapped, .buffered])
    func aFileThatIsOpenedAgainIsRemembered(access: ReadingOptions.Access) {
        let path = fixture("dda-excerpt.mzML")
        let plain = read(path, nil, access: access)
        let caches = caches()
        for round in 0..<3 {
            let reading = read(path, caches, access: access)
            #expect(
                reading.fingerprint == plain.fingerprint && reading.indexState == plain.indexState, "round \(round)")
            #expect(
                reading.header?.instrumentName == plain.header?.instrumentName && plain.header?.instrumentName != nil)
            #expect(reading.header?.declaredSpectrumCount == plain.header?.declaredSpectrumCount)
        }
        #expect(caches.metadataCounts.hits == 2 && caches.metadataCounts.misses == 1)
        #expect(caches.directoryCounts.hits == 2 && caches.directoryCounts.misses == 1)
        #expect(caches.metadataCounts.usedBytes > 1024 && caches.directoryCounts.usedBytes >= 1024)
    }

    @Test func compressedFilesHaveTheirHeaderRemembered() {
        let path = folder.write(GzipFile.member(fixtureBytes("dda-excerpt.mzML")), as: "run.mzML.gz")
        let caches = caches()
        let first = read(path, caches)
        let second = read(path, caches)
        #expect(first.error == nil && first.block.count == 6 && second.fingerprint == first.fingerprint)
        #expect(caches.metadataCounts.hits == 1 && caches.directoryCounts.values == 0)
    }

    /// The same name, size and time, and other bytes: never the old header.
    @Test func aFileThatChangedIsAnother() throws {
        func document(_ instrument: String) -> [UInt8] {
            var document = MzMLDocument(spectra: (0..<4).map { .init(mz: [Double($0)], intensity: [1]) })
            document.spectra[0].id = instrument
            return Array(document.text().utf8)
        }
        let path = folder.write(document("scan=1"), as: "run.mzML")
        let time = Date(timeIntervalSince1970: 1_600_000_000)
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        let caches = caches()
        #expect(read(path, caches).block.headers[0].scanNumber == 1)
        // In place: same inode, size and modification time; the kernel's own time of change tells.
        usleep(20_000)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.write(contentsOf: Data(document("scan=7")))
        try handle.close()
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        #expect(read(path, caches).block.headers[0].scanNumber == 7)
        #expect(caches.metadataCounts.hits == 0 && caches.metadataCounts.misses == 2)
        // By another file of the name.
        let other = folder.write(document("scan=5"), as: "other.mzML")
        #expect(rename(other, path) == 0)
        #expect(read(path, caches).block.headers[0].scanNumber == 5 && caches.metadataCounts.hits == 0)
        #expect(read(path, caches).block.headers[0].scanNumber == 5 && caches.metadataCounts.hits == 1)
    }

    /// Another change could have the same time as far as the file system tells: such a file is not remembered.
    @Test func aFileThatJustChangedIsNotRemembered() {
        let path = folder.write(MzMLDocument(spectra: [.init(mz: [1], intensity: [1])]).text().utf8)
        let caches = RunCaches(metadataBytes: 1 << 20, directoryBytes: 1 << 20) { Int(Date().timeIntervalSince1970) }
        for _ in 0..<2 { #expect(read(path, caches).block.count == 1) }
        #expect(caches.metadataCounts.values == 0 && caches.directoryCounts.values == 0)
    }

    @Test func nothingIsKeptWithoutABudget() {
        let path = fixture("dda-excerpt.mzML")
        let none = caches(metadata: 0, directory: 0)
        for _ in 0..<2 { #expect(read(path, none).block.count == 6) }
        #expect(none.metadataCounts.hits == 0 && none.directoryCounts.hits == 0)
        #expect(none.metadataCounts.refusals == 2 && none.directoryCounts.refusals == 2)
        // One of the two alone.
        let headers = caches(directory: 0)
        for _ in 0..<2 { _ = read(path, headers) }
        #expect(headers.metadataCounts.hits == 1 && headers.directoryCounts.hits == 0)
    }

    /// An index that turned out to be wrong is not offered again as a good one.
    @Test func aWrongIndexIsForgotten() {
        var bytes = Array(MzMLDocument(spectra: (0..<8).map { .init(mz: [Double($0)], intensity: [1]) }).text().utf8)
        var offsets = bytes.indices.filter { bytes[$0...].starts(with: "<spectrum ".utf8) }
        offsets[3] += 5
        let lines = offsets.map { "<offset idRef=\"a\">\($0)</offset>\n" }.joined()
        bytes +=
            ("<indexList count=\"1\"><index name=\"spectrum\">\n\(lines)</index></indexList>\n"
            + "<indexListOffset>\(bytes.count)</indexListOffset>").utf8
        let path = folder.write(bytes)
        let caches = caches()
        let states = (0..<3).map { _ in
            Reading(path, bufferSize: 4096, spectraPerChunk: 1) { $0.caches = caches }
        }
        for reading in states {
            #expect(reading.error == nil && reading.block.count == 8)
            guard case .wrong = reading.indexState else {
                Issue.record("\(reading.indexState)")
                continue
            }
        }
    }
}
