/// A rebuildable reference and what it measured: the content of `baselines/NAME.json`.
///
/// Two entries stand side by side. A gate compares with `latest`, which follows the main branch; `pinned` is a release that
/// stays, so that many small losses, each within the tolerance, show as one.
public struct Baseline: Sendable, Hashable, Codable {
    /// Version of this model in the file; raised when a field changes its meaning or disappears.
    public static let currentSchemaVersion = 1

    public var schemaVersion: Int
    public var name: String
    public var latest: BaselineEntry
    /// `nil` until something was pinned.
    public var pinned: BaselineEntry?
    /// What became of this file, oldest first.
    public var history: [BaselineChange]

    /// The first entry of a new baseline.
    public init(name: String, entry: BaselineEntry, pin: Bool = false) {
        schemaVersion = Self.currentSchemaVersion
        self.name = name
        latest = entry
        pinned = pin ? entry : nil
        history = [BaselineChange(entry, isPinned: pin)]
    }

    /// Takes a new latest entry, whose reason goes into the history. - Parameter pin: makes it the pinned one as well.
    public mutating func update(_ entry: BaselineEntry, pin: Bool) {
        latest = entry
        if pin { pinned = entry }
        history.append(BaselineChange(entry, isPinned: pin))
    }

    /// An entry by its name in the file; `nil` where nothing is pinned.
    public subscript(_ role: BaselineRole) -> BaselineEntry? {
        switch role {
        case .latest: latest
        case .pinned: pinned
        }
    }
}

/// Which entry of a baseline.
public enum BaselineRole: String, Sendable, Hashable, Codable, CaseIterable {
    case latest
    case pinned
}

/// One change of a baseline file.
public struct BaselineChange: Sendable, Hashable, Codable {
    /// UTC.
    public var date: String
    public var reason: String
    /// Of the reference; `unknown` outside a repository.
    public var commit: String
    public var isPinned: Bool

    init(_ entry: BaselineEntry, isPinned: Bool) {
        date = entry.created
        reason = entry.reason
        commit = entry.reference.commit ?? "unknown"
        self.isPinned = isPinned
    }
}

/// One reference: what it is, on what it was measured, and every run.
public struct BaselineEntry: Sendable, Hashable, Codable {
    /// UTC.
    public var created: String
    /// Why it was made.
    public var reason: String
    public var reference: BaselineReference
    public var configuration: BaselineConfiguration
    public var workloads: [BaselineWorkload]
    public var machine: BaselineMachine
    /// Version by component: `lavoisier`, `swift`, the libraries.
    public var versions: [String: String]
    /// Of A/A pairs on that machine; `nil` where they were not measured.
    public var noise: MachineNoise?
    /// Instruction counts, each with what it depends on.
    public var instructions: [BaselineInstructions]
    /// In time order; none is left out.
    public var runs: [BaselineRun]
    /// Why there is no number: metric (`instructions` too) by reason.
    public var unavailable: [String: String]

    public init(
        created: String, reason: String, reference: BaselineReference, configuration: BaselineConfiguration,
        workloads: [BaselineWorkload], machine: BaselineMachine, versions: [String: String], noise: MachineNoise? = nil,
        instructions: [BaselineInstructions] = [], runs: [BaselineRun], unavailable: [String: String] = [:]
    ) {
        self.created = created
        self.reason = reason
        self.reference = reference
        self.configuration = configuration
        self.workloads = workloads
        self.machine = machine
        self.versions = versions
        self.noise = noise
        self.instructions = instructions
        self.runs = runs
        self.unavailable = unavailable
    }
}

/// The program that was measured, and how to have it again.
public struct BaselineReference: Sendable, Hashable, Codable {
    /// Full hash; `nil` when the program was not built in a repository.
    public var commit: String?
    /// The working tree had changes that the commit does not hold: it cannot be rebuilt.
    public var isDirty: Bool
    public var binarySHA256: String
    /// `swift build ...` in a checkout of the commit.
    public var buildCommand: String

    public init(commit: String?, isDirty: Bool, binarySHA256: String, buildCommand: String) {
        self.commit = commit
        self.isDirty = isDirty
        self.binarySHA256 = binarySHA256
        self.buildCommand = buildCommand
    }

