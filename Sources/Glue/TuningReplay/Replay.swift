import BayesianTuning
import Parameters
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Plays searches against one recorded table.
///
/// - Determinism: a run depends on the table, the options and the seed only (not its CPU time).
public struct Replay: Sendable {
    public let table: RecordedTable
    public let options: ReplayOptions
    private let space: SearchSpace
    private let lookup: RowLookup

    /// - Throws: `ReplayError` for a budget below 1, `SearchSpaceError` for parameters that cannot be searched.
    public init(_ table: RecordedTable, options: ReplayOptions) throws {
        guard options.budget > 0 else { throw ReplayError(.invalidOptions, "--budget must be at least 1") }
        self.table = table
        self.options = options
        let ranges = try SearchSpace(table.parameters)
        lookup = try RowLookup(table, space: ranges)
        space =
            options.candidates == .grid
            ? ranges : try SearchSpace(table.parameters, candidates: table.rows.map(\.values))
    }

    /// One search of `budget` evaluations, or fewer when the space ends before that.
    public func run(seed: UInt64) -> ReplayRun {
        var tuner = Tuner(space: space, objective: table.direction, seed: seed, strategy: options.strategy)
        var score = Score(table)
        var asked: [Configuration: Bool] = [:]
        var requestedTwice = 0
        var failedRequestedAgain = 0
        while score.rows.count < options.budget, let configuration = tuner.ask() {
            let row = lookup.row(of: configuration)
            if let ran = asked[configuration] {
                requestedTwice += 1
                if !ran { failedRequestedAgain += 1 }
            }
            asked[configuration] = table.rows[row].objective != nil
            let outcome = outcome(of: row, seed: seed, evaluation: score.rows.count)
            tuner.tell(
                configuration, effective: options.tellsEffective ? lookup.configuration(row) : nil, outcome)
            score.add(row)
        }
        let recommended = tuner.recommendation().flatMap { table.rows[lookup.row(of: $0.configuration)].objective }
        return ReplayRun(
            problem: table.problem, seed: seed, strategy: options.strategy.rawValue,
            candidates: options.candidates.rawValue, noise: options.isNoisy, regret: score.regret, rows: score.rows,
            duplicates: score.rows.count - Set(score.rows).count, requestedTwice: requestedTwice,
            failedRequestedAgain: failedRequestedAgain, recommendedRegret: recommended.map(table.regret),
            cpuSecondsPerSuggestion: mean(tuner.suggestionSeconds))
    }

    /// What the tuner is told.
    private func outcome(of row: Int, seed: UInt64, evaluation: Int) -> TrialOutcome {
        guard let value = table.rows[row].objective else { return .failed(reason: "failed when it was recorded") }
        guard options.isNoisy else { return .success(objective: value) }
        var deviation = ReplayOptions.assumedNoise * abs(value)
        if let recorded = table.rows[row].deviation, recorded < ReplayOptions.largestCredibleNoise * abs(value) {
            deviation = recorded
        }
        var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(evaluation))
        let radius = (-2 * log(1 - generator.uniform())).squareRoot()
        let told = value + deviation * radius * cos(2 * Double.pi * generator.uniform())
        // A positive quantity is never measured as nothing or less.
        return .success(objective: value > 0 ? max(told, 0.01 * value) : told)
    }
}

/// Keeps count of what was evaluated, with the table's knowledge.
private struct Score {
    private let table: RecordedTable
    private var best: Double
    private(set) var regret: [Double] = []
    private(set) var rows: [Int] = []

    init(_ table: RecordedTable) {
        self.table = table
        best = table.worstRegret
    }

    mutating func add(_ row: Int) {
        if let value = table.rows[row].objective { best = min(best, table.regret(of: value)) }
        regret.append(best)
        rows.append(row)
    }
}
