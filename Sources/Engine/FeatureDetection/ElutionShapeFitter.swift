import OutOfCore
import SignalKernels
import SpectrumModel

/// Fits bell curves to the elution profiles of peaks that became features; one per thread, memory reused.
///
/// Missing scans count as the detector bridged them. The arithmetic is additions, multiplications, divisions and square
/// roots in single precision and in a fixed order, so that results are the same on every machine. O(scans) per peak.
struct ElutionShapeFitter {
    /// Fewest scans that a curve is fitted to.
    static let fewestScans = 5

    /// Seconds since the first scan, intensity in units of the range, and 1; zeros up to a multiple of eight samples.
    private var timeStore = AlignedScratch<Float>(count: 0)
    private var valueStore = AlignedScratch<Float>(count: 0)
    private var weightStore = AlignedScratch<Float>(count: 0)
    private var residualStore = AlignedScratch<Float>(count: 0)
    private var capacity = 0
    private(set) var count = 0
    private(set) var duration: Float = 0
    /// Sum of the squared distances of the values to their mean.
    private(set) var variation: Float = 0
    private var mean: Float = 0
    /// Range of the intensities, counts.
    private var range: Float = 0

    var times: UnsafeMutablePointer<Float> { timeStore.pointer }
    var values: UnsafeMutablePointer<Float> { valueStore.pointer }
    var weights: UnsafeMutablePointer<Float> { weightStore.pointer }
    private var residuals: UnsafeMutablePointer<Float> { residualStore.pointer }

    /// Blocks of eight samples.
    var blocks: Int { (count + 7) / 8 }

    /// - Parameter retentionTimes: of every scan that the trace builder numbered; where they end before the peak does, its
    ///   scans count as evenly spaced.
    mutating func fit(_ table: PeakTable, peak index: Int, retentionTimes: [Double]) -> ElutionShape {
        let peak = table.peaks[index]
        guard load(table, peak, retentionTimes) else { return ElutionShape() }
        let beta = fitBeta()
        let gaussian = fitGaussian(
            center: Float(peak.retentionTimeSeconds - peak.startSeconds), sigma: Float(peak.widthSeconds) / 2.354_82)
        return ElutionShape(
            betaCorrelation: beta.correlation, betaSignalToNoise: beta.signalToNoise,
            gaussianCenterSeconds: peak.startSeconds + Double(gaussian.center), gaussianSigmaSeconds: gaussian.sigma,
            gaussianHeight: gaussian.height * range, gaussianR2: gaussian.r2)
    }

    /// Takes a profile over; false where no curve can be fitted to it.
    private mutating func load(
        _ table: PeakTable, _ peak: ChromatographicPeak, _ retentionTimes: [Double]
    ) -> Bool {
        let first = Int(peak.firstScan)
        count = Int(peak.lastScan) - first + 1
        duration = Float(peak.endSeconds - peak.startSeconds)
        guard count >= Self.fewestScans, duration > 0 else { return false }
        reserve(8 * blocks)
        let count = count
        let known = table.profiles.withUnsafeBufferPointer { profiles in
            takeIntensities(UnsafeBufferPointer(rebasing: profiles[peak.profileStart..<(peak.profileStart + count)]))
        }
        guard known else { return false }
        let times = times
        let start = peak.startSeconds
        if first + count <= retentionTimes.count {
            retentionTimes.withUnsafeBufferPointer { known in
                for scan in 0..<count { times[scan] = Float(max(known[first + scan] - start, 0)) }
            }
        } else {
            let step = duration / Float(count - 1)
            for scan in 0..<count { times[scan] = step * Float(scan) }
        }
        let weights = weights
        for scan in 0..<count { weights[scan] = 1 }
        for scan in count..<(8 * blocks) {
            times[scan] = 0
            values[scan] = 0
            weights[scan] = 0
        }
        measureVariation()
        return true
    }

    /// Scales intensities to 0...1; false where all are the same.
    private mutating func takeIntensities(_ samples: UnsafeBufferPointer<Float>) -> Bool {
        var (low, high) = (samples[0], samples[0])
        for sample in samples {
            low = sample < low ? sample : low
            high = sample > high ? sample : high
        }
        range = high - low
        guard range > 0, range < .infinity else { return false }
        let values = values
        let range = range
        for scan in 0..<samples.count { values[scan] = (samples[scan] - low) / range }
        return true
    }

    private mutating func measureVariation() {
        let (values, weights, blocks) = (values, weights, blocks)
        var total = SIMD8<Float>.zero
        for block in 0..<blocks { total += eight(values, block) }
        mean = fold(total) / Float(count)
        let mean = SIMD8<Float>(repeating: mean)
        var squares = SIMD8<Float>.zero
        for block in 0..<blocks {
            let distance = (eight(values, block) - mean) * eight(weights, block)
            squares += distance * distance
        }
        variation = fold(squares)
    }

    private mutating func reserve(_ wanted: Int) {
        guard wanted > capacity else { return }
        capacity = max(wanted, 2 * capacity, 256)
        timeStore = AlignedScratch(count: capacity)
        valueStore = AlignedScratch(count: capacity)
        weightStore = AlignedScratch(count: capacity)
        residualStore = AlignedScratch(count: capacity)
    }

