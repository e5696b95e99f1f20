import SpectrumModel

/// How alike two fragment spectra are.
public struct SimilarityScore: Sendable, Hashable {
    /// 0 (nothing in common) ... 1 (equal).
    public var score: Double
    /// Pairs of peaks that were taken as the same fragment.
    public var matchedPeaks: Int

    public init(score: Double, matchedPeaks: Int) {
        self.score = score
        self.matchedPeaks = matchedPeaks
    }
}

/// Similarity of two cleaned fragment spectra (sorted by m/z, positive intensities).
///
/// Two peaks match when `|mz_b - mz_a| <= tolerance at mz_a`; both edges are inside. A peak is used at most once.
/// The functions set up their workspace at each call; `LibrarySearch` keeps one.
public enum SpectralSimilarity {
    /// Any of the measures.
    /// - Parameters:
    ///   - a: the query. `enhanced_dot_product` counts its peaks, and ppm refer to it.
    ///   - precursorA: m/z of the fragmented ion of `a`, needed by `modified_cosine` and `neutral_loss` alone.
    /// - Complexity: O(n + m + pairs) without conflicts; O(k^3) for a conflict of k peaks with optimal assignment.
    public static func score(
        _ a: PeakList, _ b: PeakList, precursorA: Double = 0, precursorB: Double = 0, settings: SimilaritySettings
    ) -> SimilarityScore {
        let weighting = PeakWeighting(settings)
        var (left, right) = (a, b)
        weighting.apply(&left, precursorMZ: precursorA)
        weighting.apply(&right, precursorMZ: precursorB)
        if settings.measure.isEntropy { return SimilarityKernel.entropy(left, right, tolerance: settings.tolerance) }
        var workspace = AssignmentWorkspace()
        return SimilarityKernel.paired(
            left, right, settings,
            PeakPairing(
                PeakMatching(.identity, settings.measure), shift: precursorA - precursorB, precursor: precursorA,
                tolerance: settings.tolerance), workspace: &workspace)
    }

    /// Spectral entropy similarity: one minus the Jensen-Shannon divergence, in units of ln 2, of the intensities.
    ///
    /// Peaks of a spectrum that lie within twice the tolerance of each other are merged first, so that every match is
    /// unambiguous. With `weighted`, intensities of a spectrum of entropy S < 3 are raised to the power 0.25 + 0.25 S.
    /// - Complexity: O(n + m) and one logarithm per peak.
    /// - Source: Li et al. 2021, doi:10.1038/s41592-021-01331-z.
    public static func spectralEntropy(
        _ a: PeakList, _ b: PeakList, tolerance: Tolerance, weighted: Bool = true
    ) -> SimilarityScore {
        score(
            a, b,
            settings: SimilaritySettings(
                measure: weighted ? .spectralEntropy : .unweightedEntropy, tolerance: tolerance))
    }

    /// Cosine of the intensities raised to `intensityPower`, over matched peaks.
    /// - Complexity: O(n + m + pairs) without conflicts; O(k^3) for a conflict of k peaks with `.optimal`.
    public static func cosine(
        _ a: PeakList, _ b: PeakList, tolerance: Tolerance, intensityPower: Double = 0.5,
        assignment: PeakAssignment = .optimal
    ) -> SimilarityScore {
        score(
            a, b,
            settings: SimilaritySettings(
                measure: .cosine, tolerance: tolerance, assignment: assignment, intensityPower: intensityPower))
    }

    /// Cosine in which a peak of `b` also matches when moved by the difference of the precursors: fragments that carry
    /// the difference between two related molecules. A difference within the tolerance (at `precursorA`) moves nothing.
    /// - Source: Watrous et al. 2012, doi:10.1073/pnas.1203689109.
    public static func modifiedCosine(
        _ a: PeakList, _ b: PeakList, precursorA: Double, precursorB: Double, tolerance: Tolerance,
        intensityPower: Double = 0.5, assignment: PeakAssignment = .optimal
    ) -> SimilarityScore {
        score(
            a, b, precursorA: precursorA, precursorB: precursorB,
            settings: SimilaritySettings(
                measure: .modifiedCosine, tolerance: tolerance, assignment: assignment,
                intensityPower: intensityPower))
    }
}
