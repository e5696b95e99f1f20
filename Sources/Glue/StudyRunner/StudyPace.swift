import Benchmarking
import HostEnvironment
import ResultStore
import Statistics

/// How long a study has worked, over all processes that worked on it, and how long its parts take.
///
/// Made from stored trials, so a resumed study counts the time that was spent before it stopped, and not the time in
/// which nothing ran.
struct StudyPace: Sendable {
    /// Seconds of the trials so far, the confirmation included.
    private(set) var spentSeconds = 0.0
    /// Of each trial that counts, but for the default's, which has no run beside it.
    private var trialSeconds: [Double] = []
    private var runs = 0

    /// One trial in this many takes longer than what is reserved for the next one.
    private static let reserveQuantile = 0.9

    init() {}

    /// - Parameter trials: with all runs of each.
    init(_ trials: [(record: TrialRecord, runs: [StoredRun], isDefault: Bool)]) {
        for (record, runs, isDefault) in trials {
            let seconds: Double
            if record.outcome.state == .interrupted || record.outcome.state == .running {
                // It ended when its tuner did, which nobody noted: its runs are known.
                seconds = runs.filter { $0.arm != RunArm.warmUp || $0.index == 0 || !isDefault }
                    .compactMap { $0.run.wallSeconds.value }.reduce(0, +)
            } else {
                seconds = (record.finishedAt ?? record.startedAt) - record.startedAt
            }
            // A resumed process warms up in the default's trial, after its end.
            let later = isDefault ? runs.filter { $0.arm == RunArm.warmUp && $0.index > 0 } : []
            spentSeconds += later.compactMap { $0.run.wallSeconds.value }.reduce(0, +)
            let counts = record.outcome.state != .interrupted && record.plan.phase == .search
            add(seconds: seconds, runs: runs.count, counts: counts && !isDefault)
        }
    }

    /// - Parameter counts: whether the next trial may be expected to take as long.
    mutating func add(seconds: Double, runs: Int, counts: Bool) {
        // The system's clock may be set back.
        let seconds = max(seconds, 0)
        spentSeconds += seconds
        self.runs += runs
        if counts { trialSeconds.append(seconds) }
    }

    /// Seconds per run, with what the harness does around it; `nil` before the first.
    var secondsPerRun: Double? { runs > 0 ? spentSeconds / Double(runs) : nil }

    /// What the next trial may take; `nil` before the first run.
    func trialSeconds(_ options: StudyOptions) -> Double? {
        if !trialSeconds.isEmpty { return quantile(trialSeconds, Self.reserveQuantile) }
        return secondsPerRun.map { $0 * Double(2 * options.minimumRepeats) }
    }

    /// What the shortest confirmation takes that the options allow, warm-up included; `nil` before the first run.
    func confirmationSeconds(arms: Int, _ options: StudyOptions) -> Double? {
        secondsPerRun.map { perRun in
            let row = perRun * Double(arms)
            let fitting = row > 0 ? Int(min(options.confirmationSeconds / row, 1e6)) : options.confirmationRows
            return row * Double(1 + max(Comparison.minimumPairs, min(options.confirmationRows, fitting)))
        }
    }

    /// Why the time left does not cover another trial and then the confirmation; `nil` while it does, or without a limit.
    func endOfSearch(arms: Int, done: Int, _ options: StudyOptions) -> String? {
        guard let limit = options.tuningSeconds, let trial = trialSeconds(options),
            let confirmation = confirmationSeconds(arms: arms, options),
            spentSeconds + trial + confirmation > limit
        else { return nil }
        func text(_ seconds: Double) -> String {
            seconds >= 10 ? "\(Int(seconds.rounded())) s" : "\((seconds * 100).rounded() / 100) s"
        }
        return
            "the search stopped after \(done) of \(options.budget) configurations: the \(text(max(limit - spentSeconds, 0))) "
            + "left of the tuning time of \(text(limit)) do not cover another trial (\(text(trial))) and the confirmation "
            + "(\(text(confirmation)))"
    }

    /// Rows of a confirmation that has been given so many: fewer when the tuning time does not allow them, but never less
    /// than can show anything.
    func rows(wanted: Int, secondsPerRow: Double, _ options: StudyOptions) -> Int {
        guard let limit = options.tuningSeconds, secondsPerRow > 0 else { return wanted }
        let fitting = Int(max(min((limit - spentSeconds) / secondsPerRow - 1, 1e6), 0))
        return min(wanted, max(fitting, Comparison.minimumPairs))
    }
}
