import Caching
import SpectrumModel

/// Everything that decides the matches of a query in one library: equal keys have equal results, whatever the files that the
/// spectra came from. Whole contents are compared, so no two queries can be taken for each other.
private struct MatchKey: Sendable, Hashable {
    let parameters: SearchParameters
    let polarity: Polarity
    /// Bits, so that an unknown precursor equals itself.
    let precursor: UInt64
    let window: [Double]
    /// As they were prepared.
    let peaks: PeakList

    init(_ query: PreparedQuery, _ spectrum: FragmentSpectrum, _ parameters: SearchParameters) {
        self.parameters = parameters
        polarity = spectrum.header.polarity
        precursor = query.spectrumPrecursor.bitPattern
        window = query.identity.below.isNaN ? [] : [query.identity.below, query.identity.above]
        peaks = query.cleaned
    }

    var byteCount: Int { MemoryLayout<Self>.size + 16 * peaks.count + 8 * window.count + 96 }
}

/// Matches of queries that were searched before, in one library and by one strategy; shared by all workers.
public final class MatchCache: Sendable {
    /// What a cache did, for `run.json`.
    public struct Counts: Sendable, Hashable, Codable {
        public var budgetBytes: Int
        public var usedBytes: Int
        public var queries: Int
        public var hits: Int
        public var misses: Int
        public var evictions: Int
    }

    private let held: LRUCache<MatchKey, [LibraryMatch]>

    /// - Parameter budget: bytes of keys and matches together.
    public init(budget: Int) { held = LRUCache(budget: budget) }

    public var counts: Counts {
        let counts = held.counts
        return Counts(
            budgetBytes: counts.budgetBytes, usedBytes: counts.usedBytes, queries: counts.values, hits: counts.hits,
            misses: counts.misses, evictions: counts.evictions)
    }

    /// Forgets everything; the budget stays.
    public func clear() { held.shrink(to: 0) }

    fileprivate func matches(of key: MatchKey) -> [LibraryMatch]? { held.value(of: key) }

    fileprivate func keep(_ matches: [LibraryMatch], of key: MatchKey) {
        let bytes = key.byteCount + matches.reduce(0) { $0 + $1.byteCount }
        held.insert(matches, for: key, bytes: bytes)
    }
}

extension LibraryMatch {
    /// Memory of a match and its texts, in bytes. Up to 15 bytes of text need no memory of their own.
    fileprivate var byteCount: Int {
        TextField.allCases.reduce(MemoryLayout<Self>.stride) { sum, field in
            let text = entry[keyPath: field.keyPath].utf8.count
            return sum + (text > 15 ? text + 32 : 0)
        }
    }
}

extension LibrarySearch {
    /// `search`, with the matches of queries that `cache` holds taken from there. The results are the same.
    public mutating func search(
        queries: [FragmentSpectrum], parameters: SearchParameters, cache: MatchCache?
    ) -> [[LibraryMatch]] {
        guard let cache else { return search(queries: queries, parameters: parameters) }
        let setup = SearchSetup(parameters, library: library)
        var results = [[LibraryMatch]](repeating: [], count: queries.count)
        var missing: [(number: Int, key: MatchKey)] = []
        for (number, spectrum) in queries.enumerated() {
            guard let query = PreparedQuery(spectrum, setup, library: library) else { continue }
            let key = MatchKey(query, spectrum, parameters)
            if let known = cache.matches(of: key) {
                results[number] = known
            } else {
                missing.append((number, key))
            }
        }
        guard !missing.isEmpty else { return results }
        let found = search(queries: missing.map { queries[$0.number] }, parameters: parameters)
        for ((number, key), matches) in zip(missing, found) {
            results[number] = matches
            cache.keep(matches, of: key)
        }
        return results
    }
}
