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
