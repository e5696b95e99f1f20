/// A formula and ion within the tolerance of a feature.
struct FormulaHit: Sendable {
    var formula: Int
    /// Position among the ions of the polarity.
    var ion: Int
    var theoreticalMZ: Double
    var errorPPM: Double
    var massScore: Double
    var isotopeScore: Double?
    var score: Double
}

/// The best skeletons of a feature, kept while its formulas are found.
///
/// A formula's skeletons share everything but support by the library, so only those of the best formulas are ever looked
/// at: at most `limit` for each of at most `limit` formulas.
struct FormulaRanking: Sendable {
    struct Entry: Sendable {
        var hit: FormulaHit
        var skeleton: Int
        var isSupported: Bool
    }

    /// Best first, at most `limit`.
    private(set) var entries: [Entry] = []
    private var limit = 0

    mutating func start(limit: Int) {
        entries.removeAll(keepingCapacity: true)
        // The best is wanted even where none is listed: the grade comes from it.
        self.limit = max(limit, 1)
    }

    /// - Parameter supported: the first 14 letters of an InChIKey whose skeleton comes before all others; else empty.
    mutating func add(_ hit: FormulaHit, skeletons: Range<Int>, supported: [UInt8], table: CompoundTable) {
        var supportedSkeleton: Int?
        if supported.count == 14 {
            supportedSkeleton = skeletons.first {
                table.inchiKeyBlock(at: Int(table.skeletonRepresentative[$0])).elementsEqual(supported)
            }
            if let supportedSkeleton { insert(Entry(hit: hit, skeleton: supportedSkeleton, isSupported: true)) }
        }
        var added = 0
        for skeleton in skeletons where skeleton != supportedSkeleton {
            guard added < limit, insert(Entry(hit: hit, skeleton: skeleton, isSupported: false)) else { return }
            added += 1
        }
    }

    /// - Returns: whether it is among the best so far.
    @discardableResult
    private mutating func insert(_ entry: Entry) -> Bool {
        if entries.count == limit, let last = entries.last, !Self.precedes(entry, last) { return false }
        var place = entries.count
        while place > 0, Self.precedes(entry, entries[place - 1]) { place -= 1 }
        if entries.count == limit { entries.removeLast() }
        entries.insert(entry, at: place)
        return true
    }

    private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
        if a.isSupported != b.isSupported { return a.isSupported }
        if a.hit.score != b.hit.score { return a.hit.score > b.hit.score }
        if abs(a.hit.errorPPM) != abs(b.hit.errorPPM) { return abs(a.hit.errorPPM) < abs(b.hit.errorPPM) }
        if a.hit.ion != b.hit.ion { return a.hit.ion < b.hit.ion }
        // Skeletons of a formula come in their order in the table.
        return a.skeleton < b.skeleton
    }
}
