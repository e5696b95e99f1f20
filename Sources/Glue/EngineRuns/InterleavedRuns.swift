import Benchmarking
import HostEnvironment
import Instrumentation

/// Runs arms in turn (A B, B A, ...), so that what the machine does to one it does to all; two sequential blocks never.
///
/// `run` does a whole session. A gate that looks in between drives it step by step instead: `warmUp`, then `runPair` as
/// long as it wants more, `repeatPairs` for what was disturbed. Every run is kept in `record`, whatever came of it.
public struct InterleavedRuns {
    public struct Options: Sendable, Hashable {
        /// Pairs that are wanted.
        public var pairs = 16
        /// Runs of each arm in a pair; with two arms and an even number, A B B A falls on both alike within a pair.
        public var runsPerPair = 1
        /// Of the order; 0 is as good as any.
        public var seed: UInt64 = 1
        /// Wall seconds after which no further pair is started; `nil`: none.
        public var timeBudgetSeconds: Double?
        /// Pairs that are run again because they failed or were disturbed, at most, as a share of those that were wanted.
        public var extraShare = 0.5
        public var limits: RunLimits

        public init(limits: RunLimits = RunLimits(timeoutSeconds: 3_600, memoryBytes: nil)) { self.limits = limits }
    }

    /// What has happened, for a progress line.
    public struct Progress: Sendable, Hashable {
        public var completePairs: Int
        public var wantedPairs: Int
        /// The arm that is about to run; `nil` after the last one.
        public var arm: Int?
        public var isWarmUp: Bool
        /// By the pace so far and the time budget; `nil` before the first pair is done.
        public var remainingSeconds: Double?
    }

    /// How one step ended.
    public enum Step: Sendable, Hashable {
        /// Every arm ran and none failed.
        case complete
        /// An arm failed; the pair is kept and does not count.
        case failed(arm: Int, RunFailure)
        case interrupted(signal: Int32)
    }

    public let options: Options
    public private(set) var record: InterleavedRecord
    private let runArm: (Int, RunLimits) throws -> ProgramRun
    private let stopSignal: () -> Int32?
    private let host = HostReader()
    private var start = monotonicSeconds()
    private var secondsOfPairs = 0.0

    /// - Parameters:
    ///   - run: one run of the arm with this number; a child that was killed by an interrupt gives a run that failed so.
    ///   - stopSignal: asked between runs.
    public init(
        arms: Int, options: Options, stopSignal: @escaping () -> Int32? = { nil },
        run: @escaping (_ arm: Int, _ limits: RunLimits) throws -> ProgramRun
    ) {
        precondition(arms >= 1 && options.pairs >= 0, "no arms or a negative number of pairs")
        self.options = options
        self.stopSignal = stopSignal
        runArm = run
        record = InterleavedRecord(arms: arms, runsPerPair: options.runsPerPair, seed: options.seed)
    }

    // MARK: steps

    /// One run of each arm that does not count. Stops at the first that fails.
    /// - Throws: what the run throws.
    public mutating func warmUp(progress: (Progress) -> Void = { _ in }) throws -> Step {
        for arm in 0..<record.arms {
            progress(position(arm: arm, isWarmUp: true))
            let run = try measure(arm)
            record.warmUps.append(run)
            if let signal = signal(after: run) { return .interrupted(signal: signal) }
            if let failure = run.run.failure { return .failed(arm: arm, failure) }
        }
        return .complete
    }

    /// Runs a pair and adds it to the record. All arms run even when one fails, so that the next pair finds the machine as
    /// usual. - Parameter index: its number, which fixes the order of the arms. - Parameter repeating: the pair that it
    /// repeats. - Throws: what the run throws. - Precondition: no pair has this number yet.
    public mutating func runPair(
        _ index: Int, repeating: Int? = nil, progress: (Progress) -> Void = { _ in }
    ) throws -> Step {
        precondition(!record.pairs.contains { $0.index == index }, "pair \(index) ran already")
        let began = monotonicSeconds()
        var pair = RunPair(index: index, repeats: repeating, runs: [])
        var failure: (arm: Int, failure: RunFailure)?
        let rows = interleavedOrder(
            pairs: (index + 1) * options.runsPerPair, arms: record.arms, seed: options.seed)
        for arm in rows.suffix(options.runsPerPair).joined() {
            progress(position(arm: arm, isWarmUp: false))
            let run = try measure(arm)
            pair.runs.append(run)
            if let signal = signal(after: run) {
                record.pairs.append(pair)
                return .interrupted(signal: signal)
            }
            if let found = run.run.failure, failure == nil { failure = (arm, found) }
        }
        record.pairs.append(pair)
        secondsOfPairs += monotonicSeconds() - began
        return failure.map { .failed(arm: $0.arm, $0.failure) } ?? .complete
    }

