import Statistics

/// How much worse a metric may get before that counts. Where both are given, both must be exceeded.
public struct GateTolerance: Sendable, Hashable, Codable {
    /// Relative, for instance 0.05.
    public var relative: Double
    /// In the metric's unit, between the medians of both arms; nil: none.
    public var absolute: Double?

    public init(relative: Double, absolute: Double? = nil) {
        precondition(relative >= 0 && (absolute ?? 0) >= 0, "a negative tolerance")
        self.relative = relative
        self.absolute = absolute
    }
}

/// A metric and its part in a gate.
public struct GateMetric: Sendable, Hashable, Codable {
    public enum Role: String, Sendable, Hashable, Codable {
        /// Decides, in one Holm family with the other primaries.
        case primary
        /// Is measured and shown.
        case informational
        /// Decides by itself: the same program gives the same number (instructions), so no test is needed. It fails when
        /// every value is worse than every one before, and the medians differ by more than the tolerance.
        case deterministic
    }

    public var metric: Metric
    /// The workload it is measured on, where a gate runs several; nil: the only one.
    public var workload: String?
    public var tolerance: GateTolerance
    public var role: Role

    public init(_ metric: Metric, workload: String? = nil, tolerance: GateTolerance, role: Role = .primary) {
        self.metric = metric
        self.workload = workload
        self.tolerance = tolerance
        self.role = role
    }

    /// Names its values in a `GatePair` and in `MachineNoise`: `cpu`, or `cpu@small` where workloads are told apart.
    public var key: String { Self.key(metric, workload: workload) }

    public static func key(_ metric: Metric, workload: String?) -> String {
        workload.map { "\(metric.name)@\($0)" } ?? metric.name
    }
}

/// Whether others run on the machine.
public enum MachineUse: String, Sendable, Hashable, Codable, CaseIterable {
    case shared
    case dedicated
}

/// What makes a gate fail, pass or say that it cannot tell.
///
/// A primary metric fails when its interval excludes 1, its estimate is beyond tolerance, and both happen again on fresh
/// pairs. Looks at the data are few and share the level, so that peeking costs nothing. Why these numbers, and how often
/// they are wrong on the real engine: docs/gate-statistics.md and docs/decisions/0016-the-gates-rule.md.
public struct GateRule: Sendable, Hashable, Codable {
    /// At most `maximumPrimaries` of them primary.
    public var metrics: [GateMetric]
    /// Pairs after which the data are looked at, ascending.
    public var looks: [Int]
    /// One-sided level of each look; their sum bounds the level of the whole gate before confirmation.
    public var alphas: [Double]
    /// Fresh pairs that must show a failure again.
    public var confirmationPairs: Int
    /// One-sided level of the confirmation.
    public var confirmationAlpha: Double
    /// By how much an accuracy figure (F1, recall, ...; 0 to 1) may drop.
    public var accuracyDrop: Double
    /// A tolerance is never below this many times the machine's own A/A noise.
    public var noiseFactor: Double
    /// Seconds of CPU that an arm of a pair uses, at least: noise of single runs averages out, and interleaving finely inside a
    /// pair lets both arms meet the same machine.
    public var armSeconds: Double

    /// More questions in one family than this and none of them can be answered with few pairs.
    public static let maximumPrimaries = 6

    public init(
        metrics: [GateMetric], looks: [Int] = [8, 16, 24], alphas: [Double] = [0.0125, 0.0125, 0.025],
        confirmationPairs: Int = 8, confirmationAlpha: Double = 0.05, accuracyDrop: Double = 0, noiseFactor: Double = 2,
        armSeconds: Double = 2
    ) {
        precondition(!looks.isEmpty && looks.count == alphas.count, "a level for each look")
        precondition(zip(looks, looks.dropFirst()).allSatisfy { $0 < $1 } && looks[0] > 0, "looks must ascend")
        precondition(alphas.allSatisfy { $0 > 0 && $0 < 0.5 }, "a level outside 0...0.5")
        precondition(confirmationPairs > 0 && confirmationAlpha > 0 && confirmationAlpha < 0.5, "no confirmation")
        precondition(accuracyDrop >= 0 && noiseFactor >= 0 && armSeconds >= 0, "a negative bound")
        precondition(
            metrics.count { $0.role == .primary } <= Self.maximumPrimaries,
            "more than \(Self.maximumPrimaries) primary metrics")
        precondition(Set(metrics.map(\.key)).count == metrics.count, "a metric occurs twice")
        self.metrics = metrics
        self.looks = looks
        self.alphas = alphas
        self.confirmationPairs = confirmationPairs
        self.confirmationAlpha = confirmationAlpha
        self.accuracyDrop = accuracyDrop
        self.noiseFactor = noiseFactor
        self.armSeconds = armSeconds
    }

