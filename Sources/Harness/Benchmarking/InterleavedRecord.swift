import HostEnvironment

/// One run of an arm in an interleaved session, with what the machine did just before.
public struct ArmRun: Sendable, Hashable, Codable {
    /// Position of the arm in the session's list.
    public var arm: Int
    /// Tasks that wanted a CPU in the last minute, before this run.
    public var loadBefore: Measured<Double>
    public var run: ProgramRun

    public init(arm: Int, loadBefore: Measured<Double>, run: ProgramRun) {
        self.arm = arm
        self.loadBefore = loadBefore
        self.run = run
    }
}

/// Runs of every arm in turn: the unit of a paired comparison. (A row, where there are more than two arms.)
public struct RunPair: Sendable, Hashable, Codable {
    /// Number in the session's order, from 0.
    public var index: Int
    /// Number of the pair that this one repeats because that failed or was disturbed; `nil` for a pair of the plan.
    public var repeats: Int?
    /// In time order. Fewer than there are arms when the session was interrupted.
    public var runs: [ArmRun]

    public init(index: Int, repeats: Int? = nil, runs: [ArmRun]) {
        self.index = index
        self.repeats = repeats
        self.runs = runs
    }

    /// The runs of an arm in time order; fewer than the session wants when the pair was cut short.
    public func runs(of arm: Int) -> [ProgramRun] { runs.filter { $0.arm == arm }.map(\.run) }

    /// Whether every arm ran so often and no run failed.
    public func isComplete(arms: Int, runsPerPair: Int) -> Bool {
        runs.allSatisfy { $0.run.failure == nil } && (0..<arms).allSatisfy { runs(of: $0).count == runsPerPair }
    }

    /// The mean of a figure over an arm's runs, or the first reason why one is missing: a mean over fewer runs than the
    /// other arm's would not be comparable.
    public func value(arm: Int, _ figure: (ProgramRun) -> Measured<Double>) -> Measured<Double> {
        let values = runs(of: arm).map(figure)
        guard let first = values.first else { return .unavailable(reason: "the arm did not run") }
        let sum = values.dropFirst().reduce(first) { $0.combined(with: $1, +) }
        return sum.map { $0 / Double(values.count) }
    }
}

/// Everything that ran in an interleaved session, in time order; nothing is left out.
public struct InterleavedRecord: Sendable, Hashable, Codable {
    public enum End: Sendable, Hashable, Codable {
        /// All pairs that were wanted are there.
        case complete
        /// The time budget was used up before.
        case outOfTime
        case interrupted(signal: Int32)
        /// An arm did not get through its warm-up, or failed again and again.
        case failed(arm: Int, failure: RunFailure)
    }

    public var arms: Int
    /// Runs of each arm in a pair.
    public var runsPerPair: Int
    /// Of the order in which the arms run.
    public var seed: UInt64
    /// The first run of each arm, which does not count: it fills the page cache.
    public var warmUps: [ArmRun]
    public var pairs: [RunPair]
    /// `nil` while it goes on.
    public var end: End?

    public init(arms: Int, runsPerPair: Int = 1, seed: UInt64) {
        precondition(arms >= 1 && runsPerPair >= 1, "no arms or no runs")
        self.arms = arms
        self.runsPerPair = runsPerPair
        self.seed = seed
        warmUps = []
        pairs = []
    }

    /// Pairs in which every arm has its runs and none failed. Disturbed pairs and their repeats are both among them: what is left out must
    /// not depend on what was measured.
    public var completePairs: [RunPair] { pairs.filter(isComplete) }

    private func isComplete(_ pair: RunPair) -> Bool { pair.isComplete(arms: arms, runsPerPair: runsPerPair) }

    /// A metric of one arm, pair by pair over `completePairs`; the mean where an arm has several runs in a pair.
    public func values(of metric: Metric, arm: Int) -> [Measured<Double>] {
        completePairs.map { pair in pair.value(arm: arm) { $0.value(of: metric) } }
    }

    /// Why other load is likely to have changed a pair, by the number of the pair; complete pairs only.
    ///
    /// Pressure is held against the calmest run of the same arm in this record, so a judgement may change as runs are added.
    public var disturbances: [Int: Disturbance] {
        let complete = completePairs
        var found: [Int: Disturbance] = [:]
        for arm in 0..<arms {
            let calmest = complete.flatMap { $0.runs(of: arm) }.compactMap(\.pressureShare.value).min()
            for pair in complete where found[pair.index] == nil {
                found[pair.index] =
                    pair.runs(of: arm).lazy
                    .compactMap { Disturbance(of: $0, calmestPressure: calmest) }.first
            }
        }
        return found
    }

    /// Numbers of the pairs that ought to run again, whole: cut short by a failure or disturbed, and not repeated yet.
    /// A repeat is not repeated.
    public var pairsToRepeat: [Int] {
        let repeated = Set(pairs.compactMap(\.repeats))
        let disturbed = disturbances
        return pairs.filter { pair in
            pair.repeats == nil && !repeated.contains(pair.index)
                && (!isComplete(pair) || disturbed[pair.index] != nil)
        }.map(\.index)
    }

    /// Runs of an arm that failed, warm-up included, in time order.
    public func failures(of arm: Int) -> [RunFailure] {
        (warmUps + pairs.flatMap(\.runs)).filter { $0.arm == arm }.compactMap(\.run.failure)
    }
}
