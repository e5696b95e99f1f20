#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Length scales and noise of the kernel, as logarithms. The signal variance is 1, as targets are standardised.
public struct Hyperparameters: Sendable, Hashable {
    public var logLengthScales: [Double]
    public var logNoiseVariance: Double

    public init(logLengthScales: [Double], logNoiseVariance: Double) {
        self.logLengthScales = logLengthScales
        self.logNoiseVariance = logNoiseVariance
    }

    /// Added to the noise variance so that repeated inputs keep the matrix regular.
    static let noiseFloor = 1e-6

    public var lengthScales: [Double] { logLengthScales.map { exp($0) } }
    public var noiseVariance: Double { exp(logNoiseVariance) + Self.noiseFloor }

    init(vector: [Double]) {
        logLengthScales = Array(vector.dropLast())
        logNoiseVariance = vector.last ?? 0
    }

    var vector: [Double] { logLengthScales + [logNoiseVariance] }
}

/// What is believed about hyper-parameters before any observation.
///
/// ln(length scale) ~ N(sqrt 2 + ln(d) / 2, 3): longer scales in more dimensions, so that the model does not start out
/// wiggly in spaces that 50 observations cannot fill. Source: Hvarfner, Hellsten and Nardi 2024, arXiv:2402.02229.
/// ln(noise variance) ~ N(-4, 1).
public struct HyperparameterPrior: Sendable, Hashable {
    public let logLengthScaleMean: Double
    public let logLengthScaleVariance = 3.0
    public let logNoiseMean = -4.0
    public let logNoiseVariance = 1.0

    static let logLengthScaleBounds = -4.0...6.0
    static let logNoiseBounds = -12.0...1.0

    public init(dimensions: Int) {
        logLengthScaleMean = 2.0.squareRoot() + 0.5 * log(Double(max(1, dimensions)))
    }

    /// One unit shorter than the prior mean: where a search without history starts.
    public func start(dimensions: Int) -> Hyperparameters {
        Hyperparameters(
            logLengthScales: [Double](repeating: logLengthScaleMean - 1, count: dimensions),
            logNoiseVariance: logNoiseMean)
    }
}
