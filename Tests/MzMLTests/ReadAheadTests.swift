import Foundation
import SpectrumModel
import Statistics
import Testing

@testable import MzML

/// The lines of the kernel's account of this process's memory, whose size nobody knows beforehand.
func memoryMap() -> [Substring] {
    guard let stream = fopen("/proc/self/smaps", "r") else { return [] }
    defer { fclose(stream) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&piece, 1, piece.count, stream)
        if count == 0 { break }
        text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\n")
}

/// The advice reaches the kernel: a mapping that is read in order is marked so.
@Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/smaps")))
func mappedFilesCarryTheAdvice() throws {
    let folder = TemporaryFolder()
    let path = folder.write(Array(repeating: UInt8(7), count: 100_000), as: "advised")
    func flags(_ advice: ReadingOptions.Advice) throws -> [Substring] {
        let input = try #require(MappedInput.map(path: path, bufferBytes: 1 << 20, advice: advice))
        defer { withExtendedLifetime(input) {} }
        let lines = memoryMap()
        let start = try #require(
            lines.firstIndex { $0.hasSuffix(path.split(separator: "/").suffix(2).joined(separator: "/")) })
        let line = try #require(lines[start...].first { $0.hasPrefix("VmFlags:") })
        return line.split(separator: " ")
    }
    #expect(try flags(.sequential).contains("sr"))
    #expect(try !flags(.normal).contains("sr"))
    #expect(try !flags(.willneed).contains("sr"))
}

/// With `willneed` the kernel is asked for what comes next as readers come to it, once, and no further than said.
@Test func whatComesNextIsAskedFor() throws {
    let folder = TemporaryFolder()
    let ahead = MappedInput.bytesAskedAhead
    let size = 20 << 20
    let path = folder.write(Array(repeating: UInt8(7), count: size), as: "asked")
    func input(_ advice: ReadingOptions.Advice) throws -> MappedInput {
        try #require(MappedInput.map(path: path, bufferBytes: 64 << 10, advice: advice))
    }
    let asked = try input(.willneed)
    #expect(asked.bytesAsked == ahead)
    for (offset, expected) in [
        (100, ahead), (MappedInput.smallestRequest - 1, ahead), (MappedInput.smallestRequest + 5, ahead + (1 << 20)),
        (0, ahead + (1 << 20)), (10 << 20, ahead + (10 << 20)), (size - 1, size), (size, size),
    ] {
        asked.prefetch(from: offset)
        #expect(asked.bytesAsked == expected, "\(offset)")
    }
    let untold = try input(.normal)
    untold.prefetch(from: 10 << 20)
    #expect(untold.bytesAsked == 0)
    let small = folder.write(Array(repeating: UInt8(7), count: 100), as: "small")
    #expect(try #require(MappedInput.map(path: small, bufferBytes: 1, advice: .willneed)).bytesAsked == 100)
}

/// The kernel brings in what it was asked for, while nobody touches it.
@Test func whatWasAskedForArrives() throws {
    let folder = TemporaryFolder()
    let path = folder.write(Array(repeating: UInt8(7), count: 20 << 20), as: "brought")
    func emptied(_ advice: ReadingOptions.Advice) throws -> MappedInput {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        try #require(fdatasync(descriptor) == 0 && posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0)
        return try #require(MappedInput.map(path: path, bufferBytes: 64 << 10, advice: advice))
    }
    func cached(_ input: MappedInput, _ stretch: Range<Int>) throws -> Int {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        var pages = [UInt8](repeating: 0, count: stretch.count / page)
        let start = UnsafeMutableRawPointer(mutating: input.start + stretch.lowerBound)
        try #require(mincore(start, stretch.count, &pages) == 0)
        return pages.count { $0 & 1 == 1 } * page
    }
    // Behind what the kernel reads for who looks at the start of a file.
    let far = (12 << 20)..<(16 << 20)
    let untold = try emptied(.normal)
    untold.prefetch(from: far.lowerBound)
    let without = try cached(untold, far)
    // A file system in memory keeps all of it.
    guard without < far.count else { return }
    #expect(without == 0)
    let asked = try emptied(.willneed)
    asked.prefetch(from: far.lowerBound)
    let end = Date.now + 60
    while try cached(asked, far) < far.count, Date.now < end { usleep(1000) }
    #expect(try cached(asked, far) == far.count)
}

