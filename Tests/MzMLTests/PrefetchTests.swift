import Dispatch
import Foundation
import SpectrumModel
import Statistics
import Synchronization
import Testing

@testable import MzML

private struct CannotOpen: Error {}

private func opened(
    _ path: String, size: Int, offset: Int, _ share: FilePrefetch
) throws(CannotOpen) -> ReadAheadFile {
    guard let file = ReadAheadFile(path: path, size: size, offset: offset, file: share) else { throw CannotOpen() }
    return file
}

private let strategies: [PrefetchStrategy] = [.sequential, .aggressive, .predictive]

/// A file read ahead gives its bytes, whatever the strategy, the sizes and the number of threads, and the bound holds.
@Test(arguments: strategies, [1, 3])
func bytesReadAheadAreThoseOfTheFile(strategy: PrefetchStrategy, threads: Int) throws {
    let folder = TemporaryFolder()
    var random = SeededGenerator(seed: 5)
    let bytes = (0..<300_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let path = folder.write(bytes, as: "bytes")
    for (bufferSize, size, offset) in [
        (4096, 8192, 0), (1000, 6000, 77), (65_536, 200_000, 299_999), (1 << 20, 4 << 20, 0), (4096, 100, 0),
    ] {
        let prefetcher = Prefetcher(strategy: strategy, size: size, threads: threads)
        do {
            let share = FilePrefetch(prefetcher, bufferSize: bufferSize)
            var file = try opened(path, size: bytes.count, offset: offset, share)
            var read: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 5000)
            while true {
                let wanted = 1 + random.integer(below: piece.count)
                let count = piece.withUnsafeMutableBufferPointer { file.read(into: $0.baseAddress!, capacity: wanted) }
                if count <= 0 { break }
                read += piece[..<count]
                #expect(prefetcher.bytesInFlight <= size)
            }
            #expect(read == Array(bytes[offset...]), "buffer \(bufferSize), size \(size), threads \(threads)")
            // Back and forth.
            for place in [120_000, 3, 299_000] {
                file.seek(to: place)
                let count = piece.withUnsafeMutableBufferPointer { file.read(into: $0.baseAddress!, capacity: 700) }
                #expect(count > 0 && Array(piece[..<count]) == Array(bytes[place..<(place + count)]))
            }
        }
        let counts = prefetcher.counts
        #expect(prefetcher.bytesInFlight == 0 && counts.largestBytesInFlight <= size)
        #expect(counts.bytesUsed + counts.bytesWasted == counts.bytesRequested)
        // One of them has no room for two pieces: everything is read when it is needed.
        #expect((counts.requests == 0) == (size == 100), "\(counts)")
    }
}

/// Before anything was used, one piece is asked for, or all that may be in flight; then more.
@Test func strategiesAskForWhatTheySay() throws {
    let folder = TemporaryFolder()
    let path = folder.write(Array(repeating: UInt8(7), count: 100_000), as: "bytes")
    func file(_ prefetcher: Prefetcher) throws -> ReadAheadFile {
        try opened(path, size: 100_000, offset: 0, FilePrefetch(prefetcher, bufferSize: 1000))
    }
    let some = Prefetcher(strategy: .sequential, size: 16_000, threads: 2)
    var inOrder = try file(some)
    #expect(inOrder.bufferCount == 1)
    var piece = [UInt8](repeating: 0, count: 1000)
    func readPiece(_ file: inout ReadAheadFile) {
        var done = 0
        while done < 1000 {
            let count = piece.withUnsafeMutableBufferPointer {
                file.read(into: $0.baseAddress!, capacity: 1000 - done)
            }
            #expect(count > 0)
            done += count
        }
    }
    var widths: [Int] = []
    for _ in 0..<6 {
        readPiece(&inOrder)
        widths.append(inOrder.bufferCount)
    }
    #expect(widths == [2, 4, 8, 16, 16, 16])
    let all = Prefetcher(strategy: .aggressive, size: 16_000, threads: 2)
    let atOnce = try file(all)
    #expect(atOnce.bufferCount == 16 && all.bytesInFlight == 16_000)
    // The threads get there; nobody else does.
    for _ in 0..<2000 where atOnce.filledCount < 16 { usleep(1000) }
    #expect(atOnce.filledCount == 16)
    // Another file finds no room, and reads what it needs.
    var second = try file(all)
    #expect(second.bufferCount == 0)
    readPiece(&second)
    #expect(piece.allSatisfy { $0 == 7 } && all.bytesInFlight == 16_000)
    // Two that share in turn have half of it each.
    var other = try file(some)
    for _ in 0..<8 { readPiece(&other) }
    #expect(other.bufferCount <= 8 && some.bytesInFlight <= 16_000)
}

