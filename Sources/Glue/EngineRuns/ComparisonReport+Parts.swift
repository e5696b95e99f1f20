import Benchmarking
import HostEnvironment
import Parameters
import Reporting
import Statistics

extension Reported {
    public init(_ measured: Measured<Value>) {
        switch measured {
        case .available(let value): self = .value(value)
        case .unavailable(let reason): self = .unavailable(reason: reason)
        }
    }
}

extension ChangeRatio {
    public init(_ ratio: GateRatio) {
        self.init(
            estimate: ratio.estimate, lower: ratio.lower, upper: ratio.upper, level: ratio.level,
            count: ratio.pairs == 1 ? "1 pair" : "\(ratio.pairs) pairs", smallestDetectable: ratio.smallestDetectable)
    }

    public init(_ ratio: StoredRatio) {
        self.init(
            estimate: ratio.estimate, lower: ratio.lower, upper: ratio.upper, level: ratio.level,
            count: "\(ratio.countBefore) and \(ratio.countAfter) runs", smallestDetectable: ratio.smallestDetectable)
    }
}

extension ComparisonReport.Verdict {
    init(_ outcome: GateDecision.Outcome) {
        self =
            switch outcome {
            case .passed: .passed
            case .improvement: .improvement
            case .regression: .regression
            case .inconclusive: .inconclusive
            case .accuracyLost: .accuracyLost
            case .notComparable: .notComparable
            case .nothingMeasured: .nothingMeasured
            case .failed: .failed
            }
    }
}

extension ComparisonReport.RowVerdict {
    init(_ verdict: GateMetricDecision.Verdict) {
        self =
            switch verdict {
            case .worse: .worse
            case .unconfirmed: .unconfirmed
            case .better: .better
            case .noDifference: .noDifference
            case .inconclusive: .inconclusive
            case .notMeasured: .notMeasured
            }
    }
}

extension ComparisonReport.Row {
    /// In the units of the page: memory in MB.
    init(
        _ metric: Metric, workload: String, decides: Bool, before: Measured<Double>, after: Measured<Double>,
        ratio: Measured<ChangeRatio>, tolerance: GateTolerance, verdict: GateMetricDecision.Verdict
    ) {
        let isMemory = metric.unit == "B"
        let scale = isMemory ? 1e-6 : 1
        self.init(
            workload: workload, metric: metric.title.prefix(1).uppercased() + metric.title.dropFirst(),
            unit: isMemory ? "MB" : metric.unit, higherIsBetter: metric.direction == .higherIsBetter, decides: decides,
            before: Reported(before.map { $0 * scale }), after: Reported(after.map { $0 * scale }),
            ratio: Reported(ratio), tolerance: tolerance.relative, verdict: ComparisonReport.RowVerdict(verdict))
    }
}

extension ComparisonReport.Run {
    init(arm: Int, order: Int, round: Int, _ run: ProgramRun, disturbance: Disturbance?) {
        self.init(
            arm: arm, order: order, round: round, wallTime: Reported(run.wallSeconds),
            cpuTime: Reported(run.cpuSeconds), throughput: Reported(run.throughput),
            peakMemory: Reported(run.peakMemoryBytes.map { $0 / 1e6 }), cpuPressure: Reported(run.pressureShare),
            steal: Reported(run.stealShare), disturbance: disturbance?.description)
    }
}

extension ComparisonReport.Accuracy {
    init(workload: String, before: WorkloadRun?, after: WorkloadRun?, f1: Measured<Double>, loss: String?) {
        func text(_ count: TruthCount?) -> Reported<String> {
            count.map { .value("\($0.found) of \($0.expected)") } ?? .unavailable(reason: "the workload has none")
        }
        var equal: Reported<Bool> = .unavailable(reason: "a side has no digest")
        if let first = before?.digest, let second = after?.digest { equal = .value(first == second) }
        self.init(
            workload: workload, digestsEqual: equal, f1: Reported(f1), truthBefore: text(before?.truth),
            truthAfter: text(after?.truth), identificationsBefore: text(before?.identifications),
            identificationsAfter: text(after?.identifications), loss: loss)
    }
}

extension ComparisonReport.Arm {
    init(name: String, engine: EngineBinary, settings: [Setting], more: [(String, String)]) {
        let facts = [("Engine", engine.path), ("SHA-256 of the engine", String(engine.sha256.prefix(16)))] + more
        self.init(
            name: name, facts: facts.map { StudyReport.Fact(name: $0.0, value: .value($0.1)) },
            settings: settings.map {
                StudyReport.Setting(parameter: $0.name, value: StudyReport.Value(text: $0.text))
            })
    }
}

