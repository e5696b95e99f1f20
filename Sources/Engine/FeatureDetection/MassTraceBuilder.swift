import SpectrumModel

/// Joins centroids of consecutive scans into mass traces, one scan at a time.
///
/// Each point looks for the open trace with the nearest m/z within the tolerance; a trace takes the nearest of the points
/// that chose it, the others start traces of their own. The m/z of a trace is the intensity-weighted mean of its points.
/// Memory holds the open traces and those closed since the last `takeClosed`; it does not grow with the run, because
/// every trace is cut at fixed scan numbers (`MassTraceParameters.maxScans`) with an overlap. Traces come out in the order in which they close;
/// neither order nor content depends on when `takeClosed` is called. One builder per polarity. O(points) per scan.
public struct MassTraceBuilder: Sendable {
    public let parameters: MassTraceParameters
    /// Scans taken so far; the next scan gets this number.
    public private(set) var scanCount = 0
    /// Scans refused because their retention time was not a number or before the previous one.
    public private(set) var skippedScans = 0
    /// Points held at the moment, in open traces and in closed ones not yet taken.
    public var heldPoints: Int { log.count + ready.pointCount }

    private var noise: NoiseLevel
    private var open: [OpenTrace] = []
    private var nextOpen: [OpenTrace] = []
    private var slots: [TraceSlot] = []
    private var closed: [ClosedTrace] = []
    private var log: [LoggedPoint] = []
    private var compactionTrigger = 1 << 16
    private var ready = MassTraceBatch()
    private var best: [Int32] = []
    private var scanMZ: [Double] = []
    private var scanIntensity: [Float] = []
    private var claimed: [Bool] = []
    /// Scan number of the first entry of the two tables below.
    private var tableStart = 0
    private var retentionTimes: [Double] = []
    private var noiseLevels: [Float] = []

    public init(parameters: MassTraceParameters) {
        self.parameters = parameters
        noise = NoiseLevel(quantile: parameters.noiseQuantile)
    }

    /// Takes the next scan: centroids with ascending m/z, any intensities (those that are not positive are dropped).
    ///
    /// A scan whose retention time is NaN or earlier than the one before is skipped and counted. m/z that is out of
    /// order is sorted here.
    public mutating func add(
        retentionTimeSeconds: Double, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        guard retentionTimeSeconds.isFinite, retentionTimeSeconds >= (retentionTimes.last ?? -.infinity) else {
            skippedScans += 1
            return
        }
        let scan = Int32(scanCount)
        let level = noise.next(intensity)
        retentionTimes.append(retentionTimeSeconds)
        noiseLevels.append(level)
        scanCount += 1
        if scanCount > 1 && Int(scan) % parameters.maxScans == 0 { cutLongTraces(at: scan) }
        select(mz: mz, intensity: intensity, level: max(level, Float(parameters.noiseThreshold)))
        assign()
        extend(scan: scan, level: level)
        if log.count > compactionTrigger { compact() }
    }

    /// Closes every open trace; call once after the last scan, then `takeClosed`.
    public mutating func finish() {
        for trace in open { close(trace, ownedEnd: Int32.max) }
        open.removeAll()
    }

    /// The traces closed since the last call that passed the filters, in closing order.
    public mutating func takeClosed() -> MassTraceBatch {
        compact()
        var batch = MassTraceBatch()
        swap(&batch, &ready)
        if let first = batch.scans.min(), let last = batch.scans.max() {
            batch.firstScan = Int(first)
            let range = (Int(first) - tableStart)...(Int(last) - tableStart)
            batch.retentionTimes = Array(retentionTimes[range])
            batch.noiseLevels = Array(noiseLevels[range])
        }
        trimTables()
        return batch
    }
}

/// The part of an open trace that every scan reads; the list is ascending in m/z.
private struct OpenTrace {
    var mz: Double
    var slot: Int32
    var lastScan: Int32

    static let blank = OpenTrace(mz: 0, slot: 0, lastScan: 0)
}

/// The part of a trace that is touched only when a point joins it.
private struct TraceSlot {
    var weight: Double
    var count: Int32
    var firstScan: Int32
    var ownedStart: Int32
    var apexRatio: Float
    /// Where the points of the slot go at the next compaction.
    var fate: Int32 = TraceSlot.open

    static let open: Int32 = -1
    static let dropped: Int32 = -2
    static let blank = TraceSlot(weight: 0, count: 0, firstScan: 0, ownedStart: 0, apexRatio: 0)
}

