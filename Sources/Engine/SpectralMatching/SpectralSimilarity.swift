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

/// How peaks are paired when several lie within the tolerance of each other.
public enum PeakAssignment: String, Sendable, Hashable, CaseIterable {
    /// The pairing with the highest score (exact, Hungarian method on each conflict).
    case optimal
    /// Pairs in order of falling product, as many tools do; never above `optimal`.
    case greedy
}

/// Similarity of two cleaned fragment spectra (sorted by m/z, positive intensities).
///
/// Two peaks match when `|mz_b - mz_a| <= tolerance at mz_a`; both edges are inside. A peak is used at most once.
/// The functions set up their workspace at each call; `LibrarySearch` keeps one.
public enum SpectralSimilarity {
    /// Spectral entropy similarity: one minus the Jensen-Shannon divergence, in units of ln 2, of the intensities.
    ///
    /// Peaks of a spectrum that lie within twice the tolerance of each other are merged first, so that every match is
    /// unambiguous. With `weighted`, intensities of a spectrum of entropy S < 3 are raised to the power 0.25 + 0.25 S.
    /// - Complexity: O(n + m) and one logarithm per peak.
    /// - Source: Li et al. 2021, doi:10.1038/s41592-021-01331-z.
    public static func spectralEntropy(
        _ a: PeakList, _ b: PeakList, tolerance: Tolerance, weighted: Bool = true
    ) -> SimilarityScore {
        var left = a
        var right = b
        EntropyWeights.merge(&left, tolerance: tolerance)
        EntropyWeights.merge(&right, tolerance: tolerance)
        EntropyWeights.apply(&left.intensity, weighted: weighted)
        EntropyWeights.apply(&right.intensity, weighted: weighted)
        return SimilarityKernel.entropy(left, right, tolerance: tolerance)
    }

    /// Cosine of the intensities raised to `intensityPower`, over matched peaks.
    /// - Complexity: O(n + m + pairs) without conflicts; O(k^3) for a conflict of k peaks with `.optimal`.
    public static func cosine(
        _ a: PeakList, _ b: PeakList, tolerance: Tolerance, intensityPower: Double = 0.5,
        assignment: PeakAssignment = .optimal
    ) -> SimilarityScore {
        modifiedCosine(
            a, b, precursorShift: 0, tolerance: tolerance, intensityPower: intensityPower, assignment: assignment)
    }

    /// Cosine in which a peak of `b` also matches when moved by `precursorShift` (precursor m/z of `a` minus that of
    /// `b`): fragments that carry the difference between two related molecules.
    /// - Source: Watrous et al. 2012, doi:10.1073/pnas.1203689109.
    public static func modifiedCosine(
        _ a: PeakList, _ b: PeakList, precursorShift: Double, tolerance: Tolerance, intensityPower: Double = 0.5,
        assignment: PeakAssignment = .optimal
    ) -> SimilarityScore {
        var left = a
        var right = b
        CosineWeights.apply(&left.intensity, power: intensityPower)
        CosineWeights.apply(&right.intensity, power: intensityPower)
        var workspace = AssignmentWorkspace()
        return SimilarityKernel.cosine(
            left, right, shift: precursorShift, tolerance: tolerance, assignment: assignment, workspace: &workspace)
    }
}
