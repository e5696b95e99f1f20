/// What `ChromatographicPeakDetector` accepts as a peak.
public struct PeakParameters: Sendable, Hashable {
    /// Narrowest and widest full width at half maximum that the wavelets look for, seconds.
    public var minWidthSeconds: Double
    public var maxWidthSeconds: Double
    /// Height over the local baseline in units of the local noise that a feature's own peak needs.
    public var signalToNoise: Double
    /// The same for a peak that is only kept as an isotope of another.
    public var isotopeSignalToNoise: Double
    /// Peak-shape quality (0...1) that a feature's own peak needs.
    public var minQuality: Double
    /// Autocorrelation of the intensities about the peak (-1...1) that a feature's own peak needs. Scans in random order
    /// have about 0, so that hardly anything of them passes 0.5.
    public var minAutocorrelation: Double
    /// Share of the features that may be expected to be noise; the most doubtful are left out. `nil`: not estimated.
    public var maxFalseRate: Double?
    /// Fewest scans with a point inside the peak.
    public var minPoints: Int
    /// Valley between two peaks, relative to the lower one, above which they are one peak.
    public var valleyRatio: Double
    /// Level, relative to the height, at which a peak ends when no valley ends it before.
    public var edgeFraction: Double
    /// centWave's rules in place of this detector's own, where there are any.
    public var centWave: CentWaveParameters?

    public init(
        minWidthSeconds: Double, maxWidthSeconds: Double, signalToNoise: Double = 3, isotopeSignalToNoise: Double = 2,
        minQuality: Double = 0.7, minAutocorrelation: Double = 0.5, maxFalseRate: Double? = nil, minPoints: Int = 5,
        valleyRatio: Double = 0.8,
        edgeFraction: Double = 0.01
    ) {
        self.minWidthSeconds = minWidthSeconds
        self.maxWidthSeconds = maxWidthSeconds
        self.signalToNoise = signalToNoise
        self.isotopeSignalToNoise = isotopeSignalToNoise
        self.minQuality = minQuality
        self.minAutocorrelation = minAutocorrelation
        self.maxFalseRate = maxFalseRate
        self.minPoints = minPoints
        self.valleyRatio = valleyRatio
        self.edgeFraction = edgeFraction
    }
}