    /// The number for the next pair.
    public var nextIndex: Int { (record.pairs.map(\.index).max() ?? -1) + 1 }

    /// Runs pairs again that failed or were disturbed, whole, each once, while `extraShare` and the time allow it.
    /// - Returns: `complete` also where nothing was to do. - Throws: what the run throws.
    public mutating func repeatPairs(progress: (Progress) -> Void = { _ in }) throws -> Step {
        for index in record.pairsToRepeat where mayRepeat && !isOutOfTime() {
            if case .interrupted(let signal) = try runPair(nextIndex, repeating: index, progress: progress) {
                return .interrupted(signal: signal)
            }
        }
        return .complete
    }

    private var mayRepeat: Bool {
        Double(record.pairs.count { $0.repeats != nil } + 1) <= options.extraShare * Double(options.pairs)
    }

    /// Whether the time budget is used up: so many further pairs, as long as those before, would not fit.
    public func isOutOfTime(forPairs count: Int = 1) -> Bool {
        guard let budget = options.timeBudgetSeconds else { return false }
        return monotonicSeconds() - start + (secondsPerPair ?? 0) * Double(count) > budget
    }

    /// Begins the time budget anew: for a caller that did something else after the warm-up.
    public mutating func restartClock() { start = monotonicSeconds() }

    /// Mean over the pairs so far; `nil` before the first.
    public var secondsPerPair: Double? {
        record.pairs.isEmpty ? nil : secondsOfPairs / Double(record.pairs.count)
    }

    // MARK: a whole session

    /// Warm-up, all pairs, then the repeats. An arm that fails in its warm-up or in three pairs in a row ends it.
    /// - Throws: what a run throws; the record then holds what ran.
    public mutating func run(progress: (Progress) -> Void = { _ in }) throws -> InterleavedRecord.End {
        let end = try session(progress)
        record.end = end
        progress(position(arm: nil, isWarmUp: false))
        return end
    }

    private mutating func session(_ progress: (Progress) -> Void) throws -> InterleavedRecord.End {
        switch try warmUp(progress: progress) {
        case .complete: break
        case .failed(let arm, let failure): return .failed(arm: arm, failure: failure)
        case .interrupted(let signal): return .interrupted(signal: signal)
        }
        var failuresInARow = 0
        while nextIndex < options.pairs {
            // The first pair is always run: a budget that allows none would measure nothing.
            if !record.pairs.isEmpty, isOutOfTime() { return .outOfTime }
            switch try runPair(nextIndex, progress: progress) {
            case .complete: failuresInARow = 0
            case .failed(let arm, let failure):
                failuresInARow += 1
                if failuresInARow == 3 { return .failed(arm: arm, failure: failure) }
            case .interrupted(let signal): return .interrupted(signal: signal)
            }
        }
        if case .interrupted(let signal) = try repeatPairs(progress: progress) { return .interrupted(signal: signal) }
        return .complete
    }

    private func measure(_ arm: Int) throws -> ArmRun {
        let load = host.readLoadAverage().map(\.oneMinute)
        return ArmRun(arm: arm, loadBefore: load, run: try runArm(arm, options.limits))
    }

    private func signal(after run: ArmRun) -> Int32? {
        if let signal = stopSignal() { return signal }
        guard run.run.failure?.kind == .interrupted,
            case .interrupted(let signal)? = run.run.parts.last?.measurement.termination
        else { return nil }
        return signal
    }

    private func position(arm: Int?, isWarmUp: Bool) -> Progress {
        let done = record.completePairs.count
        let wanted = options.pairs
        var remaining = secondsPerPair.map { $0 * Double(max(wanted - record.pairs.count, 0)) }
        if let budget = options.timeBudgetSeconds, let byPace = remaining {
            remaining = min(byPace, max(budget - (monotonicSeconds() - start), 0))
        }
        return Progress(
            completePairs: done, wantedPairs: wanted, arm: arm, isWarmUp: isWarmUp, remainingSeconds: remaining)
    }
}

extension InterleavedRuns {
    /// Engine arms over prepared workloads. The first good run of the first arm is what the others' results are compared
    /// with; an arm that does not reproduce its own results has failed.
    /// - Parameter interrupt: the one that the program was made with.
    public init(
        program: EngineProgram, arms: [EngineArm], options: Options, interrupt: InterruptFlag? = nil
    ) {
        var reference: ReferenceResults?
        self.init(arms: arms.count, options: options, stopSignal: { interrupt?.signal }) { arm, limits in
            var outcome = try program.run(arms[arm], limits: limits)
            guard outcome.run.failure == nil else { return outcome.run }
            if reference == nil, arm == 0 { reference = ReferenceResults(outcome.results) }
            reference?.judge(
                &outcome.run, outcome.results, kind: "arm \(arm)", minimumAccuracy: nil,
                change: "the same configuration gave other results")
            return outcome.run
        }
    }
}
