import OutOfCore
import SpectrumModel

extension PeakTable {
    /// Removes peaks that overlap a larger one in time and lie nearer to it in m/z than `distance`; needs `mzRanges`.
    ///
    /// Peaks are taken by descending area (ties: the earlier one first). One is kept when, to every kept one, the gap between
    /// the ranges of m/z is at least `distance` (negative lets them overlap) or they have no time in common but an end.
    /// This is the rule of centWave's `mzdiff`. O(n log n) plus the pairs that are near in m/z.
    public mutating func removeOverlaps(closerThan distance: Double) {
        precondition(mzRanges.count == count, "ranges of m/z are not known")
        let byMZ = peaks.indices.sorted { (mzRanges[$0].lowerBound, $0) < (mzRanges[$1].lowerBound, $1) }
        let starts = byMZ.map { mzRanges[$0].lowerBound }
        let widest = mzRanges.reduce(0) { max($0, $1.upperBound - $1.lowerBound) }
        var isKept = Array(repeating: false, count: count)
        for index in peaks.indices.sorted(by: { (peaks[$1].area, $0) < (peaks[$0].area, $1) }) {
            let range = mzRanges[index]
            var position = starts.firstIndex(notBelow: range.lowerBound - widest - max(distance, 0))
            var isFree = true
            while isFree, position < starts.count, starts[position] - range.upperBound < distance {
                let other = byMZ[position]
                position += 1
                isFree = !isKept[other] || !conflicts(index, other, distance)
            }
            isKept[index] = isFree
        }
        keep { isKept[$0] }
    }

    private func conflicts(_ a: Int, _ b: Int, _ distance: Double) -> Bool {
        let (first, second) = (mzRanges[a], mzRanges[b])
        let gap = max(first.lowerBound - second.upperBound, second.lowerBound - first.upperBound)
        let pause = max(
            peaks[a].startSeconds - peaks[b].endSeconds, peaks[b].startSeconds - peaks[a].endSeconds)
        return gap < distance && pause < 0
    }

    /// Drops the peaks that a condition on their position does not hold for, with their profiles.
    private mutating func keep(_ condition: (Int) -> Bool) {
        var kept = PeakTable()
        for index in peaks.indices where condition(index) {
            var peak = peaks[index]
            peak.profileStart = kept.profiles.count
            kept.profiles.append(contentsOf: profile(of: index))
            kept.peaks.append(peak)
            kept.mzRanges.append(mzRanges[index])
        }
        self = kept
    }
}
