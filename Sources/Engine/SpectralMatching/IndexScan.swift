import CMatchingKernels
import SpectrumModel

/// The windows of a query's peaks in an index, and what each peak can give at most.
struct ScanPlan: Sendable {
    struct Peak: Sendable {
        let weight: Float
        let share: Double
        /// Windows by m/z and by neutral loss; empty where they are not looked at.
        let ion: ClosedRange<Float>?
        let loss: ClosedRange<Float>?
    }

    let bound: ScoreBound
    let peaks: [Peak]
    /// What a total may be too small by: rounding to single precision, and the approximate logarithm.
    let slack: Double

    /// - Parameter precursor: of the query; not used without neutral losses.
    init(_ query: PeakList, bound: ScoreBound, matching: PeakMatching, precursor: Double, tolerance: Tolerance) {
        self.bound = bound
        slack = bound == .entropy ? Double(kEntropyTotalError) : 1e-6 + 2e-7 * Double(query.count)
        peaks = (0..<query.count).map { index in
            let mz = query.mz[index]
            let half = tolerance.halfWidth(at: mz)
            let weight = query.intensity[index]
            return Peak(
                weight: Float(weight), share: bound.share(weight),
                ion: matching.usesFragments ? Self.window(mz, half) : nil,
                loss: matching.usesLosses ? Self.window(precursor - mz, half) : nil)
        }
    }

    /// Wider than the tolerance by what single precision rounds away: a total never lacks a pair that matches.
    private static func window(_ center: Double, _ half: Double) -> ClosedRange<Float> {
        let margin = 2.4e-7 * (abs(center) + half) + 1e-6
        return Float(center - half - margin)...Float(center + half + margin)
    }
}

/// A spectrum of a block with its total.
struct Reached: Sendable {
    let spectrum: Int
    var total: Double
}

/// Spectra by falling total, of which few are looked at: a heap.
struct ReachedQueue {
    private var heap: [Reached]

    /// Takes the memory of `reached`. O(n).
    init(_ reached: [Reached]) {
        heap = reached
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
    }

    mutating func next() -> Reached? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink(0)
        }
        return first
    }

    private mutating func sink(_ start: Int) {
        let moving = heap[start]
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].total > heap[child].total { child += 1 }
            guard heap[child].total > moving.total else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = moving
    }
}

/// Totals of one query over the spectra of one block: upper bounds of the scores by the peaks scanned so far.
///
/// Peaks are scanned in the order that settles most for the fewest postings. Once what is left cannot lift a spectrum over
/// the threshold by itself, spectra that have been reached with too little, or not at all, are out, and the long lists of
/// common fragments need not be read ("maximum score" pruning; Turtle and Flood 1995, doi:10.1016/0306-4573(95)00020-H).
/// What passes must be scored exactly by the caller.
struct IndexScan: Sendable {
    private struct List: Sendable {
        var peak: Int
        var ions: Range<Int>
        var losses: Range<Int>
        var cost: Double
    }

    private var totals = [Float](repeating: 0, count: FragmentIndex.blockCapacity)
    private var positions = [UInt16](repeating: 0, count: FragmentIndex.blockCapacity)
    private var lists: [List] = []
    private var next = 0
    private var shareLeft = 0.0
    private var heap: [Float] = []
    /// Postings read since this value was made.
    private(set) var postingsRead = 0
    /// Most that the peaks not yet scanned can add.
    private(set) var rest = 0.0

    /// Finds the postings of the query's peaks in a block.
    mutating func begin(_ plan: ScanPlan, _ index: FragmentIndex, block: Int) {
        let postings = index.postings(of: block)
        lists.removeAll(keepingCapacity: true)
        shareLeft = 0
        for (number, peak) in plan.peaks.enumerated() {
            func postingsIn(_ order: PostingOrder, _ window: ClosedRange<Float>?) -> Range<Int> {
                guard let window else { return 0..<0 }
                return order.range(block: block, postings: postings, low: window.lowerBound, high: window.upperBound)
            }
            let ions = postingsIn(index.ions, peak.ion)
            let losses = postingsIn(index.losses, peak.loss)
            // A peak that nothing matches gives nothing.
            guard !ions.isEmpty || !losses.isEmpty else { continue }
            let cost = Double(ions.count + losses.count + 16) / peak.share
            lists.append(List(peak: number, ions: ions, losses: losses, cost: cost))
            shareLeft += peak.share
        }
        lists.sort { ($0.cost, $0.peak) < ($1.cost, $1.peak) }
        next = 0
        rest = lists.isEmpty ? 0 : plan.bound.most(shareLeft)
    }

