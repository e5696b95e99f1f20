import Benchmarking
import HostEnvironment
import Pipeline

/// Two engine arms that ran in turn on this machine, and what their pairs say.
///
/// The decision is the gate's (`GateDecision`) without its fresh pairs: results first, then every metric by its tolerance,
/// Holm over those that decide.
public struct ArmComparison: Sendable, Codable, Hashable {
    public static let currentSchema = "lavoisier-comparison/1"

    /// What counts as a change.
    public struct Options: Sendable, Codable, Hashable {
        /// Relative; `nil` takes each metric's own.
        public var tolerance: Double?
        /// By how much F1 and the share of found truth may drop.
        public var accuracyDrop = 0.001

        public init() {}
    }

    public var schema = ArmComparison.currentSchema
    /// `2026-11-28 03:30:00 UTC`.
    public var created: String
    public var version: String
    /// Before, then after.
    public var arms: [EngineArm]
    public var workloads: [BenchmarkRecord.Workload]
    public var machine: MachineIdentity
    public var conditionsBefore: HostConditions
    public var conditionsAfter: HostConditions
    /// What could be measured, how, and why the rest could not.
    public var sources: MeasurementSources
    public var options: Options
    /// Every run, warm-up and repeats included.
    public var record: InterleavedRecord
    public var decision: GateDecision

    /// Judges what ran; a pure function of the record. - Precondition: two arms.
    public init(
        created: String, arms: [EngineArm], workloads: [BenchmarkRecord.Workload], machine: MachineIdentity,
        conditionsBefore: HostConditions, conditionsAfter: HostConditions, sources: MeasurementSources = .ofThisMachine,
        options: Options, record: InterleavedRecord
    ) {
        precondition(arms.count == 2 && record.arms == 2, "a comparison has two arms")
        self.created = created
        version = LavoisierVersion.current
        self.arms = arms
        self.workloads = workloads
        self.machine = machine
        self.conditionsBefore = conditionsBefore
        self.conditionsAfter = conditionsAfter
        self.sources = sources
        self.options = options
        self.record = record
        decision = Self.decide(record, arms, workloads.map(\.name), options)
    }

    private static func decide(
        _ record: InterleavedRecord, _ arms: [EngineArm], _ workloads: [String], _ options: Options
    ) -> GateDecision {
        if case .failed(let arm, let failure)? = record.end {
            return .failed("\(arms[arm].name): \(failure.reason)")
        }
        let rule = rule(workloads: workloads, options)
        let decision = GateDecision(pairs: record.gatePairs(rule.metrics, workloads: workloads), rule: rule)
        for (arm, engine) in arms.enumerated() {
            guard let (outcome, reason) = record.failure(of: arm) else { continue }
            return GateDecision(
                outcome: arm == 0 ? .failed : outcome, reason: "\(engine.name) \(reason)", metrics: decision.metrics,
                accuracy: decision.accuracy, pairs: decision.pairs)
        }
        let pairs = record.completePairs.count
        // What so few pairs agree on may be chance, and what they do not show may be there: with n pairs no p-value is below
        // 2^-n, and Holm asks for a part of 2.5 %.
        let questions = decision.metrics.count { $0.role == .primary && $0.ratio.value != nil }
        var fewest = Comparison.minimumPairs
        while Double(max(questions, 1)) / Double(1 << fewest) > 0.025 { fewest += 1 }
        guard pairs > 0, pairs < fewest,
            [.passed, .improvement, .regression, .inconclusive].contains(decision.outcome)
        else { return decision }
        return GateDecision(
            outcome: .inconclusive, reason: "pairs that count: \(pairs); fewer than \(fewest) show nothing",
            metrics: decision.metrics, accuracy: decision.accuracy, pairs: decision.pairs)
    }

    /// Wall time, CPU time, peak memory and energy decide; throughput of the process and of each algorithm is shown.
    static func rule(workloads: [String], _ options: Options) -> GateRule {
        var metrics = GateRule.standard(.shared, workloads: workloads).metrics.filter { $0.role != .deterministic }
        if let tolerance = options.tolerance {
            for index in metrics.indices { metrics[index].tolerance.relative = tolerance }
        }
        let shown = [Metric.throughput(of: "MB")] + EngineAlgorithm.allCases.map(\.metric)
        let names: [String?] = workloads.count > 1 ? workloads : [nil]
        for name in names {
            metrics += shown.map {
                GateMetric(
                    $0, workload: name, tolerance: GateTolerance(relative: options.tolerance ?? 0.10),
                    role: .informational)
            }
        }
        return GateRule(metrics: metrics, accuracyDrop: options.accuracyDrop)
    }
}

extension InterleavedRecord {
    /// What the failed runs of an arm mean, however few they are: a program that crashes now and then has failed, and one whose
    /// results change from run to run has lost accuracy. `nil` without a failure; being stopped is none.
    func failure(of arm: Int) -> (outcome: GateDecision.Outcome, reason: String)? {
        let failures = failures(of: arm).filter { $0.kind != .interrupted }
        guard let first = failures.first else { return nil }
        let runs = (warmUps + pairs.flatMap(\.runs)).count { $0.arm == arm }
        return (
            first.kind == .wrongResult ? .accuracyLost : .failed,
            "failed in \(failures.count) of \(runs) runs: \(first.reason)"
        )
    }

    /// The complete pairs as a gate takes them: arm 0 is before, arm 1 after.
    ///
    /// - Parameter workloads: that every run ran, in order; a metric without a workload is that of the first.
    /// - Precondition: two arms.
    public func gatePairs(_ metrics: [GateMetric], workloads: [String]) -> [GatePair] {
        precondition(arms == 2 && !workloads.isEmpty, "a gate has two arms and a workload")
        return completePairs.map { pair in
            func both(_ workload: String, _ figure: @escaping (WorkloadRun) -> Measured<Double>) -> PairedValue {
                func side(_ arm: Int) -> Measured<Double> {
                    pair.value(arm: arm) { run in
                        run.part(workload).map(figure) ?? .unavailable(reason: "\(workload) did not run")
                    }
                }
                return PairedValue(before: side(0), after: side(1))
            }
            var values: [String: PairedValue] = [:]
            for metric in metrics {
                values[metric.key] = both(metric.workload ?? workloads[0]) { $0.value(of: metric.metric) }
            }
            var accuracy: [String: PairedValue] = [:]
            for workload in workloads {
                let place = workloads.count > 1 ? "@\(workload)" : ""
                accuracy["f1" + place] = both(workload) {
                    Measured($0.agreement, otherwise: "tables were not compared")
                }
                accuracy["truth_recall" + place] = both(workload) {
                    $0.truth?.recall ?? .unavailable(reason: "the workload has no truth")
                }
                accuracy["identified" + place] = both(workload) {
                    $0.identifications?.recall ?? .unavailable(reason: "the workload has no known identifications")
                }
            }
            let shares = pair.runs.compactMap(\.run.pressureShare.value)
            return GatePair(
                values: values, accuracy: accuracy,
                emptyWorkload: pair.runs.lazy.flatMap(\.run.parts).first(where: \.isEmpty)?.workload,
                pressureShare: Measured(
                    shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count), otherwise: "not recorded"))
        }
    }
}
