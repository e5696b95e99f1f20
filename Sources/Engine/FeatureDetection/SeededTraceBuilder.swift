import SpectrumModel

/// Joins centroids to mass traces from the most intense points outwards, once all scans are there.
///
/// The highest point that is in no trace yet is a seed. From it the trace grows to both sides, a scan at a time, by the point
/// that lies nearest to the trace's m/z, if that is free and within the tolerance. The m/z is the running mean and the
/// tolerance three times the running standard deviation of the points so far, both weighted by intensity; the standard deviation
/// starts at a third of `MassTraceParameters.tolerance`. So a trace knows its m/z from its best points before it meets the weak
/// ones, which helps where m/z scatters by more than traces lie apart; and a side ends after more missing scans in a row than
/// `maxMissedScans`. The points of a trace that fails the filters are free again.
/// Source: the method of OpenMS's MassTraceDetection (Kenar et al. 2014, doi:10.1074/mcp.M113.031278), on which it agrees trace
/// by trace.
///
/// Memory: 13 bytes per point above the noise, for the whole run: `MassTraceBuilder` needs the open traces only.
/// O(n log n) for n points, on one thread; the result depends on the points alone.
public struct SeededTraceBuilder: MassTraceJoining {
    public let parameters: MassTraceParameters
    public private(set) var scanCount = 0
    /// Scans refused because their retention time was not a number or before the previous one.
    public private(set) var skippedScans = 0

    private var noise: NoiseLevel
    private var mz: [Double] = []
    private var intensity: [Float] = []
    /// Scan `i` owns the points `offsets[i] ..< offsets[i + 1]`, ascending in m/z.
    private var offsets = [0]
    private var retentionTimes: [Double] = []
    private var noiseLevels: [Float] = []
    private var isTaken: [Bool] = []
    private var ready = MassTraceBatch()

    public init(parameters: MassTraceParameters) {
        self.parameters = parameters
        noise = NoiseLevel(quantile: parameters.noiseQuantile)
    }

    /// Takes the next scan, as `MassTraceBuilder` does.
    public mutating func add(
        retentionTimeSeconds: Double, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        guard retentionTimeSeconds.isFinite, retentionTimeSeconds >= (retentionTimes.last ?? -.infinity) else {
            skippedScans += 1
            return
        }
        let level = noise.next(intensity)
        retentionTimes.append(retentionTimeSeconds)
        noiseLevels.append(level)
        scanCount += 1
        let floor = max(level, Float(parameters.noiseThreshold), .leastNonzeroMagnitude)
        let first = self.mz.count
        for index in 0..<mz.count where intensity[index] >= floor && intensity[index] < .infinity {
            guard mz[index] > 0, mz[index] < .infinity else { continue }
            self.mz.append(mz[index])
            self.intensity.append(intensity[index])
        }
        sortIfNeeded(from: first)
        mergeNeighbours(from: first)
        offsets.append(self.mz.count)
    }

    private mutating func sortIfNeeded(from first: Int) {
        let range = first..<mz.count
        guard zip(range, range.dropFirst()).contains(where: { mz[$0] > mz[$1] }) else { return }
        let order = range.sorted { (mz[$0], $0) < (mz[$1], $1) }
        let sorted = order.map { (mz[$0], intensity[$0]) }
        for (index, point) in zip(range, sorted) { (mz[index], intensity[index]) = point }
    }

    /// Keeps of points nearer than the merge distance the strongest; ties go to the lower m/z.
    private mutating func mergeNeighbours(from first: Int) {
        guard parameters.mergeDistance.halfWidth(at: 1000) > 0 else { return }
        var kept = first
        for index in first..<mz.count {
            if kept > first, mz[index] - mz[kept - 1] <= parameters.mergeDistance.halfWidth(at: mz[index]) {
                guard intensity[index] > intensity[kept - 1] else { continue }
                kept -= 1
            }
            (mz[kept], intensity[kept]) = (mz[index], intensity[index])
            kept += 1
        }
        mz.removeLast(mz.count - kept)
        intensity.removeLast(intensity.count - kept)
    }

    /// Finds all traces; call once after the last scan, then `takeClosed`.
    public mutating func finish() {
        isTaken = Array(repeating: false, count: mz.count)
        var grown = GrownTrace()
        for (seed, scan) in seeds() where !isTaken[seed] {
            grow(&grown, seed: seed, scan: scan)
            if passes(grown) { keep(grown) }
        }
        ready.retentionTimes = retentionTimes
        ready.noiseLevels = noiseLevels
    }

    /// The traces, most intense seed first; a second call gives none.
    public mutating func takeClosed() -> MassTraceBatch {
        var batch = MassTraceBatch()
        swap(&batch, &ready)
        return batch
    }

