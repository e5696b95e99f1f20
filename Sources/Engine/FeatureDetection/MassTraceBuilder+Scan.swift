import SpectrumModel

extension MassTraceBuilder {
    /// For every open trace the point that extends it (`best`), for every point whether it found a trace (`claimed`).
    mutating func assign() {
        let count = scans.pointCount
        if best.count < open.count { best = Array(repeating: -1, count: 2 * open.count) }
        if claimed.count < count { claimed = Array(repeating: false, count: 2 * count) }
        let openCount = open.count
        let half = parameters.tolerance.linear
        open.withUnsafeBufferPointer { open in
            best.withUnsafeMutableBufferPointer { best in
                claimed.withUnsafeMutableBufferPointer { claimed in
                    scans.mz.withUnsafeBufferPointer { mz in
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
    mutating func extend(scan: Int32, level: Float) {
        let count = scans.pointCount
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
        let least = scans.floor(over: level)
        let inverseLevel = least > 0 ? 1 / least : Float.infinity
        var used = (open: 0, slots: firstSlot)
        open.withUnsafeBufferPointer { open in
            best.withUnsafeBufferPointer { best in
                scans.mz.withUnsafeBufferPointer { mz in
                    scans.intensity.withUnsafeBufferPointer { intensity in
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
        for trace in ending { close(trace, ownedEnd: Int32.max, lastSeen: Int(scan)) }
    }

    /// The points of the current scan and what `assign` found about them.
    struct Scan {
        let number: Int32
        let inverseLevel: Float
        let mz: UnsafeBufferPointer<Double>
        let intensity: UnsafeBufferPointer<Float>
        let claimed: UnsafeBufferPointer<Bool>
    }

    /// Walks traces and unclaimed points together in ascending m/z and writes the next list, one log entry per point.
    static func merge(
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
