import BayesianTuning
import Benchmarking
import HostEnvironment
import Parameters
import Statistics

/// The interleaved runs after the search, and what they say. Made from stored runs only.
public struct Confirmation: Sendable {
    /// Arms that ran, in the order default, before, best.
    public let arms: [StudyArm]
    /// Row by row, the runs of all arms in time order; rows in which a run failed are not part of it.
    public let rows: [[StudyArm: StoredRun]]
    public let droppedRows: Int
    public let failuresOfBest: Int
    public let target: StudyTarget
    /// Numbers of the rows in which other load disturbed a run (`Disturbance`), repeats left out. Each ran once more at the
    /// end where there was time, and both count: what is left out must not depend on what was measured.
    public let disturbedRows: [Int]
    /// Rows that are the repeat of a disturbed one.
    public let repeatedRows: Int

    /// Number of the row that repeats row 0.
    static let firstRepeat = 10_000

    /// Energy is compared where some run has it, and where it is the target.
    private var metrics: [Metric] {
        let hasEnergy = target == .energy || rows.contains { $0.values.contains { $0.run.energyJoules.value != nil } }
        return (target == .balanced ? [target.metric] : []) + [.throughput(of: "MB"), .wall, .cpu, .peakMemory]
            + (hasEnergy ? [.energy] : [])
    }

    /// - Parameter runs: of the trial of phase `confirm`.
    init(runs: [StoredRun], target: StudyTarget) {
        self.target = target
        var table: [Int: [StudyArm: StoredRun]] = [:]
        for run in runs {
            if let arm = StudyArm(rawValue: run.arm) { table[run.index, default: [:]][arm] = run }
        }
        let present = StudyArm.allCases.filter { arm in table.values.contains { $0[arm] != nil } }
        let complete = table.keys.sorted().compactMap { table[$0] }.filter { row in
            present.allSatisfy { row[$0].map { $0.run.failure == nil } ?? false }
        }
        arms = present
        rows = complete
        let calmest = Dictionary(grouping: complete.flatMap { $0 }, by: \.key).compactMapValues { runs in
            runs.compactMap { $0.value.run.pressureShare.value }.min()
        }
        let disturbed = complete.filter { row in
            row.contains { arm, stored in Disturbance(of: stored.run, calmestPressure: calmest[arm]) != nil }
        }
        disturbedRows = disturbed.compactMap { $0.values.first?.index }.filter { $0 < Self.firstRepeat }
        repeatedRows = complete.count { ($0.values.first?.index ?? 0) >= Self.firstRepeat }
        droppedRows = table.count - complete.count
        failuresOfBest = runs.count { $0.arm == StudyArm.best.rawValue && $0.run.failure != nil }
    }

    /// An arm's runs that count, in time order.
    public func runs(of arm: StudyArm) -> [StoredRun] { rows.compactMap { $0[arm] } }

    /// The best found against a known arm, metric by metric.
    public func comparisons(with reference: StudyArm) -> [Comparison] {
        metrics.map { metric in
            Comparison(
                metric: metric, before: runs(of: reference).map { $0.run.value(of: metric) },
                after: runs(of: .best).map { $0.run.value(of: metric) })
        }
    }

    /// The known arm with the better median of the target, among those given.
    func better(of known: [StudyArm]) -> StudyArm? {
        func center(_ arm: StudyArm) -> Double? {
            let values = runs(of: arm).compactMap { target.value(of: $0.run).value }
            return values.isEmpty ? nil : median(values)
        }
        return known.filter(arms.contains).compactMap { arm in center(arm).map { (arm, $0) } }
            .min { target.direction == .maximise ? $0.1 > $1.1 : $0.1 < $1.1 }?.0
    }

    /// The best found by the constraints, over all its runs that count; `nil` without one.
    func judgementOfBest(_ options: StudyOptions) -> TrialJudgement? {
        let runs = runs(of: .best).enumerated().map {
            StoredRun(arm: RunArm.candidate, index: $0.offset, order: $0.offset, run: $0.element.run)
        }
        return runs.isEmpty ? nil : TrialJudgement(TrialRuns(runs), reference: nil, options: options)
    }

    /// How many times better the best found is than a known arm.
    func improvement(over reference: StudyArm) -> Measured<ImprovementRatio> {
        let comparison = comparisons(with: reference).first { $0.metric.name == target.metric.name }
        guard let comparison else { return .unavailable(reason: "\(target.metric.title) is not compared") }
        return comparison.ratio.map {
            ImprovementRatio($0, higherIsBetter: comparison.metric.direction == .higherIsBetter)
        }
    }
}

extension StudyVerdict {
    /// Change below which a machine is quiet enough to say "not better"; the tolerance of gates on shared machines.
    private static let tellable = 0.10

    /// The verdict on interleaved runs.
    /// - Parameter known: the known arms that meet the constraints; without one, the best found wins by being the only.
    init(confirmation: Confirmation, known: [StudyArm], best: [Setting], bestTrial: Int?, breaks: String?) {
        self.init(kind: .inconclusive, sentence: "", best: best, bestTrial: bestTrial)
        let reference = confirmation.better(of: known)
        if confirmation.failuresOfBest > 1 {
            kind = known.isEmpty ? .noFeasibleConfiguration : .noImprovement
            self.reference = reference ?? known.first
            sentence =
                "The best configuration found failed \(confirmation.failuresOfBest) times in the confirmation; "
                + (known.isEmpty ? "no other meets the constraints." : "nothing is replaced.")
            return
        }
        guard !known.isEmpty else {
            kind = .improved
            sentence =
                "Only the best configuration found meets the constraints; \(breaks ?? "the known ones do not")."
            return
        }
        guard let reference else {
            self.reference = known.first
            sentence = "Not comparable: no row of the confirmation is complete; nothing is replaced."
            return
        }
        self.reference = reference
        switch confirmation.improvement(over: reference) {
        case .unavailable(let reason):
            sentence = "Not comparable with \(reference.phrase) (\(reason)); nothing is replaced."
        case .available(let ratio):
            self.ratio = ratio
            let word = confirmation.target.gainWord
            let compared =
                "in \(confirmation.target.metric.title) the best found stands at \(ratio.text) against \(reference.phrase), "
                + "above 1 being better"
            if ratio.pairs >= Comparison.minimumPairs, ratio.lower > 1 {
                kind = .improved
                sentence = "\(ratio.text) \(word) than \(reference.phrase)."
            } else if ratio.pairs < Comparison.minimumPairs
                || (ratio.upper > 1 + Self.tellable && ratio.minimumDetectableEffect > Self.tellable)
            {
                kind = .inconclusive
                sentence = "Too noisy to tell: \(compared); nothing is replaced."
            } else {
                kind = .noImprovement
                sentence = "Not better beyond noise: \(compared); nothing is replaced."
            }
        }
    }
}

extension StudyTarget {
    /// What a factor above 1 means.
    var gainWord: String {
        switch self {
        case .throughput: "faster"
        case .memory: "less memory"
        case .cpuUsage: "less CPU time"
        case .energy: "less energy"
        case .balanced: "more throughput per memory"
        }
    }
}
