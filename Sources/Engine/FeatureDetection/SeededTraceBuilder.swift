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

    private var scans = ScanLog()
    private var points = ScanPoints()
    /// Scan `i` owns the points `offsets[i] ..< offsets[i + 1]`, ascending in m/z.
    private var offsets = [0]
    private var isTaken: [Bool] = []
    private var ready = MassTraceBatch()

    public init(parameters: MassTraceParameters) {
        self.parameters = parameters
    }

    /// Takes the next scan, as `MassTraceBuilder` does.
    public mutating func add(
        _ scan: SurveyScan, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) {
        scans.append(scan)
        let taken = points.append(
            mz: mz, intensity: intensity, floor: parameters.floor(over: scan.noiseLevel),
            mergeDistance: parameters.mergeDistance)
        offsets.append(taken.upperBound)
    }

    /// Finds all traces; call once after the last scan, then `takeClosed`.
    public mutating func finish() {
        isTaken = Array(repeating: false, count: points.count)
        var grown = GrownTrace()
        for (seed, scan) in seeds() where !isTaken[seed] {
            grow(&grown, seed: seed, scan: scan)
            if passes(grown) { keep(grown) }
        }
        ready.retentionTimes = scans.retentionTimes
        ready.noiseLevels = scans.noiseLevels
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
        for scan in 0..<scans.count {
            let least = Float(parameters.apexFactor) * parameters.floor(over: scans.noiseLevels[scan])
            for point in offsets[scan]..<offsets[scan + 1] where points.intensity[point] >= least {
                seeds.append((point, scan))
            }
        }
        seeds.sort { (points.intensity[$1.point], $0.point) < (points.intensity[$0.point], $1.point) }
        return seeds
    }

    private func grow(_ trace: inout GrownTrace, seed: Int, scan: Int) {
        trace.begin(
            at: seed, scan: scan, mz: points.mz[seed], intensity: Double(points.intensity[seed]),
            deviation: parameters.tolerance.halfWidth(at: points.mz[seed]) / 3)
        var (down, up) = (scan, scan)
        var (goesDown, goesUp) = (true, true)
        while (goesDown && down > 0) || (goesUp && up + 1 < scans.count) {
            if goesDown, down > 0 {
                down -= 1
                goesDown = take(down, before: true, &trace) <= parameters.maxMissedScans
            }
            if goesUp, up + 1 < scans.count {
                up += 1
                goesUp = take(up, before: false, &trace) <= parameters.maxMissedScans
            }
        }
        trace.visitedScans = up - down + 1
    }

    /// Extends a trace by a scan where it has a point for it; returns the missing scans in a row on that side.
    private func take(_ scan: Int, before: Bool, _ trace: inout GrownTrace) -> Int {
        if let point = nearest(to: trace.mz, in: offsets[scan]..<offsets[scan + 1]), !isTaken[point],
            abs(points.mz[point] - trace.mz) <= 3 * trace.deviation
        {
            trace.extend(
                by: point, scan: scan, before: before, mz: points.mz[point], intensity: Double(points.intensity[point]))
        } else {
            trace.missed[before ? 0 : 1] += 1
        }
        return trace.missed[before ? 0 : 1]
    }

    private func nearest(to position: Double, in range: Range<Int>) -> Int? {
        var low = points.mz[range].firstIndex(notBelow: position)
        if low > range.lowerBound, low == range.upperBound || position - points.mz[low - 1] < points.mz[low] - position
        {
            low -= 1
        }
        return range.contains(low) ? low : nil
    }

    private func passes(_ trace: GrownTrace) -> Bool {
        let count = trace.scans.count
        guard let first = trace.scans.min(), let last = trace.scans.max(), count >= parameters.minPoints else {
            return false
        }
        let span = trace.visitedScans - trace.missed[0] - trace.missed[1]
        return scans.retentionTimes[last] - scans.retentionTimes[first] >= parameters.minDurationSeconds
            && Double(count) >= parameters.minSampleRate * Double(span)
    }

    private mutating func keep(_ trace: GrownTrace) {
        for point in trace.points { isTaken[point] = true }
        for index in trace.points.indices.sorted(by: { trace.scans[$0] < trace.scans[$1] }) {
            ready.scans.append(Int32(truncatingIfNeeded: trace.scans[index]))
            ready.mz.append(points.mz[trace.points[index]])
            ready.intensity.append(points.intensity[trace.points[index]])
        }
        ready.offsets.append(ready.scans.count)
        ready.ownedScans.append(0..<Int32.max)
        ready.missedBefore.append(Int32(truncatingIfNeeded: trace.missed[0]))
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
