import SpectrumModel

/// A query that is ready to be compared: cleaned, weighted, and with what it searches.
final class PreparedQuery: Sendable {
    let spectrumPrecursor: Double
    /// Cleaned, before any weighting, and as the measure weighs it.
    let cleaned: PeakList
    let weighted: PeakList
    /// For the entropy alone.
    let entropy: EntropyQuery?
    /// Library spectra that the search covers.
    let ranges: [Range<Int>]
    let identity: PrecursorWindow

    /// How an index is scanned for the query.
    func plan(_ setup: SearchSetup) -> ScanPlan {
        ScanPlan(
            weighted, bound: setup.bound, matching: setup.matching, precursor: spectrumPrecursor,
            tolerance: setup.parameters.fragmentTolerance)
    }

    /// - Returns: `nil` when no peak is left, or the search needs a precursor and there is none.
    init?(_ spectrum: FragmentSpectrum, _ setup: SearchSetup, library: SpectralLibrary) {
        let precursor = spectrum.precursorMZ
        let hasPrecursor = precursor.isFinite && precursor > 0
        let parameters = setup.parameters
        guard hasPrecursor || !setup.needsPrecursor else { return nil }
        let cleaning = PeakCleaning(
            noiseFraction: parameters.noiseFraction, maximumPeakCount: library.cleaning.maximumPeakCount)
        let peaks = cleaning.clean(
            mz: spectrum.mz, intensity: spectrum.intensity,
            upperMZ: hasPrecursor ? setup.preparation.upperMZ(precursor) : .infinity)
        guard peaks.count > 0 else { return nil }
        var weighted = peaks
        setup.preparation.weighting.apply(&weighted, precursorMZ: precursor)
        guard weighted.count > 0 else { return nil }
        spectrumPrecursor = precursor
        cleaned = peaks
        self.weighted = weighted
        entropy =
            setup.bound == .entropy ? EntropyQuery(weighted, tolerance: parameters.fragmentTolerance) : nil
        identity = PrecursorWindow(spectrum, tolerance: parameters.precursorTolerance)
        var window: PrecursorWindow? = identity
        if parameters.analog {
            window?.widen(to: parameters.analogMaximumShift)
        } else if parameters.search != .identity {
            window = nil
        }
        let polarity = spectrum.header.polarity
        ranges =
            window.map {
                library.candidates(polarity: polarity, center: precursor, below: $0.below, above: $0.above)
            } ?? library.spectra(polarity: polarity)
    }
}

/// What follows from the parameters of a search and holds for all its queries.
struct SearchSetup: Sendable {
    let parameters: SearchParameters
    let measure: SimilarityMeasure
    let matching: PeakMatching
    let bound: ScoreBound
    let preparation: PeakPreparation
    let settings: SimilaritySettings

    init(_ parameters: SearchParameters, library: SpectralLibrary) {
        self.parameters = parameters
        measure = parameters.analog ? .modifiedCosine : parameters.similarity
        matching = PeakMatching(parameters.analog ? .hybrid : parameters.search, measure)
        bound = ScoreBound(measure)
        settings = parameters.settings(measure)
        preparation = PeakPreparation(measure, parameters, cleaning: library.cleaning)
    }

    /// An index reaches only spectra with a peak in common.
    var minimumMatchedPeaks: Int {
        searchesAll ? max(parameters.minimumMatchedPeaks, 1) : parameters.minimumMatchedPeaks
    }
    /// Whether candidates are not limited to the precursor's own window.
    var searchesAll: Bool { parameters.analog || parameters.search != .identity }
    /// Only a search by fragments alone can do without.
    var needsPrecursor: Bool {
        parameters.analog || parameters.search == .identity || parameters.removePrecursor || matching.usesLosses
    }
}

/// Scores pairs of a query and a library spectrum exactly; owns the memory that is reused from pair to pair.
struct PairScorer: Sendable {
    private var candidate = PeakList()
    private var weights: [Float] = []
    private var workspace = AssignmentWorkspace()
    private var entropy = EntropyKernel()
    /// Library spectra compared since this value was made.
    private(set) var comparisons = 0

    /// The hit, or `nil` when it has too few peaks or too low a score.
    /// - Parameter index: of the same preparation, where there is one: its merged spectra need no work. hot
    mutating func score(
        _ query: PreparedQuery, _ number: Int, setup: SearchSetup, library: SpectralLibrary, index: FragmentIndex?
    ) -> LibraryHit? {
        comparisons += 1
        let shift = query.spectrumPrecursor - library.precursorMZ[number]
        let similarity: SimilarityScore
        if let entropyQuery = query.entropy, let prepared = index?.prepared {
            let range = Int(prepared.offset[number])..<Int(prepared.offset[number + 1])
            similarity = entropy.score(
                entropyQuery, mz: UnsafeBufferPointer(rebasing: prepared.mz[range]),
                weight: UnsafeBufferPointer(rebasing: prepared.weight[range]), shift: shift, matching: setup.matching)
        } else {
            let range = library.peakRange(of: number)
            setup.preparation.load(
                mz: UnsafeBufferPointer(rebasing: library.peakMZ[range]),
                intensity: UnsafeBufferPointer(rebasing: library.peakIntensity[range]),
                entropyWeight: UnsafeBufferPointer(rebasing: library.peakEntropyWeight[range]),
                precursor: library.precursorMZ[number], libraryNoise: library.cleaning.noiseFraction, into: &candidate)
            similarity = score(query, shift: shift, setup: setup)
        }
        guard similarity.matchedPeaks >= setup.minimumMatchedPeaks,
            similarity.score >= setup.parameters.minimumScore
        else { return nil }
        return LibraryHit(libraryIndex: number, score: similarity.score, matchedPeaks: similarity.matchedPeaks)
    }

    /// The loaded candidate.
    private mutating func score(_ query: PreparedQuery, shift: Double, setup: SearchSetup) -> SimilarityScore {
        if let entropyQuery = query.entropy {
            // In single precision, as an index keeps them.
            weights.removeAll(keepingCapacity: true)
            for value in candidate.intensity { weights.append(Float(value)) }
            return candidate.mz.withUnsafeBufferPointer { mz in
                weights.withUnsafeBufferPointer {
                    entropy.score(entropyQuery, mz: mz, weight: $0, shift: shift, matching: setup.matching)
                }
            }
        }
        return SimilarityKernel.paired(
            query.weighted, candidate, setup.settings,
            PeakPairing(
                setup.matching, shift: shift, precursor: query.spectrumPrecursor, tolerance: setup.settings.tolerance),
            workspace: &workspace)
    }
}

/// How far the precursor of a candidate may lie from the query's, in Da.
struct PrecursorWindow: Sendable {
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
