import CSignalKernels

/// How wavelet transforms are computed. Coefficients are the same bits for every manner and memory, and differ by rounding
/// alone between methods and Fourier plans.
public struct TransformSettings: Sendable, Hashable {
    /// How direct sums go over a signal.
    public enum Manner: String, Sendable, Hashable, Codable, CaseIterable {
        /// Four blocks of eight columns at a time.
        case wide
        /// One block of eight columns at a time.
        case narrow
        /// As `wide`, for two scales at once where both are thinned alike: samples are loaded once for both.
        case paired

        var code: wavelet_manner {
            switch self {
            case .wide: wavelet_wide
            case .narrow: wavelet_narrow
            case .paired: wavelet_paired
            }
        }
    }

    public var method = TransformMethod.byLength
    public var manner = Manner.wide
    /// Coefficients of one scale at a time, for those who are done with one before they look at the next; `manner` has
    /// nothing to pair then.
    public var keepsOneRow = false
    /// Measured plans for Fourier transforms; `nil` for those that FFTW estimates to be good.
    public var wisdom: FourierWisdom?

    public init() {}

    public init(method: TransformMethod) { self.method = method }
}

/// What transforms did, for a record.
public struct TransformCounts: Sendable, Hashable, Codable {
    /// Signals that were transformed by direct sums.
    public var direct = 0
    /// Signals that were transformed by Fourier transforms.
    public var fourier = 0
    /// Of these, with plans that had been measured.
    public var fourierByWisdom = 0
    /// Of all of them, those in single precision.
    public var single = 0
    /// How often direct sums walked over samples: once for 32 columns of a scale (`wide`), for 8 (`narrow`), or for 32 of two
    /// scales (`paired`).
    public var passes = 0
    /// The most memory that coefficients took, in one worker.
    public var largestCoefficientBytes = 0

    public init() {}

    /// Records of earlier versions tell less.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func count(_ key: CodingKeys) throws -> Int { try values.decodeIfPresent(Int.self, forKey: key) ?? 0 }
        direct = try count(.direct)
        fourier = try count(.fourier)
        fourierByWisdom = try count(.fourierByWisdom)
        single = try count(.single)
        passes = try count(.passes)
        largestCoefficientBytes = try count(.largestCoefficientBytes)
    }

    public static func += (left: inout TransformCounts, right: TransformCounts) {
        left.direct += right.direct
        left.fourier += right.fourier
        left.fourierByWisdom += right.fourierByWisdom
        left.single += right.single
        left.passes += right.passes
        left.largestCoefficientBytes = max(left.largestCoefficientBytes, right.largestCoefficientBytes)
    }
}
