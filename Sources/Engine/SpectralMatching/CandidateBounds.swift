import CMatchingKernels

/// Upper bounds of the entropy similarity of one query and library spectra.
///
/// Most candidates are far from the best: what a spectrum could reach if each of its peaks had the
/// heaviest query peak nearby is known for a tenth of the time that its score takes. Bounds are right to `slack`.
/// - Complexity: O(peaks) without branches, for peaks that follow one another in memory.
struct CandidateBounds: Sendable {
    static let slack = Double(kEntropyTotalError)
    /// Candidates in one pass, at most.
    static let most = 4096

    /// Weight of the heaviest query peak whose window touches a bin of m/z.
    private var bins: [Float] = []
    private var totals: [Float] = []
    private var positions: [UInt16] = []
    private var heap: [Float] = []

    /// Prepares for a query; `false` where its windows are too wide to help.
    mutating func begin(_ query: EntropyQuery) -> Bool {
        if bins.isEmpty { bins = [Float](repeating: 0, count: Int(kBoundBins)) }
        return query.withKernelQuery { mark_windows($0, &bins) } != 0
    }

    /// Forgets the query.
    mutating func end(_ query: EntropyQuery) { query.withKernelQuery { unmark_windows($0, &bins) } }

    /// Bounds consecutive spectra, at most `most`, by equal m/z. hot
    mutating func bound(_ prepared: PreparedPeaks, _ range: Range<Int>) {
        if totals.count < range.count { totals = [Float](repeating: 0, count: max(range.count, 256)) }
        bound_spectra(
            bins, prepared.mz.baseAddress, prepared.weight.baseAddress, prepared.offset.baseAddress! + range.lowerBound,
            range.count, 0, 0, &totals)
    }

    /// The bound of one spectrum. hot
    func bound(_ prepared: PreparedPeaks, _ number: Int, shift: Double, matching: PeakMatching) -> Double {
        var total: Float = 0
        bound_spectra(
            bins, prepared.mz.baseAddress, prepared.weight.baseAddress, prepared.offset.baseAddress! + number, 1,
            matching == .fragments ? 0 : shift, matching.kernelKind, &total)
        return Double(total)
    }

    /// The bound of spectrum `place` of these.
    func total(_ place: Int) -> Double { Double(totals[place]) }

    /// The places of the `wanted` largest bounds above zero.
    mutating func largest(_ wanted: Int, of count: Int, into found: inout [Reached]) {
        found.removeAll(keepingCapacity: true)
        if heap.count < wanted {
            heap = [Float](repeating: 0, count: wanted)
            positions = [UInt16](repeating: 0, count: wanted)
        }
        let number = largest_totals(totals, count, wanted, &positions, &heap)
        for place in 0..<number {
            found.append(Reached(spectrum: Int(positions[place]), total: Double(heap[place])))
        }
    }

    /// Leaves a spectrum out of what is left.
    mutating func exclude(_ place: Int) { totals[place] = -.infinity }
    func isLeft(_ place: Int) -> Bool { totals[place] >= 0 }
}
