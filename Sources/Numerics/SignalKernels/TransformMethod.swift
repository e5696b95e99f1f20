import CSignalKernels

/// How a wavelet transform is computed; the results differ by rounding alone.
public enum TransformMethod: String, Sendable, Hashable, Codable, CaseIterable {
    /// Whichever of the two is estimated to be faster for the length at hand.
    case byLength = "by-length"
    /// Sums of products with precomputed kernels. Fastest up to several hundred samples.
    case direct
    /// One forward Fourier transform, then a product and an inverse transform per scale.
    case fourier = "fft"
}

extension WaveletScales {
    /// Logarithm to base 2 of the step, at most a quarter of a scale, at which its coefficients are sampled well enough: at
    /// half a step from a maximum they are 2 % lower.
    public static func columnShift(_ scale: Double) -> Int {
        var shift = 0
        while shift < Int(kWaveletLargestShift) && Double(8 << shift) <= scale { shift += 1 }
        return shift
    }
}

/// Kernels of all scales in one array, for sums over a signal with zeros beyond its ends.
struct DirectKernels<Scalar: BinaryFloatingPoint> {
    /// Kernel after kernel.
    let values: [Scalar]
    let rows: [wavelet_row]

    init(_ scales: WaveletScales, columnShifts: [Int]) {
        var values: [Scalar] = []
        var rows: [wavelet_row] = []
        for (scale, shift) in zip(scales.values, columnShifts) {
            let reach = WaveletScales.reach(scale)
            rows.append(
                wavelet_row(middle: Int32(values.count + reach), reach: Int32(reach), shift: UInt32(shift)))
            values.append(contentsOf: WaveletScales.kernel(scale).map { Scalar($0) })
        }
        self.values = values
        self.rows = rows
    }

    /// Whether direct sums are faster than Fourier transforms for a signal of `count` samples at `selected` scales.
    ///
    /// Compares counts of operations, weighted as measured.
    func isFaster(count: Int, scales: WaveletScales, selected: Range<Int>) -> Bool {
        let largest = scales.values[selected.upperBound - 1]
        let size = WaveletScales.transformSize(count: count, largest: largest)
        var taps = 0
        for row in selected {
            let blocks = (count >> Int(rows[row].shift)) / Int(kWaveletColumns) + 1
            taps += blocks * min(2 * Int(rows[row].reach) + 1, count + Int(kWaveletColumns))
        }
        return taps * costPerTap <= (selected.count + 1) * size * size.trailingZeroBitCount
    }
}

/// Cost of one tap for a block of columns in units of one of the N log2 N operations of a transform: 1.4 ns with vectors of
/// four doubles, 5.7 ns with vectors of two, against 0.26 ns (AMD EPYC, Zen 4).
///
/// It follows the machine and not what is in use on it: the choice rounds differently, and must not hang on a setting of speed.
private let costPerTap = signal_machine_instructions() == signal_portable ? 22 : 6
