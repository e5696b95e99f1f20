public import HostEnvironment
import Statistics

/// What both arms gave for one quantity in one pair.
public struct PairedValue: Sendable, Hashable, Codable {
    public var before: Measured<Double>
    public var after: Measured<Double>

    public init(before: Measured<Double>, after: Measured<Double>) {
        self.before = before
        self.after = after
    }
}

/// One interleaved pair: the unit of observation of a gate. Both arms ran the same work at the same time.
public struct GatePair: Sendable, Hashable, Codable {
    public enum Arm: String, Sendable, Hashable, Codable {
        case before
        case after
    }

    /// A run that did not end well.
    public struct Failure: Sendable, Hashable, Codable {
        public var arm: Arm
        public var reason: String

        public init(arm: Arm, reason: String) {
            self.arm = arm
            self.reason = reason
        }
    }

    /// By name of the metric.
    public var values: [String: PairedValue]
    /// Accuracy figures, higher is better, by name (`f1`, `truth_recall`, ...).
    public var accuracy: [String: PairedValue]
    public var failure: Failure?
    /// Share of the pair's run time in which a task of the machine waited for a CPU.
    public var pressureShare: Measured<Double>
    /// Share of the machine's CPU time that the hypervisor gave to others.
    public var stealShare: Measured<Double>

    public init(
        values: [String: PairedValue], accuracy: [String: PairedValue] = [:], failure: Failure? = nil,
        pressureShare: Measured<Double> = .unavailable(reason: "not recorded"),
        stealShare: Measured<Double> = .unavailable(reason: "not recorded")
    ) {
        self.values = values
        self.accuracy = accuracy
        self.failure = failure
        self.pressureShare = pressureShare
        self.stealShare = stealShare
    }

    /// A pair of `before.count` runs of each arm that ran in turn (A B B A ...). A value is the mean of the arm's runs: the
    /// finer the arms are interleaved, the less of what others do to the machine falls on one of them alone.
    ///
    /// - Parameters:
    ///   - work: items per run, for throughput.
    ///   - usableCPUs: what steal time is a share of.
    /// - Precondition: both arms have runs, and equally many.
    public init(
        before: [ChildMeasurement], after: [ChildMeasurement], metrics: [Metric], work: Double? = nil,
        accuracy: [String: PairedValue] = [:], usableCPUs: Int? = nil
    ) {
        precondition(!before.isEmpty && before.count == after.count, "arms differ in runs, or have none")
        var values: [String: PairedValue] = [:]
        for metric in metrics {
            values[metric.name] = PairedValue(
                before: Self.average(before.map { metric.value(of: $0, work: work) }),
                after: Self.average(after.map { metric.value(of: $0, work: work) }))
        }
        let runs = before + after
        let wall = Self.average(runs.map(\.wallSeconds))
        let steal = Self.average(runs.map(\.stealSeconds))
        func failed(_ runs: [ChildMeasurement], _ arm: Arm) -> Failure? {
            runs.first { !$0.termination.isSuccess }.map { Failure(arm: arm, reason: $0.termination.description) }
        }
        self.init(
            values: values, accuracy: accuracy, failure: failed(before, .before) ?? failed(after, .after),
            pressureShare: Self.average(runs.map(\.cpuPressureSeconds)).combined(with: wall, Self.share),
            stealShare: steal.combined(with: wall, Self.share).flatMap { share in
                Measured(usableCPUs.map { share / Double($0) }, otherwise: "the number of usable CPUs is not known")
            })
    }

    /// The mean, or the first reason why a value is missing: a mean over fewer runs than the other arm's is no pair.
    static func average(_ values: [Measured<Double>]) -> Measured<Double> {
        if let reason = values.lazy.compactMap(\.reason).first { return .unavailable(reason: reason) }
        return .available(mean(values.compactMap(\.value)))
    }

    private static func share(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : 0 }
}
