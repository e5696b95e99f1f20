import SpectrumModel

/// Equal steps of m/z or neutral loss with the place of the first posting of each; values beyond the ends count to the
/// outermost steps.
struct PostingSteps: Sendable {
    let origin: Float
    let count: Int
    static let width: Float = 0.25

    static let ions = PostingSteps(origin: 0, count: 4 * 4096)
    static let losses = PostingSteps(origin: -512, count: 4 * (4096 + 512))

    /// Never falls with `value`.
    @inline(__always) func step(of value: Float) -> Int {
        let place = (value - origin) * (1 / Self.width)
        return place >= Float(count - 1) ? count - 1 : place > 0 ? Int(place) : 0
    }
}

/// All peaks of the library in one order: by fragment m/z or by neutral loss, block by block.
///
/// `@unchecked Sendable`: constants that point into memory that the index or its library keeps.
struct PostingOrder: @unchecked Sendable {
    /// [p] m/z or neutral loss, rounded to single precision, ascending within a block.
    let position: UnsafeBufferPointer<Float>
    /// [p]
    let weight: UnsafeBufferPointer<Float>
    /// [p] number of the spectrum within its block.
    let spectrum: UnsafeBufferPointer<UInt16>
    /// [blocks * (steps + 1)] first posting of each step, from the start of the block.
    let start: UnsafeBufferPointer<UInt32>
    let steps: PostingSteps

    /// Postings of a block with `low <= position <= high`. Whatever a damaged file says, they lie inside `postings`.
    func range(block: Int, postings: Range<Int>, low: Float, high: Float) -> Range<Int> {
        let table = block * (steps.count + 1)
        let first = place(low, table: table, postings: postings) { $0 >= low }
        let end = place(high, table: table, postings: postings) { $0 > high }
        return first..<max(first, end)
    }