    /// The defaults: CPU time, wall time and peak memory decide, energy where it is measured, instructions by themselves.
    ///
    /// - Parameter workloads: those that a gate runs. With several, each has its own figures; CPU time decides on all of
    ///   them, then peak memory, then wall time, as far as `maximumPrimaries` reaches; the rest is shown.
    public static func standard(_ use: MachineUse = .shared, workloads: [String] = []) -> GateRule {
        let isShared = use == .shared
        let ranked = [
            GateMetric(.cpu, tolerance: GateTolerance(relative: isShared ? 0.05 : 0.03)),
            GateMetric(.peakMemory, tolerance: GateTolerance(relative: 0.05, absolute: 16 * 1_048_576)),
            GateMetric(.wall, tolerance: GateTolerance(relative: isShared ? 0.10 : 0.03)),
            GateMetric(.energy, tolerance: GateTolerance(relative: 0.05)),
            GateMetric(instructionCount, tolerance: GateTolerance(relative: 0.004), role: .deterministic),
        ]
        let names: [String?] = workloads.count > 1 ? workloads : [nil]
        var metrics: [GateMetric] = []
        for metric in ranked {
            for name in names {
                var one = metric
                one.workload = name
                if one.role == .primary, metrics.count(where: { $0.role == .primary }) == maximumPrimaries {
                    one.role = .informational
                }
                metrics.append(one)
            }
        }
        return GateRule(metrics: metrics)
    }

    /// Runs of each arm that make one pair, so that an arm of a pair uses at least `armSeconds` of CPU: even unless 1, so that
    /// A B B A falls on both arms alike within a pair.
    ///
    /// - Parameter secondsPerRun: CPU time of one run. Wall time would ask for fewer runs just when others crowd the machine
    ///   and more are needed.
    public func runsPerPair(secondsPerRun: Double) -> Int {
        precondition(secondsPerRun > 0 && secondsPerRun.isFinite, "a run takes time")
        let count = Int((armSeconds / secondsPerRun).rounded(.up))
        return count <= 1 ? 1 : count + count % 2
    }

    /// The same rule with no look beyond this many pairs; for studies of what fewer pairs cost.
    public func limited(toPairs pairs: Int) -> GateRule {
        var rule = self
        let count = max(1, looks.count { $0 <= pairs })
        rule.looks = Array(looks.prefix(count))
        rule.alphas = Array(alphas.prefix(count))
        return rule
    }

    /// Metrics that decide where there is room for them.
    public static let primaries: [Metric] = [.cpu, .peakMemory, .wall, .energy]

    /// Instructions of the program, in user mode.
    static let instructionCount = Metric(
        name: "instructions", title: "instructions", unit: "instructions", direction: .lowerIsBetter)

    /// The most pairs: the last look and its confirmation.
    public var maximumPairs: Int { (looks.last ?? 0) + confirmationPairs }

    /// The relative tolerances of the primary metrics on a machine of this noise, by key.
    public func tolerances(noise: MachineNoise?) -> [String: Double] {
        let primaries = metrics.filter { $0.role == .primary }
        return Dictionary(
            uniqueKeysWithValues: primaries.map {
                ($0.key, effectiveTolerance(of: $0, noise: noise).tolerance.relative)
            })
    }

    /// The tolerance of a metric on a machine, and why it is not the one given.
    func effectiveTolerance(
        of metric: GateMetric, noise: MachineNoise?
    ) -> (tolerance: GateTolerance, raisedBecause: String?) {
        guard metric.role != .deterministic, let own = noise?.noise(of: metric.key, pairs: looks.last ?? 0)
        else { return (metric.tolerance, nil) }
        let floor = noiseFactor * own
        guard floor > metric.tolerance.relative else { return (metric.tolerance, nil) }
        var raised = metric.tolerance
        raised.relative = floor
        return (
            raised,
            "\(short(noiseFactor)) times this machine's own noise of \(percent(own)) over \(looks.last ?? 0) pairs"
        )
    }
}

/// `3.2 %`.
func percent(_ fraction: Double) -> String {
    guard fraction.isFinite else { return "\(fraction)" }
    let tenths = (fraction * 1000).rounded()
    let whole = Int((abs(tenths) / 10).rounded(.down))
    return "\(tenths < 0 ? "-" : "")\(whole).\(Int(abs(tenths)) - 10 * whole) %"
}

/// Two decimals, without trailing zeros.
func short(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
}
