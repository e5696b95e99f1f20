import Foundation
import MzML
import SpectrumModel

/// All that a file gives, and how it ended.
struct Reading {
    var header: RunHeader?
    var block = SpectrumBlock()
    var counts = DecodeCounts()
    var warnings: [String] = []
    var error: MzMLError?
    var chunkSizes: [Int] = []
    var indexState = IndexState.unread

    init(
        _ path: String, bufferSize: Int = 1 << 16, spectraPerChunk: Int = 16, maximumSpectrumBytes: Int = 1 << 30,
        maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum,
        configure: (inout ReadingOptions) -> Void = { _ in }
    ) {
        var options = ReadingOptions()
        options.bufferSize = bufferSize
        options.spectraPerChunk = spectraPerChunk
        options.maximumSpectrumBytes = maximumSpectrumBytes
        configure(&options)
        do throws(MzMLError) {
            var reader = try SpectrumReader(path: path, options: options, maximumPoints: maximumPoints)
            header = reader.header
            do throws(MzMLError) {
                while true {
                    let before = block.count
                    guard try reader.next(into: &block) else { break }
                    chunkSizes.append(block.count - before)
                }
            } catch {
                self.error = error
            }
            counts = reader.counts
            warnings = reader.warnings
            indexState = reader.indexState
        } catch {
            self.error = error
        }
    }

    /// Everything that must not depend on how the file was cut, bit for bit.
    var fingerprint: [String] {
        var lines = block.headers.map { "\($0)" }
        lines.append("\(block.offsets)")
        lines.append("\(block.mz.map(\.bitPattern).hashValue) \(block.intensity.map(\.bitPattern).hashValue)")
        var counts = counts
        lines.append("\(counts.skippedArrayKinds.sorted { $0.key < $1.key })")
        // A dictionary's description has no fixed order.
        counts.skippedArrayKinds = [:]
        lines.append("\(counts) \(warnings)")
        lines.append(error.map { "\($0.code) \($0.byteOffset ?? -1) \($0.reason)" } ?? "no error")
        return lines
    }
}

func fixture(_ name: String) -> String {
    Bundle.module.path(forResource: name, ofType: nil, inDirectory: "Fixtures") ?? "fixture \(name) is missing"
}

func fixtureBytes(_ name: String) -> [UInt8] {
    [UInt8](FileManager.default.contents(atPath: fixture(name)) ?? Data())
}

extension MzMLChunkSource {
    convenience init(path: String, bufferSize: Int, spectraPerChunk: Int) throws(MzMLError) {
        var options = ReadingOptions()
        options.bufferSize = bufferSize
        options.spectraPerChunk = spectraPerChunk
        try self.init(path: path, options: options)
    }
}
