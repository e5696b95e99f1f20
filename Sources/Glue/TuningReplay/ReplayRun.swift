import Foundation

/// What a search with one seed did on a table.
public struct ReplayRun: Sendable, Hashable, Codable {
    public let problem: String
    public let seed: UInt64
    public let strategy: String
    public let candidates: String
    public let noise: Bool
    /// Best so far after each evaluation, from true values: 0 the optimum, 1 the median row; before anything ran, that of
    /// the table's worst row.
    public let regret: [Double]
    /// Row that each evaluation counted as, from 0.
    public let rows: [Int]
    /// Evaluations whose row was evaluated before.
    public let duplicates: Int
    /// Evaluations of a configuration that was asked before, and of one that was asked before and had failed.
    public let requestedTwice: Int
    public let failedRequestedAgain: Int
    /// Of the true value of the configuration that is recommended at the end; `nil` when nothing ran.
    public let recommendedRegret: Double?
    public let cpuSecondsPerSuggestion: Double

    enum CodingKeys: String, CodingKey {
        case problem
        case seed
        case strategy
        case candidates
        case noise
        case regret
        case rows
        case duplicates
        case requestedTwice = "requested_twice"
        case failedRequestedAgain = "failed_requested_again"
        case recommendedRegret = "recommended_regret"
        case cpuSecondsPerSuggestion = "cpu_seconds_per_suggestion"
    }

    /// One line of JSON without a line break, keys in alphabetical order.
    public func jsonLine() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
