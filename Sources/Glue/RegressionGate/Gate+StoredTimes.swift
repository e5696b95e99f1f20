import Benchmarking
import EngineRuns
import HostEnvironment
import Reporting

/// Times and memory of the baseline's runs against fresh ones, by `StoredComparison`.
extension Gate {
    /// One-sided level at which stored and fresh times must differ, before and again in the confirmation.
    private static let storedAlpha = 0.0125
    private static let storedMetrics = [Metric.wall, .cpu, .peakMemory].map(\.name)

    /// Stored and fresh runs, metric by metric. The tolerance is never below twice this machine's noise over as many pairs of single
    /// runs (runs that were not made in turn scatter more than that: the interval shows how much), and a machine that was far busier at one of the two hours can tell nothing of time.
    func timeChecks(
        _ runs: [ProgramRun], _ entry: BaselineEntry, _ rule: GateRule, _ setup: GateSetup
    ) -> [GateReport.Check] {
        let noise = (setup.storedNoise(settings: entry.configuration.settings).value ?? entry.noise)?.forPairs(
            ofRuns: 1)
        let parts = runs.flatMap(\.parts)
        func sample(_ metric: GateMetric) -> (metric: GateMetric, before: Measured<[Double]>, after: Measured<[Double]>)
        {
            let name = metric.workload ?? setup.workloads[0].name
            let before = entry.values(of: metric.metric.name, workload: name)
            let after = parts.filter { $0.workload == name }.compactMap {
                GateValues.all(of: $0).values[metric.metric.name]
            }
            var one = metric
            let floor = (noise?.noise(of: metric.key, pairs: runs.count) ?? 0) * rule.noiseFactor
            one.tolerance.relative = max(one.tolerance.relative, floor)
            return (
                one, Measured(before.isEmpty ? nil : before, otherwise: "not in the baseline"),
                Measured(after.isEmpty ? nil : after, otherwise: "not measured here")
            )
        }
        let metrics = rule.metrics.filter { Self.storedMetrics.contains($0.metric.name) }
        let rows = StoredComparison.compare(
            metrics.map(sample), level: 1 - 2 * Self.storedAlpha,
            disturbed: isFarBusier(parts, entry, setup.workloads.map(\.name)))
        return rows.map { Self.check($0, label: setup.label) }
    }

    /// Whether tasks waited for a CPU far more in one of the two series.
    private func isFarBusier(_ parts: [WorkloadRun], _ entry: BaselineEntry, _ workloads: [String]) -> Bool {
        func share(_ wall: [Double], _ pressure: [Double]) -> Double? {
            let (all, waited) = (wall.reduce(0, +), pressure.reduce(0, +))
            return wall.count == pressure.count && all > 0 ? waited / all : nil
        }
        func stored(_ metric: String) -> [Double] { workloads.flatMap { entry.values(of: metric, workload: $0) } }
        func fresh(_ metric: String) -> [Double] { parts.compactMap { GateValues.all(of: $0).values[metric] } }
        guard let before = share(stored("wall"), stored("cpu_pressure")),
            let after = share(fresh("wall"), fresh("cpu_pressure"))
        else { return false }
        return abs(before - after) > Disturbance.largestExtraPressure
    }

    private static func check(_ row: StoredComparison, label: String) -> GateReport.Check {
        let metric = row.metric.metric
        let text =
            switch row.verdict {
            case .worse: "worse than the stored runs, beyond noise and tolerance"
            case .better: "better than the stored runs, beyond noise and tolerance"
            case .noDifference, .unconfirmed: "no loss against the stored runs"
            case .inconclusive where row.worsening ?? 0 > 1 + row.metric.tolerance.relative:
                "beyond the tolerance, and not shown to be more than chance or the hour"
            case .inconclusive:
                "twice the tolerance could have been missed, or the machine was far busier at one of the two hours"
            case .notMeasured: row.ratio.reason ?? "not measured"
            }
        return GateReport.Check(
            workload: row.metric.workload ?? label, metric: metric.name, title: metric.title,
            state: state(row.verdict), decides: row.metric.role != .informational,
            higherIsBetter: metric.direction == .higherIsBetter,
            reference: Reported(row.beforeMedian.map { GateText.value($0, of: metric) }),
            candidate: Reported(row.afterMedian.map { GateText.value($0, of: metric) }),
            ratio: Reported(row.ratio.map { ChangeRatio($0) }), tolerance: row.metric.tolerance.relative, detail: text)
    }
}
