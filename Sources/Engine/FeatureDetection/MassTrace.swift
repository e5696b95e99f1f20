import SpectrumModel

/// What is known of one mass trace as a whole, without its points.
public struct MassTrace: Sendable, Hashable {
    /// Intensity-weighted mean of its points.
    public var mz: Double
    /// Intensity-weighted standard deviation of its points' m/z, in ppm of `mz`.
    public var mzDeviationPPM: Double
    /// Time of the highest point, of the first and of the last one, seconds.
    public var retentionTimeSeconds: Double
    public var startSeconds: Double
    public var endSeconds: Double
    public var pointCount: Int
    /// Highest intensity, counts.
    public var height: Double
    /// Trapezoid integral over the points, counts times seconds; missing scans are bridged.
    public var area: Double
    public var polarity: Polarity
}

extension MassTraceBatch {
    /// Trace number `index` as a whole. O(its points).
    public func summary(of index: Int, polarity: Polarity) -> MassTrace {
        let points = offsets[index]..<offsets[index + 1]
        let reference = mz[points.lowerBound]
        var weight = 0.0
        var offset = 0.0
        var square = 0.0
        var apex = points.lowerBound
        var area = 0.0
        for point in points {
            let value = Double(intensity[point])
            let distance = mz[point] - reference
            weight += value
            offset += value * distance
            square += value * distance * distance
            if intensity[point] > intensity[apex] { apex = point }
            guard point > points.lowerBound else { continue }
            area += (value + Double(intensity[point - 1])) / 2 * (time(of: point) - time(of: point - 1))
        }
        let mean = weight > 0 ? offset / weight : 0
        let variance = weight > 0 ? max(square / weight - mean * mean, 0) : 0
        return MassTrace(
            mz: reference + mean, mzDeviationPPM: variance.squareRoot() / (reference + mean) * 1e6,
            retentionTimeSeconds: time(of: apex), startSeconds: time(of: points.lowerBound),
            endSeconds: time(of: points.upperBound - 1), pointCount: points.count, height: Double(intensity[apex]),
            area: area, polarity: polarity)
    }

    private func time(of point: Int) -> Double { retentionTimes[Int(scans[point]) - firstScan] }
}
