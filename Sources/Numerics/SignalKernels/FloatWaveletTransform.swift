import CSignalKernels
import Synchronization

/// Kernel spectra by scale set and size, computed once and shared by all threads.
private struct FloatSpectraKey: Hashable {
    let scales: WaveletScales
    let size: Int
}

private final class FloatSpectra: @unchecked Sendable {
    let rowLength: Int
    let rows: AlignedScratch<Float>

    init(scales: WaveletScales, size: Int) {
        let source = KernelSpectra(scales: scales, size: size)
        rowLength = source.rowLength
        rows = AlignedScratch<Float>(count: source.values.count)
        for index in source.values.indices { rows.pointer[index] = Float(source.values[index]) }
    }

    static let cache = Mutex<[FloatSpectraKey: FloatSpectra]>([:])

    static func shared(scales: WaveletScales, size: Int) -> FloatSpectra {
        cache.withLock { known in
            let key = FloatSpectraKey(scales: scales, size: size)
            if let found = known[key] { return found }
            let made = FloatSpectra(scales: scales, size: size)
            known[key] = made
            return made
        }
    }
}

/// Mexican-hat transform of short signals in single precision; one per thread, memory reused between calls.
///
/// Direct sums for short signals; convolution by FFT for long ones: one forward transform, then one real multiply and one
/// inverse transform per scale. The kernels are symmetric, so their spectra are real. Zeros outside the signal.
public final class FloatWaveletTransform {
    public let scales: WaveletScales
    public let method: TransformMethod
    /// By scale: column `i` of its row is at sample `i << shift` of the signal.
    public let columnShifts: [Int]
    private let direct: DirectKernels<Float>
    /// Samples between the starts of two coefficient rows after the last `transform`.
    public private(set) var rowStride = 0
    private var spectraBySizeExponent: [FloatSpectra?]
    private var planBySizeExponent: [FloatFourierPlan?]
    private var phaseScratch = AlignedScratch<Float>(count: 0)
    private var signalScratch = AlignedScratch<Float>(count: 0)
    private var spectrumScratch = AlignedScratch<Float>(count: 0)
    private var productScratch = AlignedScratch<Float>(count: 0)
    private var coefficientScratch = AlignedScratch<Float>(count: 0)

    /// - Parameter thins: whether coarse rows hold every 2^k-th column alone, `scales.columnShift` telling k.
    public init(scales: WaveletScales, method: TransformMethod = .byLength, thins: Bool = false) {
        self.scales = scales
        self.method = method
        columnShifts = scales.values.map { thins ? WaveletScales.columnShift($0) : 0 }
        direct = DirectKernels(scales, columnShifts: columnShifts)
        spectraBySizeExponent = Array(repeating: nil, count: 32)
        planBySizeExponent = Array(repeating: nil, count: 32)
    }

    /// Coefficients of `signal` at `selected` scales: row `r`, column `i` is at `result[r * rowStride + i]`, where
    /// row 0 is `selected.lowerBound`; only the columns of the signal (see `columnShifts`) mean anything.
    ///
    /// The pointer is valid until the next call. By FFT O(scales * N log N) with N the next power of two that fits the signal
    /// and the largest kernel; directly O(signal * taps of all kernels).
    public func transform(_ signal: UnsafeBufferPointer<Float>, scales selected: Range<Int>) -> UnsafePointer<Float> {
        precondition(!selected.isEmpty && selected.upperBound <= scales.count, "no such scales")
        let isDirect =
            switch method {
            case .direct: true
            case .fourier: false
            case .byLength:
                direct.isFaster(count: signal.count, scales: scales, selected: selected)
            }
        return isDirect ? sumDirectly(signal, scales: selected) : transformByFourier(signal, scales: selected)
    }

    private func sumDirectly(_ signal: UnsafeBufferPointer<Float>, scales selected: Range<Int>) -> UnsafePointer<Float>
    {
        let count = signal.count
        let columns = Int(kWaveletColumns)
        rowStride = (count + columns - 1) / columns * columns
        let length = wavelet_scratch(count)
        if phaseScratch.count < length { phaseScratch = AlignedScratch(count: 2 * length) }
        if coefficientScratch.count < rowStride * selected.count {
            coefficientScratch = AlignedScratch(count: 2 * rowStride * selected.count)
        }
        direct.values.withUnsafeBufferPointer { values in
            direct.rows.withUnsafeBufferPointer { rows in
                guard let signal = signal.baseAddress, let values = values.baseAddress, let rows = rows.baseAddress
                else { return }
                wavelet_rows_float(
                    signal, count, values, rows + selected.lowerBound, selected.count, phaseScratch.pointer,
                    coefficientScratch.pointer, rowStride)
            }
        }
        return UnsafePointer(coefficientScratch.pointer)
    }

    private func transformByFourier(
        _ signal: UnsafeBufferPointer<Float>, scales selected: Range<Int>
    ) -> UnsafePointer<Float> {
        let size = WaveletScales.transformSize(count: signal.count, largest: scales.values[selected.upperBound - 1])
        let exponent = size.trailingZeroBitCount
        let plan = planBySizeExponent[exponent] ?? FloatFourierPlan.shared(size: size)
        planBySizeExponent[exponent] = plan
        let spectra = spectraBySizeExponent[exponent] ?? FloatSpectra.shared(scales: scales, size: size)
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
            let coefficients = output + row * size
            plan.inverse(product, into: coefficients)
            let shift = columnShifts[selected.lowerBound + row]
            guard shift > 0 else { continue }
            for column in 0...((signal.count - 1) >> shift) { coefficients[column] = coefficients[column << shift] }
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
