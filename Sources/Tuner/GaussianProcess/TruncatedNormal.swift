import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The standard normal distribution given that its value lies above a bound.
///
/// Johnson, Kotz and Balakrishnan 1994, section 13.10; beyond 25 by the asymptotic series of Mills' ratio (Abramowitz and
/// Stegun 26.2.12), where the differences cancel.
struct TruncatedNormal {
    /// E[z | z > a] - a, positive for every a.
    let excess: Double
    /// 1 - Var[z | z > a]: what the bound tells, within 0...1.
    let shrinkage: Double
    /// Var[z | z > a].
    let variance: Double

    init(above a: Double) {
        if a > 25 {
            let w = 1 / (a * a)
            excess = (1 - w * (2 - w * (10 - w * (74 - w * 706)))) / a
            variance = w * (1 - w * (6 - w * (50 - w * 518)))
            shrinkage = 1 - variance
        } else {
            let density = exp(-0.5 * a * a) / (2 * Double.pi).squareRoot()
            let hazard = density / NormalDistribution.cumulative(-a)
            excess = hazard - a
            shrinkage = min(max(hazard * excess, 0), 1)
            variance = 1 - shrinkage
        }
    }
}
