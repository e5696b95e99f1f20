import OutOfCore
import SignalKernels

/// How alike the elution profiles of two peaks are, on the scans that both cover.
extension PeakTable {
    /// Cosine of two profiles; 0 for fewer than 3 common scans or less than half of the shorter one.
    func cosine(_ a: Int, _ b: Int) -> Double {
        onCommonScans(a, b, atLeast: 3) { x, y in
            // The product of two squares does not fit the range of Float.
            let square = Double(fixedLaneDot(x, x)) * Double(fixedLaneDot(y, y))
            return square > 0 ? Double(fixedLaneDot(x, y)) / square.squareRoot() : 0
        }
    }

    /// Pearson's correlation of two profiles; 0 for fewer than 5 common scans or less than half of the shorter one.
    ///
    /// Stricter than the cosine, which is near 1 for any two profiles that stay above a high floor.
    func correlation(_ a: Int, _ b: Int) -> Double {
        onCommonScans(a, b, atLeast: 5) { x, y in
            let count = Double(x.count)
            var sumX = 0.0
            var sumY = 0.0
            for scan in x.indices {
                sumX += Double(x[scan])
                sumY += Double(y[scan])
            }
            let meanX = sumX / count
            let meanY = sumY / count
            var squareX = 0.0
            var squareY = 0.0
            var product = 0.0
            for scan in x.indices {
                let dx = Double(x[scan]) - meanX
                let dy = Double(y[scan]) - meanY
                squareX += dx * dx
                squareY += dy * dy
                product += dx * dy
            }
            let square = squareX * squareY
            return square > 0 ? product / square.squareRoot() : 0
        }
    }

    @inline(__always)
    private func onCommonScans(
        _ a: Int, _ b: Int, atLeast fewest: Int,
        _ measure: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>) -> Double
    ) -> Double {
        let first = peaks[a]
        let second = peaks[b]
        let from = max(first.firstScan, second.firstScan)
        let to = min(first.lastScan, second.lastScan)
        let common = Int(to) - Int(from) + 1
        let shorter = min(first.lastScan - first.firstScan, second.lastScan - second.firstScan) + 1
        guard common >= fewest, 2 * common >= Int(shorter) else { return 0 }
        return profiles.withUnsafeBufferPointer { samples in
            let startA = first.profileStart + Int(from - first.firstScan)
            let startB = second.profileStart + Int(from - second.firstScan)
            return measure(
                UnsafeBufferPointer(rebasing: samples[startA..<(startA + common)]),
                UnsafeBufferPointer(rebasing: samples[startB..<(startB + common)]))
        }
    }
}
