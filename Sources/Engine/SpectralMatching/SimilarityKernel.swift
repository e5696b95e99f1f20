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

    /// Cosine of two lists of Euclidean length 1, peaks of `b` matched in place or moved by `shift`. hot
    static func cosine(
        _ a: PeakList, _ b: PeakList, shift: Double, tolerance: Tolerance, assignment: PeakAssignment,
        workspace: inout AssignmentWorkspace
    ) -> SimilarityScore {
        workspace.begin(rows: a.count, columns: b.count)
        collectPairs(a, b, shift: 0, onlyNew: false, tolerance: tolerance, workspace: &workspace)
        if shift != 0 {
            collectPairs(a, b, shift: shift, onlyNew: true, tolerance: tolerance, workspace: &workspace)
        }
        let (sum, matched) =
            assignment == .optimal ? workspace.solveOptimally() : workspace.solveGreedily()
        return SimilarityScore(score: clamped(sum), matchedPeaks: matched)
    }

    /// All pairs within the tolerance; `onlyNew` leaves out those that match without the shift.
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
