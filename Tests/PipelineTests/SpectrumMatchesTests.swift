import SpectralMatching
import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import Pipeline

/// Matches without texts are those that the search gave.
@Suite struct SpectrumMatchesTests {
    /// Of the bundled library, in lists of several lengths.
    private func found(_ library: SpectralLibrary, seed: UInt64, spectra: Int) -> [[LibraryMatch]] {
        var random = SeededGenerator(seed: seed)
        return (0..<spectra).map { _ in
            (0..<random.integer(below: 5)).map { _ in
                let index = random.integer(below: min(library.count, 400))
                return LibraryMatch(
                    kind: random.integer(below: 2) == 0 ? .identity : .analog,
                    score: Double(random.integer(below: 20)) / 20, measure: .cosine,
                    matchedPeaks: random.integer(below: 4), spectralEntropy: random.uniform(),
                    modifiedCosine: random.uniform(), precursorErrorDalton: random.uniform(),
                    precursorErrorPPM: random.uniform(), libraryIndex: index, entry: library.entry(at: index),
                    otherSpectraOfCompound: random.integer(below: 9))
            }
        }
    }

    private func library() throws -> SpectralLibrary {
        let data = try ReferenceData.open(
            .bundled(EngineRun.locations), cache: EngineRun.locations.cache, wantsLibrary: true, wantsCompounds: false,
            wantsDecoys: false, note: { _ in })
        return try #require(data.library)
    }

    @Test func whatWasFoundComesBack() throws {
        let library = try library()
        let lists = found(library, seed: 1, spectra: 200)
        var matches = SpectrumMatches(Array(lists[..<70]))
        matches.append(SpectrumMatches(Array(lists[70..<71])))
        matches.append(SpectrumMatches(count: 0))
        matches.append(SpectrumMatches(Array(lists[71...])))
        #expect(matches.count == 200)
        for (spectrum, list) in lists.enumerated() {
            #expect(matches[spectrum].map { $0.whole(library) } == list)
        }
        #expect(matches.bestScores == lists.map { $0.first?.score })
        let kept = matches.keeping { $0 % 3 != 0 }
        #expect(kept.count == 200)
        for (spectrum, list) in lists.enumerated() {
            #expect(kept[spectrum].map { $0.whole(library) } == (spectrum % 3 == 0 ? [] : list))
        }
        #expect(SpectrumMatches(count: 3).bestScores == [nil, nil, nil])
    }

    /// By another way: all sorted, and of each molecule the first by its text.
    @Test func theBestOfAFeatureIsOnePerCompound() throws {
        let library = try library()
        let lists = found(library, seed: 2, spectra: 60)
        let matches = SpectrumMatches(lists)
        let qValues = lists.indices.map { lists[$0].isEmpty ? nil : Double($0) }
        for fragments in [[Int32](0..<60), [3, 4, 5], [7], []] {
            var all = fragments.flatMap { fragment in
                lists[Int(fragment)].enumerated().map { (match: $1, fragment: Int(fragment), rank: $0) }
            }
            all.sort {
                (-$0.match.score, -$0.match.matchedPeaks, $0.match.libraryIndex, $0.fragment)
                    < (-$1.match.score, -$1.match.matchedPeaks, $1.match.libraryIndex, $1.fragment)
            }
            var seen: Set<String> = []
            let expected = all.filter { seen.insert($0.match.molecule).inserted }.prefix(6)
            let best = FeatureMatch.best(
                fragments: fragments[...], matches: matches, qValues: qValues, top: 6, library: library)
            #expect(best.map(\.match) == expected.map(\.match) && best.map(\.fragment) == expected.map(\.fragment))
            #expect(best.map(\.qValue) == expected.map { $0.rank == 0 ? qValues[$0.fragment] : nil })
        }
    }
}
