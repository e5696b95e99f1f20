import Synchronization

/// Kernel spectra by scale set and size, computed once and shared by all threads.
private struct DoubleSpectraKey: Hashable {
    let scales: WaveletScales
    let size: Int
}

private final class DoubleSpectra: @unchecked Sendable {
    let rowLength: Int
    let rows: AlignedScratch<Double>

    init(scales: WaveletScales, size: Int) {
        let source = KernelSpectra(scales: scales, size: size)
        rowLength = source.rowLength
        rows = AlignedScratch<Double>(count: source.values.count)
        for index in source.values.indices { rows.pointer[index] = source.values[index] }
    }

    static let cache = Mutex<[DoubleSpectraKey: DoubleSpectra]>([:])

    static func shared(scales: WaveletScales, size: Int) -> DoubleSpectra {
        cache.withLock { known in
            let key = DoubleSpectraKey(scales: scales, size: size)
            if let found = known[key] { return found }
            let made = DoubleSpectra(scales: scales, size: size)
            known[key] = made
            return made
        }
    }
}

/// Mexican-hat transform of short signals in double precision; one per thread, memory reused between calls.
///
/// Convolution by FFT: one forward transform, then one real multiply and one inverse transform per scale. The kernels are
/// symmetric, so their spectra are real. Equal to direct convolution with zeros outside the signal, up to rounding.
public final class DoubleWaveletTransform {
    public let scales: WaveletScales
    /// Samples between the starts of two coefficient rows after the last `transform`.
    public private(set) var rowStride = 0
    private var spectraBySizeExponent: [DoubleSpectra?]
    private var planBySizeExponent: [DoubleFourierPlan?]
    private var signalScratch = AlignedScratch<Double>(count: 0)
    private var spectrumScratch = AlignedScratch<Double>(count: 0)
    private var productScratch = AlignedScratch<Double>(count: 0)
    private var coefficientScratch = AlignedScratch<Double>(count: 0)

    public init(scales: WaveletScales) {
        self.scales = scales
        spectraBySizeExponent = Array(repeating: nil, count: 32)
        planBySizeExponent = Array(repeating: nil, count: 32)
    }

    /// Coefficients of `signal` at `selected` scales: row `r`, column `i` is at `result[r * rowStride + i]`, where
    /// row 0 is `selected.lowerBound` and only the first `signal.count` columns mean anything.
    ///
    /// The pointer is valid until the next call. O(scales * N log N) with N the next power of two that fits the signal
    /// and the largest kernel.
    public func transform(_ signal: UnsafeBufferPointer<Double>, scales selected: Range<Int>) -> UnsafePointer<Double> {
        precondition(!selected.isEmpty && selected.upperBound <= scales.count, "no such scales")
        let size = WaveletScales.transformSize(count: signal.count, largest: scales.values[selected.upperBound - 1])
        let exponent = size.trailingZeroBitCount
        let plan = planBySizeExponent[exponent] ?? DoubleFourierPlan.shared(size: size)
        planBySizeExponent[exponent] = plan
        let spectra = spectraBySizeExponent[exponent] ?? DoubleSpectra.shared(scales: scales, size: size)
        spectraBySizeExponent[exponent] = spectra
        reserve(size: size, rows: selected.count)

        let input = signalScratch.pointer
        let spectrum = spectrumScratch.pointer
        let product = productScratch.pointer
        let output = coefficientScratch.pointer
        if let source = signal.baseAddress { input.update(from: source, count: signal.count) }
        (input + signal.count).update(repeating: 0, count: size - signal.count)
        plan.forward(input, into: spectrum)
        for row in 0..<selected.count {
            let kernel = spectra.rows.pointer + (selected.lowerBound + row) * spectra.rowLength
            for index in 0..<(size + 2) { product[index] = spectrum[index] * kernel[index] }
            plan.inverse(product, into: output + row * size)
        }
        rowStride = size
        return UnsafePointer(output)
    }

    private func reserve(size: Int, rows: Int) {
        if signalScratch.count < size {
            signalScratch = AlignedScratch(count: size)
            spectrumScratch = AlignedScratch(count: size + 2)
            productScratch = AlignedScratch(count: size + 2)
        }
        if coefficientScratch.count < size * rows { coefficientScratch = AlignedScratch(count: size * rows) }
    }
}
