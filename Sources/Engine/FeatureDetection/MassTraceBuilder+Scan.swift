import SignalKernels
import SpectrumModel

/// What the points of one scan chose; memory reused between scans.
struct PointChoice: Sendable {
    /// By point: the nearest open trace.
    var nearest: [Int32] = []
    /// By point: the open trace that it extends, or -1.
    var trace: [Int32] = []
    /// The points that extend a trace, and those that start one, ascending; the first few elements count.
    var claimed: [Int32] = []
    var fresh: [Int32] = []

    mutating func reserve(_ count: Int) {
        guard nearest.count < count else { return }
        nearest = Array(repeating: 0, count: 2 * count)
        trace = Array(repeating: -1, count: 2 * count)
        claimed = Array(repeating: 0, count: 2 * count)
        fresh = Array(repeating: 0, count: 2 * count)
    }
}

extension MassTraceBuilder {
    /// Extends, closes and starts traces with the points of a scan, and leaves the open ones ascending in m/z.
    mutating func join(_ range: Range<Int>, scan: Int32, floor: Float) {
        let count = range.count
        reserve(count)
        let claimedCount = choose(range)
        let freshCount = count - claimedCount
        ending.removeAll(keepingCapacity: true)
        let firstSlot = slots.count
        slots.append(contentsOf: repeatElement(TraceSlot(firstScan: scan, ownedStart: 0), count: freshCount))
        fates.append(contentsOf: repeatElement(Self.isOpen, count: freshCount))
        let maxMissed = Int32(truncatingIfNeeded: parameters.maxMissedScans)
        let inverseFloor = floor > 0 ? 1 / floor : Float.infinity
        var kept = 0
        openMZ.withUnsafeMutableBufferPointer { openMZ in
            open.withUnsafeMutableBufferPointer { open in
                nextMZ.withUnsafeMutableBufferPointer { nextMZ in
                    nextOpen.withUnsafeMutableBufferPointer { nextOpen in
                        points.mz.withUnsafeBufferPointer { mz in
                            points.intensity.withUnsafeBufferPointer { intensity in
                                owners.withUnsafeMutableBufferPointer { owners in
                                    choice.fresh.withUnsafeBufferPointer { fresh in
                                        let new = NewTraces(
                                            points: UnsafeBufferPointer(rebasing: fresh[..<freshCount]),
                                            mz: mz, intensity: intensity, scan: scan, inverseFloor: inverseFloor,
                                            firstSlot: Int32(truncatingIfNeeded: firstSlot), first: range.lowerBound,
                                            maxMissed: maxMissed)
                                        new.own(owners)
                                        choice.nearest.withUnsafeMutableBufferPointer { places in
                                            new.place(places, among: openMZ, count: openCount)
                                            choice.claimed.withUnsafeBufferPointer { claimed in
                                                choice.trace.withUnsafeBufferPointer { trace in
                                                    Self.extend(
                                                        claimed[..<claimedCount], trace, new, openMZ, open, owners)
                                                }
                                            }
                                            kept = Self.merge(
                                                new, places: places, openMZ, open, openCount, nextMZ, nextOpen, &ending)
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        swap(&openMZ, &nextMZ)
        swap(&open, &nextOpen)
        openCount = kept
        for trace in ending { close(trace.mz, trace.trace, ownedEnd: Int32.max, lastSeen: Int(scan)) }
        pointScans.withUnsafeMutableBufferPointer { scans in for index in range { scans[index] = scan } }
    }

    private mutating func reserve(_ count: Int) {
        choice.reserve(count)
        let log = points.count
        if owners.count < log {
            owners.append(contentsOf: repeatElement(0, count: 2 * log - owners.count))
            pointScans.append(contentsOf: repeatElement(0, count: 2 * log - pointScans.count))
        }
        let wanted = openCount + count + nearestPadding
        guard openMZ.count < wanted else { return }
        openMZ.append(contentsOf: repeatElement(0, count: 2 * wanted - openMZ.count))
        open.append(contentsOf: repeatElement(.blank, count: 2 * wanted - open.count))
        nextMZ.append(contentsOf: repeatElement(0, count: 2 * wanted - nextMZ.count))
        nextOpen.append(contentsOf: repeatElement(.blank, count: 2 * wanted - nextOpen.count))
        for index in openCount..<(openCount + nearestPadding) { openMZ[index] = .infinity }
    }

    /// For every point the open trace that it extends. Returns how many points extend one.
    private mutating func choose(_ range: Range<Int>) -> Int {
        let count = range.count
        let openCount = openCount
        let half = parameters.tolerance.linear
        var claimedCount = 0
        openMZ.withUnsafeBufferPointer { openMZ in
            points.mz.withUnsafeBufferPointer { mz in
                choice.nearest.withUnsafeMutableBufferPointer { nearest in
                    choice.trace.withUnsafeMutableBufferPointer { trace in
                        guard openCount > 0, count > 0, let sorted = openMZ.baseAddress, let mz = mz.baseAddress,
                            let places = nearest.baseAddress
                        else {
                            for point in 0..<count { trace[point] = -1 }
                            return
                        }
                        let x = mz + range.lowerBound
                        nearestInAscending(sorted, count: openCount, wanted: x, wantedCount: count, into: places)
                        var last = -1
                        var lastTrace: Int32 = -1
                        for point in 0..<count {
                            let chosen = places[point]
                            let reference = sorted[Int(chosen)]
                            let distance = abs(x[point] - reference)
                            let isNear = distance <= half.relative * reference + half.absolute
                            trace[point] = isNear ? chosen : -1
                            // Points that chose one trace are neighbours; one closer than the last takes its place.
                            if isNear && chosen == lastTrace {
                                if distance < abs(x[last] - reference) {
                                    trace[last] = -1
                                } else {
                                    trace[point] = -1
                                    continue
                                }
                            }
                            last = isNear ? point : last
                            lastTrace = isNear ? chosen : lastTrace
                        }
                    }
                }
            }
        }
        choice.claimed.withUnsafeMutableBufferPointer { claimed in
            choice.fresh.withUnsafeMutableBufferPointer { fresh in
                choice.trace.withUnsafeBufferPointer { trace in
                    // Written to both lists always: which one a point belongs to, no branch predictor can learn.
                    for point in 0..<count {
                        claimed[claimedCount] = Int32(truncatingIfNeeded: point)
                        fresh[point - claimedCount] = Int32(truncatingIfNeeded: point)
                        claimedCount += trace[point] >= 0 ? 1 : 0
                    }
                }
            }
        }
        return claimedCount
    }

    private static func extend(
        _ claimed: Slice<UnsafeBufferPointer<Int32>>, _ trace: UnsafeBufferPointer<Int32>, _ scan: NewTraces,
        _ openMZ: UnsafeMutableBufferPointer<Double>, _ open: UnsafeMutableBufferPointer<OpenTrace>,
        _ owners: UnsafeMutableBufferPointer<Int32>
    ) {
        for index in claimed.indices {
            let point = Int(claimed[index])
            let target = Int(trace[point])
            let value = scan.intensity[scan.first + point]
            let weight = Double(value)
            open[target].weight += weight
            open[target].count &+= 1
            open[target].apexRatio = max(open[target].apexRatio, value * scan.inverseFloor)
            open[target].extend(scan: scan.scan, maxMissed: scan.maxMissed)
            openMZ[target] += (scan.mz[scan.first + point] - openMZ[target]) * (weight / open[target].weight)
            owners[scan.first + point] = open[target].slot
        }
    }

    /// Writes the next list: what is still open, and the new traces between.
    private static func merge(
        _ new: NewTraces, places: UnsafeMutableBufferPointer<Int32>, _ openMZ: UnsafeMutableBufferPointer<Double>,
        _ open: UnsafeMutableBufferPointer<OpenTrace>, _ openCount: Int,
        _ nextMZ: UnsafeMutableBufferPointer<Double>, _ next: UnsafeMutableBufferPointer<OpenTrace>,
        _ ending: inout [(mz: Double, trace: OpenTrace)]
    ) -> Int {
        var list = OpenList(mz: nextMZ, traces: next)
        var index = 0
        for started in 0...new.points.count {
            let stop = started < new.points.count ? Int(places[started]) : openCount
            while index < stop {
                if open[index].deadline >= new.scan {
                    list.append(openMZ[index], open[index])
                } else {
                    ending.append((openMZ[index], open[index]))
                }
                index += 1
            }
            if started < new.points.count { list.append(new.mz(started), new.trace(started)) }
        }
        for index in list.count..<(list.count + nearestPadding) { nextMZ[index] = .infinity }
        return list.count
    }
}

/// Open traces as they are put in order.
private struct OpenList {
    let mz: UnsafeMutableBufferPointer<Double>
    let traces: UnsafeMutableBufferPointer<OpenTrace>
    var count = 0
    private var highest = -Double.infinity

    init(mz: UnsafeMutableBufferPointer<Double>, traces: UnsafeMutableBufferPointer<OpenTrace>) {
        self.mz = mz
        self.traces = traces
    }

    /// Behind the others, or before the few that the updated mean has passed.
    @inline(__always)
    mutating func append(_ newMZ: Double, _ trace: OpenTrace) {
        mz[count] = newMZ
        traces[count] = trace
        if newMZ < highest { moveBack() }
        highest = max(newMZ, highest)
        count += 1
    }

    @inline(never)
    private func moveBack() {
        var position = count
        let (newMZ, trace) = (mz[position], traces[position])
        while position > 0 && mz[position - 1] > newMZ {
            mz[position] = mz[position - 1]
            traces[position] = traces[position - 1]
            position -= 1
        }
        mz[position] = newMZ
        traces[position] = trace
    }
}

/// The points of a scan that start traces.
private struct NewTraces {
    /// Counted from `first`, ascending.
    let points: UnsafeBufferPointer<Int32>
    let mz: UnsafeBufferPointer<Double>
    let intensity: UnsafeBufferPointer<Float>
    let scan: Int32
    let inverseFloor: Float
    let firstSlot: Int32
    /// Place in the log of the scan's first point.
    let first: Int
    let maxMissed: Int32

    @inline(__always)
    func mz(_ index: Int) -> Double { mz[first + Int(points[index])] }

    @inline(__always)
    func trace(_ index: Int) -> OpenTrace {
        let value = intensity[first + Int(points[index])]
        return OpenTrace(
            weight: Double(value), slot: firstSlot + Int32(truncatingIfNeeded: index), count: 1,
            deadline: scan + min(maxMissed, 1), apexRatio: value * inverseFloor)
    }

    func own(_ owners: UnsafeMutableBufferPointer<Int32>) {
        for index in 0..<points.count {
            owners[first + Int(points[index])] = firstSlot + Int32(truncatingIfNeeded: index)
        }
    }

    /// Replaces what the points have in `places` - for new trace `index` the place is in element `index` - by the number of
    /// open traces that are not above them.
    func place(
        _ places: UnsafeMutableBufferPointer<Int32>, among openMZ: UnsafeMutableBufferPointer<Double>, count: Int
    ) {
        for index in 0..<points.count {
            guard count > 0 else {
                places[index] = 0
                continue
            }
            let nearest = places[Int(points[index])]
            places[index] = openMZ[Int(nearest)] <= mz(index) ? nearest + 1 : nearest
        }
    }
}