private struct ClosedTrace {
    let slot: Int32
    let owned: Range<Int32>
}

/// A point in order of arrival with the slot that owns it.
private struct LoggedPoint {
    var mz: Double
    var intensity: Float
    var scan: Int32
    var owner: Int32

    static let blank = LoggedPoint(mz: 0, intensity: 0, scan: 0, owner: 0)
}

// MARK: - One scan

extension MassTraceBuilder {
    /// Copies the usable points into the scratch arrays, ascending in m/z.
    private mutating func select(mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>, level: Float) {
        scanMZ.removeAll(keepingCapacity: true)
        scanIntensity.removeAll(keepingCapacity: true)
        var previous = -Double.infinity
        var ascending = true
        for index in 0..<mz.count {
            let value = intensity[index]
            let position = mz[index]
            guard value > 0, value >= level, value < .infinity, position > 0, position < .infinity else { continue }
            if position < previous { ascending = false }
            previous = position
            scanMZ.append(position)
            scanIntensity.append(value)
        }
        if !ascending {
            let order = scanMZ.indices.sorted { (scanMZ[$0], $0) < (scanMZ[$1], $1) }
            scanMZ = order.map { scanMZ[$0] }
            scanIntensity = order.map { scanIntensity[$0] }
        }
        if parameters.mergeDistance.halfWidth(at: 1000) > 0 { mergeNeighbours() }
    }

    /// Keeps of points nearer than the merge distance the strongest; ties go to the lower m/z.
    private mutating func mergeNeighbours() {
        var kept = 0
        for index in scanMZ.indices {
            let position = scanMZ[index]
            let value = scanIntensity[index]
            if kept > 0, position - scanMZ[kept - 1] <= parameters.mergeDistance.halfWidth(at: position) {
                guard value > scanIntensity[kept - 1] else { continue }
                kept -= 1
            }
            scanMZ[kept] = position
            scanIntensity[kept] = value
            kept += 1
        }
        scanMZ.removeSubrange(kept...)
        scanIntensity.removeSubrange(kept...)
    }

    /// Half width of the tolerance is `relative * mz + absolute`.
    private var halfWidth: (relative: Double, absolute: Double) {
        switch parameters.tolerance {
        case .ppm(let value): (value * 1e-6, 0)
        case .dalton(let value): (0, value)
        }
    }

    /// For every open trace the point that extends it (`best`), for every point whether it found a trace (`claimed`).
    private mutating func assign() {
        let count = scanMZ.count
        if best.count < open.count { best = Array(repeating: -1, count: 2 * open.count) }
        if claimed.count < count { claimed = Array(repeating: false, count: 2 * count) }
        let openCount = open.count
        let half = halfWidth
        open.withUnsafeBufferPointer { open in
            best.withUnsafeMutableBufferPointer { best in
                claimed.withUnsafeMutableBufferPointer { claimed in
                    scanMZ.withUnsafeBufferPointer { mz in
                        for trace in 0..<openCount { best[trace] = -1 }
                        for point in 0..<count { claimed[point] = false }
                        guard openCount > 0 else { return }
                        var trace = 0
                        for point in 0..<count {
                            let x = mz[point]
                            while trace + 1 < openCount && open[trace].mz + open[trace + 1].mz <= 2 * x { trace += 1 }
                            let reference = open[trace].mz
                            let distance = abs(x - reference)
                            guard distance <= half.relative * reference + half.absolute else { continue }
                            let rival = best[trace]
                            if rival >= 0 {
                                guard distance < abs(mz[Int(rival)] - reference) else { continue }
                                claimed[Int(rival)] = false
                            }
                            best[trace] = Int32(truncatingIfNeeded: point)
                            claimed[point] = true
                        }
                    }
                }
            }
        }
    }

