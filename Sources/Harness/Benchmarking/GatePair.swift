public import HostEnvironment

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
    /// A workload of which a program read nothing: then nothing was measured, whatever the other workloads say.
    public var emptyWorkload: String?
    /// Share of the pair's run time in which a task of the machine waited for a CPU.
    public var pressureShare: Measured<Double>
    /// Share of the machine's CPU time that the hypervisor gave to others.
    public var stealShare: Measured<Double>

    public init(
        values: [String: PairedValue], accuracy: [String: PairedValue] = [:], failure: Failure? = nil,
        emptyWorkload: String? = nil,
        pressureShare: Measured<Double> = .unavailable(reason: "not recorded"),
        stealShare: Measured<Double> = .unavailable(reason: "not recorded")
    ) {
        self.values = values
        self.accuracy = accuracy
        self.failure = failure
        self.emptyWorkload = emptyWorkload
        self.pressureShare = pressureShare
        self.stealShare = stealShare
    }
}
