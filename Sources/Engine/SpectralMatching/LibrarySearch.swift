import SpectrumModel

/// Exact search of one fragment spectrum in a library. One value per worker: it owns the memory that is reused from
/// query to query; the library is shared.
///
/// Candidates have the query's polarity (every polarity when the query's is unknown) and a precursor within
/// `precursorTolerance`. A query that names only an isolation window is searched in the whole window around its centre,
/// or within the tolerance where that is wider. Every candidate is compared; nothing is approximated.
/// - Complexity: O(log n + candidates * peaks).
/// - Determinism: matches come by falling score, then falling number of matched peaks, then accession, then position.
public struct LibrarySearch: Sendable {
    public let library: SpectralLibrary
    /// Library spectra compared since this value was made.
    public private(set) var comparisons = 0

    private struct Hit {
        var index: Int
        var score: Double
        var matched: Int
    }

    /// The query after cleaning, before any weighting, and as the ranking measure weighs it.
    private var cleanQuery = PeakList()
    private var query = PeakList()
    private var candidate = PeakList()
    private var scorer = SimilarityScorer()
    private var hits: [Hit] = []

    public init(library: SpectralLibrary) { self.library = library }

    /// The best spectrum of each of the `top` best compounds.
    ///
    /// Empty when the query has no peak left or no precursor m/z. With `analog` the search covers every precursor
    /// within `analogMaximumShift` by modified cosine, identical precursors included (`LibraryMatch.kind` tells them).
    public mutating func search(query spectrum: FragmentSpectrum, parameters: SearchParameters) -> [LibraryMatch] {
        defer { withExtendedLifetime(library) {} }
        let precursor = spectrum.precursorMZ
        guard precursor.isFinite, precursor > 0 else { return [] }
        let cleaning = PeakCleaning(
            noiseFraction: parameters.noiseFraction, maximumPeakCount: library.cleaning.maximumPeakCount)
        cleanQuery = cleaning.clean(
            PeakList(mz: spectrum.mz, intensity: spectrum.intensity.map { Double($0) }),
            upperMZ: upperMZ(precursor, parameters))
        guard cleanQuery.count > 0 else { return [] }
        query = cleanQuery
        let measure: SimilarityMeasure = parameters.analog ? .modifiedCosine : parameters.similarity
        scorer.settings = parameters.settings(measure)
        scorer.weigh(&query, precursorMZ: precursor)

        let identity = PrecursorWindow(spectrum, tolerance: parameters.precursorTolerance)
        var window = identity
        if parameters.analog { window.widen(to: parameters.analogMaximumShift) }
        hits.removeAll(keepingCapacity: true)
        for range in library.candidates(
            polarity: spectrum.header.polarity, center: precursor, below: window.below, above: window.above)
        {
            for index in range { compare(index, precursor: precursor, measure: measure, parameters: parameters) }
        }
        return rankedMatches(precursor: precursor, identity: identity, measure: measure, parameters: parameters)
    }

    /// Scores one candidate and keeps it when it passes.
    private mutating func compare(
        _ index: Int, precursor: Double, measure: SimilarityMeasure, parameters: SearchParameters
    ) {
        comparisons += 1
        load(index, measure: measure, parameters: parameters)
        guard candidate.count >= parameters.minimumMatchedPeaks else { return }
        let similarity = scorer.score(
            query: query, queryPrecursor: precursor, other: candidate, otherPrecursor: library.precursorMZ[index])
        guard similarity.matchedPeaks >= parameters.minimumMatchedPeaks, similarity.score >= parameters.minimumScore
        else { return }
        hits.append(Hit(index: index, score: similarity.score, matched: similarity.matchedPeaks))
    }

    /// Brings a library spectrum into `candidate`, weighted. The stored entropy weights are taken when nothing has to be
    /// removed or merged; values that no builder writes (a damaged file) are left out. hot
    private mutating func load(_ index: Int, measure: SimilarityMeasure, parameters: SearchParameters) {
        let range = library.peakRange(of: index)
        let upper = upperMZ(library.precursorMZ[index], parameters)
        let needsFilter =
            parameters.noiseFraction > library.cleaning.noiseFraction || (library.peakMZ[range].last ?? 0) > upper
        let mz = UnsafeBufferPointer(rebasing: library.peakMZ[range])
        let usesStoredWeights =
            measure == .spectralEntropy && !needsFilter
            && !EntropyWeights.needsMerging(mz, tolerance: parameters.fragmentTolerance)
        let values = UnsafeBufferPointer(
            rebasing: usesStoredWeights ? library.peakEntropyWeight[range] : library.peakIntensity[range])
        candidate.removeAll()
        for peak in 0..<mz.count {
            let value = Double(values[peak])
            guard mz[peak] > 0, mz[peak] < 1e9, value > 0, value <= 1.000_01 else { continue }
            candidate.append(mz: mz[peak], intensity: value)
        }
        if usesStoredWeights { return }
        if needsFilter {
            let cleaning = PeakCleaning(
                noiseFraction: parameters.noiseFraction, maximumPeakCount: library.cleaning.maximumPeakCount)
            candidate = cleaning.clean(candidate, upperMZ: upper)
        }
        scorer.weigh(&candidate, precursorMZ: library.precursorMZ[index])
    }

