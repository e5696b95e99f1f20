import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What trials measured with few repeats tell each other about their noise.
///
/// A variance from two or three repeats is hardly known itself: two that happen to agree would make a row that the model
/// has to go through. Every estimate is shrunk towards what all trials have in common, by empirical Bayes with a scaled
/// inverse chi-square prior: (d0 s0^2 + d s^2) / (d0 + d) for d degrees of freedom, d0 and s0^2 by the moments of ln s^2
/// (Smyth 2004, "Linear models and empirical Bayes methods", section 6.2).
struct NoisePooling {
    /// Of one measurement; infinite when the estimates differ no more than chance makes them.
    let priorDegrees: Double
    let priorVariance: Double

    /// An estimate below this share of the middle one counts as that: ln 0 has no moments.
    private static let floor = 1e-3
    /// Fewer estimates say nothing about what trials have in common.
    private static let minimumEstimates = 3

    /// - Parameter estimates: variance of one measurement and its degrees of freedom, per trial with two repeats or more.
    init?(_ estimates: [(variance: Double, degrees: Double)]) {
        let positive = estimates.map(\.variance).filter { $0 > 0 }
        guard estimates.count >= Self.minimumEstimates, !positive.isEmpty else { return nil }
        let smallest = Self.floor * median(positive)
        let logs = estimates.map { log(max($0.variance, smallest)) - digamma($0.degrees / 2) + log($0.degrees / 2) }
        let center = mean(logs)
        let spread = standardDeviation(logs)
        let excess = spread * spread - mean(estimates.map { trigamma($0.degrees / 2) })
        if excess > 1e-3 {
            priorDegrees = 2 * inverseTrigamma(excess)
            priorVariance = exp(center + digamma(priorDegrees / 2) - log(priorDegrees / 2))
        } else {
            priorDegrees = .infinity
            priorVariance = exp(center)
        }
    }

    func variance(_ estimate: Double, degrees: Double) -> Double {
        guard priorDegrees.isFinite else { return priorVariance }
        return (priorDegrees * priorVariance + degrees * estimate) / (priorDegrees + degrees)
    }

    /// The variance of each value, means or medians of repeats.
    ///
    /// - Parameters variances: of the values as told. repeats: how many measurements each came from; `nil` leaves the
    ///   variance as it was told, 1 takes what the others have in common.
    static func variances(_ variances: [Double], repeats: [Int?]) -> [Double] {
        let estimates = zip(variances, repeats).compactMap { variance, count in
            count.flatMap { $0 > 1 ? (variance: variance * Double($0), degrees: Double($0 - 1)) : nil }
        }
        guard let pooling = NoisePooling(estimates) else { return variances }
        return zip(variances, repeats).map { variance, count in
            guard let count else { return variance }
            let repeats = Double(max(1, count))
            return pooling.variance(variance * repeats, degrees: repeats - 1) / repeats
        }
    }
}

/// Derivative of ln gamma for positive x, to 1e-12: recurrence up to 10, then Abramowitz and Stegun 6.3.18.
func digamma(_ x: Double) -> Double {
    var x = x
    var sum = 0.0
    while x < 10 {
        sum -= 1 / x
        x += 1
    }
    let w = 1 / (x * x)
    return sum + log(x) - 0.5 / x
        - w * (1.0 / 12 - w * (1.0 / 120 - w * (1.0 / 252 - w * (1.0 / 240 - w * (1.0 / 132)))))
}

/// Derivative of `digamma`: recurrence up to 10, then Abramowitz and Stegun 6.4.12.
func trigamma(_ x: Double) -> Double {
    var x = x
    var sum = 0.0
    while x < 10 {
        sum += 1 / (x * x)
        x += 1
    }
    let w = 1 / (x * x)
    return sum + (1 + 0.5 / x + w * (1.0 / 6 - w * (1.0 / 30 - w * (1.0 / 42 - w * (1.0 / 30 - w * (5.0 / 66)))))) / x
}

/// The x with trigamma(x) = y, by bisection of ln x: trigamma falls throughout.
func inverseTrigamma(_ y: Double) -> Double {
    var (low, high) = (-20.0, 20.0)
    for _ in 0..<60 {
        let middle = 0.5 * (low + high)
        if trigamma(exp(middle)) > y { low = middle } else { high = middle }
    }
    return exp(0.5 * (low + high))
}