@Suite struct PrefetchPolicyTests {
    private func wanted(_ policy: PrefetchPolicy) -> Int { policy.wanted(piece: 100, share: 5000, size: 20_000) }

    @Test func noneWantsNothing() {
        var policy = PrefetchPolicy(.none)
        policy.used(bytes: 1000, seconds: 1)
        #expect(wanted(policy) == 0)
    }

    @Test func sequentialDoublesUpToItsShare() {
        var policy = PrefetchPolicy(.sequential)
        var seen: [Int] = []
        for _ in 0..<8 {
            seen.append(wanted(policy))
            policy.used(bytes: 100, seconds: 0.1)
        }
        #expect(seen == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
    }

    @Test func aggressiveWantsAllThereIs() { #expect(wanted(PrefetchPolicy(.aggressive)) == 20_000) }

    /// Twice what is taken in the time that a request takes, in whole pieces, and the piece in use.
    @Test func predictiveFollowsRateAndLatency() {
        var policy = PrefetchPolicy(.predictive)
        #expect(wanted(policy) == 100)
        policy.used(bytes: 100, seconds: 0.1)
        #expect(wanted(policy) == 100, "a latency that is not known yet")
        policy.filled(seconds: 0.5)
        #expect(policy.rate == 1000 && policy.latency == 0.5 && wanted(policy) == 1100)
        // A slower disk or a faster reader reaches further, up to the share.
        for _ in 0..<40 { policy.filled(seconds: 1) }
        #expect(wanted(policy) == 2000 || wanted(policy) == 2100)
        for _ in 0..<40 { policy.used(bytes: 100, seconds: 0.001) }
        #expect(wanted(policy) == 5000)
        // Where bytes are there at once, the next piece is enough.
        for _ in 0..<80 { policy.filled(seconds: 0) }
        #expect(wanted(policy) == 200)
    }
}

/// Long enough that a piece is some spectra.
private func longRun(_ count: Int, indexed: Bool = true) -> [UInt8] {
    var random = SeededGenerator(seed: 11)
    var document = MzMLDocument(spectra: [])
    for i in 0..<count {
        var spectrum = MzMLDocument.Spectrum(
            mz: (0..<2000).map { 100 + Double($0) + random.uniform() },
            intensity: (0..<2000).map { _ in random.uniform() }
        )
        spectrum.id = "scan=\(i + 1)"
        spectrum.scan =
            "<cvParam cvRef=\"MS\" accession=\"MS:1000016\" name=\"scan start time\" "
            + "value=\"\(i)\" unitCvRef=\"UO\" unitAccession=\"UO:0000010\" unitName=\"second\"/>"
        document.spectra.append(spectrum)
    }
    let bytes = Array(document.text().utf8)
    guard indexed else { return bytes }
    var offsets: [Int] = []
    let mark = Array("<spectrum ".utf8)
    for place in bytes.indices where bytes[place] == mark[0] && bytes[place...].starts(with: mark) {
        offsets.append(place)
    }
    let lines = offsets.map { "<offset idRef=\"a\">\($0)</offset>\n" }.joined()
    return bytes
        + ("<indexList count=\"1\"><index name=\"spectrum\">\n\(lines)</index></indexList>\n"
        + "<indexListOffset>\(bytes.count)</indexListOffset>").utf8
}

/// Reads a file through a chunk source to its end, or for some chunks.
private func counts(
    _ path: String, _ strategy: PrefetchStrategy, chunks: Int = .max, access: ReadingOptions.Access = .mapped,
    selection: SpectrumSelection = .everything, bufferSize: Int = 64 << 10, size: Int = 512 << 10
) throws -> (file: PrefetchCounts, run: PrefetchCounts, spectra: Int, manner: String) {
    var options = ReadingOptions()
    options.access = access
    options.bufferSize = bufferSize
    options.spectraPerChunk = 2
    options.selection = selection
    let prefetcher = Prefetcher(strategy: strategy, size: size, threads: 2)
    options.prefetcher = prefetcher
    var spectra = 0
    func read() throws -> (PrefetchCounts, String) {
        let source = try MzMLChunkSource(path: path, options: options)
        var decoder = SpectrumDecoder(header: source.header, selection: selection)
        var block = SpectrumBlock()
        for _ in 0..<chunks {
            guard let chunk = try source.next() else { break }
            try decoder.decode(chunk, into: &block)
            source.recycle(chunk)
        }
        spectra = block.count
        return (try #require(source.prefetchCounts), source.manner)
    }
    let (file, manner) = try read()
    // A thread that is at a stretch of the file keeps it open until it is done.
    for _ in 0..<30_000 where prefetcher.bytesInFlight > 0 { usleep(1000) }
    #expect(prefetcher.bytesInFlight == 0)
    return (file, prefetcher.counts, spectra, manner)
}

/// Mapped, buffered and compressed files are read ahead by every strategy, and each can be told from the others.
@Test(arguments: ["mapped", "buffered", "gzip"])
func everyKindOfFileIsReadAhead(kind: String) throws {
    let folder = TemporaryFolder()
    let plain = longRun(120)
    let bytes = kind == "gzip" ? GzipFile.member(plain) : plain
    let path = folder.write(bytes, as: "run")
    let access: ReadingOptions.Access = kind == "buffered" ? .buffered : .mapped
    for strategy in strategies {
        let (file, run, spectra, manner) = try counts(path, strategy, access: access)
        #expect(spectra == 120 && manner.hasSuffix(", read ahead"), "\(strategy): \(manner)")
        #expect(file.bytesRequested > bytes.count / 4 && file.bytesRequested <= bytes.count, "\(strategy): \(file)")
        #expect(file.bytesUsed > bytes.count / 4 && file.bytesUsed + file.bytesWasted == file.bytesRequested)
        #expect(file.largestBytesInFlight <= 512 << 10 && run.largestBytesInFlight == file.largestBytesInFlight)
        #expect(file.bytesBeforeFirstUse == (strategy == .aggressive ? 512 << 10 : 64 << 10), "\(strategy): \(file)")
    }
    var options = ReadingOptions()
    options.access = access
    options.prefetcher = Prefetcher(strategy: .none, size: 512 << 10, threads: 2)
    let source = try MzMLChunkSource(path: path, options: options)
    var spectra = 0
    while let chunk = try source.next() { spectra += chunk.count }
    #expect(source.prefetchCounts == nil && spectra == 120 && !source.manner.contains("ahead"))
}

/// Of a file that is read to its end nothing is wasted but what stands behind its spectra, however large the pieces are, up to one
/// for the whole file; before the end, what is ahead of the reader is.
@Test(arguments: ["mapped", "buffered", "gzip"], [64 << 10, 1 << 20, 64 << 20])
func whatIsReadIsNotWasted(kind: String, bufferSize: Int) throws {
    let folder = TemporaryFolder()
    let plain = longRun(120)
    let bytes = kind == "gzip" ? GzipFile.member(plain) : plain
    let path = folder.write(bytes, as: "run")
    let lastEnd = try #require(String(decoding: plain, as: UTF8.self).range(of: "</spectrum>", options: .backwards))
    let tail = String(decoding: plain, as: UTF8.self)[lastEnd.upperBound...].utf8.count
    let access: ReadingOptions.Access = kind == "buffered" ? .buffered : .mapped
    for strategy in strategies {
        let (file, run, spectra, manner) = try counts(
            path, strategy, access: access, bufferSize: bufferSize, size: 256 << 20)
        #expect(spectra == 120 && manner.hasSuffix(", read ahead"), "\(strategy): \(manner)")
        #expect(file.bytesWasted <= tail && run.bytesWasted <= tail, "\(strategy), tail \(tail): \(file) \(run)")
        #expect(run.bytesUsed + run.bytesWasted == run.bytesRequested && run.bytesLate <= run.bytesUsed)
        #expect(file.bytesRequested > bytes.count / 4, "\(strategy): \(file)")
    }
    let half = try counts(path, .aggressive, chunks: 30, access: access, bufferSize: bufferSize, size: 256 << 20).file
    // Copied in one piece, all of it has been used.
    let isCopiedWhole = kind == "buffered" && bufferSize > bytes.count
    #expect(kind == "gzip" || isCopiedWhole || half.bytesWasted > bytes.count / 3, "\(half)")
}

/// Who stops early has asked for little, or for all that may be.
@Test func whatIsWastedWhenReadingEndsEarly() throws {
    let folder = TemporaryFolder()
    let path = folder.write(longRun(120), as: "run")
    let some = try counts(path, .sequential, chunks: 1).run
    let all = try counts(path, .aggressive, chunks: 1).run
    #expect(some.bytesRequested <= 256 << 10 && all.bytesRequested >= 512 << 10, "\(some) \(all)")
    #expect(all.bytesWasted > some.bytesWasted)
}

/// Of spectra that are left out, the predictive reader brings in the start alone.
@Test func predictionFollowsTheSelection() throws {
    let folder = TemporaryFolder()
    let bytes = longRun(120)
    let path = folder.write(bytes, as: "run")
    let selection = SpectrumSelection(retentionTimeSeconds: 50...59.5)
    let everything = try counts(path, .sequential, selection: selection)
    let wanted = try counts(path, .predictive, selection: selection)
    #expect(everything.spectra == 10 && wanted.spectra == 10)
    #expect(everything.file.bytesRequested > bytes.count * 3 / 4)
    #expect(wanted.file.bytesRequested < bytes.count / 4, "\(wanted.file)")
    // Stretch by stretch: what is asked for is all of the wanted spectra, and no payload of the others.
    var options = ReadingOptions()
    options.selection = selection
    let input = try #require(MappedInput.map(path: path, bufferBytes: 1 << 20, advice: .normal))
    let source = try MzMLChunkSource(path: path, options: options)
    let index = try #require(
        SpectrumIndex.read(.memory(input.bytes), firstSpectrum: try firstSpectrum(bytes), declaredCount: 120).index)
    for (selection, isWanted) in [
        (selection, { (50..<60).contains($0) }), (SpectrumSelection(msLevels: [2]), { _ in false }),
        (SpectrumSelection(msLevels: [1]), { (_: Int) in true }),
    ] as [(SpectrumSelection, (Int) -> Bool)] {
        let chooser = SpectrumChooser(index: index, header: source.header, selection: selection)
        for step in [1000, 50_000, bytes.count] {
            var covered = [Bool](repeating: false, count: bytes.count)
            for start in stride(from: 0, to: bytes.count, by: step) {
                let range = start..<min(start + step, bytes.count)
                for stretch in chooser.stretches(in: range, of: input.bytes) {
                    #expect(range.contains(stretch.lowerBound) && stretch.upperBound <= range.upperBound)
                    for place in stretch { covered[place] = true }
                }
            }
            for number in 0..<120 {
                let start = index.offsets[number]
                let end = number < 119 ? index.offsets[number + 1] : bytes.count
                let count = covered[start..<end].count { $0 }
                #expect(isWanted(number) ? count == end - start : count < 2000 && covered[start], "spectrum \(number)")
            }
        }
    }
    withExtendedLifetime(input) {}
}

private func firstSpectrum(_ bytes: [UInt8]) throws -> Int {
    let mark = Array("<spectrum ".utf8)
    return try #require(bytes.indices.first { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) })
}

/// Pages that were asked for are in memory, and the others are not: as the kernel says.
@Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/smaps")))
func pagesAreBroughtIn() throws {
    let folder = TemporaryFolder()
    let path = folder.write(Array(repeating: UInt8(7), count: 8 << 20), as: "pages")
    let input = try #require(MappedInput.map(path: path, bufferBytes: 128 << 10, advice: .normal))
    input.populate((1 << 20)..<(2 << 20))
    // Resident in this process, by its page tables.
    let map = memoryMap()
    let start = try #require(
        map.firstIndex { $0.hasSuffix(path.split(separator: "/").suffix(2).joined(separator: "/")) })
    let line = try #require(map[start...].first { $0.hasPrefix("Rss:") })
    let kibibytes = try #require(Int(line.split(separator: " ")[1]))
    #expect(kibibytes >= 1024 && kibibytes < 6 << 10, "\(line)")
    withExtendedLifetime(input) {}
}

/// A job that keeps what it was given until it has run, and tells when it is let go.
private final class Keeper: PrefetchJob {
    let isWaiting = true
    private let kept: Mutex<Prefetcher?>
    private let begin: DispatchSemaphore
    private let end: DispatchSemaphore

    init(_ kept: Prefetcher?, begin: DispatchSemaphore, end: DispatchSemaphore) {
        self.kept = Mutex(kept)
        self.begin = begin
        self.end = end
    }

    deinit { end.signal() }

    func run() { begin.wait() }
}

/// The thread that lets the last reference to the prefetcher go ends, and lets go of what still waits.
@Test func aPrefetcherMayEndOnItsOwnThread() {
    let (begin, first, second) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    do {
        let prefetcher = Prefetcher(strategy: .aggressive, size: 1 << 20, threads: 1)
        prefetcher.submit(Keeper(prefetcher, begin: begin, end: first))
        prefetcher.submit(Keeper(nil, begin: begin, end: second))
    }
    begin.signal()
    #expect(first.wait(timeout: .now() + 60) == .success)
    #expect(second.wait(timeout: .now() + 60) == .success)
}
