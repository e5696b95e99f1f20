public import HostEnvironment

public enum StudyState: String, Sendable, Hashable, Codable, CaseIterable {
    case running
    case finished
    /// Stopped by a signal or by the death of the tuner; can be resumed.
    case interrupted
    case failed
}

/// A workload by name and content.
public struct WorkloadReference: Sendable, Hashable, Codable {
    public let name: String
    public let sha256: String

    public init(name: String, sha256: String) {
        self.name = name
        self.sha256 = sha256
    }
}

/// What fixes a study: everything needed to run it again. Times are seconds since 1970; JSON members are JSON text.
public struct StudyPlan: Sendable, Hashable {
    public var machine: MachineIdentity
    /// What is optimised: `throughput`, `memory`, ...
    public var target: String
    /// Trials, time or both, as JSON.
    public var budgetJSON: String
    public var seed: UInt64
    public var strategy: String
    public var enginePath: String
    public var engineSHA256: String
    /// Version by component.
    public var versions: [String: String]
    public var workloads: [WorkloadReference]
    public var searchSpaceJSON: String
    public var searchSpaceSHA256: String
    public var optionsJSON: String

    public init(
        machine: MachineIdentity, target: String, budgetJSON: String, seed: UInt64, strategy: String,
        enginePath: String, engineSHA256: String, versions: [String: String], workloads: [WorkloadReference],
        searchSpaceJSON: String, searchSpaceSHA256: String, optionsJSON: String = "{}"
    ) {
        self.machine = machine
        self.target = target
        self.budgetJSON = budgetJSON
        self.seed = seed
        self.strategy = strategy
        self.enginePath = enginePath
        self.engineSHA256 = engineSHA256
        self.versions = versions
        self.workloads = workloads
        self.searchSpaceJSON = searchSpaceJSON
        self.searchSpaceSHA256 = searchSpaceSHA256
        self.optionsJSON = optionsJSON
    }
}

/// A stored study.
public struct StudyRecord: Sendable, Hashable, Identifiable {
    /// Date, target and six random digits: `2026-11-28-throughput-a1b2c3`.
    public let id: String
    public let plan: StudyPlan
    public let state: StudyState
    public let createdAt: Double
    public let updatedAt: Double
    /// Text of the best configuration so far.
    public let incumbentConfiguration: String?
    public let verdictJSON: String?
    public let reportPath: String?
    public let configurationPath: String?
}
