import CMatchingKernels
import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// x log2 x, 0 at 0.
@inline(__always) func xLog2x(_ x: Double) -> Double { x > 0 ? x * log2(x) : 0 }

/// A query that is compared with many spectra by its entropy weights: what does not change from one to the next.
struct EntropyQuery: Sendable {
    fileprivate let count: Int
    /// Filled up to a multiple of eight, as is `half`: the kernel takes eight at a time.
    fileprivate let mz: [Double]
    fileprivate let weight: [Double]
    /// weight log2 weight.
    fileprivate let own: [Double]
    /// Half width of the window around each peak.
    fileprivate let half: [Double]

    /// - Parameter peaks: weights of sum 1, peaks more than twice the tolerance apart.
    init(_ peaks: PeakList, tolerance: Tolerance) {
        count = peaks.count
        let padding = [Double](repeating: 0, count: (8 - peaks.count % 8) % 8)
        mz = peaks.mz + padding
        weight = peaks.intensity
        own = peaks.intensity.map { xLog2x($0) }
        half = peaks.mz.map { tolerance.halfWidth(at: $0) } + padding
    }
}

/// Spectral entropy similarity of weighted spectra by fragments, neutral losses or both.
///
/// Peaks of each spectrum lie more than twice the tolerance apart. Pairs are taken by ascending m/z, each peak once; with
/// `fragmentsAndLosses` fragments first, then neutral losses among the peaks that are left (as Li and Fiehn 2023,
/// doi:10.1038/s41592-023-02012-9). Score: sum of f(a + b) - f(a) - f(b) with f(x) = x log2 x, halved. Library weights that no
/// builder writes (a damaged file) match nothing.
/// - Complexity: O(n m / 8) without branches for short spectra, O(n + m) for others, and two logarithms for each pair.
struct EntropyKernel: Sendable {
    private var scratch: [Double] = []
    private var flags: [UInt8] = []

    /// - Parameter shift: precursor m/z of the query minus that of the candidate. hot
    mutating func score(
        _ query: EntropyQuery, mz: UnsafeBufferPointer<Double>, weight: UnsafeBufferPointer<Float>, shift: Double,
        matching: PeakMatching
    ) -> SimilarityScore {
        let count = query.count
        guard let base = mz.baseAddress, let weights = weight.baseAddress, mz.count == weight.count, count > 0 else {
            return SimilarityScore(score: 0, matchedPeaks: 0)
        }
        if scratch.count < 3 * count + 24 { scratch = [Double](repeating: 0, count: 3 * count + 24) }
        if flags.count < count + mz.count { flags = [UInt8](repeating: 0, count: 2 * (count + mz.count)) }
        let kind: Int32 =
            switch matching {
            case .fragments: 0
            case .losses: 1
            case .fragmentsAndLosses: 2
            }
        let result = query.mz.withUnsafeBufferPointer { a in
            query.half.withUnsafeBufferPointer { half in
                query.weight.withUnsafeBufferPointer { weight in
                    query.own.withUnsafeBufferPointer { own in
                        var peaks = entropy_query(
                            mz: a.baseAddress, half: half.baseAddress, weight: weight.baseAddress,
                            own: own.baseAddress, count: count)
                        return sum_entropy(&peaks, base, weights, mz.count, shift, kind, &scratch, &flags)
                    }
                }
            }
        }
        // Rounding can leave the range by an ulp.
        return SimilarityScore(score: result.sum > 0 ? min(result.sum / 2, 1) : 0, matchedPeaks: result.matched)
    }
}