    private func upperMZ(_ precursor: Double, _ parameters: SearchParameters) -> Double {
        parameters.removePrecursor ? precursor - SearchParameters.precursorRemovalDistance : .infinity
    }

    /// Sorts the hits and keeps the best of each compound.
    private mutating func rankedMatches(
        precursor: Double, identity: PrecursorWindow, measure: SimilarityMeasure, parameters: SearchParameters
    ) -> [LibraryMatch] {
        let top = parameters.top
        let library = library
        hits.sort { a, b in
            if a.score != b.score { return a.score > b.score }
            if a.matched != b.matched { return a.matched > b.matched }
            let order = library.compareAccessions(a.index, b.index)
            return order != 0 ? order < 0 : a.index < b.index
        }
        var rankOfCompound: [UInt32: Int] = [:]
        var best: [(hit: Hit, others: Int)] = []
        for hit in hits {
            let compound = library.compound[hit.index]
            if let rank = rankOfCompound[compound] {
                if rank < top { best[rank].others += 1 }
            } else {
                rankOfCompound[compound] = rankOfCompound.count
                if best.count < top { best.append((hit, 0)) }
            }
        }
        return best.map { hit, others in
            let libraryMZ = library.precursorMZ[hit.index]
            let difference = precursor - libraryMZ
            let (entropy, cosine) = bothSimilarities(
                hit, measure: measure, precursor: precursor, parameters: parameters)
            return LibraryMatch(
                kind: identity.contains(libraryMZ - precursor) ? .identity : .analog, score: hit.score,
                measure: measure, matchedPeaks: hit.matched, spectralEntropy: entropy, modifiedCosine: cosine,
                precursorErrorDalton: difference, precursorErrorPPM: difference / libraryMZ * 1e6,
                libraryIndex: hit.index,
                entry: library.entry(at: hit.index), otherSpectraOfCompound: others)
        }
    }
}

extension LibrarySearch {
    /// Spectral entropy similarity and modified cosine of a hit that is reported; few are, so both cost little.
    private func bothSimilarities(
        _ hit: Hit, measure: SimilarityMeasure, precursor: Double, parameters: SearchParameters
    ) -> (spectralEntropy: Double, modifiedCosine: Double) {
        let cleaning = PeakCleaning(
            noiseFraction: max(parameters.noiseFraction, library.cleaning.noiseFraction),
            maximumPeakCount: library.cleaning.maximumPeakCount)
        let peaks = cleaning.clean(
            library.peaks(at: hit.index), upperMZ: upperMZ(library.precursorMZ[hit.index], parameters))
        let entropy =
            measure == .spectralEntropy
            ? hit.score
            : SpectralSimilarity.spectralEntropy(cleanQuery, peaks, tolerance: parameters.fragmentTolerance).score
        let cosine =
            measure == .modifiedCosine
            ? hit.score
            : SpectralSimilarity.modifiedCosine(
                cleanQuery, peaks, precursorA: precursor, precursorB: library.precursorMZ[hit.index],
                tolerance: parameters.fragmentTolerance, intensityPower: parameters.intensityPower,
                assignment: parameters.assignment
            ).score
        return (entropy, cosine)
    }
}

/// How far the precursor of a candidate may lie from the query's, in Da.
struct PrecursorWindow {
    private(set) var below: Double
    private(set) var above: Double

    /// The tolerance around the selected ion; without a selected ion the isolation window, never less than the tolerance.
    init(_ spectrum: FragmentSpectrum, tolerance: Tolerance) {
        let half = tolerance.halfWidth(at: spectrum.precursorMZ)
        below = half
        above = half
        guard let precursor = spectrum.header.precursor, precursor.selectedIonMZ == nil else { return }
        if let offset = precursor.isolationLowerOffset, offset.isFinite { below = max(below, offset) }
        if let offset = precursor.isolationUpperOffset, offset.isFinite { above = max(above, offset) }
    }

    mutating func widen(to dalton: Double) {
        below = max(below, dalton)
        above = max(above, dalton)
    }

    func contains(_ difference: Double) -> Bool { difference >= -below && difference <= above }
}
