import BayesianTuning

/// How a table is played.
public struct ReplayOptions: Sendable, Hashable {
    public enum CandidateSource: String, Sendable, Hashable, CaseIterable {
        /// The tuner may choose among the configurations that the table holds.
        case rows
        /// It sees the ranges only; a suggestion outside the table counts as its nearest row.
        case grid
    }

    public var budget = 50
    public var candidates = CandidateSource.grid
    public var strategy = SearchStrategy.bayesian
    /// Told values scatter around the recorded ones.
    public var isNoisy = false
    /// The tuner is told which row a suggestion counted as.
    public var tellsEffective = false

    /// Relative standard deviation where the table records none.
    public static let assumedNoise = 0.05
    /// A recorded deviation of at least this share of the value is no deviation of a measurement (some tables hold a mean
    /// there), and counts as not recorded.
    public static let largestCredibleNoise = 0.5

    public init() {}
}
