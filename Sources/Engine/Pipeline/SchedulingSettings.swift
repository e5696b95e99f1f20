import Parameters

/// How work is spread over the workers: `parallel.*`, as the stages take it. Never changes a result.
public struct SchedulingSettings: Sendable, Hashable {
    /// Who decides which worker does a piece.
    public enum Strategy: String, Sendable, CaseIterable {
        /// Every worker has a share that is dealt beforehand.
        case fixed = "static"
        /// Whoever is free takes from one queue.
        case dynamic
        /// Every worker has a share; whoever is done takes from the ends of others.
        case stealing = "work_stealing"
    }

    /// By what pieces are dealt or taken.
    public enum Balancing: String, Sendable, CaseIterable {
        /// One after the other as they come.
        case roundRobin = "round_robin"
        /// By estimated cost, the heaviest first.
        case predictive
        /// By what is left: much at first, little at the end.
        case adaptive
    }

    /// How large a piece is.
    public enum Granularity: String, Sendable, CaseIterable { case coarse, medium, fine }

    public var strategy = Strategy.dynamic
    public var balancing = Balancing.roundRobin
    public var granularity = Granularity.medium

    public init() {}

    init(_ resolved: ResolvedConfiguration) {
        strategy = Strategy(rawValue: resolved.choice("parallel.distribution_strategy")) ?? .dynamic
        balancing = Balancing(rawValue: resolved.choice("parallel.load_balancing")) ?? .roundRobin
        granularity = Granularity(rawValue: resolved.choice("parallel.task_granularity")) ?? .medium
    }

    /// Elements per piece where `medium` would have so many: four times as many, or a quarter.
    func grain(_ medium: Int) -> Int {
        switch granularity {
        case .coarse: medium * 4
        case .medium: medium
        case .fine: max(medium / 4, 1)
        }
    }
}
