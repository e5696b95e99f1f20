import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How much more often noise gives a peak of certain measures than an ion that elutes, and what share of a run's candidates
/// is noise.
///
/// Logistic regression on five measures, fitted by `scripts/fit_false_peaks.py` to runs whose scans are shuffled and that
/// hold injected ions: every other candidate of such a run is false (`docs/decisions/0009-peak-quality.md`). The share of
/// false candidates is a property of each run and is estimated from its own candidates (Saerens, Latinne and Decaestecker
/// 2002, doi:10.1162/089976602753284446).
struct FalsePeakModel {
    /// Weights of beta_cor, log10 beta_snr (within 0...3), the R2 of the Gaussian, log10 of the points, and minus log10 of 1.02
    /// less the autocorrelation; then the intercept. For false and true candidates in equal numbers.
    static let weights = (
        beta: 1.349, betaNoise: -2.476, gaussian: -4.686, points: -6.045, autocorrelation: -9.161, intercept: 12.392
    )

    /// Density of false candidates over that of true ones at these measures.
    static func oddsRatio(_ shape: ElutionShape, autocorrelation: Double, points: Int) -> Double {
        let noise = min(max(log10(Double(shape.betaSignalToNoise)), 0), 3)
        let elution = -log10(1.02 - min(max(autocorrelation, -1), 1))
        let logit =
            weights.intercept + weights.beta * Double(shape.betaCorrelation) + weights.betaNoise * noise
            + weights.gaussian * Double(shape.gaussianR2) + weights.points * log10(Double(max(points, 1)))
            + weights.autocorrelation * elution
        return exp(min(max(logit, -30), 30))
    }

    /// Share of false ones among candidates with these ratios: the most likely one, with one more false and one more true
    /// candidate than there are, so that it is neither 0 nor 1. O(candidates).
    static func falseShare(_ ratios: [Double]) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<40 {
            let share = 0.5 * (low + high)
            // The derivative of the log-likelihood falls with the share.
            var slope = 1 / share - 1 / (1 - share)
            for ratio in ratios { slope += (ratio - 1) / (1 + share * (ratio - 1)) }
            if slope > 0 { low = share } else { high = share }
        }
        return 0.5 * (low + high)
    }

    /// Probability that a candidate with this ratio is false.
    static func probability(_ ratio: Double, falseShare: Double) -> Double {
        let weight = falseShare * ratio
        return weight / (weight + 1 - falseShare)
    }

    /// Highest probability to keep so that of what is kept at most a share of `rate` is expected to be false; negative where
    /// even the best is too doubtful. O(n log n).
    static func threshold(_ probabilities: [Double], rate: Double) -> Double {
        var threshold = -1.0
        var sum = 0.0
        for (index, probability) in probabilities.sorted().enumerated() {
            sum += probability
            if sum <= rate * Double(index + 1) { threshold = probability }
        }
        return threshold
    }
}
