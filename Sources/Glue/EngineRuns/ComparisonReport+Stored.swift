import Benchmarking
import HostEnvironment
import Reporting

extension ComparisonReport {
    /// The page about two result files. - Parameter names: of the files, as the user gave them.
    public init(
        _ comparison: BenchmarkComparison, before: BenchmarkRecord, after: BenchmarkRecord,
        names: (before: String, after: String), created: String
    ) {
        let records = [before, after]
        let arms = zip(records, [names.before, names.after]).map { record, name in
            Arm(
                name: name, engine: record.engine, settings: record.configuration,
                more: [
                    ("Measured", record.created), ("lavoisier", record.version),
                    ("Algorithms", record.algorithms.map(\.rawValue).joined(separator: ", ")),
                    ("Runs that count", "\(record.runs.count)"), ("Ended because", Self.phrase(record.end)),
                ])
        }
        var runs: [Run] = []
        for (arm, record) in records.enumerated() {
            let disturbances = record.record.disturbances
            for pair in record.record.completePairs {
                for run in pair.runs {
                    runs.append(
                        Run(
                            arm: arm, order: runs.count, round: pair.index, run.run,
                            disturbance: disturbances[pair.index]))
                }
            }
        }
        var words = ["lavoisier", "benchmark", "--before", names.before, "--after", names.after]
        if comparison.notes.contains(where: { $0.hasPrefix("FORCED") }) { words.append("--force") }
        self.init(
            title: "Benchmark: \(names.after) against \(names.before)", created: created, manner: .stored,
            verdict: Verdict(comparison.outcome), sentence: Self.sentence(comparison.reason), notes: comparison.notes,
            arms: arms,
            accuracy: comparison.accuracy.map { row in
                Accuracy(
                    workload: row.workload, before: before.runs.lazy.compactMap { $0.part(row.workload) }.first,
                    after: after.runs.lazy.compactMap { $0.part(row.workload) }.first,
                    f1: .unavailable(reason: "result files hold no tables"), loss: row.loss)
            },
            rows: comparison.rows.map { row in
                Row(
                    row.metric.metric, workload: row.metric.workload ?? "", decides: row.metric.role == .primary,
                    before: row.beforeMedian, after: row.afterMedian,
                    ratio: row.ratio.map { ChangeRatio($0) }, tolerance: row.metric.tolerance, verdict: row.verdict)
            }, runs: runs,
            environment: .comparison(
                machines: records.map(\.machine), versions: records.map(\.version), before: before.conditionsBefore,
                after: after.conditionsAfter, workloads: after.workloads, runs: records.flatMap(\.runs),
                sources: after.sources),
            reproduce: [StudyReport.Command(purpose: "Compare again", command: OutputText.commandLine(words))])
    }

    static func sentence(_ reason: String) -> String {
        let text = reason.prefix(1).uppercased() + reason.dropFirst()
        return text.hasSuffix(".") ? text : text + "."
    }

    private static func phrase(_ end: BenchmarkRecord.End) -> String {
        switch end {
        case .tight: "the intervals were tight"
        case .maximumRuns: "the largest number of runs was reached"
        case .outOfTime: "the time budget was used up"
        case .interrupted: "it was interrupted"
        case .failed: "the engine failed"
        }
    }
}

extension ComparisonReport {
    /// The page about two arms that ran in turn. - Parameter command: that makes the comparison again.
    public init(_ comparison: ArmComparison, command: String) {
        let record = comparison.record
        let workloads = comparison.workloads.map(\.name)
        let disturbances = record.disturbances
        var runs: [Run] = []
        for pair in record.pairs {
            for run in pair.runs where run.run.failure == nil {
                runs.append(
                    Run(
                        arm: run.arm, order: runs.count, round: pair.index, run.run,
                        disturbance: disturbances[pair.index]))
            }
        }
        let repeats = record.pairs.count { $0.repeats != nil }
        var notes: [String] = []
        switch record.end {
        case .outOfTime?: notes.append("The time budget was used up before all pairs had run")
        case .interrupted?: notes.append("The comparison was interrupted; what had run by then is judged")
        case .complete?, .failed?, nil: break
        }
        if !disturbances.isEmpty {
            notes.append(
                "\(disturbances.count) of \(record.completePairs.count) pairs were disturbed by other load; \(repeats) pairs "
                    + "are repeats. Both count")
        }
        func part(_ arm: Int, _ workload: String) -> WorkloadRun? {
            record.completePairs.lazy.flatMap { $0.runs(of: arm) }.compactMap { $0.part(workload) }.first
        }
        let lost = comparison.decision.accuracy.filter(\.isLost)
        self.init(
            title: "Comparison: \(comparison.arms[1].name) against \(comparison.arms[0].name)",
            created: comparison.created, manner: .interleaved, verdict: Verdict(comparison.decision.outcome),
            sentence: Self.sentence(comparison.decision.reason), notes: notes,
            arms: comparison.arms.map {
                Arm(
                    name: $0.name, engine: $0.engine, settings: $0.settings,
                    more: [("Runs per pair", "\(record.runsPerPair)")])
            },
            accuracy: workloads.map { workload in
                let place = workloads.count > 1 ? "@\(workload)" : ""
                let own = lost.filter { $0.name.hasSuffix(place) }.map { row in
                    let figure = row.name.split(separator: "@").first.map(String.init) ?? row.name
                    return "\(figure) of \(workload) fell beyond \(row.tolerance)"
                }
                let after = part(1, workload)
                return Accuracy(
                    workload: workload, before: part(0, workload), after: after,
                    f1: Measured(after?.agreement, otherwise: "nothing ran"),
                    loss: own.isEmpty ? nil : own.joined(separator: "; "))
            },
            rows: comparison.decision.metrics.map { row in
                Row(
                    row.metric, workload: row.workload ?? workloads[0], decides: row.role != .informational,
                    before: row.beforeMedian, after: row.afterMedian,
                    ratio: row.ratio.map { ChangeRatio($0) }, tolerance: row.tolerance, verdict: row.verdict)
            }, runs: runs,
            environment: .comparison(
                machines: [comparison.machine], versions: [comparison.version], before: comparison.conditionsBefore,
                after: comparison.conditionsAfter, workloads: comparison.workloads,
                runs: record.pairs.flatMap(\.runs).map(\.run), sources: comparison.sources),
            reproduce: [StudyReport.Command(purpose: "Compare again", command: command)])
    }
}
