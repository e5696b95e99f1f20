import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The inner loops: peak lists that are already weighted.
enum SimilarityKernel {
    /// Jensen-Shannon similarity of two lists whose weights sum to 1 and whose peaks lie more than twice the tolerance
    /// apart. Only matched peaks contribute: f(a + b) - f(a) - f(b) with f(x) = x log2 x, halved. hot
    static func entropy(_ a: PeakList, _ b: PeakList, tolerance: Tolerance) -> SimilarityScore {
        var sum = 0.0
        var matched = 0
        a.mz.withUnsafeBufferPointer { amz in
            a.intensity.withUnsafeBufferPointer { aw in
                b.mz.withUnsafeBufferPointer { bmz in
                    b.intensity.withUnsafeBufferPointer { bw in
                        var i = 0
                        var j = 0
                        while i < amz.count, j < bmz.count {
                            let difference = bmz[j] - amz[i]
                            let half = tolerance.halfWidth(at: amz[i])
                            if difference > half {
                                i += 1
                            } else if difference < -half {
                                j += 1
                            } else {
                                let x = aw[i]
                                let y = bw[j]
                                let total = x + y
                                sum += total * log2(total) - x * log2(x) - y * log2(y)
                                matched += 1
                                i += 1
                                j += 1
                            }
                        }
                    }
                }
            }
        }
        return SimilarityScore(score: clamped(sum / 2), matchedPeaks: matched)
    }

    /// A measure other than entropy.
    static func paired(
        _ a: PeakList, _ b: PeakList, _ settings: SimilaritySettings, _ pairing: PeakPairing,
        workspace: inout AssignmentWorkspace
    ) -> SimilarityScore {
        settings.measure == .enhancedDotProduct
            ? composite(
                a, b, pairing: pairing, tolerance: settings.tolerance, assignment: settings.assignment,
                workspace: &workspace)
            : cosine(
                a, b, pairing: pairing, tolerance: settings.tolerance, assignment: settings.assignment,
                workspace: &workspace)
    }

    /// Cosine of two lists of Euclidean length 1. hot
    static func cosine(
        _ a: PeakList, _ b: PeakList, pairing: PeakPairing, tolerance: Tolerance, assignment: PeakAssignment,
        workspace: inout AssignmentWorkspace
    ) -> SimilarityScore {
        workspace.begin(rows: a.count, columns: b.count)
        switch pairing {
        case .inPlace:
            collectPairs(a, b, shift: 0, onlyNew: false, tolerance: tolerance, workspace: &workspace)
        case .inPlaceOrMoved(let shift):
            collectPairs(a, b, shift: 0, onlyNew: false, tolerance: tolerance, workspace: &workspace)
            // A pair that matches both ways is one pair; which of its two places in the order counts is matchms's choice.
            collectPairs(
                a, b, shift: shift, onlyNew: assignment == .optimal, tolerance: tolerance, workspace: &workspace)
        case .moved(let shift):
            collectPairs(a, b, shift: shift, onlyNew: false, tolerance: tolerance, workspace: &workspace)
        }
        let (sum, matched) =
            assignment == .optimal ? workspace.solveOptimally() : workspace.solveGreedily()
        return SimilarityScore(score: clamped(sum), matchedPeaks: matched)
    }

    /// Composite similarity of two lists of Euclidean length 1: (N F_D + M F_R) / (N + M) for N peaks in `a` and M
    /// matched ones. F_D is the cosine; F_R the mean, over neighbouring matched peaks, of how well the ratio of their
    /// weights agrees (the smaller ratio divided by the larger). With fewer than two matched peaks there is no ratio and
    /// F_D stands alone.
    /// - Source: Stein and Scott 1994, doi:10.1016/1044-0305(94)87009-8.
    static func composite(
        _ a: PeakList, _ b: PeakList, pairing: PeakPairing, tolerance: Tolerance, assignment: PeakAssignment,
        workspace: inout AssignmentWorkspace
    ) -> SimilarityScore {
        let cosine = cosine(
            a, b, pairing: pairing, tolerance: tolerance, assignment: assignment, workspace: &workspace)
        let pairs = workspace.chosenPairs()
        guard pairs.count >= 2 else { return cosine }
        var sum = 0.0
        for (previous, next) in zip(pairs, pairs.dropFirst()) {
            let left = a.intensity[next.row] * b.intensity[previous.column]
            let right = a.intensity[previous.row] * b.intensity[next.column]
            let larger = max(left, right)
            if larger > 0 { sum += min(left, right) / larger }
        }
        let ratio = sum / Double(pairs.count - 1)
        let (peaks, matched) = (Double(a.count), Double(pairs.count))
        let score = (peaks * cosine.score + matched * ratio) / (peaks + matched)
        return SimilarityScore(score: clamped(score), matchedPeaks: pairs.count)
    }

    /// All pairs within the tolerance; `onlyNew` leaves out those that match without the shift.
    ///
    /// Two m/z within a factor of two have an exact difference (Sterbenz 1974), so a pair in place is inside or outside
    /// as the numbers stand; one that is moved is rounded once, when the shift is added.
    private static func collectPairs(
        _ a: PeakList, _ b: PeakList, shift: Double, onlyNew: Bool, tolerance: Tolerance,
        workspace: inout AssignmentWorkspace
    ) {
        var low = 0
        for i in 0..<a.count {
            let center = a.mz[i]
            let half = tolerance.halfWidth(at: center)
            while low < b.count, b.mz[low] + shift - center < -half { low += 1 }
            var j = low
            while j < b.count {
                let difference = b.mz[j] + shift - center
                if difference > half { break }
                if difference >= -half, !(onlyNew && abs(b.mz[j] - center) <= half) {
                    workspace.addPair(row: i, column: j, value: a.intensity[i] * b.intensity[j])
                }
                j += 1
            }
        }
    }

    /// Rounding can leave the range by an ulp; values that are not numbers (a damaged library) count as 0.
    private static func clamped(_ value: Double) -> Double { value > 0 ? min(value, 1) : 0 }
}
