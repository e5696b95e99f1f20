import Foundation
import MzML
import SpectrumModel
import Testing

/// All that a file gives through libxml2, and how it ended.
struct ReferenceReading {
    var header: RunHeader?
    var block = SpectrumBlock()
    var counts = DecodeCounts()
    var warnings: [String] = []
    var chromatograms: [Chromatogram] = []
    var error: MzMLError?

    init(
        _ path: String, limit: Int = 16, maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum,
        _ change: (inout ReadingOptions) -> Void = { _ in }
    ) {
        var options = ReadingOptions()
        change(&options)
        do throws(MzMLError) {
            let reader = try ReferenceSpectrumReader(path: path, options: options, maximumPoints: maximumPoints)
            header = reader.header
            do throws(MzMLError) {
                var before = 0
                while try reader.next(into: &block, limit: limit) {
                    precondition(block.count > before && block.count - before <= limit, "the limit does not hold")
                    before = block.count
                }
            } catch {
                self.error = error
            }
            counts = reader.counts
            warnings = reader.warnings
            chromatograms = reader.chromatograms
        } catch {
            self.error = error
        }
    }
}

/// Records every way in which two readings of the same run differ, to the bit.
func expectEqual(
    _ reference: ReferenceReading, _ fast: Reading, _ label: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(reference.error?.code == fast.error?.code, "\(label)", sourceLocation: sourceLocation)
    #expect(reference.block.count == fast.block.count, "\(label)", sourceLocation: sourceLocation)
    #expect(reference.block.offsets == fast.block.offsets, "\(label)", sourceLocation: sourceLocation)
    for (mine, other) in zip(reference.block.headers, fast.block.headers) {
        // NaN differs from itself: descriptions do not.
        #expect("\(mine)" == "\(other)", "\(label)", sourceLocation: sourceLocation)
    }
    #expect(
        reference.block.mz.map(\.bitPattern) == fast.block.mz.map(\.bitPattern), "\(label)",
        sourceLocation: sourceLocation)
    #expect(
        reference.block.intensity.map(\.bitPattern) == fast.block.intensity.map(\.bitPattern), "\(label)",
        sourceLocation: sourceLocation)
    #expect(reference.counts == fast.counts, "\(label)", sourceLocation: sourceLocation)
}
