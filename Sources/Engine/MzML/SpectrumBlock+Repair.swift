import SpectrumModel

extension SpectrumBlock {
    /// Makes the points from `first` on keep what the model promises: m/z finite, not negative and ascending, intensity
    /// finite and not negative.
    mutating func repairPoints(from first: Int, counting found: inout DecodeCounts) {
        guard mz.count > first else { return }
        let sound = mz.withUnsafeBufferPointer { mz in
            intensity.withUnsafeBufferPointer { intensity in
                isSound(
                    UnsafeBufferPointer(rebasing: mz[first...]), UnsafeBufferPointer(rebasing: intensity[first...]))
            }
        }
        if !sound { repair(from: first, counting: &found) }
    }

    /// One pass without branches, so that it vectorises. A NaN fails every comparison.
    private func isSound(_ mz: UnsafeBufferPointer<Double>, _ intensity: UnsafeBufferPointer<Float>) -> Bool {
        let count = mz.count
        guard mz[0] >= 0, mz[count - 1] < .infinity else { return false }
        var ascending = 0
        for i in 1..<max(count, 1) { ascending &+= mz[i - 1] <= mz[i] ? 1 : 0 }
        var valid: Int32 = 0
        for i in 0..<count { valid &+= intensity[i] >= 0 && intensity[i] < .infinity ? 1 : 0 }
        return ascending == count - 1 && Int(valid) == count
    }

    private mutating func repair(from first: Int, counting found: inout DecodeCounts) {
        var kept: [(mz: Double, intensity: Float)] = []
        kept.reserveCapacity(mz.count - first)
        var ascending = true
        for i in first..<mz.count {
            guard mz[i].isFinite, mz[i] >= 0, intensity[i].isFinite else {
                found.droppedPoints += 1
                continue
            }
            if intensity[i] < 0 { found.clampedIntensities += 1 }
            if let last = kept.last, last.mz > mz[i] { ascending = false }
            kept.append((mz[i], max(intensity[i], 0)))
        }
        if !ascending {
            found.unsortedSpectra += 1
            // Swift's sort is stable, though it does not promise so: equal m/z keep their order by their position.
            let order = kept.indices.sorted { (kept[$0].mz, $0) < (kept[$1].mz, $1) }
            kept = order.map { kept[$0] }
        }
        for (i, point) in kept.enumerated() {
            mz[first + i] = point.mz
            intensity[first + i] = point.intensity
        }
        mz.removeLast(mz.count - first - kept.count)
        intensity.removeLast(intensity.count - first - kept.count)
    }
}
