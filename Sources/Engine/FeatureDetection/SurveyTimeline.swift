/// When a scan of one polarity was, and how high its noise.
public struct SurveyScan: Sendable, Hashable {
    public var retentionTimeSeconds: Double
    /// Level below which the scan and those before it hold only noise, counts; 0 where none is told.
    public var noiseLevel: Float

    public init(retentionTimeSeconds: Double, noiseLevel: Float) {
        self.retentionTimeSeconds = retentionTimeSeconds
        self.noiseLevel = noiseLevel
    }
}

/// The order and the noise of the scans of one polarity: what a scan has to be told before it goes to its builders.
public struct SurveyTimeline: Sendable {
    /// Scans refused because their retention time was not a number or before the previous one.
    public private(set) var skippedScans = 0
    private var last = -Double.infinity
    private var noise = RunningMedian(window: 31)

    public init() {}

    /// The next scan, `nil` where it is refused. O(31).
    ///
    /// - Parameter quantile: what `IntensityQuantile` says of its points, `nil` where it has none or is not asked.
    public mutating func next(retentionTimeSeconds: Double, quantile: Float?) -> SurveyScan? {
        guard retentionTimeSeconds.isFinite, retentionTimeSeconds >= last else {
            skippedScans += 1
            return nil
        }
        last = retentionTimeSeconds
        // The median over the last scans, so that one sparse scan does not matter.
        if let quantile { noise.insert(quantile) }
        return SurveyScan(retentionTimeSeconds: retentionTimeSeconds, noiseLevel: noise.median)
    }
}

/// A quantile of the positive intensities of a scan, from a histogram with 16 buckets per octave: within 4.5 %, and independent
/// of the order of the points. Memory is reused between scans.
public struct IntensityQuantile: Sendable {
    /// 0...1; at 0 nothing is measured.
    public let quantile: Double
    private var histogram = [Int32](repeating: 0, count: 4096)

    public init(_ quantile: Double) { self.quantile = quantile }

    /// The quantile, `nil` where no intensity is above zero and finite. O(points).
    public mutating func measure(_ intensity: UnsafeBufferPointer<Float>) -> Float? {
        guard quantile > 0 else { return nil }
        let quantile = quantile
        return histogram.withUnsafeMutableBufferPointer { buckets -> Float? in
            var total = 0
            var lowest = 4096
            var highest = -1
            for value in intensity where value > 0 && value.isFinite {
                // Sign, exponent and the top four bits of the mantissa: monotonic for positive floats.
                let bucket = Int(value.bitPattern >> 19)
                buckets[bucket] &+= 1
                lowest = min(lowest, bucket)
                highest = max(highest, bucket)
                total += 1
            }
            guard total > 0 else { return nil }
            let rank = Int(quantile * Double(total))
            var seen = 0
            var found: Float?
            for bucket in lowest...highest {
                seen += Int(buckets[bucket])
                if found == nil, seen > rank { found = Float(bitPattern: UInt32(bucket) << 19) }
                buckets[bucket] = 0
            }
            return found
        }
    }
}

/// Median of the last values.
private struct RunningMedian {
    let window: Int
    private var recent: [Float] = []
    private var sorted: [Float] = []

    init(window: Int) { self.window = window }

    /// Of an even number of values the upper one; 0 when there is none.
    var median: Float { sorted.isEmpty ? 0 : sorted[sorted.count / 2] }

    mutating func insert(_ value: Float) {
        recent.append(value)
        sorted.insert(value, at: sorted.firstIndex { $0 > value } ?? sorted.count)
        guard recent.count > window else { return }
        let old = recent.removeFirst()
        if let position = sorted.firstIndex(of: old) { sorted.remove(at: position) }
    }
}
