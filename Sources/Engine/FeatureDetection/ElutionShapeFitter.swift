import SpectrumModel

/// Fits bell curves to the elution profiles of peaks that became features; one per thread, memory reused.
///
/// Missing scans count as the detector bridged them. The arithmetic is additions, multiplications, divisions and square
/// roots in single precision and in a fixed order, so that results are the same on every machine. O(scans) per peak.
struct ElutionShapeFitter {
    /// Fewest scans that a curve is fitted to.
    static let fewestScans = 5

    /// Seconds since the first scan, and intensity in units of the range, in blocks of eight; the rest of the last is 0.
    var times: [SIMD8<Float>] = []
    var values: [SIMD8<Float>] = []
    /// 1 for samples, 0 for the rest of the last block.
    var weights: [SIMD8<Float>] = []
    var count = 0
    /// Lowest intensity, and the range of intensities, counts.
    var lowest: Float = 0
    var range: Float = 0
    var duration: Float = 0
    /// Mean of `values` and the sum of their squared distances to it.
    var mean: Float = 0
    var variation: Float = 0

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
        guard count >= Self.fewestScans else { return false }
        let blocks = (count + 7) / 8
        if blocks > times.count {
            times = Array(repeating: .zero, count: 2 * blocks)
            values = times
            weights = times
        }
        let samples = table.profiles[peak.profileStart..<(peak.profileStart + count)]
        return samples.withUnsafeBufferPointer { samples in
            var (low, high) = (samples[0], samples[0])
            for sample in samples {
                low = sample < low ? sample : low
                high = sample > high ? sample : high
            }
            duration = Float(peak.endSeconds - peak.startSeconds)
            guard high > low, high < .infinity, duration > 0 else { return false }
            (lowest, range) = (low, high - low)
            fill(samples, scale: 1 / range, start: peak.startSeconds, first: first, retentionTimes)
            center()
            return true
        }
    }

    private mutating func fill(
        _ samples: UnsafeBufferPointer<Float>, scale: Float, start: Double, first: Int, _ retentionTimes: [Double]
    ) {
        let (count, duration, low) = (count, duration, lowest)
        let padded = (count + 7) / 8 * 8
        times.withUnsafeMutableBytes { times in
            let times = times.bindMemory(to: Float.self)
            if first + count <= retentionTimes.count {
                retentionTimes.withUnsafeBufferPointer { known in
                    for scan in 0..<count { times[scan] = Float(max(known[first + scan] - start, 0)) }
                }
            } else {
                let step = duration / Float(count - 1)
                for scan in 0..<count { times[scan] = step * Float(scan) }
            }
            for scan in count..<padded { times[scan] = 0 }
        }
        values.withUnsafeMutableBytes { values in
            let values = values.bindMemory(to: Float.self)
            for scan in 0..<count { values[scan] = (samples[scan] - low) * scale }
            for scan in count..<padded { values[scan] = 0 }
        }
        weights.withUnsafeMutableBytes { weights in
            let weights = weights.bindMemory(to: Float.self)
            for scan in (padded - 8)..<padded { weights[scan] = scan < count ? 1 : 0 }
            for scan in 0..<(padded - 8) { weights[scan] = 1 }
        }
    }

    private mutating func center() {
        let blocks = (count + 7) / 8
        var total = SIMD8<Float>.zero
        for block in 0..<blocks { total += values[block] }
        mean = fold(total) / Float(count)
        var squares = SIMD8<Float>.zero
        let mean = SIMD8<Float>(repeating: mean)
        for block in 0..<blocks {
            let distance = (values[block] - mean) * weights[block]
            squares += distance * distance
        }
        variation = fold(squares)
    }

    /// The largest correlation with a beta distribution's density over the time of the peak scaled to 0...1, and the height
    /// of that curve over the noise of the residuals.
    ///
    /// Densities x^(a-1) (1-x)^4 with a of 2.5 to 5: symmetric at 5, the more tailing the less it is. Source: Kumler,
    /// Hazelton and Ingalls 2023, doi:10.1186/s12859-023-05533-4 (a of 2.5, 3, 4, 5; xcms adds 3.5 and 4.5). The curve
    /// is scaled by least squares. The noise is that of neighbouring residuals, their mean squared difference halved, so
    /// that a shape that is merely another one does not count as noise; the ratio has no unit.
    private func fitBeta() -> (correlation: Float, signalToNoise: Float) {
        typealias Block = SIMD8<Float>
        let blocks = (count + 7) / 8
        var (s0, s1, s2, s3, s4, s5) = (Block.zero, Block.zero, Block.zero, Block.zero, Block.zero, Block.zero)
        var (q0, q1, q2, q3, q4, q5) = (s0, s0, s0, s0, s0, s0)
        var (p0, p1, p2, p3, p4, p5) = (s0, s0, s0, s0, s0, s0)
        let scale = Block(repeating: 1 / duration)
        let mean = Block(repeating: mean)
        for block in 0..<blocks {
            let x = times[block] * scale
            let y = (values[block] - mean) * weights[block]
            let fall = Block.one - x
            let square = fall * fall
            let root = x.squareRoot()
            // Unit: the densities' order of magnitude at their apexes. Samples beyond the profile have x = 0.
            let b1 = x * x * (square * square) * 64
            let b0 = x * root * (square * square) * 32
            let b2 = b1 * root
            let b3 = b1 * x
            let b4 = b2 * x
            let b5 = b3 * x
            s0 += b0
            s1 += b1
            s2 += b2
            s3 += b3
            s4 += b4
            s5 += b5
            q0 += b0 * b0
            q1 += b1 * b1
            q2 += b2 * b2
            q3 += b3 * b3
            q4 += b4 * b4
            q5 += b5 * b5
            p0 += b0 * y
            p1 += b1 * y
            p2 += b2 * y
            p3 += b3 * y
            p4 += b4 * y
            p5 += b5 * y
        }
        let sums = Block(fold(s0), fold(s1), fold(s2), fold(s3), fold(s4), fold(s5), 0, 0)
        let squares = Block(fold(q0), fold(q1), fold(q2), fold(q3), fold(q4), fold(q5), 1, 1)
        let products = Block(fold(p0), fold(p1), fold(p2), fold(p3), fold(p4), fold(p5), -1, -1)
        let variations = squares - sums * sums / Float(count)
        let correlations = products / (variations * variation).squareRoot()
        var best = 0
        for shape in 1..<6 where correlations[shape] > correlations[best] { best = shape }
        guard variation > 0, correlations[best] > 0 else { return (0, 0) }
        let slope = products[best] / variations[best]
        return (min(correlations[best], 1), signalToNoise(of: best, slope: slope))
    }

    private func signalToNoise(of shape: Int, slope: Float) -> Float {
        let scale = 1 / duration
        var (low, high) = (Float.infinity, -Float.infinity)
        var previous: Float = 0
        var squares: Float = 0
        for scan in 0..<count {
            let x = times[scan >> 3][scan & 7] * scale
            let fall = 1 - x
            let square = fall * fall
            var curve = x * (square * square) * 32
            if shape & 1 == 0 { curve *= x.squareRoot() } else { curve *= 2 * x }
            switch shape >> 1 {
            case 0: break
            case 1: curve *= shape & 1 == 0 ? 2 * x : x
            default: curve *= shape & 1 == 0 ? 2 * x * x : x * x
            }
            low = min(low, curve)
            high = max(high, curve)
            let residual = values[scan >> 3][scan & 7] - slope * curve
            if scan > 0 { squares += (residual - previous) * (residual - previous) }
            previous = residual
        }
        let noise = (squares / Float(2 * (count - 1))).squareRoot()
        return noise > 0 ? slope * (high - low) / noise : .infinity
    }
}

/// Sum of eight lanes in a fixed order.
@inline(__always)
func fold(_ lanes: SIMD8<Float>) -> Float {
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
}
