import SpectrumModel

/// Memory of one flat array, freed with its owner.
final class FlatArray<Element: BitwiseCopyable> {
    private(set) var buffer: UnsafeMutableBufferPointer<Element>

    init(count: Int) { buffer = .allocate(capacity: count) }
    deinit { buffer.deallocate() }

    var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(buffer) }
}

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
}

/// Builds a `FragmentIndex` in memory.
///
/// - Complexity: O(p) for p peaks: every spectrum is prepared once, and each block is sorted by radix in either order.
/// - Determinism: at equal positions postings are in the order of the spectra and their peaks.
struct FragmentIndexBuilder {
    private final class Owner {
        var arrays: [AnyObject] = []
    }

    private let spectra: IndexedSpectra
    private let preparation: PeakPreparation
    private let owner = Owner()
    /// Of the prepared peaks: [n + 1], and [p] with room for all peaks of the library.
    private let offsets: FlatArray<UInt32>
    private let masses: FlatArray<Double>
    private let weights: FlatArray<Float>
    private var peakCount = 0
    private var offset: UnsafeMutableBufferPointer<UInt32> { offsets.buffer }
    private var mz: UnsafeMutableBufferPointer<Double> { masses.buffer }
    private var weight: UnsafeMutableBufferPointer<Float> { weights.buffer }

    static func build(_ spectra: IndexedSpectra, preparation: PeakPreparation) -> FragmentIndex {
        var builder = FragmentIndexBuilder(spectra: spectra, preparation: preparation)
        builder.prepare()
        return builder.finish()
    }

    private init(spectra: IndexedSpectra, preparation: PeakPreparation) {
        self.spectra = spectra
        self.preparation = preparation
        offsets = FlatArray(count: spectra.precursorMZ.count + 1)
        masses = FlatArray(count: spectra.peakMZ.count)
        weights = FlatArray(count: spectra.peakMZ.count)
    }

    private mutating func prepare() {
        var peaks = PeakList()
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
        }
    }

    private func keep<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        let array = FlatArray<Element>(count: elements.count)
        _ = array.buffer.update(fromContentsOf: elements)
        owner.arrays.append(array)
        return array.elements
    }

    private func array<Element: BitwiseCopyable>(
        _ type: Element.Type, _ count: Int
    ) -> UnsafeMutableBufferPointer<Element> {
        let array = FlatArray<Element>(count: count)
        owner.arrays.append(array)
        return array.buffer
    }

    private func finish() -> FragmentIndex {
        var blockSpectrum: [UInt32] = [0]
        for (start, end) in zip(spectra.polarityStart, spectra.polarityStart.dropFirst()) {
            for first in stride(from: start, to: end, by: FragmentIndex.blockCapacity) {
                blockSpectrum.append(UInt32(min(first + FragmentIndex.blockCapacity, end)))
            }
        }
        let blockPosting = blockSpectrum.map { offset[Int($0)] }
        var prepared: PreparedPeaks?
        if case .entropy = preparation.weighting {
            owner.arrays += [offsets, masses, weights] as [AnyObject]
            prepared = (
                offsets.elements, UnsafeBufferPointer(rebasing: masses.elements[..<peakCount]),
                UnsafeBufferPointer(rebasing: weights.elements[..<peakCount])
            )
        }
        return FragmentIndex(
            preparation: preparation, blockSpectrum: keep(blockSpectrum), blockPosting: keep(blockPosting),
            ions: order(blockSpectrum, .ions, moved: false), losses: order(blockSpectrum, .losses, moved: true),
            prepared: prepared, owner: owner)
    }

    /// All peaks by m/z, or with `moved` by neutral loss. hot
    private func order(_ blockSpectrum: [UInt32], _ steps: PostingSteps, moved: Bool) -> PostingOrder {
        let position = array(Float.self, peakCount)
        let weights = array(Float.self, peakCount)
        let spectrum = array(UInt16.self, peakCount)
        let start = array(UInt32.self, (blockSpectrum.count - 1) * (steps.count + 1))
        let (offset, mz, weight) = (offset, mz, weight)
        var sorter = RadixSorter(capacity: peakCount)
        // Spectra of the postings of a block in the order in which they come, before they are sorted.
        let unsorted = FlatArray<UInt16>(count: peakCount)
        defer { withExtendedLifetime((unsorted, self)) {} }
        let owners = unsorted.buffer
        for block in 0..<(blockSpectrum.count - 1) {
            let numbers = Int(blockSpectrum[block])..<Int(blockSpectrum[block + 1])
            let base = Int(offset[numbers.lowerBound])
            let length = Int(offset[numbers.upperBound]) - base
            sorter.removeAll()
            for number in numbers {
                let precursor = spectra.precursorMZ[number]
                for peak in Int(offset[number])..<Int(offset[number + 1]) {
                    owners[peak - base] = UInt16(truncatingIfNeeded: number - numbers.lowerBound)
                    sorter.append(Float(moved ? precursor - mz[peak] : mz[peak]))
                }
            }
            sorter.sort { place, value, source in
                position[base + place] = value
                weights[base + place] = weight[base + source]
                spectrum[base + place] = owners[source]
            }
            let table = block * (steps.count + 1)
            var posting = 0
            for step in 0...steps.count {
                while posting < length, steps.step(of: position[base + posting]) < step { posting += 1 }
                start[table + step] = UInt32(step == steps.count ? length : posting)
            }
        }
        return PostingOrder(
            position: UnsafeBufferPointer(position), weight: UnsafeBufferPointer(weights),
            spectrum: UnsafeBufferPointer(spectrum), start: UnsafeBufferPointer(start), steps: steps)
    }
}
