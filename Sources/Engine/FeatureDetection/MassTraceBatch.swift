/// Finished mass traces as flat arrays: trace `i` owns the points `offsets[i] ..< offsets[i + 1]`, one per scan at most.
public struct MassTraceBatch: Sendable {
    /// Length `count + 1`, first element 0.
    public var offsets: [Int] = [0]
    /// Scan number of every point (position among the scans given to the builder), ascending within a trace.
    public var scans: [Int32] = []
    /// m/z of every point.
    public var mz: [Double] = []
    /// Intensity of every point, instrument counts.
    public var intensity: [Float] = []
    /// Scans in which an apex belongs to the trace. Pieces of one long trace overlap; their owned ranges do not.
    public var ownedScans: [Range<Int32>] = []
    /// Scans in front of the first and behind the last point of a trace that had none for it, up to as many as end one; 0
    /// where the run begins or ends with the trace.
    public var missedBefore: [Int32] = []
    public var missedAfter: [Int32] = []
    /// Scan number of the first entry of `retentionTimes` and `noiseLevels`.
    public var firstScan = 0
    /// Seconds, for every scan that a trace of this batch touches and those between.
    public var retentionTimes: [Double] = []
    /// Noise level of the same scans, counts.
    public var noiseLevels: [Float] = []

    public init() {}

    public var count: Int { offsets.count - 1 }
    public var isEmpty: Bool { count == 0 }
    public var pointCount: Int { scans.count }

    /// Makes room for so many points, zeros where they are new.
    mutating func resize(points count: Int) {
        let added = count - pointCount
        if added > 0 {
            scans.append(contentsOf: repeatElement(0, count: added))
            mz.append(contentsOf: repeatElement(0, count: added))
            intensity.append(contentsOf: repeatElement(0, count: added))
        } else {
            scans.removeLast(-added)
            mz.removeLast(-added)
            intensity.removeLast(-added)
        }
    }

    /// For loops over many points.
    mutating func withPoints<Result>(
        _ body: (
            _ scans: UnsafeMutableBufferPointer<Int32>, _ mz: UnsafeMutableBufferPointer<Double>,
            _ intensity: UnsafeMutableBufferPointer<Float>
        ) -> Result
    ) -> Result {
        scans.withUnsafeMutableBufferPointer { scans in
            mz.withUnsafeMutableBufferPointer { mz in
                intensity.withUnsafeMutableBufferPointer { body(scans, mz, $0) }
            }
        }
    }
}
