import SpectrumModel

/// Exact search of fragment spectra in a library. One value per worker: it owns the memory that is reused from query to
/// query; the library is shared.
///
/// Candidates have the query's polarity (every polarity when the query's is unknown). An identity search compares every
/// spectrum whose precursor lies within `precursorTolerance`; a query that names only an isolation window is searched in
/// the whole window around its centre, or within the tolerance where that is wider. The other searches cover all
/// precursors: an index bounds the score of every spectrum from above, and those that can be among the best are compared.
/// Nothing is approximated: every search gives what comparing all spectra one by one gives.
/// - Complexity: identity O(log n + candidates * peaks); others O(postings of the query's rarer peaks).
/// - Determinism: matches come by falling score, then falling number of matched peaks, then accession, then position,
///   whatever the size of a batch.
public struct LibrarySearch: Sendable {
    public let library: SpectralLibrary
    /// Library spectra compared since this value was made.
    public var comparisons: Int { scorer.comparisons }
    /// Postings of the index read since this value was made.
    public var postingsRead: Int { scan.postingsRead }

    /// The approximate index that searches of many spectra use instead of the exact one, if any.
    private let forest: ForestSearch?
    private var scorer = PairScorer()
    private var scan = IndexScan()
    private var forestScan = ForestScan()
    private var reached: [Reached] = []

    /// A query on its way through the blocks of an index.
    private struct Progress {
        let query: PreparedQuery
        let plan: ScanPlan?
        var best: TopHits
    }

    /// - Parameter forest: makes searches of the parameters that it was planned for approximate; scores stay exact.
    public init(library: SpectralLibrary, forest: ForestSearch? = nil) {
        self.library = library
        self.forest = forest
    }

    /// The best spectrum of each of the `top` best compounds.
    ///
    /// Empty when the query has no peak left, or no precursor m/z where the search needs one. With `analog` the search
    /// covers every precursor within `analogMaximumShift` by modified cosine, identical precursors included
    /// (`LibraryMatch.kind` tells them).
    public mutating func search(query spectrum: FragmentSpectrum, parameters: SearchParameters) -> [LibraryMatch] {
        search(queries: [spectrum], parameters: parameters)[0]
    }

    /// The same for a batch: each block of the index serves all queries while it is in the cache.
    public mutating func search(queries: [FragmentSpectrum], parameters: SearchParameters) -> [[LibraryMatch]] {
        let setup = SearchSetup(parameters, library: library)
        // An identity search compares all candidates anyway, and counts the other spectra of a compound on the way.
        return run(queries, setup, setup.searchesAll ? .compounds : .everything).map { done in
            done.map { compounds($0.query, $0.best.remaining, setup: setup) } ?? []
        }
    }

    /// The `top` best spectra for each query of a batch.
    public mutating func rank(queries: [FragmentSpectrum], parameters: SearchParameters) -> [[LibraryHit]] {
        let setup = SearchSetup(parameters, library: library)
        return run(queries, setup, .spectra).map { done in
            done.map { Array(ranked($0.best.remaining).prefix(parameters.top)) } ?? []
        }
    }

    private mutating func run(
        _ queries: [FragmentSpectrum], _ setup: SearchSetup, _ unit: TopHits.Unit
    ) -> [Progress?] {
        defer { withExtendedLifetime(library) {} }
        let usesForest = forest.map { $0.forest.scheme == SignatureScheme(setup) } ?? false
        // Few candidates are compared sooner than found by an index.
        var runs = queries.map { spectrum -> Progress? in
            guard let query = PreparedQuery(spectrum, setup, library: library) else { return nil }
            let isLarge = setup.searchesAll && query.ranges.reduce(0) { $0 + $1.count } > Self.fewCandidates
            let usesIndex = isLarge && !usesForest
            spectraPassed += usesIndex ? query.ranges.reduce(0) { $0 + $1.count } : 0
            return Progress(
                query: query,
                plan: usesIndex
                    ? ScanPlan(
                        query.weighted, bound: setup.bound, matching: setup.matching,
                        precursor: query.spectrumPrecursor, tolerance: setup.parameters.fragmentTolerance) : nil,
                best: TopHits(unit, wanted: setup.parameters.top, minimumScore: setup.parameters.minimumScore))
        }
        let usesIndex = runs.contains { $0?.plan != nil }
        let index = usesIndex ? library.index(for: setup.preparation) : library.existingIndex(for: setup.preparation)
        for number in runs.indices where runs[number] != nil && runs[number]!.plan == nil {
            let ranges = runs[number]!.query.ranges
            if let forest, usesForest, ranges.reduce(0, { $0 + $1.count }) > Self.fewCandidates {
                let found = forestScan.candidates(
                    runs[number]!.query.weighted, precursor: runs[number]!.query.spectrumPrecursor, in: ranges,
                    of: forest)
                for candidate in found { compare(&runs[number]!, candidate, setup, index) }
                continue
            }
            for range in ranges {
                for candidate in range { compare(&runs[number]!, candidate, setup, index) }
            }
        }
        guard usesIndex, let index else { return runs }
        for block in 0..<index.blockCount {
            let spectra = index.spectra(of: block)
            for number in runs.indices {
                guard let plan = runs[number]?.plan else { continue }
                for range in runs[number]!.query.ranges where range.overlaps(spectra) {
                    scanBlock(&runs[number]!, plan, index, block, range.clamped(to: spectra), setup)
                }
            }
        }
        return runs
    }

