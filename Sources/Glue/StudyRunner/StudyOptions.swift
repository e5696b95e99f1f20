import BayesianTuning
import Benchmarking
import HostEnvironment
import Parameters

/// What a study optimises.
public enum StudyTarget: String, Sendable, Hashable, Codable, CaseIterable {
    /// MB of input per second of wall time.
    case throughput
    /// Peak resident memory.
    case memory
    /// User and system time.
    case cpuUsage = "cpu_usage"
    /// Joules of the CPU packages during a run. Their counters know no processes: idle power and other programs are in it.
    case energy
    /// Throughput and peak memory: the trade-off between both is searched, and the most throughput per memory is taken.
    case balanced

    public var direction: ObjectiveDirection {
        switch self {
        case .throughput, .balanced: .maximise
        case .memory, .cpuUsage, .energy: .minimise
        }
    }

    /// What the search models: the target itself, or both sides of a trade-off.
    public var objectives: [StudyTarget] { self == .balanced ? [.throughput, .memory] : [self] }

    /// What parameters must be able to save to be worth searching.
    var purposes: ParameterPurposes {
        switch self {
        case .throughput, .cpuUsage, .energy: [.time]
        case .memory: [.memory]
        case .balanced: [.time, .memory]
        }
    }

    public var metric: Metric {
        switch self {
        case .throughput: .throughput(of: "MB")
        case .memory: .peakMemory
        case .cpuUsage: .cpu
        case .energy: .energy
        case .balanced: .throughputPerMemory
        }
    }

    /// The objective of one run: MB/s, bytes, seconds, joules, or MB/s per GB.
    public func value(of run: ProgramRun) -> Measured<Double> { run.value(of: metric) }

    /// How many times better `value` is than `reference`: above 1 is better, whatever the direction.
    public func gain(of value: Double, over reference: Double) -> Double {
        direction == .maximise ? value / reference : reference / value
    }
}

/// How a study is done. Stored with it, so that `resume` goes on in the same way.
public struct StudyOptions: Sendable, Hashable, Codable {
    public var target = StudyTarget.throughput
    /// Configurations to try at most.
    public var budget = 50
    public var seed: UInt64 = 1
    public var strategy = SearchStrategy.bayesian
    /// Peak memory that the configuration must not pass.
    public var maximumMemoryBytes: Int?
    /// Wall seconds that a run must not pass.
    public var maximumSeconds: Double?
    /// F1 against the default's results.
    public var minimumAccuracy = 0.999
    /// Pairs of runs per configuration: the default and the configuration in alternating order.
    public var minimumRepeats = 2
    /// Pairs per configuration when runs are short, pairs disagree, or runs were disturbed.
    public var maximumRepeats = 5
    /// A configuration that is worth it is run until it has been measured for so long, within the bounds on repeats: short
    /// runs are noisy and cheap.
    public var measuredSeconds = 0.8
    /// Interleaved rows of the confirmation, at least.
    public var confirmationRows = 12
    /// Rows when runs are short: as many as fit into `shortConfirmationSeconds`. Fixed before the first row, so that no
    /// result decides when to stop.
    public var maximumConfirmationRows = 40
    public var shortConfirmationSeconds = 30.0
    /// The confirmation stops after so many seconds, but not before `Comparison.minimumPairs` rows.
    public var confirmationSeconds = 600.0
    /// Bound on the whole study, search and confirmation, over all processes that work on it. The search stops while there
    /// is time for the confirmation; only a confirmation of the fewest rows that can show anything, and a run that hangs until its
    /// own limit, may pass the bound.
    public var tuningSeconds: Double?
    /// The search stops when the model expects less than this share from anything not tried yet; 0 never stops it.
    public var worthwhileGain = 0.002
    /// Whether earlier studies of this or a similar machine, in the same store, inform the search.
    public var usesEarlierStudies = true

    public init() {}

    static let memoryConstraint = "memory"
    static let timeConstraint = "time"

    /// What the study asks for: its target, and what it has bounds for.
    public var purposes: ParameterPurposes {
        var purposes = target.purposes
        if maximumMemoryBytes != nil { purposes.insert(.memory) }
        if maximumSeconds != nil { purposes.insert(.time) }
        return purposes
    }

    /// The bounds as the tuner takes them.
    public var constraints: [Constraint] {
        var constraints: [Constraint] = []
        if let maximumMemoryBytes {
            constraints.append(Constraint(name: Self.memoryConstraint, .atMost, Double(maximumMemoryBytes)))
        }
        if let maximumSeconds { constraints.append(Constraint(name: Self.timeConstraint, .atMost, maximumSeconds)) }
        return constraints
    }

    /// Rows of a confirmation whose rows take so long.
    func rows(secondsPerRow: Double) -> Int {
        let fitting =
            secondsPerRow > 0 ? Int(min(shortConfirmationSeconds / secondsPerRow, 1e6)) : maximumConfirmationRows
        return max(confirmationRows, min(fitting, maximumConfirmationRows))
    }

    /// Bounds of one run. A run is not killed at a small limit of memory or time: only the real figure tells how far a
    /// configuration is from meeting it.
    /// - Parameter defaultSeconds: what the default took, `nil` while it is not known.
    func limits(defaultSeconds: Double?, usableMemoryBytes: Int?) -> RunLimits {
        let timeout: Double
        if let defaultSeconds {
            timeout = max(30, maximumSeconds.map { 2 * $0 } ?? 10 * defaultSeconds)
        } else {
            // Without a run of the default there is nothing to compare with: it may take long.
            timeout = max(1_800, 10 * (maximumSeconds ?? 0))
        }
        let roomy = maximumMemoryBytes.map { max(2 * $0, 1 << 30) }
        let memory = [roomy, usableMemoryBytes].compactMap { $0 }.min()
        return RunLimits(timeoutSeconds: timeout, memoryBytes: memory)
    }
}

extension StudyOptions {
    /// Options of an older study lack what came later; it then was as the default is.
    public init(from decoder: any Decoder) throws {
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ path: WritableKeyPath<StudyOptions, Value>, _ key: CodingKeys) throws {
            if let value = try stored.decodeIfPresent(Value.self, forKey: key) { self[keyPath: path] = value }
        }
        self.init()
        try read(\.target, .target)
        try read(\.budget, .budget)
        try read(\.seed, .seed)
        try read(\.strategy, .strategy)
        try read(\.maximumMemoryBytes, .maximumMemoryBytes)
        try read(\.maximumSeconds, .maximumSeconds)
        try read(\.minimumAccuracy, .minimumAccuracy)
        try read(\.minimumRepeats, .minimumRepeats)
        try read(\.maximumRepeats, .maximumRepeats)
        try read(\.measuredSeconds, .measuredSeconds)
        try read(\.confirmationRows, .confirmationRows)
        try read(\.maximumConfirmationRows, .maximumConfirmationRows)
        try read(\.shortConfirmationSeconds, .shortConfirmationSeconds)
        try read(\.confirmationSeconds, .confirmationSeconds)
        try read(\.tuningSeconds, .tuningSeconds)
        try read(\.worthwhileGain, .worthwhileGain)
        try read(\.usesEarlierStudies, .usesEarlierStudies)
    }
}
