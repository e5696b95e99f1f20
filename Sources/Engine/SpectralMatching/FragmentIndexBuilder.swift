import SpectrumModel

/// Spectra of a library in its order, as an index is built from them.
struct IndexedSpectra {
    let precursorMZ: UnsafeBufferPointer<Double>
    /// Where the spectra of each polarity start, and their number.
    let polarityStart: [Int]
    let peakOffset: UnsafeBufferPointer<UInt32>
    let peakMZ: UnsafeBufferPointer<Double>
    let peakIntensity: UnsafeBufferPointer<Float>
    let peakEntropyWeight: UnsafeBufferPointer<Float>
    /// Noise fraction of the library's own cleaning.
    let noiseFraction: Double
    /// The file that all of it lies in where its pages shall not stay in memory.
    var transient: MappedFile?
}

/// Where the postings of an index go, in their order.
protocol PostingOutput {
    mutating func append(_ position: Float, _ weight: Float, _ spectrum: UInt16)
    /// The first posting of each step of the block that is complete.
    mutating func endBlock(starts: UnsafeBufferPointer<UInt32>)
}

/// Builds a `FragmentIndex`, in memory or into a file.
///
/// - Complexity: O(p) for p peaks: every spectrum is prepared once, and each block is sorted by radix in either order. In
///   memory are 12 bytes for each peak and 18 for each of the largest block.
/// - Determinism: at equal positions postings are in the order of the spectra and their peaks.
struct FragmentIndexBuilder {
    let spectra: IndexedSpectra
    let preparation: PeakPreparation
    /// Of the prepared peaks: [n + 1], and [p] with room for all peaks of the library.
    let offsets: FlatArray<UInt32>
    let masses: FlatArray<Double>
    let weights: FlatArray<Float>
    private(set) var peakCount = 0
    private(set) var blockSpectrum: [UInt32] = [0]
    private(set) var blockPosting: [UInt32] = []
    var blockCount: Int { blockSpectrum.count - 1 }

    /// Peaks after which pages that were read are given back.
    private static let peaksBetweenReleases = 1 << 16

    /// Bytes that building takes, at most.
    /// - Parameter peaksOfBlock: of the block with the most.
    static func byteCount(spectra: Int, peaks: Int, peaksOfBlock: Int) -> Int {
        4 * spectra + 12 * peaks + 18 * peaksOfBlock + peaksBetweenReleases * 16
    }

    /// First spectrum of each block, and the number of spectra.
    static func blocks(polarityStart: [Int]) -> [UInt32] {
        var blocks: [UInt32] = [0]
        for (start, end) in zip(polarityStart, polarityStart.dropFirst()) {
            for first in stride(from: start, to: end, by: FragmentIndex.blockCapacity) {
                blocks.append(UInt32(min(first + FragmentIndex.blockCapacity, end)))
            }
        }
        return blocks
    }

    init(_ spectra: IndexedSpectra, preparation: PeakPreparation) {
        self.spectra = spectra
        self.preparation = preparation
        offsets = FlatArray(count: spectra.precursorMZ.count + 1)
        masses = FlatArray(count: spectra.peakMZ.count)
        weights = FlatArray(count: spectra.peakMZ.count)
        prepare()
        blockSpectrum = Self.blocks(polarityStart: spectra.polarityStart)
        blockPosting = blockSpectrum.map { offsets.buffer[Int($0)] }
    }

    private mutating func prepare() {
        let (offset, mz, weight) = (offsets.buffer, masses.buffer, weights.buffer)
        var peaks = PeakList()
        var released = 0
        offset[0] = 0
        for index in 0..<spectra.precursorMZ.count {
            let range = Int(spectra.peakOffset[index])..<Int(spectra.peakOffset[index + 1])
            preparation.load(
                mz: UnsafeBufferPointer(rebasing: spectra.peakMZ[range]),
                intensity: UnsafeBufferPointer(rebasing: spectra.peakIntensity[range]),
                entropyWeight: UnsafeBufferPointer(rebasing: spectra.peakEntropyWeight[range]),
                precursor: spectra.precursorMZ[index], libraryNoise: spectra.noiseFraction, into: &peaks)
            // Preparing only removes and merges: there is room.
            for peak in 0..<peaks.count {
                mz[peakCount + peak] = peaks.mz[peak]
                weight[peakCount + peak] = Float(peaks.intensity[peak])
            }
            peakCount += peaks.count
            offset[index + 1] = UInt32(peakCount)
            if let file = spectra.transient, range.upperBound - released >= Self.peaksBetweenReleases {
                file.releasePages()
                released = range.upperBound
            }
        }
        spectra.transient?.releasePages()
    }

    /// The prepared peaks, which only an index of merged spectra keeps.
    var prepared: PreparedPeaks? {
        guard case .entropy = preparation.weighting else { return nil }
        return (
            offsets.elements, UnsafeBufferPointer(rebasing: masses.elements[..<peakCount]),
            UnsafeBufferPointer(rebasing: weights.elements[..<peakCount])
        )
    }

    /// Memory for sorting, taken once for all blocks and both orders.
    struct Workspace {
        fileprivate var sorter: RadixSorter
        /// Spectra of the postings of a block in the order in which they come, before they are sorted.
        fileprivate let owners: FlatArray<UInt16>
        fileprivate let starts = FlatArray<UInt32>(count: max(PostingSteps.ions.count, PostingSteps.losses.count) + 1)

        init(_ builder: FragmentIndexBuilder) {
            let largest = zip(builder.blockPosting, builder.blockPosting.dropFirst()).map { Int($1 - $0) }.max() ?? 0
            sorter = RadixSorter(capacity: largest)
            owners = FlatArray(count: largest)
        }
    }

    /// All peaks by m/z, or with `moved` by neutral loss. hot
    func order<Output: PostingOutput>(
        _ steps: PostingSteps, moved: Bool, _ workspace: inout Workspace, into output: inout Output
    ) {
        let (offset, mz, weight) = (offsets.buffer, masses.buffer, weights.buffer)
        let (owners, starts) = (workspace.owners.buffer, workspace.starts.buffer)
        for block in 0..<blockCount {
            let numbers = Int(blockSpectrum[block])..<Int(blockSpectrum[block + 1])
            let base = Int(offset[numbers.lowerBound])
            let length = Int(offset[numbers.upperBound]) - base
            workspace.sorter.removeAll()
            for number in numbers {
                let precursor = spectra.precursorMZ[number]
                for peak in Int(offset[number])..<Int(offset[number + 1]) {
                    owners[peak - base] = UInt16(truncatingIfNeeded: number - numbers.lowerBound)
                    workspace.sorter.append(Float(moved ? precursor - mz[peak] : mz[peak]))
                }
            }
            var nextStep = 0
            workspace.sorter.sort { place, value, source in
                output.append(value, weight[base + source], owners[source])
                let step = steps.step(of: value)
                while nextStep <= step {
                    starts[nextStep] = UInt32(place)
                    nextStep += 1
                }
            }
            while nextStep <= steps.count {
                starts[nextStep] = UInt32(length)
                nextStep += 1
            }
            output.endBlock(starts: UnsafeBufferPointer(rebasing: starts[...steps.count]))
        }
        withExtendedLifetime((self, workspace)) {}
    }
}
