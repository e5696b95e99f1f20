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

    init(
        _ path: String, bufferSize: Int = 1 << 16, spectraPerChunk: Int = 16, maximumSpectrumBytes: Int = 1 << 30,
        maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
    ) {
        do throws(MzMLError) {
            let source = try MzMLChunkSource(
                path: path, bufferSize: bufferSize, spectraPerChunk: spectraPerChunk,
                maximumSpectrumBytes: maximumSpectrumBytes)
            header = source.header
            var decoder = SpectrumDecoder(header: source.header, maximumPoints: maximumPoints)
            do throws(MzMLError) {
                while let chunk = try source.next() {
                    chunkSizes.append(chunk.count)
                    try decoder.decode(chunk, into: &block)
                    source.recycle(chunk)
                }
            } catch {
                self.error = error
            }
            counts = decoder.counts
            warnings = source.warnings
        } catch {
            self.error = error
        }
    }

    /// Everything that must not depend on how the file was cut, bit for bit.
    var fingerprint: [String] {
        var lines = block.headers.map { "\($0)" }
        lines.append("\(block.offsets)")
        lines.append("\(block.mz.map(\.bitPattern).hashValue) \(block.intensity.map(\.bitPattern).hashValue)")
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
