import Foundation
import SpectrumModel
import Statistics
import Testing

@testable import MzML

/// A file read ahead gives its bytes, whatever the sizes of buffers and requests and the number of threads.
@Test(arguments: [1, 3])
func bytesReadAheadAreThoseOfTheFile(threads: Int) {
    let folder = TemporaryFolder()
    var random = SeededGenerator(seed: 5)
    let bytes = (0..<300_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let path = folder.write(bytes, as: "bytes")
    let pool = ReadAheadPool(threads: threads)
    for (bufferSize, depth, offset) in [(4096, 1, 0), (1000, 5, 77), (65_536, 2, 299_999), (1 << 20, 3, 0)] {
        guard
            var file = ReadAheadFile(
                path: path, size: bytes.count, offset: offset, bufferSize: bufferSize, depth: depth, pool: pool)
        else {
            Issue.record("the file cannot be opened")
            return
        }
        var read: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 5000)
        while true {
            let wanted = 1 + random.integer(below: piece.count)
            let count = piece.withUnsafeMutableBufferPointer { file.read(into: $0.baseAddress!, capacity: wanted) }
            if count <= 0 { break }
            read += piece[..<count]
        }
        #expect(read == Array(bytes[offset...]), "buffer \(bufferSize), depth \(depth), threads \(threads)")
    }
}

/// Behind the buffer in use as many are filled as the depth says, by the pool's threads, without anybody asking for them.
@Test func asManyBuffersAreFilledAheadAsTheDepthSays() {
    let folder = TemporaryFolder()
    let path = folder.write(Array(repeating: UInt8(7), count: 100_000), as: "bytes")
    for depth in [1, 4] {
        guard
            var file = ReadAheadFile(
                path: path, size: 100_000, offset: 0, bufferSize: 1000, depth: depth, pool: ReadAheadPool(threads: 2))
        else {
            Issue.record("the file cannot be opened")
            return
        }
        var byte: UInt8 = 0
        #expect(file.read(into: &byte, capacity: 1) == 1 && byte == 7)
        #expect(file.buffersAhead == depth)
        // The threads get there; nobody else does.
        for _ in 0..<2000 where file.filledAhead < depth { usleep(1000) }
        #expect(file.filledAhead == depth)
    }
}

/// The lines of the kernel's account of this process's memory, whose size nobody knows beforehand.
private func memoryMap() -> [Substring] {
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
