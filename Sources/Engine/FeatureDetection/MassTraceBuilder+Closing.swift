extension MassTraceBuilder {
    /// - Parameter lastSeen: the last scan that was looked at for a point of the trace.
    mutating func close(_ trace: OpenTrace, ownedEnd: Int32, lastSeen: Int) {
        let slot = slots[Int(trace.slot)]
        let duration =
            scans.retentionTime(of: Int(trace.lastScan)) - scans.retentionTime(of: Int(slot.firstScan))
        guard
            Int(slot.count) >= parameters.minPoints, duration >= parameters.minDurationSeconds,
            Double(slot.apexRatio) >= parameters.apexFactor,
            Double(slot.count) >= parameters.minSampleRate * Double(trace.lastScan - slot.firstScan + 1)
        else {
            slots[Int(trace.slot)].fate = TraceSlot.dropped
            return
        }
        slots[Int(trace.slot)].fate = Int32(truncatingIfNeeded: closed.count)
        closed.append(
            ClosedTrace(
                slot: trace.slot, owned: slot.ownedStart..<ownedEnd,
                missedBefore: min(slot.firstScan, Int32(truncatingIfNeeded: parameters.maxMissedScans) + 1),
                missedAfter: Int32(truncatingIfNeeded: lastSeen) - trace.lastScan))
    }

    /// Closes every trace of at least twice the overlap and goes on with a copy of its last points.
    mutating func cutLongTraces(at scan: Int32) {
        let overlap = Int32(parameters.overlapScans)
        let boundary = scan - overlap / 2
        var successor = [Int32](repeating: -1, count: slots.count)
        for index in open.indices {
            let old = open[index]
            let slot = slots[Int(old.slot)]
            guard slot.firstScan <= scan - 2 * overlap, old.lastScan >= scan - overlap else { continue }
            close(old, ownedEnd: boundary, lastSeen: Int(scan) - 1)
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
    mutating func compact() {
        let firstReady = ready.count
        var position = ready.pointCount
        var cursor = [Int](repeating: 0, count: closed.count)
        for (rank, trace) in closed.enumerated() {
            cursor[rank] = position
            position += Int(slots[Int(trace.slot)].count)
            ready.offsets.append(position)
            ready.ownedScans.append(trace.owned)
            ready.missedBefore.append(trace.missedBefore)
            ready.missedAfter.append(trace.missedAfter)
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
    mutating func forgetScans() { scans.forget(before: slots.map { Int($0.firstScan) }.min() ?? scans.count) }
}