    /// The first posting in the step of `value` for which `predicate` holds, or the end of the step.
    @inline(__always)
    private func place(
        _ value: Float, table: Int, postings: Range<Int>, where predicate: (Float) -> Bool
    ) -> Int {
        let step = table + steps.step(of: value)
        var low = min(postings.lowerBound + Int(start[step]), postings.upperBound)
        var high = min(postings.lowerBound + Int(start[step + 1]), postings.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if predicate(position[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Peaks of each spectrum as they were prepared: [n + 1], [p], [p].
typealias PreparedPeaks = (
    offset: UnsafeBufferPointer<UInt32>, mz: UnsafeBufferPointer<Double>, weight: UnsafeBufferPointer<Float>
)

/// An index of all peaks of a library, prepared and weighted for one kind of score.
///
/// Spectra are taken in blocks of consecutive spectra of one polarity, so that their numbers fit 16 bits and the totals of
/// a search stay in the cache. 10 bytes for each peak by m/z, 10 by neutral loss, and for merged spectra 12 for the peaks
/// themselves.
///
/// `@unchecked Sendable`: constants that point into memory that `owner`, or the library's mapping, keeps.
final class FragmentIndex: @unchecked Sendable {
    let preparation: PeakPreparation
    /// [blocks + 1] first spectrum and first posting of each block.
    let blockSpectrum: UnsafeBufferPointer<UInt32>
    let blockPosting: UnsafeBufferPointer<UInt32>
    let ions: PostingOrder
    let losses: PostingOrder
    /// Where preparing is more than weighing.
    let prepared: PreparedPeaks?
    private let owner: AnyObject?

    /// Spectra in a block, at most.
    static let blockCapacity = 1 << 16

    init(
        preparation: PeakPreparation, blockSpectrum: UnsafeBufferPointer<UInt32>,
        blockPosting: UnsafeBufferPointer<UInt32>, ions: PostingOrder, losses: PostingOrder,
        prepared: PreparedPeaks?, owner: AnyObject?
    ) {
        self.preparation = preparation
        self.blockSpectrum = blockSpectrum
        self.blockPosting = blockPosting
        self.ions = ions
        self.losses = losses
        self.prepared = prepared
        self.owner = owner
    }

    var blockCount: Int { blockSpectrum.count - 1 }
    func spectra(of block: Int) -> Range<Int> { Int(blockSpectrum[block])..<Int(blockSpectrum[block + 1]) }
    func postings(of block: Int) -> Range<Int> { Int(blockPosting[block])..<Int(blockPosting[block + 1]) }

    /// Memory of all arrays, in bytes.
    var byteCount: Int {
        func bytes(_ order: PostingOrder) -> Int {
            10 * order.position.count + 4 * order.start.count
        }
        let peaks = prepared.map { 4 * $0.offset.count + 12 * $0.mz.count } ?? 0
        return bytes(ions) + bytes(losses) + peaks + 4 * (blockSpectrum.count + blockPosting.count)
    }
}

/// Section numbers of index `number` in a library file, from `base`. n spectra, p peaks, b blocks.
struct FragmentIndexSections {
    let base: UInt32
    static let most = 2

    init(number: Int) { base = 100 + 16 * UInt32(number) }

    /// [6] Double: `PeakPreparation.stored`.
    var preparation: UInt32 { base }
    /// [b + 1] UInt32 each.
    var blockSpectrum: UInt32 { base + 1 }
    var blockPosting: UInt32 { base + 2 }
    /// Position [p] Float, weight [p] Float, spectrum [p] UInt16, start [b * (steps + 1)] UInt32.
    var ions: UInt32 { base + 3 }
    var losses: UInt32 { base + 7 }
    /// Only where peaks are merged: [n + 1] UInt32, [p] Double, [p] Float.
    var prepared: UInt32 { base + 11 }
}

extension FragmentIndex {
    /// The index of these sections, in place, or `nil` when the file has none of this number.
    ///
    /// Checks what must hold for every later access to stay inside its array; the content of the postings is not read.
    /// - Throws: `LibraryFileError.corrupt`.
    static func open(
        _ file: SectionedFile, number: Int, spectra: Int, polarityStart: [Int]
    ) throws(LibraryFileError) -> FragmentIndex? {
        let sections = FragmentIndexSections(number: number)
        guard file.has(sections.preparation) else { return nil }
        guard let preparation = PeakPreparation(stored: try file.elements(sections.preparation, as: Double.self)) else {
            throw file.corrupt("the settings of an index are damaged")
        }
        let blockSpectrum = try file.elements(sections.blockSpectrum, as: UInt32.self)
        let blockPosting = try file.elements(sections.blockPosting, as: UInt32.self)
        let blocks = blockSpectrum.count - 1
        let ions = try order(file, sections.ions, .ions, blocks: blocks)
        let losses = try order(file, sections.losses, .losses, blocks: blocks)
        let peaks = ions.position.count
        guard blocks >= 0, blockPosting.count == blocks + 1, isAscending(blockSpectrum, from: 0, to: spectra),
            isAscending(blockPosting, from: 0, to: peaks), losses.position.count == peaks
        else { throw file.corrupt("the blocks of an index are damaged") }
        for block in 0..<blocks {
            let first = Int(blockSpectrum[block])
            let end = Int(blockSpectrum[block + 1])
            guard end - first <= blockCapacity, polarityStart.allSatisfy({ $0 <= first || $0 >= end }) else {
                throw file.corrupt("a block of an index is too large or mixes polarities")
            }
        }
        var prepared: PreparedPeaks?
        if case .entropy = preparation.weighting {
            let offset = try file.elements(sections.prepared, as: UInt32.self)
            let mz = try file.elements(sections.prepared + 1, as: Double.self)
            let weight = try file.elements(sections.prepared + 2, as: Float.self)
            guard offset.count == spectra + 1, mz.count == peaks, weight.count == peaks,
                isAscending(offset, from: 0, to: peaks)
            else { throw file.corrupt("the merged spectra of an index are damaged") }
            prepared = (offset, mz, weight)
        }
        return FragmentIndex(
            preparation: preparation, blockSpectrum: blockSpectrum, blockPosting: blockPosting, ions: ions,
            losses: losses, prepared: prepared, owner: nil)
    }

    private static func order(
        _ file: SectionedFile, _ section: UInt32, _ steps: PostingSteps, blocks: Int
    ) throws(LibraryFileError) -> PostingOrder {
        let order = PostingOrder(
            position: try file.elements(section, as: Float.self),
            weight: try file.elements(section + 1, as: Float.self),
            spectrum: try file.elements(section + 2, as: UInt16.self),
            start: try file.elements(section + 3, as: UInt32.self), steps: steps)
        guard order.weight.count == order.position.count, order.spectrum.count == order.position.count,
            order.start.count == blocks * (steps.count + 1)
        else { throw file.corrupt("the arrays of an index differ in length") }
        return order
    }
}
