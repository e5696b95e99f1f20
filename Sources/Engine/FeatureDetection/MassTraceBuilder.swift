import SpectrumModel

/// Joins centroids of consecutive scans into mass traces, one scan at a time.
///
/// Each point looks for the open trace with the nearest m/z within the tolerance; a trace takes the nearest of the points
/// that chose it, the others start traces of their own. The m/z of a trace is the intensity-weighted mean of its points.
/// Memory holds the open traces and those closed since the last `takeClosed`; it does not grow with the run, because
/// every trace is cut at fixed scan numbers (`MassTraceParameters.maxScans`) with an overlap. Traces come out in the order in which they close;
/// neither order nor content depends on when `takeClosed` is called. One builder per polarity. O(points) per scan.
public struct MassTraceBuilder: MassTraceJoining {
    public let parameters: MassTraceParameters
    /// Scans taken so far; the next scan gets this number.
    public var scanCount: Int { scans.count }
    /// Scans refused because their retention time was not a number or before the previous one.
    public var skippedScans: Int { scans.skipped }
    /// Points held at the moment, in open traces and in closed ones not yet taken.
    public var heldPoints: Int { log.count + ready.pointCount }

    var scans: SurveyScans
    var open: [OpenTrace] = []
    var nextOpen: [OpenTrace] = []
    var slots: [TraceSlot] = []
    var closed: [ClosedTrace] = []
    var log: [LoggedPoint] = []
    var compactionTrigger = 1 << 16
    var ready = MassTraceBatch()
    var best: [Int32] = []
    var claimed: [Bool] = []

    public init(parameters: MassTraceParameters) {
        precondition(parameters.overlapScans >= 2, "pieces of a trace must overlap")
        precondition(parameters.maxScans > 2 * parameters.overlapScans, "cuts must be further apart than two overlaps")
        self.parameters = parameters
        scans = SurveyScans(parameters)
    }

    /// Takes the next scan: centroids with ascending m/z, any intensities (those that are not positive are dropped).
    ///
    /// A scan whose retention time is NaN or earlier than the one before is skipped and counted. m/z that is out of
    /// order is sorted here.
    public mutating func add(
        retentionTimeSeconds: Double, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) {
        guard
            let level = scans.take(retentionTimeSeconds: retentionTimeSeconds, mz: mz, intensity: intensity)
        else { return }
        let scan = Int32(scans.count - 1)
        if scan > 0 && Int(scan) % parameters.maxScans == 0 { cutLongTraces(at: scan) }
        assign()
        extend(scan: scan, level: level)
        if log.count > compactionTrigger { compact() }
    }

    /// Closes every open trace; call once after the last scan, then `takeClosed`.
    public mutating func finish() {
        for trace in open { close(trace, ownedEnd: Int32.max, lastSeen: scans.count - 1) }
        open.removeAll()
    }

    /// The traces closed since the last call that passed the filters, in closing order.
    public mutating func takeClosed() -> MassTraceBatch {
        compact()
        var batch = MassTraceBatch()
        swap(&batch, &ready)
        if let first = batch.scans.min(), let last = batch.scans.max() {
            batch.firstScan = Int(first)
            let range = (Int(first) - scans.first)...(Int(last) - scans.first)
            batch.retentionTimes = Array(scans.retentionTimes[range])
            batch.noiseLevels = Array(scans.noiseLevels[range])
        }
        forgetScans()
        return batch
    }
}
