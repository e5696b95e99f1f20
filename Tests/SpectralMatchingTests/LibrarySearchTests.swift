import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

@Suite("Exact library search")
struct LibrarySearchTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private struct Expected {
        let index: Int
        let score: SimilarityScore
        let compound: String
        let entropy: Double
        let modifiedCosine: Double
    }

    /// Every spectrum of the library, one by one, by the literal definitions.
    private func bruteForce(
        _ library: SpectralLibrary, _ query: FragmentSpectrum, _ parameters: SearchParameters
    ) -> [Expected] {
        let cleaning = PeakCleaning(noiseFraction: parameters.noiseFraction)
        func upper(_ precursor: Double) -> Double { parameters.removePrecursor ? precursor - 1.6 : .infinity }
        let precursor = query.precursorMZ
        let a = cleaning.clean(
            PeakList(mz: query.mz, intensity: query.intensity.map { Double($0) }), upperMZ: upper(precursor))
        var result: [Expected] = []
        for index in 0..<library.count {
            let entry = library.entry(at: index)
            guard [query.header.polarity, .unknown].contains(entry.polarity) || query.header.polarity == .unknown
            else { continue }
            let limit =
                parameters.analog
                ? parameters.analogMaximumShift : parameters.precursorTolerance.halfWidth(at: precursor)
            guard abs(entry.precursorMZ - precursor) <= limit else { continue }
            let b = cleaning.clean(library.peaks(at: index), upperMZ: upper(entry.precursorMZ))
            guard a.count > 0, b.count > 0 else { continue }
            let measure = parameters.analog ? SimilarityMeasure.modifiedCosine : parameters.similarity
            let score = ReferenceSimilarity.score(
                a, b, precursorA: precursor, precursorB: entry.precursorMZ, settings: parameters.settings(measure))
            guard score.score >= parameters.minimumScore, score.matchedPeaks >= parameters.minimumMatchedPeaks else {
                continue
            }
            let key = entry.inchiKeyBlock
            let entropy = ReferenceSimilarity.entropy(a, b, tolerance: parameters.fragmentTolerance, weighted: true)
            let cosine = ReferenceSimilarity.score(
                a, b, precursorA: precursor, precursorB: entry.precursorMZ,
                settings: parameters.settings(.modifiedCosine))
            result.append(
                Expected(
                    index: index, score: score, compound: key.isEmpty ? "spectrum \(index)" : key,
                    entropy: entropy.score, modifiedCosine: cosine.score))
        }
        return result
    }

    private func compare(_ parameters: SearchParameters, seed: UInt64) throws -> Int {
        let source = RandomLibrary(count: 240, seed: seed)
        let library = try source.write(to: folder.file("library.bin"))
        var search = LibrarySearch(library: library)
        var random = SeededGenerator(seed: seed + 1)
        var total = 0
        for round in 0..<60 {
            let query = source.query(&random)
            let found = search.search(query: query, parameters: parameters)
            let expected = bruteForce(library, query, parameters)
            total += found.count
            let compounds = Set(expected.map { $0.compound })
            #expect(found.count == min(parameters.top, compounds.count), "seed \(seed), round \(round)")
            for (rank, match) in found.enumerated() {
                let same = try #require(
                    expected.first { $0.index == match.libraryIndex }, "seed \(seed), round \(round)")
                #expect(abs(same.score.score - match.score) < 1e-6, "seed \(seed), round \(round)")
                #expect(same.score.matchedPeaks == match.matchedPeaks)
                #expect(abs(same.entropy - match.spectralEntropy) < 1e-6, "seed \(seed), round \(round)")
                #expect(abs(same.modifiedCosine - match.modifiedCosine) < 1e-6, "seed \(seed), round \(round)")
                #expect(match.otherSpectraOfCompound == expected.filter { $0.compound == same.compound }.count - 1)
                // No spectrum of this compound is better, and no unreported compound beats the last reported one.
                let rivals = expected.filter { $0.compound == same.compound }
                #expect(rivals.allSatisfy { $0.score.score <= match.score + 1e-6 })
                if rank > 0 { #expect(found[rank - 1].score >= match.score) }
            }
            let reported = Set(
                found.compactMap { match in expected.first { $0.index == match.libraryIndex }?.compound })
            if let last = found.last {
                #expect(expected.allSatisfy { reported.contains($0.compound) || $0.score.score <= last.score + 1e-6 })
            }
        }
        return total
    }

    @Test("identity search equals brute force", arguments: SimilarityMeasure.allCases)
    func identity(measure: SimilarityMeasure) throws {
        var parameters = SearchParameters()
        parameters.similarity = measure
        parameters.minimumScore = 0.2
        parameters.minimumMatchedPeaks = 1
        for (tolerance, seed) in [(Tolerance.ppm(10), UInt64(31)), (.dalton(1), 33)] {
            parameters.precursorTolerance = tolerance
            #expect(try compare(parameters, seed: seed) > 50)
        }
    }

    @Test("analog search equals brute force")
    func analog() throws {
        var parameters = SearchParameters()
        parameters.analog = true
        parameters.analogMaximumShift = 9
        parameters.minimumScore = 0.3
        parameters.minimumMatchedPeaks = 2
        parameters.top = 20
        #expect(try compare(parameters, seed: 35) > 200)
    }

    @Test("noise removal and precursor removal equal brute force", arguments: SimilarityMeasure.allCases)
    func cleaning(measure: SimilarityMeasure) throws {
        var parameters = SearchParameters()
        parameters.similarity = measure
        parameters.minimumScore = 0.2
        parameters.minimumMatchedPeaks = 1
        parameters.noiseFraction = 0.2
        parameters.removePrecursor = true
        parameters.precursorTolerance = .dalton(1)
        #expect(try compare(parameters, seed: 37) > 50)
    }

    /// Two compounds, two polarities, one analog: small enough to know every answer.
    private func smallLibrary() throws -> SpectralLibrary {
        func spectrum(
            _ accession: String, _ block: String, _ precursor: Double, _ polarity: Polarity, _ peaks: [(Double, Double)]
        ) -> LibrarySpectrum {
            LibrarySpectrum(
                entry: LibraryEntry(
                    name: accession, accession: accession, inchiKey: block + "-X-N", polarity: polarity,
                    precursorMZ: precursor),
                peaks: PeakList(mz: peaks.map { $0.0 }, intensity: peaks.map { $0.1 }))
        }
        let peaks = [(50.0, 30.0), (70, 100), (90, 60), (128, 50)]
        var builder = SpectralLibraryBuilder()
        builder.add(spectrum("B", "AAAAAAAAAAAAAA", 128, .positive, peaks))
        builder.add(spectrum("A", "AAAAAAAAAAAAAA", 128, .positive, peaks))
        builder.add(spectrum("C", "BBBBBBBBBBBBBB", 128, .positive, [(50, 30), (70, 100), (91, 60), (128, 50)]))
        builder.add(spectrum("D", "AAAAAAAAAAAAAA", 128, .negative, peaks))
        builder.add(spectrum("E", "CCCCCCCCCCCCCC", 144, .positive, [(50, 30), (86, 100), (90, 60), (144, 50)]))
        try builder.write(to: folder.file("small.bin"), sourceHash: "", sourceName: "")
        return try SpectralLibrary.open(folder.file("small.bin"))
    }

    private func query(precursor: Precursor, polarity: Polarity = .positive) -> FragmentSpectrum {
        FragmentSpectrum(
            header: SpectrumHeader(
                index: 0, scanNumber: 1, msLevel: 2, polarity: polarity, representation: .centroid,
                retentionTimeSeconds: 0, precursor: precursor),
            mz: [50, 60, 70, 90, 128], intensity: [30, 8, 100, 60, 50])
    }

    private func accessions(
        _ library: SpectralLibrary, _ query: FragmentSpectrum, _ change: (inout SearchParameters) -> Void = { _ in }
    ) -> [String] {
        var parameters = SearchParameters()
        parameters.minimumScore = 0
        change(&parameters)
        var search = LibrarySearch(library: library)
        return search.search(query: query, parameters: parameters).map { $0.entry.accession }
    }

    @Test("every parameter changes the result")
    func parameters() throws {
        let library = try smallLibrary()
        let query = query(precursor: Precursor(selectedIonMZ: 128))
        #expect(accessions(library, query) == ["A", "C"])
        #expect(accessions(library, query) { $0.top = 1 } == ["A"])
        #expect(accessions(library, query) { $0.minimumMatchedPeaks = 4 } == ["A"])
        #expect(accessions(library, query) { $0.minimumScore = 0.9 } == ["A"])
        #expect(
            accessions(library, query) {
                $0.minimumScore = 0.9; $0.fragmentTolerance = .dalton(1)
            } == ["A", "C"])
        #expect(
            accessions(library, query) { $0.precursorTolerance = .dalton(16) } == ["A", "C", "E"].filter { $0 != "E" })
        #expect(
            accessions(library, query) {
                $0.precursorTolerance = .dalton(16); $0.minimumMatchedPeaks = 2
            } == ["A", "C", "E"])
        #expect(accessions(library, query) { $0.analog = true } == ["A", "E", "C"])
        #expect(
            accessions(library, query) {
                $0.analog = true; $0.analogMaximumShift = 15.999
            } == ["A", "C"])
        #expect(
            accessions(library, query) {
                $0.analog = true; $0.analogMaximumShift = 16
            } == ["A", "E", "C"])
        #expect(accessions(library, query) { $0.removePrecursor = true } == ["A"])
        #expect(accessions(library, query) { $0.noiseFraction = 0.55 } == [])
        func score(_ change: (inout SearchParameters) -> Void) -> Double {
            var parameters = SearchParameters()
            parameters.minimumScore = 0
            change(&parameters)
            var search = LibrarySearch(library: library)
            return search.search(query: query, parameters: parameters).first?.score ?? -1
        }
        let entropy = score { _ in }
        let cosine = score { $0.similarity = .cosine }
        #expect(entropy != cosine)
        #expect(
            cosine
                != score {
                    $0.similarity = .cosine; $0.intensityPower = 1
                })
        #expect(score { $0.noiseFraction = 0.1 } > entropy, "the peak at 60 is noise")
    }

    @Test("modified cosine within an identity search uses the shift")
    func modifiedCosine() throws {
        let library = try smallLibrary()
        let query = query(precursor: Precursor(selectedIonMZ: 128))
        let wide: (inout SearchParameters) -> Void = {
            $0.precursorTolerance = .dalton(16)
            $0.similarity = .modifiedCosine
        }
        #expect(accessions(library, query, wide) == ["A", "E", "C"])
    }

    @Test("polarity is kept apart; an unknown one matches all")
    func polarity() throws {
        let library = try smallLibrary()
        #expect(accessions(library, query(precursor: Precursor(selectedIonMZ: 128), polarity: .negative)) == ["D"])
        var search = LibrarySearch(library: library)
        let match = search.search(
            query: query(precursor: Precursor(selectedIonMZ: 128), polarity: .unknown), parameters: SearchParameters())
        #expect(match.first?.otherSpectraOfCompound == 2)
    }

    @Test("equal scores go by accession; spectra of a compound are joined and counted")
    func ties() throws {
        let library = try smallLibrary()
        var search = LibrarySearch(library: library)
        let matches = search.search(
            query: query(precursor: Precursor(selectedIonMZ: 128)), parameters: SearchParameters())
        #expect(matches.first?.entry.accession == "A")
        #expect(matches.first?.otherSpectraOfCompound == 1)
        #expect(matches.first?.kind == .identity)
        #expect(search.comparisons == 3)
    }

    @Test("both edges of the precursor tolerance are inside")
    func precursorEdges() throws {
        let library = try smallLibrary()
        for precursor in [127.75, 128.25] {
            let query = query(precursor: Precursor(selectedIonMZ: precursor))
            #expect(accessions(library, query) { $0.precursorTolerance = .dalton(0.25) } == ["A", "C"])
            #expect(accessions(library, query) { $0.precursorTolerance = .dalton(0.2499) } == [])
        }
    }

    @Test("without a selected ion the isolation window is searched, each side by its own offset")
    func isolationWindow() throws {
        let library = try smallLibrary()
        func found(_ target: Double, _ lower: Double?, _ upper: Double?) -> [String] {
            accessions(
                library,
                query(
                    precursor: Precursor(
                        isolationTargetMZ: target, isolationLowerOffset: lower, isolationUpperOffset: upper)))
        }
        #expect(found(127.5, nil, nil) == [])
        #expect(found(127.5, 0.1, 0.5) == ["A", "C"])
        #expect(found(127.5, 0.5, 0.1) == [])
        #expect(found(128.5, 0.5, 0.1) == ["A", "C"])
        #expect(found(128, 0, 0) == ["A", "C"], "never narrower than the tolerance")
        #expect(found(128, .nan, .infinity) == ["A", "C"])
        let withIon = query(
            precursor: Precursor(selectedIonMZ: 127.5, isolationTargetMZ: 127.5, isolationUpperOffset: 2))
        #expect(accessions(library, withIon) == [], "a selected ion is not widened")
    }

    @Test("queries that say nothing find nothing")
    func emptyQueries() throws {
        let library = try smallLibrary()
        let base = query(precursor: Precursor(selectedIonMZ: 128))
        let nothing = FragmentSpectrum(header: base.header, mz: [], intensity: [])
        #expect(accessions(library, nothing) == [])
        let noNumbers = FragmentSpectrum(header: base.header, mz: [.nan, -1, 50], intensity: [1, 1, .nan])
        #expect(accessions(library, noNumbers) == [])
        #expect(accessions(library, query(precursor: Precursor())) == [])
        let unsorted = FragmentSpectrum(
            header: base.header, mz: base.mz.reversed(), intensity: base.intensity.reversed())
        #expect(accessions(library, unsorted) == ["A", "C"])
    }

    @Test("a workspace that searched before gives the same answer as a new one")
    func reuse() throws {
        let source = RandomLibrary(count: 240, seed: 41)
        let library = try source.write(to: folder.file("library.bin"))
        var random = SeededGenerator(seed: 42)
        let queries = (0..<40).map { _ in source.query(&random) }
        var parameters = SearchParameters()
        parameters.analog = true
        parameters.minimumScore = 0.3
        var old = LibrarySearch(library: library)
        let forward = queries.map { old.search(query: $0, parameters: parameters) }
        let fresh = queries.reversed().map { query in
            var search = LibrarySearch(library: library)
            return search.search(query: query, parameters: parameters)
        }
        #expect(forward == Array(fresh.reversed()))
    }
}
