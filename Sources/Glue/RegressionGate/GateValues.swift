import Benchmarking
import HostEnvironment

/// The figures of a run, by the names of metrics.
enum GateValues {
    /// Everything that one workload's run cost, and why figures are missing.
    static func all(of part: WorkloadRun) -> (values: [String: Double], missing: [String: String]) {
        let measurement = part.measurement
        let figures: [(String, Measured<Double>)] = [
            ("wall", measurement.wallSeconds), ("cpu", measurement.cpuSeconds), ("user", measurement.userSeconds),
            ("system", measurement.systemSeconds), ("peak_memory", part.peakMemoryBytes.map(Double.init)),
            ("read", measurement.io.map { Double($0.readCallBytes) }),
            ("storage_read", measurement.io.map { Double($0.storageReadBytes) }),
            ("storage_write", measurement.io.map { Double($0.storageWriteBytes) }),
            ("cpu_pressure", measurement.cpuPressureSeconds), ("steal", measurement.stealSeconds),
            ("energy", measurement.energyJoules),
        ]
        var values: [String: Double] = [:]
        var missing: [String: String] = [:]
        for (name, figure) in figures {
            switch figure {
            case .available(let value): values[name] = value
            case .unavailable(let reason): missing[name] = reason
            }
        }
        return (values, missing)
    }

    /// A metric of a run, on its workload or over all of them.
    static func value(of metric: GateMetric, _ run: ProgramRun) -> Measured<Double> {
        let parts = metric.workload.map { name in run.parts.filter { $0.workload == name } } ?? run.parts
        let part = ProgramRun(parts: parts)
        switch metric.metric.name {
        case Metric.wall.name: return part.wallSeconds
        case Metric.cpu.name: return part.cpuSeconds
        case Metric.peakMemory.name: return part.peakMemoryBytes
        case Metric.energy.name: return part.energyJoules
        case "throughput": return part.throughput
        default: return .unavailable(reason: "\(metric.metric.title) is not measured by runs")
        }
    }
}

extension WorkloadRun {
    /// Known compounds and identifications together.
    var foundTruth: TruthCount {
        TruthCount(
            found: (truth?.found ?? 0) + (identifications?.found ?? 0),
            expected: (truth?.expected ?? 0) + (identifications?.expected ?? 0))
    }
}

extension GatePair {
    /// A pair of runs, or of equally many runs of each arm, over all workloads.
    ///
    /// - Parameters:
    ///   - before: of the reference. - after: of the candidate, with the agreement of their tables.
    ///   - digestsCount: whether another digest is a loss by itself; else the tables' agreement counts.
    ///   - instructions: of both arms by key of the metric, where this pair carries them.
    init(
        before: [ProgramRun], after: [ProgramRun], metrics: [GateMetric], digestsCount: Bool,
        instructions: [String: PairedValue], usableCPUs: Int?
    ) {
        var values = instructions
        for metric in metrics where metric.metric.name != "instructions" {
            values[metric.key] = PairedValue(
                before: Self.mean(before.map { GateValues.value(of: metric, $0) }),
                after: Self.mean(after.map { GateValues.value(of: metric, $0) }))
        }
        let runs = before + after
        // A candidate whose results change from run to run has lost accuracy; it has not crashed.
        func failed(_ runs: [ProgramRun], _ arm: Arm) -> Failure? {
            runs.lazy.compactMap(\.failure).first { arm == .before || $0.kind != .wrongResult }
                .map { Failure(arm: arm, reason: "failed: \($0.reason)") }
        }
        self.init(
            values: values,
            accuracy: Self.accuracy(before: before, after: after, digestsCount: digestsCount),
            failure: failed(before, .before) ?? failed(after, .after),
            emptyWorkload: runs.lazy.flatMap(\.parts).first(where: \.isEmpty)?.workload,
            pressureShare: Self.mean(runs.map(\.pressureShare)),
            stealShare: Self.mean(runs.map(\.stealShare)).flatMap { share in
                Measured(usableCPUs.map { share / Double($0) }, otherwise: "the number of usable CPUs is not known")
            })
    }

    private static func mean(_ values: [Measured<Double>]) -> Measured<Double> {
        guard let first = values.first else { return .unavailable(reason: "nothing ran") }
        return values.dropFirst().reduce(first) { $0.combined(with: $1, +) }.map { $0 / Double(values.count) }
    }

    /// By workload: equal digest (or the agreement of the tables), and the share of the truth that was found.
    private static func accuracy(
        before: [ProgramRun], after: [ProgramRun], digestsCount: Bool
    ) -> [String: PairedValue] {
        var figures: [String: PairedValue] = [:]
        guard let reference = before.last, let candidate = after.last, reference.failure == nil else { return figures }
        if after.contains(where: { $0.failure?.kind == .wrongResult }) {
            figures["repeatability"] = PairedValue(before: .available(1), after: .available(0))
        }
        guard candidate.failure == nil else { return figures }
        for (old, new) in zip(reference.parts, candidate.parts) {
            if digestsCount {
                figures["digest of \(old.workload)"] = PairedValue(
                    before: .available(1), after: .available(old.digest == new.digest ? 1 : 0))
            } else {
                figures["agreement of \(old.workload)"] = PairedValue(
                    before: .available(1),
                    after: Measured(new.agreement ?? (old.digest == new.digest ? 1 : nil), otherwise: "not compared"))
            }
            // Apart from each other: one that is lost and one that is gained are not nothing.
            for (name, count) in [("truth", \WorkloadRun.truth), ("identifications", \WorkloadRun.identifications)] {
                guard let known = old[keyPath: count], known.expected > 0 else { continue }
                figures["\(name) of \(old.workload)"] = PairedValue(
                    before: known.recall,
                    after: new[keyPath: count]?.recall ?? .unavailable(reason: "not counted any more"))
            }
        }
        return figures
    }
}
