import Benchmarking
import Foundation
import HostEnvironment

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
    /// Runs of each arm that are averaged into one pair.
    public var runsPerPair = 1

    public init(baseline: String, files: BaselineFiles = BaselineFiles()) {
        self.baseline = baseline
        self.files = files
    }

    /// Of the order in which the arms run.
    static let seed: UInt64 = 1

    /// The rule with this request's pairs and tolerances.
    /// - Throws: `GateError(.usage)`.
    func rule() throws(GateError) -> GateRule {
        var rule = GateRule.standard(use)
        let wall = rule.metrics.first { $0.metric.name == Metric.wall.name }
        if let wall {
            // One over wall time: shown, and not asked twice.
            rule.metrics.append(
                GateMetric(.throughput(of: "MB"), tolerance: wall.tolerance, role: .informational))
        }
        for override in tolerances { try override.apply(to: &rule) }
        if let pairs {
            guard pairs >= Comparison.minimumPairs else {
                throw GateError(
                    .usage,
                    "--pairs \(pairs) cannot show anything: with fewer than \(Comparison.minimumPairs) pairs even a clear change "
                        + "may be chance")
            }
            let count = rule.looks.count
            let looks = (1...count).map { max(pairs * $0 / count, Comparison.minimumPairs) }
            rule.looks = looks.enumerated().filter { $0.offset == count - 1 || looks[$0.offset + 1] > $0.element }
                .map(\.element)
            rule.alphas = Array(rule.alphas.suffix(rule.looks.count))
            rule.confirmationPairs = min(rule.confirmationPairs, pairs)
        }
        return rule
    }
}

/// `METRIC=5%`, `peak_memory=5%,16MiB`, `energy=off`, `accuracy=0.001`.
public struct ToleranceOverride: Sendable, Hashable {
    public var metric: String
    public var relative: Double?
    public var absolute: Double?
    /// Shown, and decides nothing.
    public var isOff: Bool

    public init(metric: String, relative: Double? = nil, absolute: Double? = nil, isOff: Bool = false) {
        self.metric = metric
        self.relative = relative
        self.absolute = absolute
        self.isOff = isOff
    }

    func apply(to rule: inout GateRule) throws(GateError) {
        if metric == "accuracy" {
            guard let relative, !isOff, absolute == nil else {
                throw GateError(.usage, "--tolerance accuracy takes a share, like accuracy=0.001; accuracy always decides")
            }
            rule.accuracyDrop = relative
            return
        }
        guard let index = rule.metrics.firstIndex(where: { $0.metric.name == metric }) else {
            let names = (["accuracy"] + rule.metrics.map(\.metric.name)).joined(separator: ", ")
            throw GateError(.usage, "--tolerance names no metric of the gate: '\(metric)'; it is one of \(names)")
        }
        if isOff { rule.metrics[index].role = .informational }
        if let relative { rule.metrics[index].tolerance.relative = relative }
        if let absolute { rule.metrics[index].tolerance.absolute = absolute }
    }
}
