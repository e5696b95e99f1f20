import SpectrumModel

/// The scans that a trace builder has taken: when they were, how high their noise, and the usable points of the latest.
struct SurveyScans: Sendable {
    /// Scans taken so far; the next scan gets this number.
    private(set) var count = 0
    /// Scans refused because their retention time was not a number or before the previous one.
    private(set) var skipped = 0
    /// Scan number of the first entry of the two tables below.
    private(set) var first = 0
    private(set) var retentionTimes: [Double] = []
    private(set) var noiseLevels: [Float] = []
    /// Points of the latest scan in the two arrays, which only grow; ascending in m/z.
    private(set) var pointCount = 0
    private(set) var mz: [Double] = []
    private(set) var intensity: [Float] = []

    private var noise: NoiseLevel
    private let noiseThreshold: Float
    private let mergeDistance: Tolerance

    init(_ parameters: MassTraceParameters) {
        noise = NoiseLevel(quantile: parameters.noiseQuantile)
        noiseThreshold = Float(parameters.noiseThreshold)
        mergeDistance = parameters.mergeDistance
    }

    func retentionTime(of scan: Int) -> Double { retentionTimes[scan - first] }

    /// What a point of a scan with this noise has to reach to be more than noise.
    func floor(over level: Float) -> Float { max(level, noiseThreshold) }

    /// Takes the next scan; returns its noise level, `nil` where it is refused.
    mutating func take(
        retentionTimeSeconds: Double, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) -> Float? {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        guard retentionTimeSeconds.isFinite, retentionTimeSeconds >= (retentionTimes.last ?? -.infinity) else {
            skipped += 1
            return nil
        }
        let level = noise.next(intensity)
        retentionTimes.append(retentionTimeSeconds)
        noiseLevels.append(level)
        count += 1
        select(mz: mz, intensity: intensity, floor: max(floor(over: level), .leastNonzeroMagnitude))
        if mergeDistance.halfWidth(at: 1000) > 0 { mergeNeighbours() }
        return level
    }

    /// Forgets the times of scans before a number, but never that of the last one: the next is compared with it.
    mutating func forget(before scan: Int) {
        let kept = min(scan, count - 1)
        guard kept > first else { return }
        retentionTimes.removeFirst(kept - first)
        noiseLevels.removeFirst(kept - first)
        first = kept
    }

    private mutating func select(
        mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>, floor: Float
    ) {
        if self.mz.count < mz.count {
            self.mz = Array(repeating: 0, count: 2 * mz.count)
            self.intensity = Array(repeating: 0, count: 2 * mz.count)
        }
        var kept = 0
        var previous = -Double.infinity
        var ascending = true
        self.mz.withUnsafeMutableBufferPointer { outMZ in
            self.intensity.withUnsafeMutableBufferPointer { outIntensity in
                for index in 0..<mz.count {
                    let value = intensity[index]
                    let position = mz[index]
                    // Written always and counted when usable: about half of the points are, in no order that a branch
                    // predictor could learn.
                    outMZ[kept] = position
                    outIntensity[kept] = value
                    let isUsable = value >= floor && value < .infinity && position > 0 && position < .infinity
                    if isUsable && position < previous { ascending = false }
                    previous = isUsable ? position : previous
                    kept += isUsable ? 1 : 0
                }
            }
        }
        pointCount = kept
        if !ascending {
            let order = (0..<kept).sorted { (self.mz[$0], $0) < (self.mz[$1], $1) }
            self.mz = order.map { self.mz[$0] }
            self.intensity = order.map { self.intensity[$0] }
        }
    }

    /// Keeps of points nearer than the merge distance the strongest; ties go to the lower m/z.
    private mutating func mergeNeighbours() {
        let distance = mergeDistance.linear
        let count = pointCount
        var kept = 0
        mz.withUnsafeMutableBufferPointer { mz in
            intensity.withUnsafeMutableBufferPointer { intensity in
                for index in 0..<count {
                    let position = mz[index]
                    let value = intensity[index]
                    if kept > 0, position - mz[kept - 1] <= distance.relative * position + distance.absolute {
                        guard value > intensity[kept - 1] else { continue }
                        kept -= 1
                    }
                    mz[kept] = position
                    intensity[kept] = value
                    kept += 1
                }
            }
        }
        pointCount = kept
    }
}

extension Tolerance {
    /// The half width as `relative * mz + absolute`.
    var linear: (relative: Double, absolute: Double) {
        switch self {
        case .ppm(let value): (value * 1e-6, 0)
        case .dalton(let value): (0, value)
        }
    }
}
