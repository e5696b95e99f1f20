import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// A search by the index gives what comparing every spectrum gives.
@Suite("Exact fragment index")
struct FragmentIndexTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    static let cases = SearchType.allCases.flatMap { search in SimilarityMeasure.allCases.map { (search, $0) } }

    /// Peaks on a grid of 1/64 Da and a tolerance of 1/32 Da: many pairs lie exactly on an edge. Every third spectrum is
    /// there twice, so that scores are equal. More spectra of one polarity than are compared without an index.
    private func edgeLibrary(seed: UInt64) -> [LibrarySpectrum] {
        var random = SeededGenerator(seed: seed)
        var spectra: [LibrarySpectrum] = []
        for number in 0..<700 {
            var peaks = PeakList()
            for slot in 0..<9 where random.uniform() < 0.5 {
                let mz = 50 + Double(slot) * 4 + Double(random.integer(below: 7)) / 64
                peaks = PeakList(
                    mz: peaks.mz + [mz], intensity: peaks.intensity + [Double(1 + random.integer(below: 4))])
            }
            if peaks.count == 0 { peaks = PeakList(mz: [50], intensity: [1]) }
            for copy in 0..<(number % 3 == 0 ? 2 : 1) {
                spectra.append(
                    LibrarySpectrum(
                        entry: LibraryEntry(
                            name: "\(number)", accession: "E\((number * 7919) % 1000)-\(copy)",
                            inchiKey: random.uniform() < 0.5 ? "" : "AAAAAAAAAAAA\(10 + number % 90)-X-N",
                            polarity: number % 50 == 0 ? .negative : .positive,
                            precursorMZ: 100 + Double(random.integer(below: 24)) / 2, exactMass: 99), peaks: peaks))
            }
        }
        return spectra
    }

    private func open(_ spectra: [LibrarySpectrum], _ name: String = "library.lvsl") throws -> SpectralLibrary {
        var builder = SpectralLibraryBuilder()
        for spectrum in spectra { builder.add(spectrum) }
        try builder.write(to: folder.file(name), sourceHash: "", sourceName: "")
        return try SpectralLibrary.open(folder.file(name))
    }

    private func query(_ spectrum: LibrarySpectrum, polarity: Polarity? = nil) -> FragmentSpectrum {
        FragmentSpectrum(
            header: SpectrumHeader(
                index: 0, scanNumber: 1, msLevel: 2, polarity: polarity ?? spectrum.entry.polarity,
                representation: .centroid, retentionTimeSeconds: 0,
                precursor: Precursor(selectedIonMZ: spectrum.entry.precursorMZ)),
            mz: spectrum.peaks.mz, intensity: spectrum.peaks.intensity.map { Float($0) })
    }

    /// Scores agree and the ranks are the same wherever scores differ by more than rounding.
    /// - Parameter isUnique: whether no other pairing of peaks can have the same score.
    private func expectSame(
        _ found: [LibraryHit], _ all: [LibraryHit], top: Int, isUnique: Bool = true, _ comment: Comment
    ) {
        #expect(found.count == min(top, all.count), comment)
        let scores = Dictionary(uniqueKeysWithValues: all.map { ($0.libraryIndex, $0) })
        for (rank, hit) in found.enumerated() {
            guard let same = scores[hit.libraryIndex] else {
                Issue.record("\(comment): spectrum \(hit.libraryIndex) is no hit")
                continue
            }
            #expect(abs(same.score - hit.score) < 1e-6, comment)
            if isUnique { #expect(same.matchedPeaks == hit.matchedPeaks, comment) }
            #expect(abs(all[rank].score - hit.score) < 1e-6, comment)
        }
    }

    @Test("all searches by all measures, with ties and peaks on the edge", arguments: cases)
    func edges(search: SearchType, measure: SimilarityMeasure) throws {
        let seed: UInt64 = 77
        let spectra = edgeLibrary(seed: seed)
        let library = try open(spectra)
        var parameters = SearchParameters()
        parameters.search = search
        parameters.similarity = measure
        parameters.fragmentTolerance = .dalton(1.0 / 32)
        parameters.precursorTolerance = .dalton(0.5)
        parameters.minimumMatchedPeaks = 1
        var engine = LibrarySearch(library: library)
        var random = SeededGenerator(seed: seed + 1)
        for (minimum, top) in [(0.0, 10_000), (0.0, 7), (0.6, 7), (0.3, 40)] {
            parameters.minimumScore = minimum
            parameters.top = top
            for round in 0..<6 {
                let query = query(
                    spectra[random.integer(below: spectra.count)], polarity: round == 5 ? .unknown : .positive)
                let all = ReferenceSearch(library: library, parameters: parameters).hits(query)
                let found = engine.rank(queries: [query], parameters: parameters)[0]
                expectSame(
                    found, all, top: top, isUnique: measure.isEntropy,
                    "seed \(seed), round \(round), top \(top), minimum \(minimum)")
            }
        }
        if search != .identity { #expect(engine.postingsRead > 0) }
    }

    @Test("all searches by all measures, jittered peaks, both units, noise and precursor removed", arguments: cases)
    func random(search: SearchType, measure: SimilarityMeasure) throws {
        for (seed, tolerance) in [(UInt64(5), Tolerance.dalton(0.02)), (6, .ppm(200))] {
            let source = RandomLibrary(count: 900, seed: seed)
            let library = try source.write(to: folder.file("random.lvsl"))
            var parameters = SearchParameters()
            parameters.search = search
            parameters.similarity = measure
            parameters.fragmentTolerance = tolerance
            parameters.minimumMatchedPeaks = 2
            parameters.minimumScore = 0.1
            parameters.noiseFraction = seed == 5 ? 0.01 : 0.1
            parameters.removePrecursor = seed == 6
            parameters.top = 12
            var engine = LibrarySearch(library: library)
            var random = SeededGenerator(seed: seed)
            for round in 0..<8 {
                let query = source.query(&random)
                let all = ReferenceSearch(library: library, parameters: parameters).hits(query)
                let found = engine.rank(queries: [query], parameters: parameters)[0]
                expectSame(found, all, top: 12, "seed \(seed), round \(round)")
            }
        }
    }

    /// 2,500 spectra of MassBank: what reads like the definition is too slow for more.
    @Test("all searches by all measures on real spectra", .enabled(if: bundledLibrary != nil), arguments: cases)
    func real(search: SearchType, measure: SimilarityMeasure) throws {
        var reader = try MSPReader(path: bundledLibrary ?? "")
        var spectra: [LibrarySpectrum] = []
        // Short ones: the reference tries all pairings.
        while spectra.count < 2_500, let spectrum = try reader.next() {
            if spectrum.peaks.count <= 25 { spectra.append(spectrum) }
        }
        let library = try open(spectra)
        var parameters = SearchParameters()
        parameters.search = search
        parameters.similarity = measure
        parameters.minimumMatchedPeaks = 1
        parameters.minimumScore = 0
        parameters.top = 25
        var engine = LibrarySearch(library: library)
        for place in stride(from: 11, to: spectra.count, by: 500) {
            let query = query(spectra[place])
            let all = ReferenceSearch(library: library, parameters: parameters).hits(query)
            let found = engine.rank(queries: [query], parameters: parameters)[0]
            expectSame(found, all, top: 25, "spectrum \(place)")
        }
    }

    @Test("the best few are the first of all, whatever the batch", arguments: cases)
    func batches(search: SearchType, measure: SimilarityMeasure) throws {
        let spectra = edgeLibrary(seed: 3)
        let library = try open(spectra)
        let queries = stride(from: 0, to: 60, by: 2).map { query(spectra[$0]) }
        var parameters = SearchParameters()
        parameters.search = search
        parameters.similarity = measure
        parameters.minimumMatchedPeaks = 1
        parameters.minimumScore = 0.2
        parameters.top = 100_000
        var engine = LibrarySearch(library: library)
        let all = engine.rank(queries: queries, parameters: parameters)
        parameters.top = 5
        let few = all.map { Array($0.prefix(5)) }
        #expect(engine.rank(queries: queries, parameters: parameters) == few)
        #expect(queries.map { engine.rank(queries: [$0], parameters: parameters)[0] } == few)
        for size in [2, 7, 29] {
            let parts = stride(from: 0, to: queries.count, by: size).flatMap { first in
                engine.rank(queries: Array(queries[first..<min(first + size, queries.count)]), parameters: parameters)
            }
            #expect(parts == few)
        }
        // Compounds, in batches and one by one.
        let compounds = engine.search(queries: queries, parameters: parameters)
        #expect(queries.map { engine.search(query: $0, parameters: parameters) } == compounds)
        for (matches, hits) in zip(compounds, all) {
            for match in matches {
                let same = hits.filter { library.compound[$0.libraryIndex] == library.compound[match.libraryIndex] }
                #expect(same.first?.libraryIndex == match.libraryIndex)
                #expect(match.otherSpectraOfCompound == same.count - 1)
            }
        }
    }

    @Test("an index from the file and one built in memory give the same")
    func storedAndBuilt() throws {
        let library = try open(edgeLibrary(seed: 9))
        let stored = try #require(
            library.existingIndex(
                for: PeakPreparation(.spectralEntropy, SearchParameters(), cleaning: library.cleaning)))
        let built = library.withSpectra { FragmentIndexBuilder.build($0, preparation: stored.preparation) }
        for (a, b) in [(stored.ions, built.ions), (stored.losses, built.losses)] {
            #expect(Array(a.position) == Array(b.position) && Array(a.weight) == Array(b.weight))
            #expect(Array(a.spectrum) == Array(b.spectrum) && Array(a.start) == Array(b.start))
            for block in 0..<stored.blockCount {
                let places = stored.postings(of: block)
                #expect(zip(places, places.dropFirst()).allSatisfy { a.position[$0] <= a.position[$1] })
            }
        }
    }

    @Test("an open search by fragments needs no precursor; the others find nothing without")
    func withoutPrecursor() throws {
        let spectra = edgeLibrary(seed: 4)
        let library = try open(spectra)
        var query = query(spectra[10])
        query.header.precursor = nil
        var parameters = SearchParameters()
        parameters.minimumMatchedPeaks = 1
        parameters.minimumScore = 0.99
        var engine = LibrarySearch(library: library)
        for search in SearchType.allCases {
            parameters.search = search
            let found = engine.rank(queries: [query], parameters: parameters)[0]
            #expect(found.isEmpty == (search != .open), "\(search)")
        }
    }
}
