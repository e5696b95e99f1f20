#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The standard normal distribution, with logarithms that stay exact far in the tails.
public enum NormalDistribution {
    /// ln sqrt(2 pi).
    static let logNormalizer = 0.918_938_533_204_672_741_78

    /// Probability of a value below z. Exact to a few ulp in both tails.
    public static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z * 0.5.squareRoot()) }

    /// The value that a standard normal stays below with this probability, within 1e-13.
    ///
    /// Bisection of `cumulative`, so that it is as exact as `erfc`. - Parameter probability: above 0 and below 1.
    public static func quantile(_ probability: Double) -> Double {
        precondition(probability > 0 && probability < 1, "probability outside 0...1")
        // The lower tail is the exact one.
        if probability > 0.5 { return -quantile(1 - probability) }
        var low = -39.0
        var high = 0.0
        for _ in 0..<60 {
            let middle = 0.5 * (low + high)
            if cumulative(middle) < probability { low = middle } else { high = middle }
        }
        return 0.5 * (low + high)
    }

    /// Natural logarithm of `cumulative`, finite for every finite z.
    ///
    /// Below -25 by the asymptotic series of Mills' ratio (Abramowitz and Stegun 26.2.12); relative error below 1e-13.
    public static func logCumulative(_ z: Double) -> Double {
        if z < -25 {
            let w = 1 / (z * z)
            let series = -w * (1 - w * (3 - w * (15 - w * (105 - w * 945))))
            return -0.5 * z * z - log(-z) - logNormalizer + log1p(series)
        }
        return z > 0 ? log1p(-0.5 * erfc(z * 0.5.squareRoot())) : log(cumulative(z))
    }

    /// ln(phi(z) + z Phi(z)), the logarithm of the expected excess of a standard normal over -z.
    ///
    /// Below -25 by the asymptotic series, where the two terms cancel. Source: Ament et al. 2023, arXiv:2310.20708,
    /// for why the logarithm is needed at all.
    public static func logExpectedExcess(_ z: Double) -> Double {
        if z < -25 {
            let w = 1 / (z * z)
            let series = -w * (3 - w * (15 - w * (105 - w * (945 - w * 10_395))))
            return -0.5 * z * z - logNormalizer - 2 * log(-z) + log1p(series)
        }
        return log(exp(-0.5 * z * z - logNormalizer) + z * cumulative(z))
    }
}
