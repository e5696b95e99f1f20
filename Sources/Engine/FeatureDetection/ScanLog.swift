/// Times and noise of the scans that a builder has taken, as far back as it needs them.
struct ScanLog: Sendable {
    /// Scans taken so far; the next scan gets this number.
    private(set) var count = 0
    /// Scan number of the first entry of the two tables below.
    private var first = 0
    private(set) var retentionTimes: [Double] = []
    private(set) var noiseLevels: [Float] = []

    mutating func append(_ scan: SurveyScan) {
        retentionTimes.append(scan.retentionTimeSeconds)
        noiseLevels.append(scan.noiseLevel)
        count += 1
    }

    func retentionTime(of scan: Int32) -> Double { retentionTimes[Int(scan) - first] }

    func retentionTimes(from start: Int32, through end: Int32) -> ArraySlice<Double> {
        retentionTimes[(Int(start) - first)...(Int(end) - first)]
    }

    func noiseLevels(from start: Int32, through end: Int32) -> ArraySlice<Float> {
        noiseLevels[(Int(start) - first)...(Int(end) - first)]
    }

    /// Forgets the scans before a number.
    mutating func forget(before scan: Int) {
        guard scan > first else { return }
        retentionTimes.removeFirst(scan - first)
        noiseLevels.removeFirst(scan - first)
        first = scan
    }
}
