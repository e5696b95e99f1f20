/// How much a metric changed, after divided by before (or candidate by reference), with its interval.
public struct ChangeRatio: Codable, Sendable, Hashable {
    public var estimate: Double
    /// Equal to the estimate for numbers that do not scatter.
    public var lower: Double
    public var upper: Double
    /// Of the interval, for instance 0.95; 1 for numbers that do not scatter.
    public var level: Double
    /// What it rests on: `16 pairs`, `12 and 14 runs`.
    public var count: String
    /// Smallest change (a ratio minus 1) that would have shown with 80 % power; 0 for numbers that do not scatter.
    public var smallestDetectable: Double

    public init(
        estimate: Double, lower: Double, upper: Double, level: Double, count: String, smallestDetectable: Double
    ) {
        self.estimate = estimate
        self.lower = lower
        self.upper = upper
        self.level = level
        self.count = count
        self.smallestDetectable = smallestDetectable
    }

    /// A ratio of numbers that are the same in every run.
    public init(exact estimate: Double, count: String) {
        self.init(
            estimate: estimate, lower: estimate, upper: estimate, level: 1, count: count, smallestDetectable: 0)
    }

    /// Whether the numbers scatter, so that there is an interval to draw.
    var hasInterval: Bool { level < 1 }
}