    static let fewCandidates = 256

    private var spectraPassed = 0
    /// Work since this value was made, in postings: what a comparison, a hash of a peak, an entry of a tree, a descent and a
    /// look at a total take in units of a posting, as measured on the bundled library (`docs/matching.md`).
    public var work: Double {
        let exact = Double(postingsRead) + Double(comparisons * Self.postingsOfComparison) + 0.1 * Double(spectraPassed)
        return exact + descentWork + 2 * Double(forestScan.entriesRead)
    }
    /// The part of `work` that every tree takes, whatever is found in it.
    var descentWork: Double {
        5 * Double(forestScan.signature.hashesComputed) + 150 * Double(forestScan.descents)
    }

    private mutating func compare(
        _ progress: inout Progress, _ candidate: Int, _ setup: SearchSetup, _ index: FragmentIndex?
    ) {
        let hit = scorer.score(progress.query, candidate, setup: setup, library: library, index: index)
        if let hit { progress.best.add(hit, compound: library.compound[candidate]) }
    }

    /// Part of the query that is left when the best so far are compared first, part of the threshold that unscanned peaks
    /// may be worth when scanning stops, and postings that cost as much as one comparison. Measured on the bundled
    /// library; they decide the time, not the result.
    private static let probedShare = 0.4
    private static let restFraction = 0.5
    private static let postingsOfComparison = 200

    /// Compares what one block of the index has among the best.
    private mutating func scanBlock(
        _ progress: inout Progress, _ plan: ScanPlan, _ index: FragmentIndex, _ block: Int, _ range: Range<Int>,
        _ setup: SearchSetup
    ) {
        let first = index.spectra(of: block).lowerBound
        let spectra = (range.lowerBound - first)..<(range.upperBound - first)
        scan.begin(plan, index, block: block)
        defer { scan.end(index, block: block) }
        let wanted = setup.parameters.top
        /// What the terms of a spectrum have to reach.
        var needed: Double { setup.bound.total(for: progress.best.threshold) }
        if !progress.best.isFull, wanted < spectra.count / 8 {
            // The best by the rarer peaks soon show what the others have to reach.
            scan.scan(
                plan, index, until: max(plan.bound.most(Self.probedShare), needed * Self.restFraction))
            scan.largest(2 * wanted, in: spectra, into: &reached)
            for candidate in reached {
                scan.exclude(candidate.spectrum)
                compare(&progress, first + candidate.spectrum, setup, index)
            }
        }
        scan.scan(plan, index, until: needed * Self.restFraction)
        while true {
            scan.reached(needed - scan.rest - plan.slack, in: spectra, into: &reached)
            if scan.isFinished || reached.count * Self.postingsOfComparison <= scan.postingsLeft { break }
            scan.scan(plan, index, until: scan.rest * 0.4)
        }
        var queue = ReachedQueue(reached)
        while let candidate = queue.next(),
            candidate.total >= needed - scan.rest - plan.slack
        {
            compare(&progress, first + candidate.spectrum, setup, index)
        }
    }

