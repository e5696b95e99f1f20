import SignalKernels

/// Plain memory of all that a scan touches in a trace builder, so that its loops run without checks; valid for one call.
struct ScanMemory {
    /// The open traces ascending in m/z, and where the next list of them is written.
    let openMZ: UnsafeMutablePointer<Double>
    let open: UnsafeMutablePointer<OpenTrace>
    let nextMZ: UnsafeMutablePointer<Double>
    let next: UnsafeMutablePointer<OpenTrace>
    /// The points of the scan in the log, and where their scans and owners go.
    let mz: UnsafePointer<Double>
    let intensity: UnsafePointer<Float>
    let scans: UnsafeMutablePointer<Int32>
    let owners: UnsafeMutablePointer<Int32>
    /// By point: the nearest open trace; later, by new trace: how many open traces are not above it.
    let places: UnsafeMutablePointer<Int32>
    /// By point: the open trace that it extends, or -1.
    let trace: UnsafeMutablePointer<Int32>
    /// The points that extend a trace, and those that start one, ascending.
    let claimed: UnsafeMutablePointer<Int32>
    let fresh: UnsafeMutablePointer<Int32>
}

/// What the points of one scan chose; memory reused between scans.
struct PointChoice: Sendable {
    var places: [Int32] = []
    var trace: [Int32] = []
    var claimed: [Int32] = []
    var fresh: [Int32] = []

    mutating func reserve(_ count: Int) {
        guard places.count < count else { return }
        places = Array(repeating: 0, count: 2 * count)
        trace = Array(repeating: -1, count: 2 * count)
        claimed = Array(repeating: 0, count: 2 * count)
        fresh = Array(repeating: 0, count: 2 * count)
    }
}

extension MassTraceBuilder {
    /// Makes room for a scan whose points are in the log.
    mutating func reserve(_ count: Int) {
        choice.reserve(max(count, 1))
        let log = max(points.count, 1)
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

    /// - Parameter first: place in the log of the scan's first point.
    mutating func withMemory<Result>(ofPointsFrom first: Int, _ body: (ScanMemory) -> Result?) -> Result? {
        openMZ.withUnsafeMutableBufferPointer { openMZ in
            open.withUnsafeMutableBufferPointer { open in
                nextMZ.withUnsafeMutableBufferPointer { nextMZ in
                    nextOpen.withUnsafeMutableBufferPointer { next in
                        points.withPoints { mz, intensity in
                            pointScans.withUnsafeMutableBufferPointer { scans in
                                owners.withUnsafeMutableBufferPointer { owners in
                                    choice.withMemory { places, trace, claimed, fresh in
                                        guard let openMZ = openMZ.baseAddress, let open = open.baseAddress,
                                            let nextMZ = nextMZ.baseAddress, let next = next.baseAddress,
                                            let mz = mz.baseAddress, let intensity = intensity.baseAddress,
                                            let scans = scans.baseAddress, let owners = owners.baseAddress
                                        else { return nil }
                                        return body(
                                            ScanMemory(
                                                openMZ: openMZ, open: open, nextMZ: nextMZ, next: next,
                                                mz: mz + first, intensity: intensity + first, scans: scans + first,
                                                owners: owners + first, places: places, trace: trace,
                                                claimed: claimed, fresh: fresh))
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

extension PointChoice {
    fileprivate mutating func withMemory<Result>(
        _ body: (
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>,
            UnsafeMutablePointer<Int32>
        ) -> Result?
    ) -> Result? {
        places.withUnsafeMutableBufferPointer { places in
            trace.withUnsafeMutableBufferPointer { trace in
                claimed.withUnsafeMutableBufferPointer { claimed in
                    fresh.withUnsafeMutableBufferPointer { fresh in
                        guard let places = places.baseAddress, let trace = trace.baseAddress,
                            let claimed = claimed.baseAddress, let fresh = fresh.baseAddress
                        else { return nil }
                        return body(places, trace, claimed, fresh)
                    }
                }
            }
        }
    }
}
