import CReadingKernels
import SpectrumModel

extension SpectrumBlock {
    /// Drops what was appended behind a number of spectra and points.
    mutating func truncate(spectra: Int, points: Int) {
        headers.removeLast(count - spectra)
        offsets.removeLast(offsets.count - spectra - 1)
        dropPoints(from: points)
    }

    /// Drops points that belong to no spectrum yet.
    mutating func dropPoints(from first: Int) {
        mz.removeLast(mz.count - first)
        intensity.removeLast(intensity.count - first)
    }

    /// Appends all spectra of another block.
    mutating func append(contentsOf other: SpectrumBlock) {
        let base = mz.count
        headers.append(contentsOf: other.headers)
        offsets.append(contentsOf: other.offsets.dropFirst().map { $0 + base })
        mz.append(contentsOf: other.mz)
        intensity.append(contentsOf: other.intensity)
    }

    /// Drops the points from `first` on that lie outside the window; they are ascending.
    mutating func keepPoints(from first: Int, within window: ClosedRange<Double>) {
        let points = first..<mz.count
        let start = points.lowerBound(in: mz) { $0 >= window.lowerBound }
        let end = (start..<mz.count).lowerBound(in: mz) { $0 > window.upperBound }
        for array in [end..<mz.count, first..<start] {
            mz.removeSubrange(array)
            intensity.removeSubrange(array)
        }
    }

    /// Makes the points from `first` on keep what the model promises: m/z finite, not negative and ascending, intensity
    /// finite and not negative.
    mutating func repairPoints(from first: Int, counting found: inout DecodeCounts) {
        guard mz.count > first else { return }
        let count = mz.count - first
        let sound = mz.withUnsafeBufferPointer { mz in
            intensity.withUnsafeBufferPointer { intensity in
                points_are_sound(mz.baseAddress! + first, intensity.baseAddress! + first, count) != 0
            }
        }
        if !sound { repair(from: first, counting: &found) }
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
            kept.append((mz[i], intensity[i] < 0 ? 0 : intensity[i]))
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

extension Range<Int> {
    /// The first index of the range whose value fulfils a condition that, once true, stays true; the end if none does.
    fileprivate func lowerBound(in values: [Double], _ isReached: (Double) -> Bool) -> Int {
        var (low, high) = (lowerBound, upperBound)
        while low < high {
            let middle = (low + high) / 2
            if isReached(values[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
