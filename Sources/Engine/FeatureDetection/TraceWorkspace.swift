import SignalKernels

/// One mass trace on a grid of consecutive scans, with the smoothed and residual signals that peak finding needs.
/// Memory is reused from trace to trace.
struct TraceWorkspace {
    /// Scans from the first to the last point of the trace.
    private(set) var count = 0
    private(set) var firstScan: Int32 = 0
    private(set) var capacity = 0
    private var signalStore = AlignedScratch<Double>(count: 0)
    private var singleStore = AlignedScratch<Float>(count: 0)
    private var smoothStore = AlignedScratch<Double>(count: 0)
    private var prefixStore = AlignedScratch<Double>(count: 0)
    private var residualStore = AlignedScratch<Double>(count: 0)
    private var selectionStore = AlignedScratch<Double>(count: 0)
    private var timeStore = AlignedScratch<Double>(count: 0)
    private var pointStore = AlignedScratch<Int32>(count: 0)
    /// 1 / n: a division takes longer than all the rest of a mean.
    private let inverses: AlignedScratch<Double>

    /// - Parameter widestHalf: largest half width that `smoothed` is asked for.
    init(widestHalf: Int) {
        inverses = AlignedScratch(count: 2 * widestHalf + 2)
        for count in 1..<inverses.count { inverses.pointer[count] = 1 / Double(count) }
    }

    /// Intensity per scan; missing scans are interpolated linearly.
    var signal: UnsafeMutablePointer<Double> { signalStore.pointer }
    /// `signal` in single precision; filled when asked for.
    var single: UnsafeMutablePointer<Float> { singleStore.pointer }
    /// `signal` smoothed by (1, 2, 1) / 4.
    var smooth: UnsafeMutablePointer<Double> { smoothStore.pointer }
    /// `prefix[i]` is the sum of the first `i` smoothed values; `count + 1` entries.
    var prefix: UnsafeMutablePointer<Double> { prefixStore.pointer }
    /// Fourth difference at each point, scaled so that the median of white noise gives its standard deviation. A peak of
    /// five scans at half maximum adds 2 % of its height to it; a second difference would add 9 %.
    var residual: UnsafeMutablePointer<Double> { residualStore.pointer }
    /// Scratch for order statistics, at least `3 * count` long.
    var selection: UnsafeMutablePointer<Double> { selectionStore.pointer }
    /// Retention time per scan, seconds.
    var time: UnsafeMutablePointer<Double> { timeStore.pointer }
    /// Points of the trace before each scan; `count + 1` entries.
    var points: UnsafeMutablePointer<Int32> { pointStore.pointer }

    /// 1 / (0.6745 sqrt(70)): the coefficients are 1, -4, 6, -4, 1.
    private static let residualScale = 1 / (0.674_489_750_196_082 * 8.366_600_265_340_756)

    mutating func load(_ batch: MassTraceBatch, trace: Int, needsSingle: Bool) {
        let range = batch.offsets[trace]..<batch.offsets[trace + 1]
        firstScan = batch.scans[range.lowerBound]
        count = Int(batch.scans[range.upperBound - 1] - firstScan) + 1
        reserve(count)
        let signal = signal
        let points = points
        let first = Int(firstScan)
        batch.scans.withUnsafeBufferPointer { scans in
            batch.intensity.withUnsafeBufferPointer { intensity in
                var previous = -1
                for index in range {
                    let column = Int(scans[index]) - first
                    let value = Double(intensity[index])
                    signal[column] = value
                    if column > previous + 1, previous >= 0 {
                        let step = (value - signal[previous]) / Double(column - previous)
                        for gap in (previous + 1)..<column {
                            signal[gap] = signal[previous] + step * Double(gap - previous)
                            points[gap + 1] = points[gap]
                        }
                    }
                    points[column + 1] = points[column] + 1
                    previous = column
                }
            }
        }
        batch.retentionTimes.withUnsafeBufferPointer { times in
            let shift = first - batch.firstScan
            for column in 0..<count { time[column] = times[shift + column] }
        }
        if needsSingle {
            let single = single
            for column in 0..<count { single[column] = Float(signal[column]) }
        }
        smoothAndMeasureNoise()
    }

    private mutating func smoothAndMeasureNoise() {
        let signal = signal
        let smooth = smooth
        let residual = residual
        let prefix = prefix
        let count = count
        if count < 3 {
            for column in 0..<count { smooth[column] = signal[column] }
        } else {
            for column in 1..<(count - 1) {
                smooth[column] = 0.5 * signal[column] + 0.25 * (signal[column - 1] + signal[column + 1])
            }
            smooth[0] = 0.25 * (3 * signal[0] + signal[1])
            smooth[count - 1] = 0.25 * (3 * signal[count - 1] + signal[count - 2])
        }
        if count < 5 {
            for column in 0..<count { residual[column] = 0 }
        } else {
            for column in 2..<(count - 2) {
                let outer = signal[column - 2] + signal[column + 2]
                let inner = signal[column - 1] + signal[column + 1]
                residual[column] = abs(outer - 4 * inner + 6 * signal[column]) * Self.residualScale
            }
            residual[0] = residual[2]
            residual[1] = residual[2]
            residual[count - 2] = residual[count - 3]
            residual[count - 1] = residual[count - 3]
        }
        var total = 0.0
        prefix[0] = 0
        for column in 0..<count {
            total += smooth[column]
            prefix[column + 1] = total
        }
    }

    /// Mean of the smoothed signal over `2 * half + 1` scans about a column, fewer at the ends.
    @inline(__always)
    func smoothed(_ column: Int, half: Int) -> Double {
        if half == 0 { return smooth[column] }
        let low = max(column - half, 0)
        let high = min(column + half, count - 1)
        return (prefix[high + 1] - prefix[low]) * inverses.pointer[high - low + 1]
    }

    private mutating func reserve(_ wanted: Int) {
        points[0] = 0
        guard wanted > capacity else { return }
        capacity = max(wanted, 2 * capacity, 256)
        signalStore = AlignedScratch(count: capacity)
        singleStore = AlignedScratch(count: capacity)
        smoothStore = AlignedScratch(count: capacity)
        prefixStore = AlignedScratch(count: capacity + 1)
        residualStore = AlignedScratch(count: capacity)
        selectionStore = AlignedScratch(count: 3 * capacity + 64)
        timeStore = AlignedScratch(count: capacity)
        pointStore = AlignedScratch(count: capacity + 1)
    }
}
