import CSignalKernels
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
/// Direct sums for short signals; convolution by FFT for long ones: one forward transform, then one real multiply and one
/// inverse transform per scale. The kernels are symmetric, so their spectra are real. Zeros outside the signal.
public final class DoubleWaveletTransform {
    public let scales: WaveletScales
    public let settings: TransformSettings
    public private(set) var counts = TransformCounts()
    /// By scale: column `i` of its row is at sample `i << shift` of the signal.
    public let columnShifts: [Int]
    private let direct: DirectKernels<Double>
    /// Samples between the starts of two coefficient rows after the last `transform`.
    public private(set) var rowStride = 0
    private var spectraBySizeExponent: [DoubleSpectra?]
    private var planBySizeExponent: [DoubleFourierPlan?]
    private var isMeasured = [Bool](repeating: false, count: 32)
    /// Of the transform in work.
    private var fourierExponent = 0
    private var phaseScratch = AlignedScratch<Double>(count: 0)
    private var signalScratch = AlignedScratch<Double>(count: 0)
    private var spectrumScratch = AlignedScratch<Double>(count: 0)
    private var productScratch = AlignedScratch<Double>(count: 0)
    private var coefficientScratch = AlignedScratch<Double>(count: 0)

    /// - Parameter thins: whether coarse rows hold every 2^k-th column alone, `scales.columnShift` telling k.
    public init(scales: WaveletScales, settings: TransformSettings = TransformSettings(), thins: Bool = false) {
        self.scales = scales
        self.settings = settings
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
    public func transform(_ signal: UnsafeBufferPointer<Double>, scales selected: Range<Int>) -> UnsafePointer<Double> {
        if start(signal, scales: selected, rows: selected.count) {
            sumDirectly(signal, scales: selected)
        } else {
            for row in 0..<selected.count {
                invert(
                    selected.lowerBound + row, count: signal.count, into: coefficientScratch.pointer + row * rowStride)
            }
        }
        return UnsafePointer(coefficientScratch.pointer)
    }

    /// The same, scale by scale in whatever order they are asked for: each row is `transform`'s, bit for bit, and lies where
    /// the one before it lay, so that memory is that of one.
    /// - Parameter body: gets a function that gives the row of a scale, counted from `selected.lowerBound`, valid until the
    ///   next is asked for.
    public func withRows<Result>(
        _ signal: UnsafeBufferPointer<Double>, scales selected: Range<Int>,
        _ body: ((_ row: Int) -> UnsafePointer<Double>) -> Result
    ) -> Result {
        let isDirect = start(signal, scales: selected, rows: 1)
        return body { row in
            let scale = selected.lowerBound + row
            if isDirect {
                sumDirectly(signal, scales: scale..<(scale + 1))
            } else {
                invert(scale, count: signal.count, into: coefficientScratch.pointer)
            }
            return UnsafePointer(coefficientScratch.pointer)
        }
    }

    /// Chooses the method, makes room for `rows` rows and does what all rows have in common.
    /// - Returns: whether the sums are direct.
    private func start(_ signal: UnsafeBufferPointer<Double>, scales selected: Range<Int>, rows: Int) -> Bool {
        precondition(!selected.isEmpty && selected.upperBound <= scales.count, "no such scales")
        let isDirect =
            switch settings.method {
            case .direct: true
            case .fourier: false
            case .byLength: direct.isFaster(count: signal.count, scales: scales, selected: selected)
            }
        if isDirect {
            counts.direct += 1
            let columns = Int(kWaveletColumns)
            rowStride = (signal.count + columns - 1) / columns * columns
            let length = wavelet_scratch(signal.count)
            if phaseScratch.count < length { phaseScratch = AlignedScratch(count: 2 * length) }
            if coefficientScratch.count < rowStride * rows {
                coefficientScratch = AlignedScratch(count: 2 * rowStride * rows)
            }
        } else {
            counts.fourier += 1
            startFourier(signal, largest: scales.values[selected.upperBound - 1], rows: rows)
        }
        counts.largestCoefficientBytes = max(
            counts.largestCoefficientBytes, coefficientScratch.count * MemoryLayout<Double>.stride)
        return isDirect
    }

    private func sumDirectly(_ signal: UnsafeBufferPointer<Double>, scales selected: Range<Int>) {
        direct.values.withUnsafeBufferPointer { values in
            direct.rows.withUnsafeBufferPointer { rows in
                guard let start = signal.baseAddress, let values = values.baseAddress, let rows = rows.baseAddress
                else { return }
                counts.passes += wavelet_rows_double_by(
                    settings.manner.code, signal_best_instructions(), start, signal.count, values,
                    rows + selected.lowerBound, selected.count, phaseScratch.pointer, coefficientScratch.pointer,
                    rowStride)
            }
        }
    }

    /// The signal's spectrum, and where the spectra of the kernels are.
    private func startFourier(_ signal: UnsafeBufferPointer<Double>, largest: Double, rows: Int) {
        let size = WaveletScales.transformSize(count: signal.count, largest: largest)
        let exponent = size.trailingZeroBitCount
        fourierExponent = exponent
        if planBySizeExponent[exponent] == nil {
            let measured = settings.wisdom?.doublePlan(size: size)
            planBySizeExponent[exponent] = measured ?? DoubleFourierPlan.shared(size: size)
            isMeasured[exponent] = measured != nil
        }
        if isMeasured[exponent] { counts.fourierByWisdom += 1 }
        if spectraBySizeExponent[exponent] == nil {
            spectraBySizeExponent[exponent] = DoubleSpectra.shared(scales: scales, size: size)
        }
        reserve(size: size, rows: rows)
        rowStride = size
        let input = signalScratch.pointer
        if let source = signal.baseAddress { input.update(from: source, count: signal.count) }
        (input + signal.count).update(repeating: 0, count: size - signal.count)
        planBySizeExponent[exponent]?.forward(input, into: spectrumScratch.pointer)
    }

    /// The row of one scale, after `startFourier`.
    private func invert(_ scale: Int, count: Int, into coefficients: UnsafeMutablePointer<Double>) {
        guard let plan = planBySizeExponent[fourierExponent], let spectra = spectraBySizeExponent[fourierExponent]
        else {
            return
        }
        let spectrum = spectrumScratch.pointer
        let product = productScratch.pointer
        let kernel = spectra.rows.pointer + scale * spectra.rowLength
        for index in 0..<(plan.size + 2) { product[index] = spectrum[index] * kernel[index] }
        plan.inverse(product, into: coefficients)
        let shift = columnShifts[scale]
        guard shift > 0, count > 0 else { return }
        for column in 0...((count - 1) >> shift) { coefficients[column] = coefficients[column << shift] }
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