    /// By falling score, falling number of matched peaks, accession, position.
    private func ranked(_ hits: [LibraryHit]) -> [LibraryHit] {
        let library = library
        return hits.sorted { a, b in
            if a.score != b.score { return a.score > b.score }
            if a.matchedPeaks != b.matchedPeaks { return a.matchedPeaks > b.matchedPeaks }
            let order = library.compareAccessions(a.libraryIndex, b.libraryIndex)
            return order != 0 ? order < 0 : a.libraryIndex < b.libraryIndex
        }
    }
}

extension LibrarySearch {
    /// The best hit of each compound, with how many others of it pass.
    private mutating func compounds(
        _ query: PreparedQuery, _ hits: [LibraryHit], setup: SearchSetup
    ) -> [LibraryMatch] {
        var rankOfCompound: [UInt32: Int] = [:]
        var best: [(hit: LibraryHit, others: Int)] = []
        for hit in ranked(hits) {
            let compound = library.compound[hit.libraryIndex]
            if let rank = rankOfCompound[compound] {
                best[rank].others += 1
            } else if best.count < setup.parameters.top {
                rankOfCompound[compound] = best.count
                best.append((hit, 0))
            }
        }
        if setup.searchesAll { countOthers(&best, query, setup) }
        return best.map { match(query, $0.hit, others: $0.others, setup: setup) }
    }

    /// Spectra that a search for the best alone may have left out.
    private mutating func countOthers(
        _ best: inout [(hit: LibraryHit, others: Int)], _ query: PreparedQuery, _ setup: SearchSetup
    ) {
        let index = library.existingIndex(for: setup.preparation)
        for rank in best.indices {
            best[rank].others = -1
            for spectrum in library.spectra(ofCompound: library.compound[best[rank].hit.libraryIndex])
            where query.ranges.contains(where: { $0.contains(Int(spectrum)) }) {
                let hit = scorer.score(query, Int(spectrum), setup: setup, library: library, index: index)
                if hit != nil { best[rank].others += 1 }
            }
        }
    }

    private func match(
        _ query: PreparedQuery, _ hit: LibraryHit, others: Int, setup: SearchSetup
    ) -> LibraryMatch {
        let libraryMZ = library.precursorMZ[hit.libraryIndex]
        let difference = query.spectrumPrecursor - libraryMZ
        let (entropy, cosine) = bothSimilarities(query, hit, setup)
        return LibraryMatch(
            kind: query.identity.contains(libraryMZ - query.spectrumPrecursor) ? .identity : .analog,
            score: hit.score, measure: setup.measure, matchedPeaks: hit.matchedPeaks, spectralEntropy: entropy,
            modifiedCosine: cosine, precursorErrorDalton: difference, precursorErrorPPM: difference / libraryMZ * 1e6,
            libraryIndex: hit.libraryIndex, entry: library.entry(at: hit.libraryIndex), otherSpectraOfCompound: others)
    }

    /// Spectral entropy similarity and modified cosine of a hit that is reported; few are, so both cost little.
    private func bothSimilarities(
        _ query: PreparedQuery, _ hit: LibraryHit, _ setup: SearchSetup
    ) -> (spectralEntropy: Double, modifiedCosine: Double) {
        let parameters = setup.parameters
        let libraryMZ = library.precursorMZ[hit.libraryIndex]
        let cleaning = PeakCleaning(
            noiseFraction: setup.preparation.noiseFraction, maximumPeakCount: library.cleaning.maximumPeakCount)
        let peaks = cleaning.clean(
            library.peaks(at: hit.libraryIndex), upperMZ: setup.preparation.upperMZ(libraryMZ))
        let entropy =
            setup.measure == .spectralEntropy && setup.matching == .fragments
            ? hit.score
            : SpectralSimilarity.spectralEntropy(query.cleaned, peaks, tolerance: parameters.fragmentTolerance).score
        let cosine =
            setup.measure == .modifiedCosine && setup.matching == .fragmentsAndLosses
            ? hit.score
            : SpectralSimilarity.modifiedCosine(
                query.cleaned, peaks,
                precursorA: query.spectrumPrecursor.isFinite ? query.spectrumPrecursor : libraryMZ,
                precursorB: libraryMZ, tolerance: parameters.fragmentTolerance,
                intensityPower: parameters.intensityPower,
                assignment: parameters.assignment
            ).score
        return (entropy, cosine)
    }
}
