import OutOfCore

/// One peak of one mass trace. Its elution profile lies in the `PeakTable` that holds it.
public struct ChromatographicPeak: Sendable, Hashable, BitwiseCopyable {
    /// Intensity-weighted m/z of the points inside the peak.
    public var mz: Double
    /// Vertex of a parabola through the highest three smoothed points, seconds.
    public var retentionTimeSeconds: Double
    public var startSeconds: Double
    public var endSeconds: Double
    /// Full width at half maximum over the baseline, seconds.
    public var widthSeconds: Double
    /// Trapezoid integral over the peak, nothing subtracted, counts times seconds.
    public var area: Double
    /// Highest intensity, counts.
    public var height: Double
    /// Smoothed height over the local baseline, in units of the local noise; infinite when that is zero.
    public var signalToNoise: Double
    /// Best correlation with a family of peak shapes, clamped to 0...1. Like the autocorrelation it is 0, not measured, where
    /// the signal-to-noise rules out a feature.
    public var quality: Double
    /// Lag-1 autocorrelation of the intensities about the peak, missing scans counting as 0.
    public var autocorrelation = 1.0
    /// Points measured (not interpolated) inside the peak.
    public var pointCount: Int32
    public var firstScan: Int32
    public var lastScan: Int32
    public var apexScan: Int32
    /// First of `lastScan - firstScan + 1` samples in `PeakTable.profiles`.
    public var profileStart: Int
}

/// Peaks with their elution profiles, on the heap or where their pages can be given back, in the order in which they were found (trace, then time).
public struct PeakTable: Sendable {
    public var peaks: PageableArray<ChromatographicPeak> = []
    /// Intensity per scan inside each peak, missing scans interpolated, counts.
    public var profiles: PageableArray<Float> = []
    /// Lowest and highest m/z of the points of each peak; empty unless peaks are detected by centWave's rules.
    public var mzRanges: [ClosedRange<Double>] = []

    public init() {}

    public var count: Int { peaks.count }

    /// Makes room for so many peaks and profile samples in all.
    public mutating func reserve(peaks count: Int, samples: Int) {
        peaks.reserveCapacity(count)
        profiles.reserveCapacity(samples)
    }

    /// Appends the peaks of another table behind the ones here. Amortised O(length of the other).
    public mutating func append(_ other: PeakTable) {
        let shift = profiles.count
        profiles.append(contentsOf: other.profiles)
        mzRanges.append(contentsOf: other.mzRanges)
        for var peak in other.peaks {
            peak.profileStart += shift
            peaks.append(peak)
        }
    }

    /// The samples of a peak's profile, one per scan from `firstScan` to `lastScan`.
    public func profile(of index: Int) -> Slice<PageableArray<Float>> {
        let peak = peaks[index]
        return profiles[peak.profileStart..<(peak.profileStart + Int(peak.lastScan - peak.firstScan) + 1)]
    }
}
