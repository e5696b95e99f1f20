import Benchmarking
import Console
import EngineRuns
import HostEnvironment
import Statistics

/// What a person sees of a benchmark: a live line while it runs, then tables.
struct BenchmarkDisplay {
    private let line: LiveLine

    init(quiet: Bool) { line = LiveLine(mode: .suitable(quiet: quiet)) }

    func note(_ text: String) { line.milestone("lavoisier: \(text)") }
    func clear() { line.clear() }

    func opening(_ plan: BenchmarkMeasuringOptions.Plan) {
        let rule = plan.rule
        line.milestone(
            "Workload \(plan.workloads.joined(separator: ", ")), \(plan.algorithms.map(\.rawValue).joined(separator: ", ")): "
                + "a warm-up, then \(rule.minimumRuns) to \(rule.maximumRuns) runs until medians are within "
                + "\(ComparisonText.percent(rule.precision)). On \(plan.host.identity.summary).")
    }

    func show(_ progress: BenchmarkSession.Progress) {
        if progress.isWarmUp {
            line.update("warm-up")
            return
        }
        let width = progress.precision.map { ", within \(ComparisonText.percent($0))" } ?? ""
        let left = progress.remainingSeconds.map { ", at most \(TimeEstimate.text(seconds: $0)) left" } ?? ""
        line.update("run \(progress.runs + 1) of at most \(progress.maximumRuns)\(width)\(left)")
    }

    func closing(_ record: BenchmarkRecord, output: String?) {
        let runs = record.runs.count
        switch record.end {
        case .tight: line.milestone("\(runs) runs; the intervals are tight.")
        case .maximumRuns:
            line.milestone("\(runs) runs, the most that were allowed; the intervals are wider than asked for.")
        case .outOfTime: line.milestone("\(runs) runs; the time budget was used up before the intervals were tight.")
        case .interrupted: Console.note("lavoisier: stopped after \(runs) runs")
        case .failed:
            let failure = record.record.failures(of: 0).last
            Console.note(
                "lavoisier: the engine failed (\(failure?.kind.rawValue ?? "")): \(failure?.reason ?? "no reason")")
        }
        let disturbed = record.record.disturbances.count
        if disturbed > 0 {
            line.milestone("\(disturbed) of \(runs) runs were disturbed by other load; they are marked.")
        }
        if let output { line.milestone("written to \(output)") }
    }

    // MARK: tables

    /// Medians with intervals, then what was found.
    static func table(_ record: BenchmarkRecord) -> String {
        var text = ""
        if !record.summary.isEmpty {
            var table = ConsoleTable(
                header: ["workload", "metric", "median", "95 % interval", "+/-", "unit"],
                alignments: [.left, .left, .right, .right, .right, .left])
            for row in record.summary {
                let (scale, unit) = ComparisonText.scale(row.metric)
                guard let interval = row.interval.value else { continue }
                table.append([
                    row.workload, row.metric.title, ComparisonText.digits(interval.estimate * scale),
                    "\(ComparisonText.digits(interval.lower * scale)) to \(ComparisonText.digits(interval.upper * scale))",
                    interval.relativeHalfWidth.map(ComparisonText.percent) ?? "too few runs", unit,
                ])
            }
            text = table.text
            text += Self.missing(
                record.summary.compactMap { row in
                    row.interval.reason.map { (row.metric.title, row.workload, $0) }
                })
        }
        guard record.metrics.contains(.accuracy), let run = record.runs.first else { return text }
        for part in run.parts {
            func found(_ what: String, _ count: TruthCount?) -> String {
                count.map { ", \(what) \($0.found) of \($0.expected)" } ?? ""
            }
            let truth = found("known features found", part.truth) + found("known identifications", part.identifications)
            text +=
                "\(part.workload): \(truth.isEmpty ? "no truth to compare with" : String(truth.dropFirst(2))), "
                + "digest \(part.digest?.prefix(12) ?? "none")\n"
        }
        return text
    }

    /// What could not be measured, and why; a reason that holds for several workloads stands once.
    private static func missing(_ rows: [(title: String, workload: String, reason: String)]) -> String {
        var lines: [(title: String, reason: String, workloads: [String])] = []
        for row in rows {
            if let index = lines.firstIndex(where: { $0.title == row.title && $0.reason == row.reason }) {
                lines[index].workloads.append(row.workload)
            } else {
                lines.append((row.title, row.reason, [row.workload]))
            }
        }
        return lines.map { "unavailable: \($0.title) of \($0.workloads.joined(separator: ", ")): \($0.reason)\n" }
            .joined()
    }

    /// A comparison for people.
    static func text(
        _ comparison: BenchmarkComparison, before: BenchmarkRecord, after: BenchmarkRecord
    ) -> String {
        var text = "\(ComparisonText.verdict(comparison.outcome)): \(comparison.reason)\n"
        for note in comparison.notes { text += "note: \(note)\n" }
        for row in comparison.accuracy {
            func counts(_ what: String, _ before: TruthCount?, _ after: TruthCount?) -> String {
                guard let before, let after else { return "" }
                return ", \(what) \(before.found) -> \(after.found) of \(after.expected)"
            }
            let digest = row.digestsEqual.map { $0 ? "identical" : "changed" } ?? "not known"
            text +=
                "results of \(row.workload): \(digest)"
                + counts("known features", row.truthBefore, row.truthAfter)
                + counts("known identifications", row.identificationsBefore, row.identificationsAfter)
                + (row.loss == nil ? "\n" : " - worse\n")
        }
        for change in after.conditionsAfter.differences(from: before.conditionsBefore) {
            text +=
                "changed on the machine: \(change.name) \(change.before ?? "unknown") -> \(change.after ?? "unknown")\n"
        }
        guard !comparison.rows.isEmpty else { return text }
        var table = ConsoleTable(
            header: [
                "workload", "metric", "before", "after", "unit", "ratio", "95 % interval", "detectable", "tolerance",
                "verdict",
            ],
            alignments: [.left, .left, .right, .right, .left, .right, .right, .right, .right, .left])
        for row in comparison.rows where row.ratio.value != nil {
            let (scale, unit) = ComparisonText.scale(row.metric.metric)
            func value(_ value: Measured<Double>) -> String {
                value.value.map { ComparisonText.digits($0 * scale) } ?? "-"
            }
            let ratio = row.ratio.value
            table.append([
                row.metric.workload ?? "", row.metric.metric.title, value(row.beforeMedian), value(row.afterMedian),
                unit,
                ratio.map { ComparisonText.ratio($0.estimate) } ?? "-",
                ratio.map { "\(ComparisonText.ratio($0.lower)) to \(ComparisonText.ratio($0.upper))" } ?? "-",
                ratio.map { ComparisonText.percent($0.smallestDetectable) } ?? "-",
                ComparisonText.percent(row.metric.tolerance.relative),
                ComparisonText.word(row.verdict) + (row.metric.role == .primary ? "" : " (shown only)"),
            ])
        }
        return text + "\n" + table.text
            + missing(
                comparison.rows.compactMap { row in
                    row.ratio.reason.map { (row.metric.metric.title, row.metric.workload ?? "", $0) }
                })
    }
}
