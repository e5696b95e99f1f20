import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// The approximate index is used where its measured recall is high enough, and nowhere else.
@Suite("Choice of the search") struct SearchCalibrationTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func plan(
        _ library: SpectralLibrary, _ strategy: SearchStrategy, _ search: SearchType = .open,
        useCase: SearchUseCase = .balanced, threshold: Double = 0.95, speed: Double = 0.8,
        unit: SearchCalibration.Unit = .spectra
    ) -> (plan: SearchPlan, forest: ForestSearch?) {
        var parameters = SearchParameters()
        parameters.search = search
        var settings = ApproximationSettings()
        settings.strategy = strategy
        settings.useCase = useCase
        settings.accuracyThreshold = threshold
        settings.speedPriority = speed
        return SearchCalibration.plan(library: library, parameters: parameters, settings: settings, unit: unit)
    }

    private func bundled(every: Int) throws -> SpectralLibrary {
        var reader = try MSPReader(path: bundledLibrary ?? "")
        var builder = SpectralLibraryBuilder()
        var number = 0
        while let spectrum = try reader.next() {
            // Neighbours stay together: they are spectra of one compound.
            if number / 64 % every == 0 { builder.add(spectrum) }
            number += 1
        }
        try builder.write(to: folder.file("bundled.lvsl"), sourceHash: "", sourceName: "")
        return try SpectralLibrary.open(folder.file("bundled.lvsl"))
    }

    @Test("the recall that was measured holds for other queries", .enabled(if: bundledLibrary != nil))
    func recall() throws {
        let library = try bundled(every: 4)
        for (unit, useCase) in [
            (SearchCalibration.Unit.spectra, SearchUseCase.balanced), (.compounds, .balanced),
            (.spectra, .highAccuracy),
        ] {
            let (plan, found) = plan(library, .approximate, useCase: useCase, unit: unit)
            let forest = try #require(found, "\(plan)")
            #expect(plan.used == .approximate && plan.recallOfAll ?? 0 >= 0.95 && plan.sampleHits ?? 0 >= 50)
            let seed: UInt64 = 2_026
            var random = SeededGenerator(seed: seed)
            var parameters = SearchParameters()
            parameters.search = .open
            parameters.top += 1
            let sources = (0..<400).map { _ in random.integer(below: library.count) }
            let queries = sources.map { SearchCalibration.disturbed($0, of: library, parameters, &random) }
            func hits(_ forest: ForestSearch?) -> [[Int]] {
                var search = LibrarySearch(library: library, forest: forest)
                let lists =
                    unit == .spectra
                    ? search.rank(queries: queries, parameters: parameters).map { $0.map(\.libraryIndex) }
                    : search.search(queries: queries, parameters: parameters).map { $0.map(\.libraryIndex) }
                return zip(lists, sources).map { list, source in
                    list.map { unit == .spectra ? $0 : Int(library.compound[$0]) }
                        .filter { $0 != (unit == .spectra ? source : Int(library.compound[source])) }
                }
            }
            let recall = MeasuredRecall(of: hits(forest), against: hits(nil))
            // The choice was made on another sample of some hundred hits: its standard error is about a percent.
            #expect(recall.hits > 100 && recall.all > 0.92, "seed \(seed), \(unit), \(useCase): \(recall) for \(plan)")
        }
    }

    @Test("settings change what is chosen", .enabled(if: bundledLibrary != nil))
    func settings() throws {
        let library = try bundled(every: 8)
        let balanced = plan(library, .approximate).plan
        let again = plan(library, .approximate).plan
        // All but the seconds, which differ from run to run.
        #expect(again.trees == balanced.trees && again.candidates == balanced.candidates)
        #expect(again.exactWork == balanced.exactWork && again.approximateWork == balanced.approximateWork)
        #expect(again.recallOfAll == balanced.recallOfAll)
        let careful = plan(library, .approximate, useCase: .highAccuracy).plan
        #expect(careful.recallOfAll ?? 0 > balanced.recallOfAll ?? 1)
        #expect(careful.approximateWork ?? 0 > balanced.approximateWork ?? .infinity)
        let quick = plan(library, .approximate, useCase: .highThroughput).plan
        #expect(quick.recallOfBest ?? 0 >= 0.95 && quick.approximateWork ?? .infinity <= balanced.approximateWork ?? 0)
        let lax = plan(library, .approximate, threshold: 0.5).plan
        #expect(lax.approximateWork ?? .infinity < balanced.approximateWork ?? 0 && lax.recallOfAll ?? 0 >= 0.5)
        let fastest = plan(library, .approximate, speed: 1).plan
        let accurate = plan(library, .approximate, speed: 0).plan
        #expect(
            fastest.recallOfAll ?? 0 >= 0.95 && fastest.approximateWork ?? .infinity <= balanced.approximateWork ?? 0)
        #expect(balanced.recallOfAll ?? 0 >= 0.96 && accurate.recallOfAll ?? 0 >= balanced.recallOfAll ?? 1)
        #expect(accurate.approximateWork ?? 0 > fastest.approximateWork ?? .infinity)
        #expect(accurate.recallOfAll ?? 0 > fastest.recallOfAll ?? 1)
        // What auto takes is what takes less work.
        let automatic = plan(library, .automatic)
        let exactIsLess = fastest.exactWork ?? 0 <= fastest.approximateWork ?? 0
        #expect(automatic.plan.used == (exactIsLess ? .exact : .approximate))
        #expect((automatic.forest == nil) == exactIsLess)
        #expect(plan(library, .approximate).forest != nil)
    }

    @Test("a recall that cannot be reached or measured means exact search, and is told")
    func fallback() throws {
        let source = RandomLibrary(count: 1_500, seed: 8)
        let library = try source.write(to: folder.file("library.lvsl"))
        // No sample proves a recall of 1.
        let impossible = plan(library, .approximate, useCase: .highAccuracy, threshold: 1)
        #expect(impossible.forest == nil && impossible.plan.used == .exact)
        #expect(impossible.plan.reason.contains("no setting") && "\(impossible.plan)".contains("recall"))
        #expect(impossible.plan.recallOfAll != nil && impossible.plan.exactSeconds != nil)
        let identity = plan(library, .approximate, .identity)
        #expect(identity.forest == nil && identity.plan.reason.contains("identity"))
        let asked = plan(library, .exact)
        #expect(asked.forest == nil && asked.plan.used == .exact && asked.plan.exactWork == nil)
        let small = try RandomLibrary(count: 100, seed: 8).write(to: folder.file("small.lvsl"))
        #expect(plan(small, .approximate).plan.reason.contains("small"))
        // Spectra with nothing in common: no hits, no recall.
        var builder = SpectralLibraryBuilder()
        for number in 0..<400 {
            let mz = 60 + 2 * Double(number)
            builder.add(
                LibrarySpectrum(
                    entry: LibraryEntry(
                        name: "\(number)", accession: "\(number)", polarity: .positive, precursorMZ: 2_000),
                    peaks: PeakList(mz: [mz, mz + 0.3, mz + 0.6], intensity: [1, 2, 3])))
        }
        try builder.write(to: folder.file("sparse.lvsl"), sourceHash: "", sourceName: "")
        let sparse = plan(try SpectralLibrary.open(folder.file("sparse.lvsl")), .approximate)
        #expect(sparse.forest == nil && sparse.plan.reason.contains("too few hits"))
    }

    @Test("recall counts what is found again")
    func recallByHand() {
        let recall = MeasuredRecall(of: [[1, 2], [], [9], []], against: [[1, 3, 2], [5], [8, 9], []])
        #expect(recall.hits == 6 && recall.all == 0.5 && recall.best == 1.0 / 3)
        #expect(recall.lowerEnd > 0.15 && recall.lowerEnd < 0.2)
        let nothing = MeasuredRecall(of: [], against: [])
        #expect(nothing.all == 1 && nothing.best == 1 && nothing.lowerEnd == 0)
    }
}
