import Benchmarking
import HostEnvironment
import Parameters
import Statistics

/// Two result files of `lavoisier benchmark`, compared: whether they may be, whether results got worse, then how fast.
public struct BenchmarkComparison: Sendable, Hashable, Codable {
    public struct Options: Sendable, Hashable {
        /// Relative change that does not count; `nil` takes each metric's own.
        public var tolerance: Double?
        /// Compares what does not fit together all the same, with a note.
        public var isForced = false
        /// Other results are not a loss where no truth says so.
        public var acceptsChangedResults = false

        public init() {}
    }

    /// What is known about the results of one workload in both files.
    public struct Accuracy: Sendable, Hashable, Codable {
        public var workload: String
        /// `nil` where a file has no digest.
        public var digestsEqual: Bool?
        public var truthBefore: TruthCount?
        public var truthAfter: TruthCount?
        public var identificationsBefore: TruthCount?
        public var identificationsAfter: TruthCount?
        /// Why this counts as a loss; `nil` when it does not.
        public var loss: String?
    }

    public var outcome: GateDecision.Outcome
    /// One sentence for people.
    public var reason: String
    public var rows: [StoredComparison]
    public var accuracy: [Accuracy]
    /// What a reader must know, the loudest first.
    public var notes: [String]

    /// The process's exit status, as of a gate.
    public func exitStatus(reportsImprovement: Bool) -> Int32 {
        GateDecision(outcome: outcome, reason: reason).exitStatus(reportsImprovement: reportsImprovement)
    }

    /// Noise of sequential runs on a shared machine is far above that of interleaved ones.
    static let timeTolerance = 0.10

    public init(before: BenchmarkRecord, after: BenchmarkRecord, options: Options) {
        rows = []
        accuracy = []
        notes = []
        let obstacles = Self.obstacles(before, after)
        if !obstacles.isEmpty, !options.isForced {
            outcome = .notComparable
            reason = "not comparable: " + obstacles.joined(separator: "; ")
            return
        }
        notes += obstacles.map { "FORCED: these results are not comparable: \($0)" }
        let shared = before.workloads.map(\.name).filter { name in after.workloads.contains { $0.name == name } }
        notes += Self.leftOut(before, after)
        guard !before.runs.isEmpty, !after.runs.isEmpty, !shared.isEmpty else {
            outcome = .nothingMeasured
            let empty = before.runs.isEmpty ? "the file before" : "the file after"
            reason =
                shared.isEmpty
                ? "nothing to compare: the files have no workload in common"
                : "nothing was measured: \(empty) holds no run that counts"
            return
        }
        if let (found, text) = Self.fault(before, after, shared) {
            (outcome, reason) = (found, text)
            return
        }
        accuracy = shared.map { Self.accuracy($0, before, after, options) }
        let busier = Self.busier(before, after)
        rows = StoredComparison.compare(
            Self.samples(before, after, workloads: shared, tolerance: options.tolerance), disturbed: busier != nil)
        notes += [
            busier,
            "The two series ran one after the other. On shared machines identical programs differ so by up to 74 %; "
                + "'lavoisier-tune compare' runs both in turn.",
        ].compactMap { $0 }
        (outcome, reason) = Self.judge(rows, accuracy)
    }

    /// Runs that failed, or read nothing: the others say nothing about such an engine.
    private static func fault(
        _ before: BenchmarkRecord, _ after: BenchmarkRecord, _ workloads: [String]
    ) -> (GateDecision.Outcome, String)? {
        for (side, record) in [("before", before), ("after", after)] {
            if let (outcome, reason) = record.record.failure(of: 0) {
                return (side == "before" ? .failed : outcome, "the engine of the file \(side) \(reason)")
            }
            let parts = record.runs.lazy.flatMap(\.parts)
            if let empty = parts.first(where: { $0.isEmpty && workloads.contains($0.workload) }) {
                return (
                    .nothingMeasured,
                    "nothing was measured: the engine of the file \(side) read no spectra of \(empty.workload)"
                )
            }
        }
        return nil
    }

    // MARK: whether they may be compared

    private static func obstacles(_ before: BenchmarkRecord, _ after: BenchmarkRecord) -> [String] {
        var obstacles: [String] = []
        if before.machine.id != after.machine.id {
            obstacles.append(
                "the machines differ (\(before.machine.summary) [\(before.machine.id)], "
                    + "\(after.machine.summary) [\(after.machine.id)])")
        }
        for workload in before.workloads {
            guard let other = after.workloads.first(where: { $0.name == workload.name }) else { continue }
            if other.sha256 != workload.sha256 {
                obstacles.append(
                    "the data of workload \(workload.name) differ (\(workload.sha256.prefix(12)), "
                        + "\(other.sha256.prefix(12)))")
            }
        }
        if Set(before.algorithms) != Set(after.algorithms) {
            func names(_ record: BenchmarkRecord) -> String { record.algorithms.map(\.rawValue).joined(separator: ",") }
            obstacles.append("they ran different algorithms (\(names(before)); \(names(after)))")
        }
        return obstacles
    }

    private static func leftOut(_ before: BenchmarkRecord, _ after: BenchmarkRecord) -> [String] {
        let (first, second) = (Set(before.workloads.map(\.name)), Set(after.workloads.map(\.name)))
        let alone = first.symmetricDifference(second).sorted()
        return alone.isEmpty ? [] : ["In one file only, and left out: \(alone.joined(separator: ", "))"]
    }