    /// The largest correlation with a beta distribution's density over the time of the peak scaled to 0...1, and the height
    /// of that curve over the noise of the residuals.
    ///
    /// Densities x^(a-1) (1-x)^4 with a of 2.5 to 5: symmetric at 5, the more tailing the less it is. Source: Kumler,
    /// Hazelton and Ingalls 2023, doi:10.1186/s12859-023-05533-4 (a of 2.5, 3, 4, 5; xcms adds 3.5 and 4.5). The curve
    /// is scaled by least squares. The noise is that of neighbouring residuals, their mean squared difference halved, so
    /// that a shape that is merely another one does not count as noise; the ratio has no unit.
    private func fitBeta() -> (correlation: Float, signalToNoise: Float) {
        let lower = sums(startingWith: 0)
        let upper = sums(startingWith: 1)
        let sums = Self.interleaved(lower.sums, upper.sums)
        let products = Self.interleaved(lower.products, upper.products)
        let variations = Self.interleaved(lower.squares, upper.squares) - sums * sums / Float(count)
        let correlations = products / (variations * variation).squareRoot()
        var best = 0
        for shape in 1..<6 where correlations[shape] > correlations[best] { best = shape }
        guard variation > 0, correlations[best] > 0 else { return (0, 0) }
        return (min(correlations[best], 1), signalToNoise(of: best, slope: products[best] / variations[best]))
    }

    private static func interleaved(_ even: SIMD4<Float>, _ odd: SIMD4<Float>) -> SIMD8<Float> {
        SIMD8(even[0], odd[0], even[1], odd[1], even[2], odd[2], 1, 1)
    }

    /// Sums of the densities with a of 2.5, 3.5 and 4.5 (0) or of 3, 4 and 5 (1), of their squares, and of their products
    /// with the distances of the values from their mean; in the unit of `curve`.
    private func sums(
        startingWith shape: Int
    ) -> (sums: SIMD4<Float>, squares: SIMD4<Float>, products: SIMD4<Float>) {
        typealias Block = SIMD8<Float>
        let (times, values, weights) = (times, values, weights)
        var (s0, s1, s2) = (Block.zero, Block.zero, Block.zero)
        var (q0, q1, q2) = (s0, s0, s0)
        var (p0, p1, p2) = (s0, s0, s0)
        let scale = Block(repeating: 1 / duration)
        let mean = Block(repeating: mean)
        for block in 0..<blocks {
            let x = eight(times, block) * scale
            let y = (eight(values, block) - mean) * eight(weights, block)
            let b0 = Self.lowest(shape, x)
            let b1 = b0 * x
            let b2 = b1 * x
            s0 += b0
            s1 += b1
            s2 += b2
            q0 += b0 * b0
            q1 += b1 * b1
            q2 += b2 * b2
            p0 += b0 * y
            p1 += b1 * y
            p2 += b2 * y
        }
        return (
            SIMD4(fold(s0), fold(s1), fold(s2), 0), SIMD4(fold(q0), fold(q1), fold(q2), 0),
            SIMD4(fold(p0), fold(p1), fold(p2), 0)
        )
    }

    /// 32 x^1.5 (1-x)^4 or 32 x^2 (1-x)^4: about 1 to 2 at the apex, and 0 where a block has no sample.
    @inline(__always)
    private static func lowest(_ shape: Int, _ x: SIMD8<Float>) -> SIMD8<Float> {
        let fall = 1 - x
        let square = fall * fall
        let power = shape & 1 == 0 ? x * x.squareRoot() : x * x
        return power * (square * square) * 32
    }

    private func signalToNoise(of shape: Int, slope: Float) -> Float {
        typealias Block = SIMD8<Float>
        let (times, values, residuals) = (times, values, residuals)
        let scale = Block(repeating: 1 / duration)
        let slope = Block(repeating: slope)
        // Curves are 0 at the first sample, so that the others alone make the range.
        var highest = Block.zero
        for block in 0..<blocks {
            let x = eight(times, block) * scale
            var curve = Self.lowest(shape, x)
            if shape > 1 { curve *= x }
            if shape > 3 { curve *= x }
            curve *= slope
            highest.replace(with: curve, where: curve .> highest)
            UnsafeMutableRawPointer(residuals + 8 * block).storeBytes(of: eight(values, block) - curve, as: Block.self)
        }
        var squares: Float = 0
        for scan in 1..<count {
            let difference = residuals[scan] - residuals[scan - 1]
            squares += difference * difference
        }
        var height: Float = 0
        for lane in 0..<8 { height = max(height, highest[lane]) }
        let noise = (squares / Float(2 * (count - 1))).squareRoot()
        return noise > 0 ? height / noise : .infinity
    }
}

@inline(__always)
func eight(_ samples: UnsafeMutablePointer<Float>, _ block: Int) -> SIMD8<Float> {
    UnsafeRawPointer(samples + 8 * block).loadUnaligned(as: SIMD8<Float>.self)
}

/// Sum of eight lanes in a fixed order.
@inline(__always)
func fold(_ lanes: SIMD8<Float>) -> Float {
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
}
