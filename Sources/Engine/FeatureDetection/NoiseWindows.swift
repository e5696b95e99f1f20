/// Local noise of a profile spectrum, in windows of about 500 samples, linear between their centres.
///
/// Du, Kibbe and Lin 2006 take the 95th percentile of the finest wavelet coefficients in a window. Here the noise is what that
/// percentile is for white noise, from the median absolute deviation: equal on noise, but it does not rise with the
/// peaks of a crowded window. Samples that the writer dropped count as zeros. Where samples were dropped the lowest
/// intensity written is the least that the noise can be, because up to there the writer took samples for noise.
struct NoiseWindows {
    struct Level {
        var base: Double
        var noise: Double
    }

    private static let samplesPerWindow = 500
    /// 95th percentile of the absolute value of a normal variable over its median.
    private static let percentileOverMedian = 1.959964 / 0.6744898
    private var levels: [Level] = []
    private var scratch: [Double] = []
    private var count = 0

    /// Base and noise of the intensities themselves: for each window the median, and the deviation from it.
    mutating func measureIntensities(_ samples: ProfileSamples, grid: SamplingGrid) {
        measure(samples, grid: grid, hasBase: true) { samples.signal($0) }
    }

    /// Noise of wavelet coefficients, one per sample, which have no base.
    mutating func measureCoefficients(
        _ coefficients: UnsafeBufferPointer<Double>, of samples: ProfileSamples, grid: SamplingGrid
    ) {
        measure(samples, grid: grid, hasBase: false) { abs(coefficients[$0]) }
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
        for window in levels.indices {
            let centre = (2 * window + 1) * count / (2 * levels.count)
            if range.contains(centre) { lowest = min(lowest, levels[window].noise) }
        }
        return lowest
    }

    @inline(__always)
    private mutating func measure(
        _ samples: ProfileSamples, grid: SamplingGrid, hasBase: Bool, _ value: (Int) -> Double
    ) {
        count = samples.count
        levels.removeAll(keepingCapacity: true)
        guard count > 0 else { return }
        let windows = max(1, count / Self.samplesPerWindow)
        for window in 0..<windows {
            let range = (window * count / windows)..<((window + 1) * count / windows)
            scratch.removeAll(keepingCapacity: true)
            var dropped = 0
            var lowest = Double.infinity
            for index in range {
                scratch.append(value(index))
                if samples.isSignal(index) { lowest = min(lowest, Double(samples.intensity[index])) }
                if index < grid.advances.count { dropped += Int(grid.advances[index].magnitude) - 1 }
            }
            levels.append(level(dropped: dropped, hasBase: hasBase, lowest: lowest))
        }
    }

    private mutating func level(dropped: Int, hasBase: Bool, lowest: Double) -> Level {
        let base = hasBase ? medianWithZeros(dropped) : 0
        if hasBase {
            for index in scratch.indices { scratch[index] = abs(scratch[index] - base) }
            // A base above zero means fewer dropped samples than kept ones; each of them deviates by all of it.
            if base > 0 { scratch.append(contentsOf: repeatElement(base, count: min(dropped, scratch.count))) }
        }
        let deviation = medianWithZeros(base > 0 ? 0 : dropped)
        let noise = Self.percentileOverMedian * deviation
        return Level(base: base, noise: dropped > 0 && lowest < .infinity ? max(noise, lowest) : noise)
    }

    /// Median of the values, none negative, together with `zeros` zeros.
    private mutating func medianWithZeros(_ zeros: Int) -> Double {
        let count = scratch.count
        let rank = (count + zeros) / 2 - zeros
        guard rank >= 0 else { return 0 }
        return scratch.withUnsafeMutableBufferPointer { buffer -> Double in
            guard let base = buffer.baseAddress else { return 0 }
            return orderStatistic(base, count: count, rank: min(rank, count - 1))
        }
    }
}
