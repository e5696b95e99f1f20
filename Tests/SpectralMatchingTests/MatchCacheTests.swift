import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// What was not used for longest goes first, and a cache changes no result.
@Suite("Cache of matches") struct MatchCacheTests {
    /// All entries in one list, the newest at its end.
    private struct SlowCache {
        let budget: Int
        var entries: [(key: Int, value: Int, bytes: Int)] = []

        init(budget: Int) { self.budget = budget }

        var hits = 0
        var misses = 0
        var evictions = 0
        var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }

        mutating func value(of key: Int) -> Int? {
            guard let place = entries.firstIndex(where: { $0.key == key }) else {
                misses += 1
                return nil
            }
            hits += 1
            let entry = entries.remove(at: place)
            entries.append(entry)
            return entry.value
        }

        mutating func insert(_ value: Int, _ key: Int, _ size: Int) {
            entries.removeAll { $0.key == key }
            guard size <= budget else { return }
            while bytes + size > budget {
                entries.removeFirst()
                evictions += 1
            }
            entries.append((key, value, size))
        }
    }

    @Test("does what a slow list does", arguments: [0, 1, 50, 400]) func likeSlowList(budget: Int) {
        let seed: UInt64 = 31
        var random = SeededGenerator(seed: seed)
        var cache = LRUCache<Int, Int>(budget: budget)
        var slow = SlowCache(budget: budget)
        for step in 0..<20_000 {
            let key = random.integer(below: 60)
            if random.uniform() < 0.5 {
                #expect(cache.value(of: key) == slow.value(of: key), "seed \(seed), step \(step)")
            } else {
                let size = random.integer(below: 30)
                cache.insert(step, for: key, bytes: size)
                slow.insert(step, key, size)
            }
            if cache.bytes != slow.bytes || cache.count != slow.entries.count {
                Issue.record("seed \(seed), step \(step)")
                return
            }
        }
        #expect(cache.hits == slow.hits && cache.misses == slow.misses && cache.evictions == slow.evictions)
        #expect(cache.bytes <= budget)
    }

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
