import SpectrumModel

/// Exact search of fragment spectra in a library. One value per worker: it owns the memory that is reused from query to
/// query; the library is shared.
///
/// Candidates have the query's polarity, or none that is known (every polarity when the query's is unknown). An identity
/// search compares every spectrum whose precursor lies within `precursorTolerance`; a query that names only an isolation window is searched in
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
    private var bounds = CandidateBounds()
    private var forestScan = ForestScan()
    private var reached: [Reached] = []

    /// A query with the best that was found for it.
    private struct Answer {
        let query: PreparedQuery
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
        return run(queries, setup, setup.searchesAll ? .compounds : .everything).map { answer in
            guard var answer else { return [] }
            return compounds(answer.query, ranked(answer.best.takeRemaining()), setup: setup)
        }
    }

    /// The `top` best spectra for each query of a batch.
    public mutating func rank(queries: [FragmentSpectrum], parameters: SearchParameters) -> [[LibraryHit]] {
        let setup = SearchSetup(parameters, library: library)
        return run(queries, setup, .spectra).map { answer in
            guard var answer else { return [] }
            var hits = ranked(answer.best.takeRemaining())
            if hits.count > parameters.top { hits.removeSubrange(parameters.top...) }
            return hits
        }
    }

    private mutating func run(_ queries: [FragmentSpectrum], _ setup: SearchSetup, _ unit: TopHits.Unit) -> [Answer?] {
        defer { withExtendedLifetime(library) {} }
        let usesForest = forest.map { $0.forest.scheme == SignatureScheme(setup) } ?? false
        let stored = library.existingIndex(for: setup.preparation)
        var answers: [Answer?] = []
        answers.reserveCapacity(queries.count)
        var plans: [(number: Int, plan: ScanPlan)] = []
        for (number, spectrum) in queries.enumerated() {
            guard let query = PreparedQuery(spectrum, setup, library: library) else {
                answers.append(nil)
                continue
            }
            var best = TopHits(unit, wanted: setup.parameters.top, minimumScore: setup.parameters.minimumScore)
            let count = query.ranges.reduce(0) { $0 + $1.count }
            // Few candidates are compared sooner than found by an index.
            if setup.searchesAll && count > Self.fewCandidates {
                if let forest, usesForest {
                    let found = forestScan.candidates(
                        query.weighted, precursor: query.spectrumPrecursor, in: query.ranges, of: forest)
                    for candidate in found { compare(query, &best, candidate, setup, stored) }
                } else {
                    spectraPassed += count
                    plans.append((number, query.plan(setup)))
                }
            } else {
                compareCandidates(query, &best, setup, stored)
            }
            answers.append(Answer(query: query, best: best))
        }
        if plans.isEmpty { return answers }
        let index = stored ?? library.index(for: setup.preparation)
        for block in 0..<index.blockCount {
            let spectra = index.spectra(of: block)
            for (number, plan) in plans {
                let query = answers[number]!.query
                for range in query.ranges where range.overlaps(spectra) {
                    scanBlock(query, &answers[number]!.best, plan, index, block, range.clamped(to: spectra), setup)
                }
            }
        }
        return answers
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

    /// Compares all candidates of a query without the postings: those alone that can be among the best, where bounds are to
    /// be had.
    private mutating func compareCandidates(
        _ query: PreparedQuery, _ best: inout TopHits, _ setup: SearchSetup, _ index: FragmentIndex?
    ) {
        let wanted = setup.parameters.top
        guard let prepared = index?.prepared, let entropy = query.entropy, setup.matching == .fragments,
            bounds.begin(entropy)
        else {
            for range in query.ranges {
                for candidate in range { compare(query, &best, candidate, setup, index) }
            }
            return
        }
        defer { bounds.end(entropy) }
        for range in query.ranges {
            var first = range.lowerBound
            while first < range.upperBound {
                let count = min(range.upperBound - first, CandidateBounds.most)
                bounds.bound(prepared, first..<(first + count))
                if wanted < count {
                    bounds.largest(wanted, of: count, into: &reached)
                    for candidate in reached {
                        bounds.exclude(candidate.spectrum)
                        compare(query, &best, first + candidate.spectrum, setup, index)
                    }
                }
                for place in 0..<count
                where bounds.isLeft(place)
                    && bounds.total(place) >= setup.bound.total(for: best.threshold) - CandidateBounds.slack
                {
                    compare(query, &best, first + place, setup, index)
                }
                first += count
            }
        }
    }

    private mutating func compare(
        _ query: PreparedQuery, _ best: inout TopHits, _ candidate: Int, _ setup: SearchSetup, _ index: FragmentIndex?
    ) {
        let hit = scorer.score(query, candidate, setup: setup, library: library, index: index)
        if let hit { best.add(hit, compound: library.compound[candidate]) }
    }

    /// Part of the query that is left when the best so far are compared first, part of the threshold that unscanned peaks
    /// may be worth when scanning stops, and postings that cost as much as one spectrum that is left, with a bound of its own
    /// and without. Measured on the bundled library; they decide the time, not the result.
    private static let probedShare = 0.3
    private static let restFraction = 0.5
    private static let postingsOfBound = 100
    private static let postingsOfComparison = 200

    /// Compares what one block of the index has among the best.
    private mutating func scanBlock(
        _ query: PreparedQuery, _ best: inout TopHits, _ plan: ScanPlan, _ index: FragmentIndex, _ block: Int,
        _ range: Range<Int>, _ setup: SearchSetup
    ) {
        let first = index.spectra(of: block).lowerBound
        let spectra = (range.lowerBound - first)..<(range.upperBound - first)
        scan.begin(plan, index, block: block)
        let hasBounds = index.prepared != nil && query.entropy.map { bounds.begin($0) } ?? false
        defer {
            scan.end(index, block: block)
            if hasBounds, let entropy = query.entropy { bounds.end(entropy) }
        }
        let wanted = setup.parameters.top
        /// What the terms of a spectrum have to reach.
        var needed: Double { setup.bound.total(for: best.threshold) }
        /// Compares what can be among the best of `reached`, whose totals lack at most `rest`.
        func compareReached(rest: Double) {
            var slack = plan.slack + rest
            if hasBounds, let prepared = index.prepared {
                let least = needed - slack
                slack = CandidateBounds.slack
                var left = 0
                for place in reached.indices where reached[place].total >= least {
                    let candidate = reached[place]
                    let number = first + candidate.spectrum
                    let shift = query.spectrumPrecursor - library.precursorMZ[number]
                    let total = bounds.bound(prepared, number, shift: shift, matching: setup.matching)
                    guard total >= needed - slack else { continue }
                    reached[left] = Reached(spectrum: candidate.spectrum, total: total)
                    left += 1
                }
                reached.removeSubrange(left...)
            }
            var queue = ReachedQueue(reached)
            while let candidate = queue.next(), candidate.total >= needed - slack {
                compare(query, &best, first + candidate.spectrum, setup, index)
            }
        }
        if !best.isFull, wanted < spectra.count / 8 {
            // The best by the rarer peaks soon show what the others have to reach.
            scan.scan(
                plan, index, until: max(plan.bound.most(Self.probedShare), needed * Self.restFraction))
            scan.largest(2 * wanted, in: spectra, into: &reached)
            for candidate in reached { scan.exclude(candidate.spectrum) }
            compareReached(rest: scan.rest)
        }
        scan.scan(plan, index, until: needed * Self.restFraction)
        let cost = hasBounds ? Self.postingsOfBound : Self.postingsOfComparison
        while true {
            scan.reached(needed - scan.rest - plan.slack, in: spectra, into: &reached)
            if scan.isFinished || reached.count * cost <= scan.postingsLeft { break }
            // Peaks next to nothing in weight may be left when nothing is.
            scan.scan(plan, index, until: scan.rest > 0 ? scan.rest * 0.4 : -1)
        }
        compareReached(rest: scan.rest)
    }

    /// By falling score, falling number of matched peaks, accession, position.
    private func ranked(_ hits: consuming [LibraryHit]) -> [LibraryHit] {
        let library = library
        var hits = hits
        hits.sort { a, b in
            if a.score != b.score { return a.score > b.score }
            if a.matchedPeaks != b.matchedPeaks { return a.matchedPeaks > b.matchedPeaks }
            let order = library.compareAccessions(a.libraryIndex, b.libraryIndex)
            return order != 0 ? order < 0 : a.libraryIndex < b.libraryIndex
        }
        return hits
    }
}

extension LibrarySearch {
    /// From hits by rank the best of each compound, with how many others of it pass.
    private mutating func compounds(
        _ query: PreparedQuery, _ hits: [LibraryHit], setup: SearchSetup
    ) -> [LibraryMatch] {
        var rankOfCompound: [UInt32: Int] = [:]
        var best: [(hit: LibraryHit, others: Int)] = []
        for hit in hits {
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