extension StudyReport.Fact {
    /// What can be measured, a fact each: measured, estimated by which model, or not available and why.
    public static func list(_ sources: MeasurementSources) -> [StudyReport.Fact] {
        sources.sources.map { source in
            let value: Reported<String> =
                switch source.status {
                case .measured: .value("measured")
                case .estimated(let model): .value("estimated: \(model)")
                case .unavailable(let reason): .unavailable(reason: reason)
                }
            return StudyReport.Fact(
                name: source.title.prefix(1).uppercased() + source.title.dropFirst(), value: value)
        }
    }
}

extension StudyReport.Environment.Gap {
    /// What runs did not measure though the machine could; what it cannot measure at all stands among the sources.
    /// - Parameter sources: `nil` where an older version did not record them: then whatever is missing is a gap.
    public static func list(_ parts: [WorkloadRun], sources: MeasurementSources?) -> [StudyReport.Environment.Gap] {
        func gap(
            _ what: String, _ source: String, _ reason: (WorkloadRun) -> String?
        ) -> StudyReport.Environment.Gap? {
            guard sources?.isAvailable(source) ?? true, let reason = parts.lazy.compactMap(reason).first else {
                return nil
            }
            return StudyReport.Environment.Gap(what: what, reason: reason)
        }
        return [
            gap("energy", "energy") { $0.measurement.energyJoules.reason },
            gap("peak memory", "peak_memory") { $0.peakMemoryBytes.reason },
            gap("waiting for CPUs", "cpu_pressure") { $0.measurement.cpuPressureSeconds.reason },
            gap("stolen CPU time", "steal") { $0.measurement.stealSeconds.reason },
            gap("input and output", "io") { $0.measurement.io.reason },
        ].compactMap { $0 }
    }
}

extension StudyReport.Environment {
    /// - Parameter runs: all of them. - Parameter sources: `nil` where a file of an older version does not tell; then what the
    ///   runs could not measure is listed.
    static func comparison(
        machines: [MachineIdentity], versions: [String], before: HostConditions, after: HostConditions,
        workloads: [BenchmarkRecord.Workload], runs: [ProgramRun], sources: MeasurementSources?
    ) -> StudyReport.Environment {
        func fact(_ name: String, _ value: Reported<String>) -> StudyReport.Fact {
            StudyReport.Fact(name: name, value: value)
        }
        func share(_ value: (ProgramRun) -> Measured<Double>) -> Reported<String> {
            let shares = runs.compactMap { value($0).value }
            guard !shares.isEmpty else {
                return .unavailable(reason: runs.first.flatMap { value($0).reason } ?? "nothing ran")
            }
            func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
            return .value("median \(percent(median(shares))), most \(percent(shares.max() ?? 0))")
        }
        let distinct = machines.count == 2 && machines[0].id == machines[1].id ? [machines[0]] : machines
        let changes = after.differences(from: before)
        let parts = runs.flatMap(\.parts)
        return StudyReport.Environment(
            machine: distinct.map { fact("Machine \($0.id)", .value($0.summary)) } + [
                fact("Frequency governor", Reported(after.frequencyGovernor)),
                fact("Clock boost", Reported(after.boost.map { $0 ? "on" : "off" })),
                fact("Transparent huge pages", Reported(after.transparentHugePages)),
                fact(
                    "Load average before and after",
                    Reported(
                        before.loadAverage.combined(with: after.loadAverage) { "\($0.oneMinute) and \($1.oneMinute)" })),
            ]
                + changes.map {
                    fact(
                        "Changed: \($0.name)",
                        .value("\($0.before ?? "unknown") before, \($0.after ?? "unknown") after"))
                },
            versions: versions.enumerated().map {
                fact(
                    versions.count == 1 ? "lavoisier" : $0.offset == 0 ? "lavoisier before" : "lavoisier after",
                    .value($0.element))
            } + [fact("Kernel", Reported(after.kernel))],
            workloads: workloads.map { workload in
                let spectra = parts.lazy.filter { $0.workload == workload.name }.compactMap(\.itemCount).first
                return StudyReport.Environment.Workload(
                    name: workload.name, sha256: workload.sha256, bytes: workload.bytes,
                    spectra: spectra.map { .value($0) } ?? .unavailable(reason: "no run counted them"))
            },
            noise: [
                fact("Share of a run in which some task waited for a CPU", share(\.pressureShare)),
                fact("CPU time taken by other guests, per second", share(\.stealShare)),
            ], notMeasured: Gap.list(parts, sources: sources), sources: sources.map(StudyReport.Fact.list))
    }
}
