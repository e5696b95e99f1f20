/// A running estimate of the level below which a scan holds only noise.
///
/// Per scan: a quantile of its positive intensities, from a histogram with 16 buckets per octave (so within 4.5 %, and
/// independent of point order). Then the median over the last `window` scans, so that one sparse scan does not matter.
struct NoiseLevel {
    private let quantile: Double
    private static let window = 31
    private var histogram = [Int32](repeating: 0, count: 4096)
    private var recent: [Float] = []
    private var sorted: [Float] = []

    init(quantile: Double) {
        self.quantile = quantile
        recent.reserveCapacity(Self.window + 1)
        sorted.reserveCapacity(Self.window + 1)
    }

    /// Takes the next scan and returns the level at it; 0 while no scan had a point.
    mutating func next(_ intensity: UnsafeBufferPointer<Float>) -> Float {
        guard quantile > 0 else { return 0 }
        if let level = scanLevel(intensity) {
            recent.append(level)
            insert(level)
            if recent.count > Self.window { remove(recent.removeFirst()) }
        }
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }

    private mutating func scanLevel(_ intensity: UnsafeBufferPointer<Float>) -> Float? {
        let quantile = quantile
        return histogram.withUnsafeMutableBufferPointer { buckets -> Float? in
            buckets.update(repeating: 0)
            var total = 0
            for value in intensity where value > 0 && value.isFinite {
                // Sign, exponent and the top four bits of the mantissa: monotonic for positive floats.
                buckets[Int(value.bitPattern >> 19)] += 1
                total += 1
            }
            guard total > 0 else { return nil }
            let rank = Int(quantile * Double(total))
            var seen = 0
            for bucket in 0..<4096 {
                seen += Int(buckets[bucket])
                if seen > rank { return Float(bitPattern: UInt32(bucket) << 19) }
            }
            return nil
        }
    }

    private mutating func insert(_ level: Float) {
        var position = sorted.count
        while position > 0 && sorted[position - 1] > level { position -= 1 }
        sorted.insert(level, at: position)
    }

    private mutating func remove(_ level: Float) {
        if let position = sorted.firstIndex(of: level) { sorted.remove(at: position) }
    }
}
