import Parameters
import Statistics

/// How a study ended, as stored with it.
public struct StudyVerdict: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable {
        /// The best found beats the better known configuration beyond noise, or is the only one that meets the constraints.
        case improved
        /// Measured well enough, and not better.
        case noImprovement
        /// Too noisy or too few pairs to tell.
        case inconclusive
        /// Nothing meets the constraints.
        case noFeasibleConfiguration
    }

    public var kind: Kind
    /// One plain sentence.
    public var sentence: String
    /// The best found, or the closest one when none meets the constraints; searched parameters only.
    public var best: [Setting]
    /// Number of its trial.
    public var bestTrial: Int?
    /// The better of the known configurations.
    public var reference: StudyArm?
    /// Improvement factor over the reference with its interval: above 1 is better whatever the target.
    public var ratio: ImprovementRatio?
    /// Why there are no interleaved runs to show; `nil` when there are.
    public var unconfirmedReason: String?
    /// Why the search stopped before its budget was used up; `nil` when it was.
    public var searchEnd: String?

    public init(
        kind: Kind, sentence: String, best: [Setting], bestTrial: Int? = nil, reference: StudyArm? = nil,
        ratio: ImprovementRatio? = nil, unconfirmedReason: String? = nil
    ) {
        self.kind = kind
        self.sentence = sentence
        self.best = best
        self.bestTrial = bestTrial
        self.reference = reference
        self.ratio = ratio
        self.unconfirmedReason = unconfirmedReason
    }
}

/// A factor by which something is better, with its 95 % interval.
public struct ImprovementRatio: Sendable, Hashable, Codable {
    public var estimate: Double
    public var lower: Double
    public var upper: Double
    public var pairs: Int
    /// Smallest change that so many pairs could have shown.
    public var minimumDetectableEffect: Double

    /// - Parameter higherIsBetter: whether a ratio of candidate to reference above 1 is an improvement.
    public init(_ ratio: PairedRatio, higherIsBetter: Bool) {
        estimate = higherIsBetter ? ratio.estimate : 1 / ratio.estimate
        lower = higherIsBetter ? ratio.lower : 1 / ratio.upper
        upper = higherIsBetter ? ratio.upper : 1 / ratio.lower
        pairs = ratio.pairs
        minimumDetectableEffect = ratio.minimumDetectableEffect
    }

    /// `1.42x (95 % interval 1.38 to 1.46, 12 pairs)`.
    public var text: String {
        "\(Self.twoDigits(estimate))x (95 % interval \(Self.twoDigits(lower)) to \(Self.twoDigits(upper)), \(pairs) pairs)"
    }

    static func twoDigits(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
        let hundredths = Int((value * 100).rounded())
        let fraction = abs(hundredths) % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

/// A configuration that takes part in the confirmation.
public enum StudyArm: String, Sendable, Hashable, Codable, CaseIterable {
    case builtInDefault = "default"
    /// What was in place before the study.
    case before
    case best

    /// As part of a sentence.
    public var phrase: String {
        switch self {
        case .builtInDefault: "the built-in default"
        case .before: "the configuration in place before"
        case .best: "the best configuration found"
        }
    }
}
