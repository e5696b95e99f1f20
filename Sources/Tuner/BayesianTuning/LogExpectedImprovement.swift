import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// ln E[max(incumbent - f, 0)] for f normal with this mean and variance; smaller f is better.
///
/// ln s + ln(phi(z) + z Phi(z)) with z = (incumbent - mean) / s; exact for all z, so that points with no visible
/// improvement still rank. Source: Jones 1998; Ament et al. 2023, arXiv:2310.20708.
func logExpectedImprovement(mean: Double, variance: Double, incumbent: Double) -> Double {
    let deviation = max(variance, 1e-10).squareRoot()
    return log(deviation) + NormalDistribution.logExpectedExcess((incumbent - mean) / deviation)
}
