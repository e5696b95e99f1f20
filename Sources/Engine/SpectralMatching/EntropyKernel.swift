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
    let count: Int
    /// m/z, half widths of the windows, weights, and weight log2 weight, each filled up to a multiple of eight: the kernel
    /// takes eight at a time.
    private let values: [Double]
    private var stride: Int { (count + 7) & ~7 }

    /// - Parameter peaks: weights of sum 1, peaks more than twice the tolerance apart.
    init(_ peaks: PeakList, tolerance: Tolerance) {
        count = peaks.count
        let count = peaks.count
        let stride = (count + 7) & ~7
        values = [Double](unsafeUninitializedCapacity: 4 * stride) { values, used in
            values.update(repeating: 0)
            for peak in 0..<count {
                let weight = peaks.intensity[peak]
                values[peak] = peaks.mz[peak]
                values[stride + peak] = tolerance.halfWidth(at: peaks.mz[peak])
                values[2 * stride + peak] = weight
                values[3 * stride + peak] = xLog2x(weight)
            }
            used = 4 * stride
        }
    }

    /// As the kernels take it; valid inside `body`.
    @inline(__always)
    func withKernelQuery<Result>(_ body: (UnsafePointer<entropy_query>) -> Result) -> Result {
        values.withUnsafeBufferPointer { values in
            let base = values.baseAddress!
            var query = entropy_query(
                mz: base, half: base + stride, weight: base + 2 * stride, own: base + 3 * stride, count: count)
            return body(&query)
        }
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
        let result = query.withKernelQuery {
            sum_entropy($0, base, weights, mz.count, shift, matching.kernelKind, &scratch, &flags)
        }
        // Rounding can leave the range by an ulp.
        return SimilarityScore(score: result.sum > 0 ? min(result.sum / 2, 1) : 0, matchedPeaks: result.matched)
    }
}

extension PeakMatching {
    /// As the C kernels number it.
    var kernelKind: Int32 {
        switch self {
        case .fragments: 0
        case .losses: 1
        case .fragmentsAndLosses: 2
        }
    }
}
