extension MassTraceBuilder {
    /// - Parameter lastSeen: the last scan that was looked at for a point of the trace.
    mutating func close(_ mz: Double, _ trace: OpenTrace, ownedEnd: Int32, lastSeen: Int) {
        let slot = slots[Int(trace.slot)]
        let lastScan = trace.lastScan(maxMissed: Int32(truncatingIfNeeded: parameters.maxMissedScans))
        guard
            band.owned.contains(mz), Int(trace.count) >= parameters.minPoints,
            scans.retentionTime(of: lastScan) - scans.retentionTime(of: slot.firstScan)
                >= parameters.minDurationSeconds,
            Double(trace.apexRatio) >= parameters.apexFactor,
            Double(trace.count) >= parameters.minSampleRate * Double(lastScan - slot.firstScan + 1)
        else {
            fates[Int(trace.slot)] = Self.isDropped
            return
        }
        fates[Int(trace.slot)] = Int32(truncatingIfNeeded: closed.count)
        closed.append(
            ClosedTrace(
                slot: trace.slot, count: trace.count, owned: slot.ownedStart..<ownedEnd,
                missedBefore: min(slot.firstScan, Int32(truncatingIfNeeded: parameters.maxMissedScans) + 1),
                missedAfter: Int32(truncatingIfNeeded: lastSeen) - lastScan))
    }

    /// Closes every trace of at least twice the overlap and goes on with a copy of its last points.
    mutating func cutLongTraces(at scan: Int32) {
        let overlap = Int32(truncatingIfNeeded: parameters.overlapScans)
        let maxMissed = Int32(truncatingIfNeeded: parameters.maxMissedScans)
        let boundary = scan - overlap / 2
        /// By slot: the open trace that goes on with another slot.
        var successor = [Int32](repeating: -1, count: slots.count)
        var lastScans: [Int: Int32] = [:]
        for index in 0..<openCount {
            let old = open[index]
            let slot = slots[Int(old.slot)]
            let lastScan = old.lastScan(maxMissed: maxMissed)
            guard slot.firstScan <= scan - 2 * overlap, lastScan >= scan - overlap else { continue }
            close(openMZ[index], old, ownedEnd: boundary, lastSeen: Int(scan) - 1)
            successor[Int(old.slot)] = Int32(truncatingIfNeeded: index)
            // The apex of the piece that ends is an apex of the same ion: the successor inherits it, and the weight.
            open[index].slot = Int32(truncatingIfNeeded: slots.count)
            open[index].count = 0
            lastScans[index] = lastScan
            slots.append(TraceSlot(firstScan: scan, ownedStart: boundary))
            fates.append(Self.isOpen)
        }
        guard !lastScans.isEmpty else { return }
        var first = points.count
        while first > 0 && pointScans[first - 1] >= scan - overlap { first -= 1 }
        for index in first..<points.count {
            guard Int(owners[index]) < successor.count, successor[Int(owners[index])] >= 0 else { continue }
            let trace = Int(successor[Int(owners[index])])
            let slot = Int(open[trace].slot)
            open[trace].count += 1
            slots[slot].firstScan = min(slots[slot].firstScan, pointScans[index])
            points.duplicate(index)
            if owners.count < points.count {
                owners.append(contentsOf: repeatElement(0, count: owners.count + 1))
                pointScans.append(contentsOf: repeatElement(0, count: pointScans.count + 1))
            }
            owners[points.count - 1] = open[trace].slot
            pointScans[points.count - 1] = pointScans[index]
        }
        for (index, lastScan) in lastScans { open[index].extend(scan: lastScan, maxMissed: maxMissed) }
    }

    /// Moves the points of closed traces to `ready`, forgets those of dropped ones, renumbers the open slots.
    mutating func compact() {
        var cursor = [Int](repeating: 0, count: closed.count)
        var position = ready.pointCount
        for (rank, trace) in closed.enumerated() {
            cursor[rank] = position
            position += Int(trace.count)
            ready.offsets.append(position)
            ready.ownedScans.append(trace.owned)
            ready.missedBefore.append(trace.missedBefore)
            ready.missedAfter.append(trace.missedAfter)
        }
        let added = position - ready.pointCount
        ready.scans.append(contentsOf: repeatElement(0, count: added))
        ready.mz.append(contentsOf: repeatElement(0, count: added))
        ready.intensity.append(contentsOf: repeatElement(0, count: added))
        var renumbered = [Int32](repeating: -1, count: slots.count)
        var keptSlots: [TraceSlot] = []
        keptSlots.reserveCapacity(openCount)
        for index in 0..<openCount {
            renumbered[Int(open[index].slot)] = Int32(truncatingIfNeeded: index)
            keptSlots.append(slots[Int(open[index].slot)])
            open[index].slot = Int32(truncatingIfNeeded: index)
        }
        let kept = distribute(&cursor, renumbered: renumbered)
        points.truncate(to: kept)
        slots = keptSlots
        fates.removeAll(keepingCapacity: true)
        fates.append(contentsOf: repeatElement(Self.isOpen, count: slots.count))
        closed.removeAll(keepingCapacity: true)
        compactionTrigger = max(Self.leastCompaction, 3 * kept)
    }

    /// Returns how many points stay in the log.
    private mutating func distribute(_ cursor: inout [Int], renumbered: [Int32]) -> Int {
        let count = points.count
        return ready.withPoints { scans, mz, intensity in
            points.withPoints { logMZ, logIntensity in
                pointScans.withUnsafeMutableBufferPointer { logScans in
                    owners.withUnsafeMutableBufferPointer { owners in
                        fates.withUnsafeBufferPointer { fates in
                            cursor.withUnsafeMutableBufferPointer { cursor in
                                renumbered.withUnsafeBufferPointer { renumbered in
                                    var kept = 0
                                    for index in 0..<count {
                                        let fate = fates[Int(owners[index])]
                                        if fate >= 0 {
                                            let target = cursor[Int(fate)]
                                            cursor[Int(fate)] = target + 1
                                            scans[target] = logScans[index]
                                            mz[target] = logMZ[index]
                                            intensity[target] = logIntensity[index]
                                        } else if fate == Self.isOpen {
                                            logScans[kept] = logScans[index]
                                            logMZ[kept] = logMZ[index]
                                            logIntensity[kept] = logIntensity[index]
                                            owners[kept] = renumbered[Int(owners[index])]
                                            kept += 1
                                        }
                                    }
                                    return kept
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
