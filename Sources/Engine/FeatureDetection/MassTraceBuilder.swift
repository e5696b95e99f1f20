import SignalKernels
import SpectrumModel

/// Joins centroids of consecutive scans into mass traces, one scan at a time.
///
/// Each point looks for the open trace with the nearest m/z within the tolerance; a trace takes the nearest of the points
/// that chose it, the others start traces of their own. The m/z of a trace is the intensity-weighted mean of its points.
/// Memory holds the open traces and those closed since the last `takeClosed`; it does not grow with the run, because
/// every trace is cut at fixed scan numbers (`MassTraceParameters.maxScans`) with an overlap. Traces come out in the order in
/// which they close; neither order nor content depends on when `takeClosed` is called. One builder per polarity and band.
/// O(points + open traces) per scan.
public struct MassTraceBuilder: MassTraceJoining {
    public let parameters: MassTraceParameters
    public let band: MassBand
    /// Scans taken so far; the next scan gets this number.
    public var scanCount: Int { scans.count }
    /// Points held at the moment, in open traces and in closed ones not yet taken.
    public var heldPoints: Int { points.count + ready.pointCount }

    var scans = ScanLog()
    // The open traces, ascending in m/z; of each array the first `openCount` elements count. `openMZ` goes on with infinity.
    var openCount = 0
    var openMZ: [Double] = []
    var open: [OpenTrace] = []
    var nextMZ: [Double] = []
    var nextOpen: [OpenTrace] = []
    // The log: points in order of arrival, their scans, and the slots that own them.
    var points = ScanPoints()
    var pointScans: [Int32] = []
    var owners: [Int32] = []
    var slots: [TraceSlot] = []
    /// By slot: where its points go at the next compaction, a position in `closed` or one of the two below.
    var fates: [Int32] = []
    static let isOpen: Int32 = -1
    static let isDropped: Int32 = -2
    var closed: [ClosedTrace] = []
    var compactionTrigger = Self.leastCompaction
    static let leastCompaction = 1 << 13
    var ready = MassTraceBatch()
    var choice = PointChoice()
    /// Traces that ended with the scan in hand.
    var ending: [(mz: Double, trace: OpenTrace)] = []

    /// - Parameter band: m/z at their end of the traces that are wanted.
    public init(parameters: MassTraceParameters, band: MassBand = .everything) {
        precondition(parameters.overlapScans >= 2, "pieces of a trace must overlap")
        precondition(parameters.maxScans > 2 * parameters.overlapScans, "cuts must be further apart than two overlaps")
        self.parameters = parameters
        self.band = band
    }

    /// Takes the next scan: centroids, any intensities (those that are not positive are dropped).
    ///
    /// - Precondition: m/z ascend, unless the band is `everything`: then they are sorted here.
    public mutating func add(
        _ scan: SurveyScan, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) {
        let number = Int32(truncatingIfNeeded: scans.count)
        scans.append(scan)
        if number > 0 && Int(number) % parameters.maxScans == 0 { cutLongTraces(at: number) }
        let range = band == .everything ? 0..<mz.count : band.range(in: mz)
        let floor = parameters.floor(over: scan.noiseLevel)
        let taken = points.append(
            mz: UnsafeBufferPointer(rebasing: mz[range]), intensity: UnsafeBufferPointer(rebasing: intensity[range]),
            floor: floor, mergeDistance: parameters.mergeDistance)
        join(taken, scan: number, floor: floor)
        if points.count > compactionTrigger { compact() }
    }

    /// Closes every open trace; call once after the last scan, then `takeClosed`.
    public mutating func finish() {
        for index in 0..<openCount {
            close(openMZ[index], open[index], ownedEnd: Int32.max, lastSeen: scans.count - 1)
        }
        openCount = 0
    }

    /// The traces closed since the last call that passed the filters, in closing order.
    public mutating func takeClosed() -> MassTraceBatch {
        compact()
        var batch = MassTraceBatch()
        swap(&batch, &ready)
        if let first = batch.scans.min(), let last = batch.scans.max() {
            batch.firstScan = Int(first)
            batch.retentionTimes = Array(scans.retentionTimes(from: first, through: last))
            batch.noiseLevels = Array(scans.noiseLevels(from: first, through: last))
        }
        // No trace held here reaches further back.
        scans.forget(before: (0..<openCount).map { Int(slots[Int(open[$0].slot)].firstScan) }.min() ?? scans.count)
        return batch
    }
}
