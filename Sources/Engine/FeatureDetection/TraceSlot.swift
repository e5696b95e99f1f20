/// The part of an open trace that every scan reads; the list is ascending in m/z.
struct OpenTrace {
    var mz: Double
    var slot: Int32
    var lastScan: Int32

    static let blank = OpenTrace(mz: 0, slot: 0, lastScan: 0)
}

/// The part of a trace that is touched only when a point joins it.
struct TraceSlot {
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

struct ClosedTrace {
    let slot: Int32
    let owned: Range<Int32>
    /// Scans without a point in front of the first one, up to as many as end a trace, and behind the last one, as far as
    /// they were seen.
    let missedBefore: Int32
    let missedAfter: Int32
}

/// A point in order of arrival with the slot that owns it.
struct LoggedPoint {
    var mz: Double
    var intensity: Float
    var scan: Int32
    var owner: Int32

    static let blank = LoggedPoint(mz: 0, intensity: 0, scan: 0, owner: 0)
}
