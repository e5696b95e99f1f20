/// An open trace but for its m/z, which stands in an array of its own.
struct OpenTrace: Sendable {
    /// Sum of its intensities.
    var weight: Double
    /// Its number in the log.
    var slot: Int32
    var count: Int32
    /// Last scan that may be without a point for it.
    var deadline: Int32
    /// Highest intensity over the noise of its scan.
    var apexRatio: Float

    static let blank = OpenTrace(weight: 0, slot: 0, count: 0, deadline: 0, apexRatio: 0)

    /// A trace ends after more missing scans in a row than `maxMissed`, or than it has points.
    @inline(__always)
    mutating func extend(scan: Int32, maxMissed: Int32) { deadline = scan + min(maxMissed, count) }

    @inline(__always)
    func lastScan(maxMissed: Int32) -> Int32 { deadline - min(maxMissed, count) }
}

/// What is known of a trace from its start on.
struct TraceSlot: Sendable {
    var firstScan: Int32
    var ownedStart: Int32
}

struct ClosedTrace: Sendable {
    let slot: Int32
    let count: Int32
    let owned: Range<Int32>
    /// Scans without a point in front of the first one, up to as many as end a trace, and behind the last one, as far as
    /// they were seen.
    let missedBefore: Int32
    let missedAfter: Int32
}
