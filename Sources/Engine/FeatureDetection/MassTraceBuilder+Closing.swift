extension MassTraceBuilder {
    /// - Parameter lastSeen: the last scan that was looked at for a point of the trace.
    mutating func close(_ mz: Double, _ trace: OpenTrace, ownedEnd: Int32, lastSeen: Int) {
        // Most traces are a point or two of noise, and end here.
        guard Int(trace.count) >= parameters.minPoints else {
            fates[Int(trace.slot)] = Self.isDropped
            return
        }
        let slot = slots[Int(trace.slot)]
        let lastScan = trace.lastScan(maxMissed: Int32(truncatingIfNeeded: parameters.maxMissedScans))
        guard
            band.owned.contains(mz),
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
        var position = ready.pointCount
        // The first two are for the points of dropped and of open traces, see `distribute`.
        var cursors = [0, 0]
        cursors.reserveCapacity(closed.count + 2)
        for trace in closed {
            cursors.append(position)
            position += Int(trace.count)
            ready.offsets.append(position)
            ready.ownedScans.append(trace.owned)
            ready.missedBefore.append(trace.missedBefore)
            ready.missedAfter.append(trace.missedAfter)
        }
        cursors[0] = position
        // One more, for what is dropped.
        ready.resize(points: position + 1)
        var renumbered = [Int32](repeating: 0, count: slots.count)
        var keptSlots: [TraceSlot] = []
        keptSlots.reserveCapacity(openCount)
        for index in 0..<openCount {
            renumbered[Int(open[index].slot)] = Int32(truncatingIfNeeded: index)
            keptSlots.append(slots[Int(open[index].slot)])
            open[index].slot = Int32(truncatingIfNeeded: index)
        }
        distribute(&cursors, renumbered: renumbered)
        ready.resize(points: position)
        let kept = cursors[1]
        points.truncate(to: kept)
        slots = keptSlots
        fates.removeAll(keepingCapacity: true)
        fates.append(contentsOf: repeatElement(Self.isOpen, count: slots.count))
        closed.removeAll(keepingCapacity: true)
        compactionTrigger = max(Self.leastCompaction, 3 * kept)
    }

    /// Writes every point where the cursor of its trace stands: in `ready`, where those of dropped traces lie over each other, or
    /// for open traces towards the front of the log. Without a branch, because no predictor could learn it.
    private mutating func distribute(_ cursors: inout [Int], renumbered: [Int32]) {
        let count = points.count
        ready.withPoints { scans, mz, intensity in
            points.withPoints { logMZ, logIntensity in
                pointScans.withUnsafeMutableBufferPointer { logScans in
                    owners.withUnsafeMutableBufferPointer { owners in
                        fates.withUnsafeBufferPointer { fates in
                            cursors.withUnsafeMutableBufferPointer { cursors in
                                renumbered.withUnsafeBufferPointer { renumbered in
                                    guard count > 0, let scans = scans.baseAddress, let mz = mz.baseAddress,
                                        let intensity = intensity.baseAddress, let logMZ = logMZ.baseAddress,
                                        let logScans = logScans.baseAddress,
                                        let logIntensity = logIntensity.baseAddress
                                    else { return }
                                    for index in 0..<count {
                                        let owner = Int(owners[index])
                                        let fate = fates[owner]
                                        let isOpen = fate == Self.isOpen
                                        let place = cursors[Int(fate) + 2]
                                        cursors[Int(fate) + 2] = place + (fate == Self.isDropped ? 0 : 1)
                                        (isOpen ? logScans : scans)[place] = logScans[index]
                                        (isOpen ? logMZ : mz)[place] = logMZ[index]
                                        (isOpen ? logIntensity : intensity)[place] = logIntensity[index]
                                        owners[isOpen ? place : index] = renumbered[owner]
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
