import Benchmarking
import Console
import EngineRuns
import HostEnvironment
import Statistics

/// How a workload scales, for a terminal.
enum ScalingText {
    static func text(_ result: ScalingResult, workers: [Int]) -> String {
        guard let whole = result.rows.first else { return "\(result.workload): nothing was measured\n" }
        var text =
            "\(result.workload): \(result.rounds) \(result.rounds == 1 ? "round" : "rounds") of "
            + "\(workers.map(String.init).joined(separator: ", ")) workers, in turn\n\n"
        var table = ConsoleTable(
            header: ["stage", "share"] + workers.map { "\($0) (s)" }
                + workers.dropFirst().map { "\($0): times faster, efficiency" }
                + ["serial fraction", "one at work", "CPU time, \(workers.last ?? 1) to 1"],
            alignments: [.left] + [ConsoleTable.Alignment](repeating: .right, count: 2 * workers.count + 3))
        for row in result.rows {
            let cpu = row.cpuSeconds.value.map { ComparisonText.ratio(($0.last ?? 0) / $0[0]) } ?? "-"
            table.append(
                [row.name, ComparisonText.percent(row.wallSeconds[0] / whole.wallSeconds[0])]
                    + row.wallSeconds.map(ComparisonText.digits)
                    + zip(row.speedUps, row.efficiencies).dropFirst().map {
                        "\(interval($0, ComparisonText.ratio)), \(ComparisonText.percent($1))"
                    }
                    + [
                        interval(row.serialFraction, ComparisonText.percent),
                        row.serialByOccupancy.value.map { interval($0, ComparisonText.percent) } ?? "-", cpu,
                    ])
        }
        text += table.text + "\n"
        text +=
            "Serial fraction of the whole run: \(interval(whole.serialFraction, ComparisonText.percent)) by Amdahl's law; "
        switch result.serialFractionOfStages {
        case .available(let share): text += "\(ComparisonText.percent(share)) by the times of its stages.\n"
        case .unavailable(let reason): text += "by its stages unavailable: \(reason).\n"
        }
        switch whole.serialByOccupancy {
        case .available(let share):
            text +=
                "With \(workers.last ?? 1) workers, waiting cost as much as if only one had been at work for "
                + "\(interval(share, ComparisonText.percent)) of the time that one takes; the rest of the loss is what workers cost each "
                + "other.\n"
        case .unavailable(let reason): text += "By who was at work unavailable: \(reason).\n"
        }
        switch whole.serialForWantOfWork {
        case .available(let share):
            text +=
                "Without the time in which threads were ready and had no CPU, at most \(interval(share, ComparisonText.percent)): for want "
                + "of work, or for the disk.\n"
        case .unavailable(let reason): text += "Without waiting for a CPU unavailable: \(reason).\n"
        }
        switch (result.contention, result.coherency) {
        case (.available(let contention), .available(let coherency)):
            text +=
                "Universal law: contention \(interval(contention, ComparisonText.percent)), coherency "
                + "\(interval(coherency, ComparisonText.percent)).\n"
        default: text += "Universal law unavailable: \(result.contention.reason ?? "").\n"
        }
        text +=
            "\nProjection by Amdahl's law from the points above, not a measurement; speed relative to 4 workers:\n\n"
        var projected = ConsoleTable(
            header: ["workers", "projected", "specification"], alignments: [.right, .right, .right])
        for row in result.projections {
            projected.append([
                "\(row.workers)", interval(row.relativeToFour, ComparisonText.ratio),
                ComparisonText.ratio(row.specified),
            ])
        }
        return text + projected.text
    }

    private static func interval(_ value: FittedValue, _ text: (Double) -> String) -> String {
        guard let lower = value.lower, let upper = value.upper else { return text(value.estimate) }
        return "\(text(value.estimate)) (\(text(lower)) to \(text(upper)))"
    }
}