    /// Why it cannot be built again; `nil` when it can.
    public var obstacle: String? {
        if commit == nil { return "it names no commit, because it was not made in a git repository" }
        return isDirty ? "it was made from a working tree with changes that its commit does not hold" : nil
    }
}

/// The settings under which every run of a baseline and of its gates runs.
public struct BaselineConfiguration: Sendable, Hashable, Codable {
    /// `name=value`, sorted: what was given. The rest is the built-in default of the machine.
    public var settings: [String]
    /// Of the settings as lines that end in a line break.
    public var sha256: String

    public init(settings: [String], sha256: String) {
        self.settings = settings
        self.sha256 = sha256
    }
}

/// One workload: what it is, and what the reference finds in it.
public struct BaselineWorkload: Sendable, Hashable, Codable {
    public var name: String
    /// Over the content of its files.
    public var sha256: String
    public var bytes: Int
    /// Spectra, where the program counts them.
    public var items: Int?
    /// SHA-256 over the result tables; independent of execution settings and of the CPU.
    public var digest: String
    /// Rows of the workload's truth that the reference finds; `truthExpected` is 0 without a truth.
    public var truthFound: Int
    public var truthExpected: Int
    /// Features in the reference's table.
    public var features: Int

    public init(
        name: String, sha256: String, bytes: Int, items: Int?, digest: String, truthFound: Int, truthExpected: Int,
        features: Int
    ) {
        self.name = name
        self.sha256 = sha256
        self.bytes = bytes
        self.items = items
        self.digest = digest
        self.truthFound = truthFound
        self.truthExpected = truthExpected
        self.features = features
    }
}

/// Instructions of runs of the reference, with everything that they depend on.
public struct BaselineInstructions: Sendable, Hashable, Codable {
    public var workload: String
    public var key: InstructionKey
    /// `name=value`, sorted: what the counted runs were given, so that no default follows the machine.
    public var settings: [String]
    /// Of each run.
    public var counts: [Int]

    public init(workload: String, key: InstructionKey, settings: [String], counts: [Int]) {
        self.workload = workload
        self.key = key
        self.settings = settings
        self.counts = counts
    }

    /// What keeps a count that was made here from being compared; empty when nothing does.
    public func obstacles(key here: InstructionKey, settings hereSettings: [String]) -> [String] {
        key.differences(from: here)
            + (settings == hereSettings
                ? [] : ["settings \(settings.joined(separator: " ")) against \(hereSettings.joined(separator: " "))"])
    }

    /// Half-way between the two in the middle of an even number of runs, rounded down; `nil` without runs.
    public var median: Int? {
        guard !counts.isEmpty else { return nil }
        let sorted = counts.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// Largest over smallest minus 1; `nil` without runs.
    public var spread: Double? {
        guard let low = counts.min(), let high = counts.max(), low > 0 else { return nil }
        return Double(high) / Double(low) - 1
    }
}

/// One measured run of the reference on one workload.
public struct BaselineRun: Sendable, Hashable, Codable {
    /// Position in time over all workloads, from 0.
    public var order: Int
    public var workload: String
    /// Seconds since 1970.
    public var startedAt: Double
    /// By metric: seconds, bytes, joules.
    public var values: [String: Double]
    public var digest: String

    public init(order: Int, workload: String, startedAt: Double, values: [String: Double], digest: String) {
        self.order = order
        self.workload = workload
        self.startedAt = startedAt.roundedForStorage
        self.values = values.mapValues(\.roundedForStorage)
        self.digest = digest
    }
}

extension Double {
    /// Six decimals: a microsecond, a millionth; so that a file does not change in digits that mean nothing.
    var roundedForStorage: Double { magnitude < 1e9 ? (self * 1e6).rounded() / 1e6 : rounded() }
}

extension BaselineEntry {
    /// A metric's values of all runs on a workload, in time order.
    public func values(of metric: String, workload: String) -> [Double] {
        runs.filter { $0.workload == workload }.compactMap { $0.values[metric] }
    }

    public func workload(_ name: String) -> BaselineWorkload? { workloads.first { $0.name == name } }
}
