import Benchmarking

/// Words and numbers of a comparison as terminals show them.
public enum ComparisonText {
    /// The outcome, in capitals where something must be done.
    public static func verdict(_ outcome: GateDecision.Outcome) -> String {
        switch outcome {
        case .passed: "no regression"
        case .improvement: "better"
        case .regression: "REGRESSION"
        case .inconclusive: "INCONCLUSIVE"
        case .accuracyLost: "ACCURACY LOST"
        case .notComparable: "NOT COMPARABLE"
        case .nothingMeasured: "NOTHING MEASURED"
        case .failed: "FAILED"
        }
    }

    public static func word(_ verdict: GateMetricDecision.Verdict) -> String {
        switch verdict {
        case .worse: "worse"
        case .unconfirmed: "worse at first, not again"
        case .better: "better"
        case .noDifference: "no change beyond tolerance"
        case .inconclusive: "cannot tell"
        case .notMeasured: "not measured"
        }
    }

    /// What a metric is shown in, and the factor to it.
    public static func scale(_ metric: Metric) -> (factor: Double, unit: String) {
        metric.unit == "B" ? (1e-6, "MB") : (1, metric.unit)
    }

    /// `3.2 %`; `-` for what is no number.
    public static func percent(_ share: Double) -> String {
        share.isFinite && abs(share) < 1e6 ? "\((share * 1_000).rounded() / 10) %" : "-"
    }

    /// A ratio with three decimals at most.
    public static func ratio(_ ratio: Double) -> String {
        ratio.isFinite && abs(ratio) < 1e9 ? "\((ratio * 1_000).rounded() / 1_000)" : "-"
    }

    /// About four significant digits.
    public static func digits(_ value: Double) -> String {
        let magnitude = abs(value)
        guard value.isFinite, magnitude < 1e15 else { return "\(value)" }
        if magnitude >= 1_000 { return "\(Int(value.rounded()))" }
        let scale = magnitude >= 100 ? 10.0 : magnitude >= 10 ? 100 : magnitude >= 1 ? 1_000 : 10_000
        return "\((value * scale).rounded() / scale)"
    }
}
