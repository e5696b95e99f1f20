extension StudyReport {
    /// What a study with two objectives found: no member of the front is better in both than another.
    public struct TradeOff: Codable, Sendable, Hashable {
        public var first: Objective
        public var second: Objective
        /// One per trial that succeeded, in the order of the trials.
        public var points: [Point]
        /// Number of the trial that the rule picks; `nil` without one.
        public var chosen: Int?
        /// How one point is picked, as a sentence.
        public var rule: String

        public struct Point: Codable, Sendable, Hashable {
            public var trial: Int
            /// In the unit of the first objective.
            public var first: Double
            /// In the unit of the second objective.
            public var second: Double
            public var isOnFront: Bool

            public init(trial: Int, first: Double, second: Double, isOnFront: Bool) {
                self.trial = trial
                self.first = first
                self.second = second
                self.isOnFront = isOnFront
            }
        }

        public init(first: Objective, second: Objective, points: [Point], chosen: Int?, rule: String) {
            self.first = first
            self.second = second
            self.points = points
            self.chosen = chosen
            self.rule = rule
        }

        /// Points that can be drawn, by the second objective.
        var front: [Point] {
            points.filter { $0.isOnFront && $0.first.isDrawable && $0.second.isDrawable }
                .sorted { ($0.second, $0.first, $0.trial) < ($1.second, $1.first, $1.trial) }
        }
    }
}
