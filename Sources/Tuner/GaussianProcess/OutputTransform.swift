import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Maps measured values to what the model fits, smaller is better, mean 0 and standard deviation 1, and back.
///
/// Positive values are taken as logarithms, so that effects are ratios; otherwise they stay as they are. A maximised
/// quantity changes its sign. The transform is recomputed whenever a value is added.
public struct OutputTransform: Sendable, Hashable {
    public let isLogarithmic: Bool
    /// 1 for minimised, -1 for maximised values.
    public let sign: Double
    public let center: Double
    /// Standard deviation of the (logarithmic) values; 1 when they do not vary.
    public let scale: Double

    /// - Parameter values: measured values, finite, not empty. - Parameter isMaximised: larger is better.
    public init(values: [Double], isMaximised: Bool) {
        precondition(!values.isEmpty && values.allSatisfy(\.isFinite), "no values, or not finite")
        let isLogarithmic = values.allSatisfy { $0 > 0 }
        let mapped = isLogarithmic ? values.map { log($0) } : values
        self.isLogarithmic = isLogarithmic
        sign = isMaximised ? -1 : 1
        center = mean(mapped)
        let deviation = standardDeviation(mapped)
        scale = deviation > 1e-12 * max(1, abs(center)) ? deviation : 1
    }

    /// The standardised value of a measured one; infinite for a value whose logarithm does not exist.
    public func standardise(_ value: Double) -> Double {
        let mapped = isLogarithmic ? (value > 0 ? log(value) : -.infinity) : value
        return sign * (mapped - center) / scale
    }

    /// The measured value of a standardised one: under a logarithm, the mean comes back as a median.
    public func restore(_ standardised: Double) -> Double {
        let mapped = center + sign * standardised * scale
        return isLogarithmic ? exp(mapped) : mapped
    }

    /// The standardised variance of a measured value with this standard deviation (first order under a logarithm).
    public func standardise(deviation: Double, at value: Double) -> Double {
        let mapped = isLogarithmic ? deviation / value : deviation
        return (mapped / scale) * (mapped / scale)
    }

    /// The measured standard deviation of a standardised one around a measured value (first order under a logarithm).
    public func restore(deviation: Double, at value: Double) -> Double {
        deviation * scale * (isLogarithmic ? value : 1)
    }
}
