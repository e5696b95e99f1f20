import BayesianTuning
import Parameters
import Statistics

/// Measured configurations of some program, with what is known about them all: what a tuner must never see.
public struct RecordedTable: Sendable {
    public struct Row: Sendable, Hashable {
        /// In the order of the parameters.
        public let values: [ParameterValue]
        /// `nil` for a configuration that failed.
        public let objective: Double?
        /// Standard deviation of the measurement, where it was recorded.
        public let deviation: Double?

        public init(values: [ParameterValue], objective: Double?, deviation: Double? = nil) {
            self.values = values
            self.objective = objective
            self.deviation = deviation
        }
    }

    public let problem: String
    public let parameters: [ParameterDescription]
    public let direction: ObjectiveDirection
    public let rows: [Row]
    /// The best objective of all rows: regret 0.
    public let optimum: Double
    /// The middle objective of the rows that ran: regret 1.
    public let median: Double

    /// - Parameters optimum, median: from the rows where `nil`.
    /// - Throws: `ReplayError` when no row ran or the median row is as good as the best one.
    public init(
        problem: String, parameters: [ParameterDescription], direction: ObjectiveDirection, rows: [Row],
        optimum: Double? = nil, median: Double? = nil
    ) throws(ReplayError) {
        let objectives = rows.compactMap(\.objective)
        guard let lowest = objectives.min(), let highest = objectives.max() else {
            throw ReplayError(.badTable, file: problem, "no row ran (ok = 1)")
        }
        self.problem = problem
        self.parameters = parameters
        self.direction = direction
        self.rows = rows
        let best = optimum ?? (direction == .minimise ? lowest : highest)
        let middle = median ?? Statistics.median(objectives)
        guard best.isFinite, middle.isFinite, direction == .minimise ? best < middle : best > middle else {
            throw ReplayError(
                .badTable, file: problem, "the median row is as good as the best one, so there is no scale for regret")
        }
        self.optimum = best
        self.median = middle
    }

    /// (objective - optimum) / (median - optimum).
    public func regret(of objective: Double) -> Double { (objective - optimum) / (median - optimum) }

    /// Regret of the worst row that ran: what a search has that found nothing yet.
    var worstRegret: Double { rows.compactMap(\.objective).map(regret).max() ?? 0 }
}