/// Whoever takes chunks has the kernel asked for the next ones, however chunks are cut.
@Test(arguments: ReadingOptions.Cutting.allCases) func takingChunksAsksForTheNext(cutting: ReadingOptions.Cutting)
    throws
{
    var options = ReadingOptions()
    #expect(options.advice == .willneed)
    options.cutting = cutting
    let folder = TemporaryFolder()
    let path = folder.path + "/tiled.mzML"
    _ = try tile(source: [fixture("dda-excerpt.mzML")], to: path, targetBytes: 12 << 20)
    let source = try MzMLChunkSource(path: path, options: options)
    let mapped = try #require(source.mapped)
    var places: [Int] = []
    while let chunk = try source.next() {
        #expect(mapped.bytesAsked >= min(chunk.stretch.upperBound + (2 << 20), mapped.bytes.count))
        #expect(mapped.bytesAsked <= max(chunk.stretch.upperBound, 1 << 20) + (4 << 20))
        places.append(mapped.bytesAsked)
        source.recycle(chunk)
    }
    #expect(places.last == mapped.bytes.count && Set(places).count > 5)
}

/// What lies behind the readers does not stay resident.
@Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/smaps")))
func mappedPagesAreGivenBack() throws {
    let folder = TemporaryFolder()
    let path = folder.write(Array(repeating: UInt8(7), count: 8 << 20), as: "large")
    let input = try #require(MappedInput.map(path: path, bufferBytes: 128 << 10, advice: .normal))
    func resident() throws -> Int {
        let lines = memoryMap()
        let start = try #require(
            lines.firstIndex { $0.hasSuffix(path.split(separator: "/").suffix(2).joined(separator: "/")) })
        let line = try #require(lines[start...].first { $0.hasPrefix("Rss:") })
        return try #require(Int(line.split(separator: " ")[1])) << 10
    }
    var sum = 0
    var largest = 0
    // Stretches finish in pairs the wrong way round.
    let step = 128 << 10
    for start in stride(from: 0, to: 8 << 20, by: 2 * step) {
        sum += input.bytes[start..<(start + 2 * step)].reduce(0) { $0 + Int($1) }
        input.finish((start + step)..<(start + 2 * step))
        input.finish(start..<(start + step))
        largest = max(largest, try resident())
    }
    #expect(sum == 7 * (8 << 20))
    #expect(largest < 3 << 20, "\(largest) bytes were resident")
}

/// A mapped file that shrinks while it is read is an error, not the end of the program, wherever the reader is.
@Test(arguments: [ReadingOptions.Cutting.index, .scan, .careful])
func aMappedFileThatShrinksIsAnError(cutting: ReadingOptions.Cutting) throws {
    let folder = TemporaryFolder()
    var document = MzMLDocument(spectra: [])
    for i in 0..<400 {
        document.spectra.append(
            .init(mz: (0..<100).map { 100 + Double($0) }, intensity: (0..<100).map { Double($0 + i) }))
    }
    let path = folder.write(document.text().utf8)
    var options = ReadingOptions()
    options.cutting = cutting
    options.spectraPerChunk = 10
    var reader = try SpectrumReader(path: path, options: options)
    var block = SpectrumBlock()
    #expect(try reader.next(into: &block) && block.count == 10)
    #expect(truncate(path, 30_000) == 0)
    var error: MzMLError?
    do throws(MzMLError) {
        while try reader.next(into: &block) {}
    } catch let failure {
        error = failure
    }
    #expect(error?.code == .cannotRead && error?.reason.contains("shrank") == true, "\(error as Any)")
    // Nothing that was made of empty pages is among what was delivered.
    #expect(block.mz.allSatisfy { $0 >= 100 && $0 < 200 } && block.count < 400)
}
