import SignalKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Local noise of a profile spectrum, in windows of about 500 samples, linear between their centres.
///
/// Du, Kibbe and Lin 2006 take the 95th percentile of the finest wavelet coefficients in a window. Here the noise is what that
/// percentile is for white noise (1.96 standard deviations), told from quantiles that the peaks of a crowded window
/// do not raise: the median absolute deviation where the window has few zeros, else quantiles of the intensities above what
/// was cut off. Samples that the writer dropped count as zeros. Where zeros are the majority, noise is at least the
/// lowest intensity written, because up to there samples were taken for noise. O(samples).
struct NoiseWindows {
    struct Level {
        var base: Double
        var noise: Double
    }

    private static let samplesPerWindow = 500
    /// Two-sided 95 % of the standard normal distribution, and its upper quartile.
    private static let percentile = 1.959964
    private static let quartile = 0.6744898

    private var levels: [Level] = []
    private var scratch: [Double] = []
    private var count = 0

    /// Base (median) and noise of the intensities themselves.
    mutating func measureIntensities(_ samples: ProfileSamples, grid: SamplingGrid) {
        measure(samples, grid: grid, coefficients: nil)
    }

    /// Noise of the finest wavelet coefficients, one per sample; their base is 0. Kernels have norm 1, so white noise is as
    /// strong in them as in the intensities, which are asked where zeros are many.
    mutating func measureCoefficients(
        _ coefficients: UnsafeBufferPointer<Double>, of samples: ProfileSamples, grid: SamplingGrid
    ) {
        measure(samples, grid: grid, coefficients: coefficients)
    }

    /// The level at a sample, between the centres of the two nearest windows.
    @inline(__always)
    func level(at index: Int) -> Level {
        let last = levels.count - 1
        guard last > 0 else { return levels.isEmpty ? Level(base: 0, noise: 0) : levels[0] }
        let position = min(max((Double(index) + 0.5) * Double(levels.count) / Double(count) - 0.5, 0), Double(last))
        let lower = min(Int(position), last - 1)
        let fraction = position - Double(lower)
        return Level(
            base: levels[lower].base + fraction * (levels[lower + 1].base - levels[lower].base),
            noise: levels[lower].noise + fraction * (levels[lower + 1].noise - levels[lower].noise))
    }

    /// The least noise at the samples of a range.
    func lowest(in range: ClosedRange<Int>) -> Double {
        var lowest = min(level(at: range.lowerBound).noise, level(at: range.upperBound).noise)
        guard count > 0 else { return lowest }
        let first = range.lowerBound * levels.count / count
        let last = min(range.upperBound * levels.count / count, levels.count - 1)
        for window in first...last {
            let centre = (2 * window + 1) * count / (2 * levels.count)
            if range.contains(centre) { lowest = min(lowest, levels[window].noise) }
        }
        return lowest
    }

    private mutating func measure(
        _ samples: ProfileSamples, grid: SamplingGrid, coefficients: UnsafeBufferPointer<Double>?
    ) {
        count = samples.count
        levels.removeAll(keepingCapacity: true)
        guard count > 0 else { return }
        let windows = max(1, count / Self.samplesPerWindow)
        for window in 0..<windows {
            let range = (window * count / windows)..<((window + 1) * count / windows)
            scratch.removeAll(keepingCapacity: true)
            var zeros = 0
            var lowest = Double.infinity
            for index in range {
                let value = samples.signal(index)
                if value > 0 {
                    scratch.append(value)
                    lowest = min(lowest, value)
                } else {
                    zeros += 1
                }
                if index < grid.advances.count { zeros += Int(grid.advances[index].magnitude) - 1 }
            }
            levels.append(level(zeros: zeros, lowest: lowest, coefficients: coefficients.map { ($0, range) }))
        }
    }

    /// The level of a window whose positive intensities are in `scratch`.
    private mutating func level(
        zeros: Int, lowest: Double, coefficients: (values: UnsafeBufferPointer<Double>, range: Range<Int>)?
    ) -> Level {
        let positive = scratch.count
        guard positive > 0 else { return Level(base: 0, noise: 0) }
        if zeros >= positive {
            // Noise about zero whose lower part was cut off: the lower quartile of what is left, of which most may be peaks,
            // but not so far up that all must be.
            let share = min((1 + 3 * Double(zeros) / Double(zeros + positive)) / 4, 0.95)
            let deviation = quantile(share, zeros: zeros) / Self.normalQuantile(share)
            return Level(base: 0, noise: max(Self.percentile * deviation, lowest))
        }
        let base = quantile(0.5, zeros: zeros)
        if 4 * zeros >= zeros + positive {
            let deviation = (quantile(0.75, zeros: zeros) - base) / Self.quartile
            return Level(base: coefficients == nil ? base : 0, noise: Self.percentile * deviation)
        }
        if let coefficients {
            scratch.removeAll(keepingCapacity: true)
            for index in coefficients.range { scratch.append(abs(coefficients.values[index])) }
            return Level(base: 0, noise: Self.percentile * quantile(0.5, zeros: 0) / Self.quartile)
        }
        for index in 0..<positive { scratch[index] = abs(scratch[index] - base) }
        scratch.append(contentsOf: repeatElement(base, count: zeros))
        return Level(base: base, noise: Self.percentile * quantile(0.5, zeros: 0) / Self.quartile)
    }

    /// Quantile of the values in `scratch`, none negative, together with `zeros` zeros.
    private mutating func quantile(_ share: Double, zeros: Int) -> Double {
        let count = scratch.count
        let rank = Int(share * Double(count + zeros)) - zeros
        guard rank >= 0, count > 0 else { return 0 }
        return scratch.withUnsafeMutableBufferPointer { buffer -> Double in
            guard let base = buffer.baseAddress else { return 0 }
            return orderStatistic(base, count: count, rank: min(rank, count - 1))
        }
    }

    /// Quantile of the standard normal distribution within 4.5e-4, for `share` above 0.5.
    ///
    /// Source: Abramowitz and Stegun 1964, 26.2.23.
    private static func normalQuantile(_ share: Double) -> Double {
        let t = (-2 * log(1 - share)).squareRoot()
        return t
            - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    }
}
