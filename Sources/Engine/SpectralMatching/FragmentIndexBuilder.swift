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
    private var offset: [UInt32] = [0]
    private var mz: [Double] = []
    private var weight: [Float] = []

    static func build(_ spectra: IndexedSpectra, preparation: PeakPreparation) -> FragmentIndex {
        var builder = FragmentIndexBuilder(spectra: spectra, preparation: preparation)
        builder.prepare()
        return builder.finish()
    }

    private init(spectra: IndexedSpectra, preparation: PeakPreparation) {
        self.spectra = spectra
        self.preparation = preparation
    }

    private mutating func prepare() {
        let count = spectra.precursorMZ.count
        offset.reserveCapacity(count + 1)
        mz.reserveCapacity(spectra.peakMZ.count)
        weight.reserveCapacity(spectra.peakMZ.count)
        var peaks = PeakList()
        for index in 0..<count {
            let range = Int(spectra.peakOffset[index])..<Int(spectra.peakOffset[index + 1])
            preparation.load(
                mz: UnsafeBufferPointer(rebasing: spectra.peakMZ[range]),
                intensity: UnsafeBufferPointer(rebasing: spectra.peakIntensity[range]),
                entropyWeight: UnsafeBufferPointer(rebasing: spectra.peakEntropyWeight[range]),
                precursor: spectra.precursorMZ[index], libraryNoise: spectra.noiseFraction, into: &peaks)
            for peak in 0..<peaks.count {
                mz.append(peaks.mz[peak])
                weight.append(Float(peaks.intensity[peak]))
            }
            offset.append(UInt32(mz.count))
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
        let isMerged = if case .entropy = preparation.weighting { true } else { false }
        return FragmentIndex(
            preparation: preparation, blockSpectrum: keep(blockSpectrum), blockPosting: keep(blockPosting),
            ions: order(blockSpectrum, .ions, moved: false), losses: order(blockSpectrum, .losses, moved: true),
            prepared: isMerged ? (keep(offset), keep(mz), keep(weight)) : nil, owner: owner)
    }

    /// All peaks by m/z, or with `moved` by neutral loss.
    private func order(_ blockSpectrum: [UInt32], _ steps: PostingSteps, moved: Bool) -> PostingOrder {
        let position = array(Float.self, mz.count)
        let weights = array(Float.self, mz.count)
        let spectrum = array(UInt16.self, mz.count)
        let start = array(UInt32.self, (blockSpectrum.count - 1) * (steps.count + 1))
        var sorter = RadixSorter(capacity: mz.count)
        for block in 0..<(blockSpectrum.count - 1) {
            let numbers = Int(blockSpectrum[block])..<Int(blockSpectrum[block + 1])
            let base = Int(offset[numbers.lowerBound])
            let length = Int(offset[numbers.upperBound]) - base
            // Spectra of postings in the order in which they come, before they are sorted.
            var owners = [UInt16](repeating: 0, count: length)
            sorter.removeAll()
            for number in numbers {
                let precursor = spectra.precursorMZ[number]
                for peak in Int(offset[number])..<Int(offset[number + 1]) {
                    owners[peak - base] = UInt16(number - numbers.lowerBound)
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

/// Sorts numbers in single precision, and says where each came from; equal ones stay in their order.
struct RadixSorter {
    /// Upper half: bits of the value, so that they compare as the values do. Lower half: where it came from.
    private var keys: [UInt64] = []
    private var spare: [UInt64] = []

    init(capacity: Int) { keys.reserveCapacity(capacity) }

    mutating func removeAll() { keys.removeAll(keepingCapacity: true) }

    @inline(__always) mutating func append(_ value: Float) {
        let bits = value.bitPattern
        let ordered = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
        keys.append(UInt64(ordered) << 32 | UInt64(truncatingIfNeeded: keys.count))
    }

    /// - Parameter body: place, value, place before sorting; by ascending value.
    mutating func sort(_ body: (Int, Float, Int) -> Void) {
        let count = keys.count
        if spare.count < count { spare = [UInt64](repeating: 0, count: count) }
        var places = [Int](repeating: 0, count: 3 * Self.digits)
        keys.withUnsafeMutableBufferPointer { keys in
            spare.withUnsafeMutableBufferPointer { spare in
                places.withUnsafeMutableBufferPointer { places in
                    let spare = UnsafeMutableBufferPointer(rebasing: spare[..<count])
                    for key in keys {
                        for pass in 0..<3 { places[pass * Self.digits + Self.digit(key, pass)] += 1 }
                    }
                    for pass in 0..<3 {
                        var next = 0
                        for digit in (pass * Self.digits)..<((pass + 1) * Self.digits) {
                            (places[digit], next) = (next, next + places[digit])
                        }
                        let (from, to) = pass == 1 ? (spare, keys) : (keys, spare)
                        for key in from {
                            let digit = pass * Self.digits + Self.digit(key, pass)
                            to[places[digit]] = key
                            places[digit] += 1
                        }
                    }
                    for place in 0..<count {
                        let ordered = UInt32(truncatingIfNeeded: spare[place] >> 32)
                        let bits = ordered & 0x8000_0000 != 0 ? ordered & 0x7FFF_FFFF : ~ordered
                        body(place, Float(bitPattern: bits), Int(spare[place] & 0xFFFF_FFFF))
                    }
                }
            }
        }
    }

    private static let digits = 2048

    /// Eleven bits of the value in each of three passes, the lowest first.
    @inline(__always) private static func digit(_ key: UInt64, _ pass: Int) -> Int {
        Int(key >> UInt64(32 + 11 * pass) & 2047)
    }
}
