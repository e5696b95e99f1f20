import SpectrumModel

/// Which similarity ranks the spectra of a library. Formulas, sources and tolerance edges: `docs/similarities.md`.
public enum SimilarityMeasure: String, Sendable, Hashable, Codable, CaseIterable {
    /// Weighted spectral entropy similarity (Li et al. 2021).
    case spectralEntropy = "spectral_entropy"
    /// Spectral entropy similarity of the intensities as they are.
    case unweightedEntropy = "unweighted_entropy"
    /// Cosine of the intensities over matched peaks.
    case cosine
    /// Cosine in which a peak also matches when moved by the difference of the precursors; equals `cosine` when the
    /// precursors agree within the fragment tolerance.
    case modifiedCosine = "modified_cosine"
    /// Cosine of the neutral losses: peaks match only when moved by the difference of the precursors.
    case neutralLoss = "neutral_loss"
    /// Cosine of peaks weighted by m/z and intensity, combined with the ratios of neighbouring matched peaks
    /// (Stein and Scott 1994). The only measure that is not symmetric: the query's number of peaks weighs the two terms.
    case enhancedDotProduct = "enhanced_dot_product"

    /// Whether the score depends on the precursors of both spectra.
    public var usesPrecursor: Bool { self == .modifiedCosine || self == .neutralLoss }

    /// Whether peaks are merged to entropy weights; the others pair peaks one to one.
    var isEntropy: Bool { self == .spectralEntropy || self == .unweightedEntropy }
}

/// How peaks are paired when several lie within the tolerance of each other.
public enum PeakAssignment: String, Sendable, Hashable, Codable, CaseIterable {
    /// The pairing with the highest sum of products (exact, Hungarian method on each conflict).
    case optimal
    /// Pairs in order of falling product, as many tools do; never above `optimal`. Of equal products the pair found
    /// last comes first, which is matchms's order: pairs moved by the precursors before pairs in place, higher m/z
    /// before lower.
    case greedy
}

/// A measure with everything that decides its result.
public struct SimilaritySettings: Sendable, Hashable {
    public var measure: SimilarityMeasure
    /// Largest distance of two peaks that count as the same fragment. ppm refer to the peak of the query; edges inside.
    public var tolerance: Tolerance
    /// How `cosine`, `modifiedCosine`, `neutralLoss` and `enhancedDotProduct` pair peaks. Entropy has no choice: its
    /// peaks lie too far apart to compete.
    public var assignment: PeakAssignment
    /// Exponent of the intensities in the same four measures.
    public var intensityPower: Double
    /// Exponent of the m/z in `enhancedDotProduct`.
    public var mzPower: Double

    public init(
        measure: SimilarityMeasure = .spectralEntropy, tolerance: Tolerance = .dalton(0.02),
        assignment: PeakAssignment = .optimal, intensityPower: Double = 0.5, mzPower: Double = 2
    ) {
        self.measure = measure
        self.tolerance = tolerance
        self.assignment = assignment
        self.intensityPower = intensityPower
        self.mzPower = mzPower
    }
}

/// Computes one measure for many pairs; its memory is reused from pair to pair.
///
/// Every spectrum is weighed once (`weigh`), then compared any number of times (`score`).
struct SimilarityScorer: Sendable {
    /// May change between queries; spectra are weighed anew then.
    var settings: SimilaritySettings
    private var workspace = AssignmentWorkspace()

    init(_ settings: SimilaritySettings = SimilaritySettings()) { self.settings = settings }

    /// Replaces the intensities of a cleaned spectrum by what the measure compares; may merge or drop peaks.
    /// - Parameter precursorMZ: used by `neutralLoss` alone.
    func weigh(_ peaks: inout PeakList, precursorMZ: Double) {
        switch settings.measure {
        case .spectralEntropy, .unweightedEntropy:
            EntropyWeights.merge(&peaks, tolerance: settings.tolerance)
            EntropyWeights.apply(&peaks.intensity, weighted: settings.measure == .spectralEntropy)
        case .cosine, .modifiedCosine:
            CosineWeights.apply(&peaks.intensity, power: settings.intensityPower)
        case .neutralLoss:
            CosineWeights.dropUnfragmented(&peaks, precursorMZ: precursorMZ, tolerance: settings.tolerance)
            CosineWeights.apply(&peaks.intensity, power: settings.intensityPower)
        case .enhancedDotProduct:
            CosineWeights.apply(&peaks, intensityPower: settings.intensityPower, mzPower: settings.mzPower)
        }
    }

    /// Similarity of two weighed spectra. The precursors are used by `modifiedCosine` and `neutralLoss`.
    mutating func score(
        query: PeakList, queryPrecursor: Double, other: PeakList, otherPrecursor: Double
    ) -> SimilarityScore {
        let shift = queryPrecursor - otherPrecursor
        switch settings.measure {
        case .spectralEntropy, .unweightedEntropy:
            return SimilarityKernel.entropy(query, other, tolerance: settings.tolerance)
        case .cosine: return cosine(query, other, .inPlace)
        case .modifiedCosine:
            // A difference that the tolerance covers is none: both places would count the same pairs twice over.
            let isNone = abs(shift) <= settings.tolerance.halfWidth(at: queryPrecursor)
            return cosine(query, other, isNone ? .inPlace : .inPlaceOrMoved(shift))
        case .neutralLoss: return cosine(query, other, .moved(shift))
        case .enhancedDotProduct:
            return SimilarityKernel.composite(
                query, other, tolerance: settings.tolerance, assignment: settings.assignment, workspace: &workspace)
        }
    }

    private mutating func cosine(_ query: PeakList, _ other: PeakList, _ pairing: PeakPairing) -> SimilarityScore {
        SimilarityKernel.cosine(
            query, other, pairing: pairing, tolerance: settings.tolerance, assignment: settings.assignment,
            workspace: &workspace)
    }
}

/// Where a peak of the second spectrum may meet one of the first.
enum PeakPairing: Sendable {
    case inPlace
    /// In place, or moved by so many Th.
    case inPlaceOrMoved(Double)
    case moved(Double)
}