    /// Points that stand out enough to begin a trace, most intense first, ties by time and m/z.
    private func seeds() -> [(point: Int, scan: Int)] {
        var seeds: [(point: Int, scan: Int)] = []
        for scan in 0..<scanCount {
            let least = Float(parameters.apexFactor) * max(noiseLevels[scan], Float(parameters.noiseThreshold))
            for point in offsets[scan]..<offsets[scan + 1] where intensity[point] >= least {
                seeds.append((point, scan))
            }
        }
        seeds.sort { (intensity[$1.point], $0.point) < (intensity[$0.point], $1.point) }
        return seeds
    }

    private func grow(_ trace: inout GrownTrace, seed: Int, scan: Int) {
        trace.begin(
            at: seed, scan: scan, mz: mz[seed], intensity: Double(intensity[seed]),
            deviation: parameters.tolerance.halfWidth(at: mz[seed]) / 3)
        var (down, up) = (scan, scan)
        var (goesDown, goesUp) = (true, true)
        while (goesDown && down > 0) || (goesUp && up + 1 < scanCount) {
            if goesDown, down > 0 {
                down -= 1
                goesDown = take(down, before: true, &trace) <= parameters.maxMissedScans
            }
            if goesUp, up + 1 < scanCount {
                up += 1
                goesUp = take(up, before: false, &trace) <= parameters.maxMissedScans
            }
        }
        trace.visitedScans = up - down + 1
    }

    /// Extends a trace by a scan where it has a point for it; returns the missing scans in a row on that side.
    private func take(_ scan: Int, before: Bool, _ trace: inout GrownTrace) -> Int {
        if let point = nearest(to: trace.mz, in: offsets[scan]..<offsets[scan + 1]), !isTaken[point],
            abs(mz[point] - trace.mz) <= 3 * trace.deviation
        {
            trace.extend(by: point, scan: scan, before: before, mz: mz[point], intensity: Double(intensity[point]))
        } else {
            trace.missed[before ? 0 : 1] += 1
        }
        return trace.missed[before ? 0 : 1]
    }

    private func nearest(to position: Double, in points: Range<Int>) -> Int? {
        var (low, high) = (points.lowerBound, points.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if mz[middle] < position { low = middle + 1 } else { high = middle }
        }
        if low > points.lowerBound, low == points.upperBound || position - mz[low - 1] < mz[low] - position { low -= 1 }
        return points.contains(low) ? low : nil
    }

    private func passes(_ trace: GrownTrace) -> Bool {
        let scans = trace.scans
        guard let first = scans.min(), let last = scans.max(), scans.count >= parameters.minPoints else { return false }
        let span = trace.visitedScans - trace.missed[0] - trace.missed[1]
        return retentionTimes[last] - retentionTimes[first] >= parameters.minDurationSeconds
            && Double(scans.count) >= parameters.minSampleRate * Double(span)
    }

    private mutating func keep(_ trace: GrownTrace) {
        for point in trace.points { isTaken[point] = true }
        for index in trace.points.indices.sorted(by: { trace.scans[$0] < trace.scans[$1] }) {
            ready.scans.append(Int32(truncatingIfNeeded: trace.scans[index]))
            ready.mz.append(mz[trace.points[index]])
            ready.intensity.append(intensity[trace.points[index]])
        }
        ready.offsets.append(ready.scans.count)
        ready.ownedScans.append(0..<Int32.max)
        ready.missedAfter.append(Int32(truncatingIfNeeded: trace.missed[1]))
    }
}

/// A trace while it grows.
private struct GrownTrace {
    var points: [Int] = []
    var scans: [Int] = []
    /// Intensity-weighted mean of m/z, in which the seed counts twice, and standard deviation.
    var mz = 0.0
    var deviation = 0.0
    private var weight = 0.0
    private var meanWeight = 0.0
    private var weightedMZ = 0.0
    /// Missing scans in a row before and behind.
    var missed = [0, 0]
    var visitedScans = 0

    mutating func begin(at point: Int, scan: Int, mz: Double, intensity: Double, deviation: Double) {
        points.removeAll(keepingCapacity: true)
        scans.removeAll(keepingCapacity: true)
        points.append(point)
        scans.append(scan)
        self.mz = mz
        self.deviation = deviation
        weight = intensity
        meanWeight = 2 * intensity
        weightedMZ = 2 * mz * intensity
        missed = [0, 0]
    }

    mutating func extend(by point: Int, scan: Int, before: Bool, mz: Double, intensity: Double) {
        points.append(point)
        scans.append(scan)
        missed[before ? 0 : 1] = 0
        meanWeight += intensity
        weightedMZ += mz * intensity
        self.mz = weightedMZ / meanWeight
        let distance = mz - self.mz
        let variance = (weight * deviation * deviation + intensity * distance * distance) / (weight + intensity)
        weight += intensity
        if variance.squareRoot() > .ulpOfOne { deviation = variance.squareRoot() }
    }
}
