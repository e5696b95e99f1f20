/// How well smooth curves describe an elution profile. All 0 where it was not measured or has fewer than 5 scans.
public struct ElutionShape: Sendable, Hashable {
    /// Largest correlation of the profile with a bell curve of few skews, 0...1.
    public var betaCorrelation: Float
    /// Height of that curve over the noise of what it leaves; infinite where it leaves none.
    public var betaSignalToNoise: Float
    /// Centre of the Gaussian fitted to the profile, seconds.
    public var gaussianCenterSeconds: Double
    /// Its standard deviation, seconds.
    public var gaussianSigmaSeconds: Float
    /// Its height over the lowest intensity of the profile, counts.
    public var gaussianHeight: Float
    /// Share of the profile's variance that it explains, 0...1.
    public var gaussianR2: Float

    public init(
        betaCorrelation: Float = 0, betaSignalToNoise: Float = 0, gaussianCenterSeconds: Double = 0,
        gaussianSigmaSeconds: Float = 0, gaussianHeight: Float = 0, gaussianR2: Float = 0
    ) {
        self.betaCorrelation = betaCorrelation
        self.betaSignalToNoise = betaSignalToNoise
        self.gaussianCenterSeconds = gaussianCenterSeconds
        self.gaussianSigmaSeconds = gaussianSigmaSeconds
        self.gaussianHeight = gaussianHeight
        self.gaussianR2 = gaussianR2
    }
}
