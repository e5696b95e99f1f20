import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// What was not used for longest goes first, and a cache changes no result.
@Suite("Cache of matches") struct MatchCacheTests {
    @Test("matches are the same with and without") func sameMatches() throws {
        let folder = try TemporaryDirectory()
        let seed: UInt64 = 12
        var random = SeededGenerator(seed: seed)
        let source = RandomLibrary(count: 600, seed: seed)
        let library = try source.write(to: folder.file("library.lvsl"))
        var parameters = SearchParameters()
        parameters.search = .open
        parameters.minimumScore = 0.3
        let once = (0..<40).map { _ in source.query(&random) }
        let nothing = source.query(mz: [], intensity: [], precursor: 200, polarity: .positive)
        let nameless = source.query(mz: once[0].mz, intensity: once[0].intensity, precursor: .nan, polarity: .positive)
        let queries = once + [nothing, nameless] + once.reversed() + [nameless]
        var plain = LibrarySearch(library: library)
        let expected = plain.search(queries: queries, parameters: parameters)
        #expect(expected.contains { !$0.isEmpty })
        // As text: an unknown precursor has no error, and no number equals that.
        let expectedTexts = expected.map { $0.map { "\($0)" } }
        for budget in [1 << 24, 20_000, 100] {
            let cache = MatchCache(budget: budget)
            var search = LibrarySearch(library: library)
            var found: [[LibraryMatch]] = []
            for first in stride(from: 0, to: queries.count, by: 7) {
                let part = Array(queries[first..<min(first + 7, queries.count)])
                found += search.search(queries: part, parameters: parameters, cache: cache)
            }
            let isSame = found.map { $0.map { "\($0)" } } == expectedTexts
            #expect(isSame, "seed \(seed), budget \(budget)")
            let counts = cache.counts
            #expect(counts.hits + counts.misses == queries.count - 1 && counts.usedBytes <= budget)
            if budget == 1 << 24 { #expect(counts.hits == 41 && counts.queries == 41 && counts.evictions == 0) }
            if budget == 20_000 { #expect(counts.evictions > 0) }
            if budget == 100 { #expect(counts.hits == 0 && counts.queries == 0) }
        }
    }

    @Test("other parameters, precursors, polarities or peaks are other queries") func keys() throws {
        let folder = try TemporaryDirectory()
        let source = RandomLibrary(count: 50, seed: 3)
        let library = try source.write(to: folder.file("library.lvsl"))
        let cache = MatchCache(budget: 1 << 20)
        var search = LibrarySearch(library: library)
        func query(_ mz: Double = 66, precursor: Double = 160, polarity: Polarity = .positive) -> FragmentSpectrum {
            source.query(mz: [58, mz, 74], intensity: [1, 2, 3], precursor: precursor, polarity: polarity)
        }
        var parameters = SearchParameters()
        parameters.minimumScore = 0.1
        var other = parameters
        other.top = 1
        let searches: [(FragmentSpectrum, SearchParameters)] = [
            (query(), parameters), (query(), other), (query(66.01), parameters), (query(precursor: 161), parameters),
            (query(polarity: .negative), parameters),
        ]
        for (spectrum, parameters) in searches {
            _ = search.search(queries: [spectrum], parameters: parameters, cache: cache)
        }
        #expect(cache.counts.misses == searches.count && cache.counts.hits == 0)
        _ = search.search(queries: [query()], parameters: parameters, cache: cache)
        #expect(cache.counts.hits == 1)
    }
}
