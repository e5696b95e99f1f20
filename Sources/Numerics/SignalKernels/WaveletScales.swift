#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A geometric ladder of Mexican-hat scales in samples, fixed so that kernels can be shared by all signals.
///
/// Kernel of scale `a`: `(1 - t^2) exp(-t^2 / 2)`, `t = x / a`, cut at `|x| <= ceil(4a)`, its mean removed and its sum of
/// squares set to 1. White noise of standard deviation s therefore gives coefficients of standard deviation s at every
/// scale, a constant gives 0, and a Gaussian of standard deviation q answers most at `a = sqrt(5) q`, about its full
/// width at half maximum. Source: Du, Kibbe and Lin 2006, doi:10.1093/bioinformatics/btl355.
public struct WaveletScales: Sendable, Hashable {
    /// Ascending, in samples.
    public let values: [Double]

    /// `first * 2^(k / perOctave)` up to and including `last`.
    ///
    /// - Precondition: `0 < first <= last`, `perOctave >= 1`.
    public init(first: Double, last: Double, perOctave: Int) {
        precondition(first > 0 && last >= first && perOctave >= 1, "scales must ascend from a positive value")
        var scales: [Double] = []
        var step = 0
        while true {
            let scale = first * exp2(Double(step) / Double(perOctave))
            if scale > last * (1 + 1e-12) { break }
            scales.append(scale)
            step += 1
        }
        values = scales
    }

    public var count: Int { values.count }

    /// Samples on each side of the centre that the kernel of a scale reaches.
    public static func reach(_ scale: Double) -> Int { Int((4 * scale).rounded(.up)) }

    /// The kernel of a scale, `2 * reach + 1` samples, symmetric about the middle.
    public static func kernel(_ scale: Double) -> [Double] {
        let half = reach(scale)
        var samples = (-half...half).map { offset -> Double in
            let t = Double(offset) / scale
            return (1 - t * t) * exp(-0.5 * t * t)
        }
        let mean = samples.reduce(0, +) / Double(samples.count)
        for index in samples.indices { samples[index] -= mean }
        let norm = samples.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for index in samples.indices { samples[index] /= norm }
        return samples
    }

    /// Transform size for a signal of `count` samples at scales up to `largest`: a power of two that cannot wrap around.
    public static func transformSize(count: Int, largest: Double) -> Int {
        let needed = count + reach(largest)
        var size = 32
        while size < needed || size < 2 * reach(largest) + 1 { size <<= 1 }
        return size
    }
}

/// The real spectra of all kernels at one transform size, divided by the size, row per scale, `size / 2 + 1` values
/// stored twice each so that one flat multiply serves the interleaved (re, im) spectrum.
struct KernelSpectra {
    let rowLength: Int
    let values: [Double]

    init(scales: WaveletScales, size: Int) {
        rowLength = size + 2
        var rows = [Double](repeating: 0, count: rowLength * scales.count)
        let plan = DoubleFourierPlan.shared(size: size)
        let signal = AlignedScratch<Double>(count: size)
        let spectrum = AlignedScratch<Double>(count: size + 2)
        for (row, scale) in scales.values.enumerated() {
            let half = WaveletScales.reach(scale)
            // A kernel longer than the transform belongs to a scale that no signal of this size may ask for.
            guard 2 * half + 1 <= size else { continue }
            let kernel = WaveletScales.kernel(scale)
            signal.pointer.update(repeating: 0, count: size)
            for offset in -half...half { signal.pointer[(offset + size) & (size - 1)] = kernel[offset + half] }
            plan.forward(signal.pointer, into: spectrum.pointer)
            for bin in 0...(size / 2) {
                let real = spectrum.pointer[2 * bin] / Double(size)
                rows[row * rowLength + 2 * bin] = real
                rows[row * rowLength + 2 * bin + 1] = real
            }
        }
        values = rows
    }
}