    /// Extends, closes and starts traces, and leaves `open` ascending in m/z again.
    private mutating func extend(scan: Int32, level: Float) {
        let count = scanMZ.count
        let openCount = open.count
        let firstPoint = log.count
        let firstSlot = slots.count
        // Room for the case that nothing matches; cut back below. Plain memory keeps the loop free of checks.
        log.append(contentsOf: repeatElement(.blank, count: count))
        slots.append(contentsOf: repeatElement(.blank, count: count))
        if nextOpen.count < openCount + count {
            nextOpen.append(contentsOf: repeatElement(.blank, count: openCount + count - nextOpen.count))
        }
        var ending: [OpenTrace] = []
        let maxMissed = Int32(parameters.maxMissedScans)
        let inverseLevel = level > 0 ? 1 / level : Float.infinity
        var used = (open: 0, slots: firstSlot)
        open.withUnsafeBufferPointer { open in
            best.withUnsafeBufferPointer { best in
                scanMZ.withUnsafeBufferPointer { mz in
                    scanIntensity.withUnsafeBufferPointer { intensity in
                        claimed.withUnsafeBufferPointer { claimed in
                            slots.withUnsafeMutableBufferPointer { slots in
                                nextOpen.withUnsafeMutableBufferPointer { next in
                                    log.withUnsafeMutableBufferPointer { log in
                                        used = Self.merge(
                                            Scan(
                                                number: scan, inverseLevel: inverseLevel, mz: mz,
                                                intensity: intensity, claimed: claimed),
                                            open: open, openCount: openCount, best: best, slots: slots,
                                            firstSlot: firstSlot, next: next,
                                            log: UnsafeMutableBufferPointer(rebasing: log[firstPoint...]),
                                            maxMissed: maxMissed, count: count, ending: &ending)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        slots.removeSubrange(used.slots...)
        swap(&open, &nextOpen)
        open.removeSubrange(used.open...)
        for trace in ending { close(trace, ownedEnd: Int32.max) }
    }

    /// The points of the current scan and what `assign` found about them.
    private struct Scan {
        let number: Int32
        let inverseLevel: Float
        let mz: UnsafeBufferPointer<Double>
        let intensity: UnsafeBufferPointer<Float>
        let claimed: UnsafeBufferPointer<Bool>
    }

    /// Walks traces and unclaimed points together in ascending m/z and writes the next list, one log entry per point.
    private static func merge(
        _ scan: Scan, open: UnsafeBufferPointer<OpenTrace>, openCount: Int, best: UnsafeBufferPointer<Int32>,
        slots: UnsafeMutableBufferPointer<TraceSlot>, firstSlot: Int, next: UnsafeMutableBufferPointer<OpenTrace>,
        log: UnsafeMutableBufferPointer<LoggedPoint>, maxMissed: Int32, count: Int, ending: inout [OpenTrace]
    ) -> (open: Int, slots: Int) {
        var kept = 0
        var slotCount = firstSlot
        var logged = 0
        var point = 0

        @inline(__always) func insert(_ trace: OpenTrace) {
            // Moves back over the few neighbours that the updated mean has passed.
            var position = kept
            while position > 0 && next[position - 1].mz > trace.mz {
                next[position] = next[position - 1]
                position -= 1
            }
            next[position] = trace
            kept += 1
        }
        @inline(__always) func record(_ point: Int, owner: Int32) {
            log[logged] = LoggedPoint(
                mz: scan.mz[point], intensity: scan.intensity[point], scan: scan.number, owner: owner)
            logged += 1
        }
        @inline(__always) func start(_ point: Int) {
            let value = scan.intensity[point]
            slots[slotCount] = TraceSlot(
                weight: Double(value), count: 1, firstScan: scan.number, ownedStart: 0,
                apexRatio: value * scan.inverseLevel)
            let owner = Int32(truncatingIfNeeded: slotCount)
            slotCount += 1
            record(point, owner: owner)
            insert(OpenTrace(mz: scan.mz[point], slot: owner, lastScan: scan.number))
        }

        for index in 0..<openCount {
            var trace = open[index]
            while point < count && (scan.claimed[point] || scan.mz[point] < trace.mz) {
                if !scan.claimed[point] { start(point) }
                point += 1
            }
            let winner = Int(best[index])
            if winner >= 0 {
                let value = scan.intensity[winner]
                let weight = Double(value)
                let slot = Int(trace.slot)
                slots[slot].weight += weight
                slots[slot].count += 1
                slots[slot].apexRatio = max(slots[slot].apexRatio, value * scan.inverseLevel)
                trace.mz += (scan.mz[winner] - trace.mz) * (weight / slots[slot].weight)
                trace.lastScan = scan.number
                record(winner, owner: trace.slot)
            } else {
                let missed = scan.number - trace.lastScan
                if missed > maxMissed || missed > slots[Int(trace.slot)].count {
                    ending.append(trace)
                    continue
                }
            }
            insert(trace)
        }
        while point < count {
            if !scan.claimed[point] { start(point) }
            point += 1
        }
        return (kept, slotCount)
    }
}

// MARK: - Closing, cutting, compacting

extension MassTraceBuilder {
    private mutating func close(_ trace: OpenTrace, ownedEnd: Int32) {
        let slot = slots[Int(trace.slot)]
        let duration =
            retentionTimes[Int(trace.lastScan) - tableStart] - retentionTimes[Int(slot.firstScan) - tableStart]
        guard
            Int(slot.count) >= parameters.minPoints, duration >= parameters.minDurationSeconds,
            Double(slot.apexRatio) >= parameters.apexFactor
        else {
            slots[Int(trace.slot)].fate = TraceSlot.dropped
            return
        }
        slots[Int(trace.slot)].fate = Int32(truncatingIfNeeded: closed.count)
        closed.append(ClosedTrace(slot: trace.slot, owned: slot.ownedStart..<ownedEnd))
    }

    /// Closes every trace of at least twice the overlap and goes on with a copy of its last points.
    private mutating func cutLongTraces(at scan: Int32) {
        let overlap = Int32(parameters.overlapScans)
        let boundary = scan - overlap / 2
        var successor = [Int32](repeating: -1, count: slots.count)
        for index in open.indices {
            let old = open[index]
            let slot = slots[Int(old.slot)]
            guard slot.firstScan <= scan - 2 * overlap, old.lastScan >= scan - overlap else { continue }
            close(old, ownedEnd: boundary)
            successor[Int(old.slot)] = Int32(truncatingIfNeeded: slots.count)
            open[index].slot = Int32(truncatingIfNeeded: slots.count)
            // The apex of the piece that ends is an apex of the same ion: the successor inherits it.
            slots.append(
                TraceSlot(
                    weight: slot.weight, count: 0, firstScan: scan, ownedStart: boundary, apexRatio: slot.apexRatio))
        }
        var first = log.count
        while first > 0 && log[first - 1].scan >= scan - overlap { first -= 1 }
        for index in first..<log.count {
            var point = log[index]
            guard Int(point.owner) < successor.count, successor[Int(point.owner)] >= 0 else { continue }
            point.owner = successor[Int(point.owner)]
            slots[Int(point.owner)].count += 1
            slots[Int(point.owner)].firstScan = min(slots[Int(point.owner)].firstScan, point.scan)
            log.append(point)
        }
    }

    /// Moves the points of closed traces to `ready`, forgets those of dropped ones, renumbers the open slots.
    private mutating func compact() {
        let firstReady = ready.count
        var position = ready.pointCount
        var cursor = [Int](repeating: 0, count: closed.count)
        for (rank, trace) in closed.enumerated() {
            cursor[rank] = position
            position += Int(slots[Int(trace.slot)].count)
            ready.offsets.append(position)
            ready.ownedScans.append(trace.owned)
        }
        let added = position - ready.pointCount
        ready.scans.append(contentsOf: repeatElement(0, count: added))
        ready.mz.append(contentsOf: repeatElement(0, count: added))
        ready.intensity.append(contentsOf: repeatElement(0, count: added))
        precondition(ready.count == firstReady + closed.count)

        var renumbered = [Int32](repeating: -1, count: slots.count)
        var keptSlots: [TraceSlot] = []
        keptSlots.reserveCapacity(open.count)
        for index in open.indices {
            renumbered[Int(open[index].slot)] = Int32(truncatingIfNeeded: index)
            keptSlots.append(slots[Int(open[index].slot)])
            open[index].slot = Int32(truncatingIfNeeded: index)
        }
        var kept = 0
        for index in 0..<log.count {
            let point = log[index]
            let fate = slots[Int(point.owner)].fate
            if fate >= 0 {
                let target = cursor[Int(fate)]
                cursor[Int(fate)] = target + 1
                ready.scans[target] = point.scan
                ready.mz[target] = point.mz
                ready.intensity[target] = point.intensity
            } else if fate == TraceSlot.open {
                log[kept] = point
                log[kept].owner = renumbered[Int(point.owner)]
                kept += 1
            }
        }
        log.removeSubrange(kept...)
        slots = keptSlots
        closed.removeAll(keepingCapacity: true)
        compactionTrigger = max(1 << 16, 3 * kept)
    }

    /// Forgets the scans that no trace held here can reach.
    private mutating func trimTables() {
        guard let earliest = slots.map(\.firstScan).min().map(Int.init) ?? (scanCount > 0 ? scanCount - 1 : nil) else {
            return
        }
        // The last scan stays: the next one is compared with its retention time.
        let keepFrom = min(earliest, scanCount - 1)
        guard keepFrom > tableStart else { return }
        retentionTimes.removeFirst(keepFrom - tableStart)
        noiseLevels.removeFirst(keepFrom - tableStart)
        tableStart = keepFrom
    }
}
