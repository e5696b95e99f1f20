import HostEnvironment

/// One child process: a workload under a configuration.
public struct WorkloadRun: Sendable, Hashable, Codable {
    public var workload: String
    public var measurement: ChildMeasurement
    /// Work done.
    public var inputBytes: Int
    /// What the workload consists of (spectra), where the program counts it.
    public var itemCount: Int?
    /// What the program counted besides, by name (`points`, `queries`, `features`); empty where it says nothing.
    public var counts: [String: Int]
    /// The larger of what the harness saw and what the program says of itself.
    public var peakMemoryBytes: Measured<Int>
    public var digest: String?
    /// In the program's order.
    public var stages: [StageSeconds]
    /// What is known to be in the workload, and how much of it was found; `nil` without a truth or without results.
    public var truth: TruthCount?
    /// The same for compounds that others identified.
    public var identifications: TruthCount?
    /// F1 of the result table against the reference's, 0...1; `nil` where nothing was compared.
    public var agreement: Double?

    public init(
        workload: String, measurement: ChildMeasurement, inputBytes: Int, itemCount: Int?,
        counts: [String: Int] = [:], peakMemoryBytes: Measured<Int>, digest: String?, stages: [StageSeconds],
        truth: TruthCount? = nil, identifications: TruthCount? = nil, agreement: Double? = nil
    ) {
        self.workload = workload
        self.measurement = measurement
        self.inputBytes = inputBytes
        self.itemCount = itemCount
        self.counts = counts
        self.peakMemoryBytes = peakMemoryBytes
        self.digest = digest
        self.stages = stages
        self.truth = truth
        self.identifications = identifications
        self.agreement = agreement
    }
}

extension WorkloadRun {
    /// Whether the program says that it read nothing.
    public var isEmpty: Bool { itemCount == 0 }
}

/// Wall and CPU seconds of one stage as the program reports them.
public struct StageSeconds: Sendable, Hashable, Codable {
    public var name: String
    public var wall: Double
    public var cpu: Double

    public init(name: String, wall: Double, cpu: Double) {
        self.name = name
        self.wall = wall
        self.cpu = cpu
    }
}

/// How many rows of a truth table were found.
public struct TruthCount: Sendable, Hashable, Codable {
    public var found: Int
    public var expected: Int

    public init(found: Int, expected: Int) {
        self.found = found
        self.expected = expected
    }

    /// Share of the rows that were found, 0...1.
    public var recall: Measured<Double> {
        Measured(expected > 0 ? Double(found) / Double(expected) : nil, otherwise: "the truth table is empty")
    }
}
