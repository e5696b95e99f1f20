import Benchmarking
import Console
import EngineRuns
import HostEnvironment

/// What a person sees of a comparison: a live line while it runs, then a table.
struct ComparisonDisplay {
    private let line: LiveLine

    init(quiet: Bool) { line = LiveLine(mode: .suitable(quiet: quiet)) }

    func note(_ text: String) { line.milestone("lavoisier-tune: \(text)") }
    func clear() { line.clear() }

    func opening(_ arms: [EngineArm], workloads: [String], machine: String) {
        line.milestone("\(arms[0].name) against \(arms[1].name), in turn, on \(machine)")
        line.milestone("Workload \(workloads.joined(separator: ", ")). Ctrl-C stops and keeps what ran.")
    }

    func show(_ progress: InterleavedRuns.Progress, _ arms: [EngineArm]) {
        guard let arm = progress.arm else { return }
        let left = progress.remainingSeconds.map { ", \(TimeEstimate.text(seconds: $0)) left" } ?? ""
        line.update(
            progress.isWarmUp
                ? "warm-up of \(arms[arm].name)"
                : "pair \(progress.completePairs + 1) of \(progress.wantedPairs)\(left)  \(arms[arm].name)")
    }

    /// The decision and every metric.
    static func text(_ comparison: ArmComparison) -> String {
        let decision = comparison.decision
        var text = "\(ComparisonText.verdict(decision.outcome)): \(decision.reason)\n"
        let disturbed = comparison.record.disturbances.count
        if disturbed > 0 {
            text +=
                "note: \(disturbed) of \(comparison.record.completePairs.count) pairs were disturbed by other load\n"
        }
        for figure in decision.accuracy {
            guard let before = figure.before.value else { continue }
            let after = figure.after.value.map(ComparisonText.digits) ?? "none"
            text += "\(figure.name): \(ComparisonText.digits(before)) -> \(after)\(figure.isLost ? " - lost" : "")\n"
        }
        guard !decision.metrics.isEmpty else { return text }
        var table = ConsoleTable(
            header: [
                "metric", "before", "after", "unit", "ratio", "95 % interval", "pairs", "detectable", "tolerance",
                "verdict",
            ],
            alignments: [.left, .right, .right, .left, .right, .right, .right, .right, .right, .left])
        for row in decision.metrics where row.ratio.value != nil {
            let (scale, unit) = ComparisonText.scale(row.metric)
            func value(_ value: Measured<Double>) -> String {
                value.value.map { ComparisonText.digits($0 * scale) } ?? "-"
            }
            let ratio = row.ratio.value
            table.append([
                row.title, value(row.beforeMedian), value(row.afterMedian), unit,
                ratio.map { ComparisonText.ratio($0.estimate) } ?? "-",
                ratio.map { "\(ComparisonText.ratio($0.lower)) to \(ComparisonText.ratio($0.upper))" } ?? "-",
                ratio.map { "\($0.pairs)" } ?? "-",
                ratio.map { ComparisonText.percent($0.smallestDetectable) } ?? "-",
                ComparisonText.percent(row.tolerance.relative),
                ComparisonText.word(row.verdict) + (row.role == .informational ? " (shown only)" : ""),
            ])
        }
        let missing = decision.metrics.compactMap { row in
            row.ratio.reason.map { "unavailable: \(row.title): \($0)\n" }
        }
        return text + "\n" + table.text + missing.joined()
    }
}

/// What `compare --json` prints.
struct ComparisonResult: Encodable {
    let schema = "lavoisier-compare-result/1"
    let outcome: GateDecision.Outcome
    let exitStatus: Int32
    let reason: String
    let arms: [Arm]
    let workloads: [String]
    let machine: String
    let pairs: Int
    let disturbedPairs: Int
    let repeatedPairs: Int
    let accuracy: [GateAccuracyDecision]
    let metrics: [GateMetricDecision]
    let sources: MeasurementSources

    struct Arm: Encodable {
        let name: String
        let engine: EngineBinary
        let configurationHash: String
    }

    init(_ comparison: ArmComparison, reportsImprovement: Bool) {
        outcome = comparison.decision.outcome
        exitStatus = comparison.decision.exitStatus(reportsImprovement: reportsImprovement)
        reason = comparison.decision.reason
        arms = comparison.arms.map {
            Arm(name: $0.name, engine: $0.engine, configurationHash: $0.configurationHash)
        }
        workloads = comparison.workloads.map(\.name)
        machine = comparison.machine.id
        pairs = comparison.record.completePairs.count
        disturbedPairs = comparison.record.disturbances.count
        repeatedPairs = comparison.record.pairs.count { $0.repeats != nil }
        accuracy = comparison.decision.accuracy
        metrics = comparison.decision.metrics
        sources = comparison.sources
    }
}
