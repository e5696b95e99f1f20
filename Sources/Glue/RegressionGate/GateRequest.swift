import Benchmarking
import Foundation
import HostEnvironment
import Parameters

/// What to gate, against what, by which rule.
public struct GateRequest: Sendable {
    /// How the candidate is held against the baseline.
    public enum Method: String, Sendable, Hashable, Codable {
        /// The reference's program runs beside the candidate on this machine.
        case interleaved
        /// Only what does not depend on time and machine: digest, accuracy, instructions under equal keys.
        case deterministic
        /// That, and the baseline's stored times and memory where this is the machine that they were measured on.
        case stored
    }

    /// A name in `files`, or a path.
    public var baseline: String
    public var files: BaselineFiles
    public var role = BaselineRole.latest
    public var method = Method.interleaved
    /// A built reference; `nil` builds the baseline's commit.
    public var referenceBinary: String?
    /// The program `lavoisier`; `nil` takes the one beside this program.
    public var candidate: String?
    /// Most pairs (or fresh runs, without a reference); `nil` takes the rule's.
    public var pairs: Int?
    public var timeBudgetSeconds: Double? = 1_200
    public var tolerances: [ToleranceOverride] = []
    public var use = MachineUse.shared
    /// Exit status 0 instead of 3 where the gate cannot tell.
    public var passesWhenInconclusive = true
    /// Exit status 4 instead of 0 for an improvement.
    public var reportsImprovement = false
    public var countsInstructions = true
    /// A folder inside the repository that holds the baseline's commit.
    public var repository = FileManager.default.currentDirectoryPath
    public var environment: [String: String] = ProcessInfo.processInfo.environment
    public var lockPath = StudyLock.machineWidePath
    public var interrupt: InterruptFlag?
    /// Runs of each arm that make one pair; `nil` takes what the rule wants for the time that a run takes.
    public var runsPerPair: Int?

    public init(baseline: String, files: BaselineFiles = BaselineFiles()) {
        self.baseline = baseline
        self.files = files
    }

    static let standardTimeBudget = GateRequest(baseline: "").timeBudgetSeconds

    /// When all pairs point one way, chance alone does that in 2^-8 of gates; times six metrics that is 2.3 %.
    static let fewestPairs = 8

    /// Of the order in which the arms run.
    static let seed: UInt64 = 1

    /// The rule with this request's pairs and tolerances.
    ///
    /// - Parameter workloads: that the baseline names; `nil` before it is read, to find what is wrong with the options anyway.
    /// - Throws: `GateError(.usage)`.
    func rule(workloads: [String]?) throws(GateError) -> GateRule {
        var rule = GateRule.standard(use, workloads: workloads ?? [])
        // One over wall time: shown, and not asked twice.
        rule.metrics += rule.metrics.filter { $0.metric.name == Metric.wall.name }.map { wall in
            GateMetric(.throughput(of: "MB"), workload: wall.workload, tolerance: wall.tolerance, role: .informational)
        }
        if !countsInstructions { rule.metrics.removeAll { $0.metric.name == "instructions" } }
        for var override in tolerances {
            // Whether the workload is one of the baseline's shows later.
            if workloads == nil { override.metric = String(override.metric.prefix { $0 != "@" }) }
            try override.apply(to: &rule)
        }
        if let pairs {
            guard pairs >= Self.fewestPairs else {
                throw GateError(
                    .usage,
                    "--pairs \(pairs) cannot show anything: with fewer than \(Self.fewestPairs) pairs even a clear change may be "
                        + "chance, with several metrics to decide by")
            }
            let last = rule.alphas.last ?? 0.025
            rule.looks = rule.looks.filter { $0 < pairs } + [pairs]
            // What a further look takes comes from the last one.
            rule.alphas = Array(rule.alphas.prefix(rule.looks.count - 1))
            if rule.alphas.count == 3 { rule.alphas[2] = last / 2 }
            rule.alphas.append(rule.alphas.count == 3 ? last / 2 : last)
        }
        if let runsPerPair, runsPerPair < 1 {
            throw GateError(.usage, "--runs-per-pair \(runsPerPair): a pair takes at least 1 run of each program")
        }
        return rule
    }
}

/// `METRIC=5%`, `peak_memory=5%,16MiB`, `energy=off`, `accuracy=0.001`.
public struct ToleranceOverride: Sendable, Hashable {
    public var metric: String
    public var relative: Double?
    public var absolute: Double?
    /// `B` or `s`, where the user's text says it; it must be the metric's.
    public var absoluteUnit: String?
    /// Shown, and decides nothing.
    public var isOff: Bool

    public init(metric: String, relative: Double? = nil, absolute: Double? = nil, isOff: Bool = false) {
        self.metric = metric
        self.relative = relative
        self.absolute = absolute
        self.isOff = isOff
    }

    /// As `--tolerance` takes it.
    var text: String {
        if isOff { return "\(metric)=off" }
        let floor = absolute.map {
            absoluteUnit == "B"
                ? ByteSize(bytes: Int($0)).description : TimeSpan(seconds: $0).description
        }
        let share = relative.map { $0 < 1 ? "\($0)" : "\($0 * 100)%" }
        return "\(metric)=" + [share, floor].compactMap { $0 }.joined(separator: ",")
    }

    func apply(to rule: inout GateRule) throws(GateError) {
        if metric == "accuracy" {
            guard let relative, relative <= 1, !isOff, absolute == nil else {
                throw GateError(
                    .usage,
                    "--tolerance accuracy takes a share between 0 and 1, like accuracy=0.001; accuracy always decides")
            }
            rule.accuracyDrop = relative
            return
        }
        let found = rule.metrics.indices.filter { index in
            rule.metrics[index].metric.name == metric || rule.metrics[index].key == metric
        }
        guard !found.isEmpty else {
            var names = ["accuracy"]
            for metric in rule.metrics where !names.contains(metric.metric.name) { names.append(metric.metric.name) }
            throw GateError(
                .usage,
                "--tolerance names no metric of the gate: '\(metric)'; it is one of \(names.joined(separator: ", "))")
        }
        for index in found {
            if isOff { rule.metrics[index].role = .informational }
            if let relative { rule.metrics[index].tolerance.relative = relative }
            guard let absolute else { continue }
            let unit = rule.metrics[index].metric.unit
            guard absoluteUnit == nil || absoluteUnit == unit else {
                throw GateError(
                    .usage,
                    "--tolerance \(metric): \(absoluteUnit == "B" ? "a size" : "a time") is no limit for what is counted in \(unit)"
                )
            }
            rule.metrics[index].tolerance.absolute = absolute
        }
    }
}
