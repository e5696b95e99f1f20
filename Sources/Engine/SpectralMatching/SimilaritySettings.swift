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

/// What the peaks of a cleaned spectrum become before they are compared.
enum PeakWeighting: Sendable, Hashable {
    /// Merged within twice the tolerance and scaled to sum 1; `weighted` raises them where the entropy is low.
    case entropy(Tolerance, weighted: Bool)
    /// Intensities raised to the power, scaled to Euclidean length 1.
    case cosine(power: Double)
    /// The same of the peaks that lost something.
    case losses(Tolerance, power: Double)
    /// m/z and intensity raised to their powers, scaled to Euclidean length 1.
    case composite(intensityPower: Double, mzPower: Double)

    init(_ settings: SimilaritySettings) {
        switch settings.measure {
        case .spectralEntropy: self = .entropy(settings.tolerance, weighted: true)
        case .unweightedEntropy: self = .entropy(settings.tolerance, weighted: false)
        case .cosine, .modifiedCosine: self = .cosine(power: settings.intensityPower)
        case .neutralLoss: self = .losses(settings.tolerance, power: settings.intensityPower)
        case .enhancedDotProduct:
            self = .composite(intensityPower: settings.intensityPower, mzPower: settings.mzPower)
        }
    }

    /// Replaces the intensities by what the measure compares; may merge or drop peaks.
    /// - Parameter precursorMZ: used by `losses` alone.
    func apply(_ peaks: inout PeakList, precursorMZ: Double) {
        switch self {
        case .entropy(let tolerance, let weighted):
            EntropyWeights.merge(&peaks, tolerance: tolerance)
            EntropyWeights.apply(&peaks.intensity, weighted: weighted)
        case .cosine(let power): CosineWeights.apply(&peaks.intensity, power: power)
        case .losses(let tolerance, let power):
            CosineWeights.dropUnfragmented(&peaks, precursorMZ: precursorMZ, tolerance: tolerance)
            CosineWeights.apply(&peaks.intensity, power: power)
        case .composite(let intensityPower, let mzPower):
            CosineWeights.apply(&peaks, intensityPower: intensityPower, mzPower: mzPower)
        }
    }
}

/// Where a peak of the second spectrum may meet one of the first.
enum PeakPairing: Sendable {
    case inPlace
    /// In place, or moved by so many Th.
    case inPlaceOrMoved(Double)
    case moved(Double)

    /// - Parameter shift: precursor m/z of the first spectrum, `precursor`, minus that of the second; only used where
    ///   losses are matched.
    init(_ matching: PeakMatching, shift: Double, precursor: Double, tolerance: Tolerance) {
        switch matching {
        case .fragments: self = .inPlace
        case .losses: self = .moved(shift)
        case .fragmentsAndLosses:
            // A difference that the tolerance covers is none: both places would count the same pairs twice over.
            self = abs(shift) <= tolerance.halfWidth(at: precursor) ? .inPlace : .inPlaceOrMoved(shift)
        }
    }
}
