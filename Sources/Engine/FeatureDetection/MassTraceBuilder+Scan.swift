import SignalKernels
import SpectrumModel

extension MassTraceBuilder {
    /// Extends, closes and starts traces with the points of a scan, and leaves the open ones ascending in m/z.
    mutating func join(_ range: Range<Int>, scan: Int32, floor: Float) {
        reserve(range.count)
        ending.removeAll(keepingCapacity: true)
        var ended = ending
        ending = []
        let step = ScanStep(
            scan: scan, count: range.count, openCount: openCount, firstSlot: Int32(truncatingIfNeeded: slots.count),
            maxMissed: Int32(truncatingIfNeeded: parameters.maxMissedScans),
            inverseFloor: floor > 0 ? 1 / floor : Float.infinity, tolerance: parameters.tolerance.linear)
        let counts = withMemory(ofPointsFrom: range.lowerBound) { memory -> (kept: Int, fresh: Int)? in
            let claimed = step.choose(memory)
            let fresh = range.count - claimed
            step.placeNewTraces(memory, fresh)
            step.extend(memory, claimed)
            return (step.merge(memory, fresh, &ended), fresh)
        }
        guard let counts else { preconditionFailure("the memory was reserved above") }
        swap(&openMZ, &nextMZ)
        swap(&open, &nextOpen)
        openCount = counts.kept
        slots.append(contentsOf: repeatElement(TraceSlot(firstScan: scan, ownedStart: 0), count: counts.fresh))
        fates.append(contentsOf: repeatElement(Self.isOpen, count: counts.fresh))
        for trace in ended { close(trace.mz, trace.trace, ownedEnd: Int32.max, lastSeen: Int(scan)) }
        ending = ended
    }
}

/// The work on one scan.
private struct ScanStep {
    let scan: Int32
    /// Points of the scan, and traces that were open before it.
    let count: Int
    let openCount: Int
    /// Number in the log of the first trace that starts here.
    let firstSlot: Int32
    let maxMissed: Int32
    let inverseFloor: Float
    let tolerance: (relative: Double, absolute: Double)

    /// Finds for every point the open trace that it extends. Returns how many points extend one.
    func choose(_ memory: ScanMemory) -> Int {
        let (x, sorted, places, trace) = (memory.mz, memory.openMZ, memory.places, memory.trace)
        if openCount > 0 {
            nearestInAscending(sorted, count: openCount, wanted: x, wantedCount: count, into: places)
            var last = -1
            var lastTrace: Int32 = -1
            for point in 0..<count {
                let chosen = places[point]
                let reference = sorted[Int(chosen)]
                let distance = abs(x[point] - reference)
                let isNear = distance <= tolerance.relative * reference + tolerance.absolute
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
        } else {
            for point in 0..<count { trace[point] = -1 }
        }
        var claimed = 0
        // Written to both lists always: which one a point belongs to, no branch predictor can learn.
        for point in 0..<count {
            memory.claimed[claimed] = Int32(truncatingIfNeeded: point)
            memory.fresh[point - claimed] = Int32(truncatingIfNeeded: point)
            claimed += trace[point] >= 0 ? 1 : 0
            memory.scans[point] = scan
        }
        return claimed
    }

    /// Makes the points that extend nothing own themselves, and replaces what `places` holds by the number of open traces that
    /// are not above each new one.
    func placeNewTraces(_ memory: ScanMemory, _ fresh: Int) {
        for index in 0..<fresh {
            let point = Int(memory.fresh[index])
            memory.owners[point] = firstSlot + Int32(truncatingIfNeeded: index)
            guard openCount > 0 else {
                memory.places[index] = 0
                continue
            }
            // Not before the element that is written.
            let nearest = memory.places[point]
            memory.places[index] = memory.openMZ[Int(nearest)] <= memory.mz[point] ? nearest + 1 : nearest
        }
    }

    func extend(_ memory: ScanMemory, _ claimed: Int) {
        let (open, openMZ) = (memory.open, memory.openMZ)
        for index in 0..<claimed {
            let point = Int(memory.claimed[index])
            let target = Int(memory.trace[point])
            let value = memory.intensity[point]
            let weight = Double(value)
            open[target].weight += weight
            open[target].count &+= 1
            open[target].apexRatio = max(open[target].apexRatio, value * inverseFloor)
            open[target].extend(scan: scan, maxMissed: maxMissed)
            openMZ[target] += (memory.mz[point] - openMZ[target]) * (weight / open[target].weight)
            memory.owners[point] = open[target].slot
        }
    }

    /// Writes the next list: what is still open, and the new traces between. Returns its length.
    func merge(_ memory: ScanMemory, _ fresh: Int, _ ended: inout [(mz: Double, trace: OpenTrace)]) -> Int {
        var list = OpenList(mz: memory.nextMZ, traces: memory.next)
        var index = 0
        for started in 0...fresh {
            let stop = started < fresh ? Int(memory.places[started]) : openCount
            while index < stop {
                if memory.open[index].deadline >= scan {
                    list.append(memory.openMZ[index], memory.open[index])
                } else {
                    ended.append((memory.openMZ[index], memory.open[index]))
                }
                index += 1
            }
            guard started < fresh else { break }
            let point = Int(memory.fresh[started])
            let value = memory.intensity[point]
            list.append(
                memory.mz[point],
                OpenTrace(
                    weight: Double(value), slot: firstSlot + Int32(truncatingIfNeeded: started), count: 1,
                    deadline: scan + min(maxMissed, 1), apexRatio: value * inverseFloor))
        }
        for index in list.count..<(list.count + nearestPadding) { memory.nextMZ[index] = .infinity }
        return list.count
    }
}

/// Open traces as they are put in order.
private struct OpenList {
    let mz: UnsafeMutablePointer<Double>
    let traces: UnsafeMutablePointer<OpenTrace>
    var count = 0
    private var highest = -Double.infinity

    init(mz: UnsafeMutablePointer<Double>, traces: UnsafeMutablePointer<OpenTrace>) {
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