    var isFinished: Bool { next == lists.count }
    /// Postings of the peaks that are not scanned yet.
    var postingsLeft: Int { lists[next...].reduce(0) { $0 + $1.ions.count + $1.losses.count } }

    /// Scans peaks until those that are left can give no more than `most`. hot
    mutating func scan(_ plan: ScanPlan, _ index: FragmentIndex, until most: Double) {
        totals.withUnsafeMutableBufferPointer { totals in
            while next < lists.count, rest > most {
                let list = lists[next]
                let peak = plan.peaks[list.peak]
                for (order, range) in [(index.ions, list.ions), (index.losses, list.losses)] where !range.isEmpty {
                    let weights = order.weight.baseAddress! + range.lowerBound
                    let spectra = order.spectrum.baseAddress! + range.lowerBound
                    switch plan.bound {
                    case .entropy: add_entropy(peak.weight, weights, spectra, range.count, totals.baseAddress)
                    case .product, .productAndRatios:
                        add_product(peak.weight, weights, spectra, range.count, totals.baseAddress)
                    }
                    postingsRead += range.count
                }
                // Rounding may leave less than nothing.
                shareLeft = max(shareLeft - peak.share, 0)
                next += 1
                rest = next == lists.count ? 0 : plan.bound.most(shareLeft)
            }
        }
    }

    /// The spectra of the block in `spectra` with the `wanted` largest totals.
    mutating func largest(_ wanted: Int, in spectra: Range<Int>, into found: inout [Reached]) {
        found.removeAll(keepingCapacity: true)
        if heap.count < wanted { heap = [Float](repeating: 0, count: wanted) }
        let count = totals.withUnsafeBufferPointer { totals in
            largest_totals(totals.baseAddress! + spectra.lowerBound, spectra.count, wanted, &positions, &heap)
        }
        for place in 0..<count {
            found.append(Reached(spectrum: Int(positions[place]) + spectra.lowerBound, total: Double(heap[place])))
        }
    }

    /// Leaves a spectrum out of what is reached from now on.
    mutating func exclude(_ spectrum: Int) { totals[spectrum] = -.infinity }

    /// Spectra of the block in `spectra` whose total is at least `least` and above zero.
    mutating func reached(_ least: Double, in spectra: Range<Int>, into found: inout [Reached]) {
        found.removeAll(keepingCapacity: true)
        let least = max(Float(least).nextDown, Float.leastNormalMagnitude)
        totals.withUnsafeBufferPointer { totals in
            let count = positions.withUnsafeMutableBufferPointer {
                collect_at_least(totals.baseAddress! + spectra.lowerBound, spectra.count, least, $0.baseAddress)
            }
            for place in 0..<count {
                let spectrum = Int(positions[place]) + spectra.lowerBound
                found.append(Reached(spectrum: spectrum, total: Double(totals[spectrum])))
            }
        }
    }

    /// Forgets all totals.
    mutating func end(_ index: FragmentIndex, block: Int) {
        guard next > 0 else { return }
        let scanned = lists[..<next].reduce(0) { $0 + $1.ions.count + $1.losses.count }
        let spectra = index.spectra(of: block).count
        totals.withUnsafeMutableBufferPointer { totals in
            if scanned < spectra / 32 {
                for list in lists[..<next] {
                    for posting in list.ions { totals[Int(index.ions.spectrum[posting])] = 0 }
                    for posting in list.losses { totals[Int(index.losses.spectrum[posting])] = 0 }
                }
            } else {
                // What a damaged file reached beyond the block stays; at worst a later spectrum is scored for nothing.
                UnsafeMutableBufferPointer(rebasing: totals[..<spectra]).update(repeating: 0)
            }
        }
    }
}