    /// Whether other load was far heavier in one series, in words.
    private static func busier(_ before: BenchmarkRecord, _ after: BenchmarkRecord) -> String? {
        func middle(_ record: BenchmarkRecord, _ share: (ProgramRun) -> Measured<Double>) -> Double? {
            let shares = record.runs.compactMap { share($0).value }
            return shares.isEmpty ? nil : median(shares)
        }
        func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
        if let first = middle(before, \.pressureShare), let second = middle(after, \.pressureShare),
            abs(first - second) > Disturbance.largestExtraPressure
        {
            return "Tasks waited for a CPU in \(percent(first)) of the runs before and \(percent(second)) after: "
                + "the machine was not the same, so nothing of time is called better or worse"
        }
        if let first = middle(before, \.stealShare), let second = middle(after, \.stealShare),
            abs(first - second) > Disturbance.largestSteal
        {
            return "Other guests took \(percent(first)) of a CPU before and \(percent(second)) after: "
                + "the machine was not the same, so nothing of time is called better or worse"
        }
        return nil
    }

    // MARK: results

    private static func accuracy(
        _ workload: String, _ before: BenchmarkRecord, _ after: BenchmarkRecord, _ options: Options
    ) -> Accuracy {
        let first = before.runs.lazy.compactMap { $0.part(workload) }.first
        let second = after.runs.lazy.compactMap { $0.part(workload) }.first
        var row = Accuracy(
            workload: workload, truthBefore: first?.truth, truthAfter: second?.truth,
            identificationsBefore: first?.identifications, identificationsAfter: second?.identifications)
        if let digest = first?.digest, let other = second?.digest { row.digestsEqual = digest == other }
        func lost(_ what: String, _ before: TruthCount?, _ after: TruthCount?) -> String? {
            guard let before else { return nil }
            guard let after else { return "\(what) of \(workload) were counted before and are not any more" }
            return after.found < before.found
                ? "\(what) of \(workload) found: \(after.found) instead of \(before.found) of \(before.expected)" : nil
        }
        row.loss =
            lost("known features", row.truthBefore, row.truthAfter)
            ?? lost("known identifications", row.identificationsBefore, row.identificationsAfter)
        if row.loss == nil, row.digestsEqual == false, row.truthBefore == nil, row.identificationsBefore == nil,
            !options.acceptsChangedResults
        {
            row.loss =
                "the results of \(workload) changed, and it has no truth that could tell whether they are as good"
        }
        return row
    }

    private static func samples(
        _ before: BenchmarkRecord, _ after: BenchmarkRecord, workloads: [String], tolerance: Double?
    ) -> [(metric: GateMetric, before: Measured<[Double]>, after: Measured<[Double]>)] {
        let wanted = Set(before.metrics + after.metrics)
        let algorithms = EngineAlgorithm.allCases.filter { before.algorithms.contains($0) }
        let primaries: [Metric] = [.wall, .cpu, .peakMemory, .energy]
        return workloads.flatMap { workload in
            BenchmarkMetric.figures(BenchmarkMetric.allCases.filter(wanted.contains), algorithms: algorithms).map {
                metric in
                func values(_ record: BenchmarkRecord) -> Measured<[Double]> {
                    let (values, reason) = record.sample(metric, workload: workload)
                    return Measured(values.isEmpty ? nil : values, otherwise: reason ?? "nothing ran")
                }
                // Throughput of the process decides only where wall time, which says the same, was not asked for.
                let decides =
                    primaries.contains(metric) || (metric.name == "throughput" && !wanted.contains(.wall))
                let own =
                    metric == .peakMemory
                    ? GateTolerance(relative: tolerance ?? 0.05, absolute: 16 * 1_048_576)
                    : GateTolerance(relative: tolerance ?? Self.timeTolerance)
                return (
                    GateMetric(
                        metric, workload: workload, tolerance: own, role: decides ? .primary : .informational),
                    values(before), values(after)
                )
            }
        }
    }

    // MARK: the whole

    /// Results first: a faster wrong answer is not better.
    private static func judge(
        _ rows: [StoredComparison], _ accuracy: [Accuracy]
    ) -> (GateDecision.Outcome, String) {
        let losses = accuracy.compactMap(\.loss)
        if !losses.isEmpty { return (.accuracyLost, losses.joined(separator: "; ")) }
        let deciding = rows.filter { $0.metric.role == .primary }
        func named(_ verdict: GateMetricDecision.Verdict) -> String {
            deciding.filter { $0.verdict == verdict }.map { row in
                let title = "\(row.metric.metric.title) of \(row.metric.workload ?? "")"
                guard let ratio = row.ratio.value else { return title }
                let change = (ratio.estimate - 1) * 100
                return "\(title) \(change >= 0 ? "+" : "")\((change * 10).rounded() / 10) %"
            }.joined(separator: ", ")
        }
        if deciding.contains(where: { $0.verdict == .worse }) { return (.regression, "worse: \(named(.worse))") }
        guard deciding.contains(where: { $0.ratio.value != nil }) else {
            return rows.contains { $0.ratio.value != nil } || accuracy.contains { $0.digestsEqual != nil }
                ? (.passed, "no metric decides; the results are as good as before")
                : (.nothingMeasured, "nothing that was asked for could be measured in both files")
        }
        if deciding.contains(where: { $0.verdict == .inconclusive }) {
            return (.inconclusive, "too noisy or too few runs to tell: \(named(.inconclusive))")
        }
        if deciding.contains(where: { $0.verdict == .better }) { return (.improvement, "better: \(named(.better))") }
        return (.passed, "no metric changed beyond its tolerance")
    }
}
