import Statistics

extension StudyReport {
    /// The interleaved runs after the search, and what they say.
    public struct Confirmation: Codable, Sendable, Hashable {
        /// Usually three: the built-in default, the setting in place before, the best found. An arm may be missing.
        public var arms: [Arm]
        public var comparisons: [Comparison]
        /// The metric of the headline.
        public var headlineMetric: Metric
        /// The better of the known settings: what the best found is judged against.
        public var headlineReference: ArmRole
        /// What a reader must know about the rows: which were disturbed, and what was done about it.
        public var note: String?

        public init(
            arms: [Arm], comparisons: [Comparison], headlineMetric: Metric, headlineReference: ArmRole,
            note: String? = nil
        ) {
            self.arms = arms
            self.comparisons = comparisons
            self.headlineMetric = headlineMetric
            self.headlineReference = headlineReference
            self.note = note
        }
    }

    /// Which configuration an arm runs.
    public enum ArmRole: String, Codable, Sendable, Hashable, CaseIterable {
        case builtInDefault
        /// What was in place before the study.
        case before
        case best
    }

    /// What a run is measured by.
    public enum Metric: String, Codable, Sendable, Hashable, CaseIterable {
        case throughput
        case wallTime
        case cpuTime
        case peakMemory
        case energy
        /// MB/s per GB of peak memory.
        case throughputPerMemory
    }

    /// One configuration of the confirmation with all its runs.
    public struct Arm: Codable, Sendable, Hashable {
        public var role: ArmRole
        public var configuration: [Setting]
        public var accuracy: Reported<Accuracy>
        /// In time order.
        public var runs: [Run]

        public init(role: ArmRole, configuration: [Setting], accuracy: Reported<Accuracy>, runs: [Run]) {
            self.role = role
            self.configuration = configuration
            self.accuracy = accuracy
            self.runs = runs
        }
    }

    /// One run of the engine.
    public struct Run: Codable, Sendable, Hashable {
        /// Position in time among the runs of all arms, from 0.
        public var order: Int
        /// Which round of interleaved runs this belongs to, from 0; runs of one round are compared with each other.
        public var round: Int
        /// Seconds.
        public var wallTime: Reported<Double>
        /// User and system time, seconds.
        public var cpuTime: Reported<Double>
        /// MB/s.
        public var throughput: Reported<Double>
        /// MB.
        public var peakMemory: Reported<Double>
        /// Share of the run during which some task waited for a CPU (pressure stall information), 0...1.
        public var cpuPressure: Reported<Double>
        /// Share of CPU time that the hypervisor gave to others, 0...1.
        public var steal: Reported<Double>
        /// Joules of the CPU packages; `nil` on pages of earlier versions.
        public var energy: Reported<Double>?

        public init(
            order: Int, round: Int, wallTime: Reported<Double>, cpuTime: Reported<Double>,
            throughput: Reported<Double>, peakMemory: Reported<Double>, cpuPressure: Reported<Double>,
            steal: Reported<Double>, energy: Reported<Double>? = nil
        ) {
            self.order = order
            self.round = round
            self.wallTime = wallTime
            self.cpuTime = cpuTime
            self.throughput = throughput
            self.peakMemory = peakMemory
            self.cpuPressure = cpuPressure
            self.steal = steal
            self.energy = energy
        }

        func value(_ metric: Metric) -> Double? {
            switch metric {
            case .throughput: throughput.finite
            case .wallTime: wallTime.finite
            case .cpuTime: cpuTime.finite
            case .peakMemory: peakMemory.finite
            case .energy: energy?.finite
            case .throughputPerMemory:
                if let speed = throughput.finite, let memory = peakMemory.finite, memory > 0 {
                    speed / memory * 1_000
                } else {
                    nil
                }
            }
        }
    }

    /// One metric of two arms: `candidate` divided by `reference`, as `PairedRatio(before:after:)` gives it.
    public struct Comparison: Codable, Sendable, Hashable {
        public var metric: Metric
        public var reference: ArmRole
        public var candidate: ArmRole
        public var ratio: Reported<PairedRatio>

        public init(metric: Metric, reference: ArmRole, candidate: ArmRole, ratio: Reported<PairedRatio>) {
            self.metric = metric
            self.reference = reference
            self.candidate = candidate
            self.ratio = ratio
        }
    }
}

extension StudyReport.ArmRole {
    var name: String {
        switch self {
        case .builtInDefault: "built-in default"
        case .before: "in place before"
        case .best: "best found"
        }
    }

    /// Where there is little room.
    var shortName: String {
        switch self {
        case .builtInDefault: "default"
        case .before: "before"
        case .best: "best"
        }
    }

    /// As part of a sentence.
    var phrase: String {
        switch self {
        case .builtInDefault: "the built-in default"
        case .before: "the setting in place before"
        case .best: "the best setting found"
        }
    }

    var className: String {
        switch self {
        case .builtInDefault: "arm-default"
        case .before: "arm-before"
        case .best: "arm-best"
        }
    }

    var marker: Marker {
        switch self {
        case .builtInDefault: .square
        case .before: .diamond
        case .best: .circle
        }
    }
}

extension StudyReport.Metric {
    var name: String {
        switch self {
        case .throughput: "Throughput"
        case .wallTime: "Wall time"
        case .cpuTime: "CPU time"
        case .peakMemory: "Peak memory"
        case .energy: "CPU energy"
        case .throughputPerMemory: "Throughput per memory"
        }
    }

    var unit: String {
        switch self {
        case .throughput: "MB/s"
        case .wallTime, .cpuTime: "s"
        case .peakMemory: "MB"
        case .energy: "J"
        case .throughputPerMemory: "MB/s per GB"
        }
    }

    /// For narrow screens.
    var shortName: String { self == .throughputPerMemory ? "Throughput/GB" : name }

    /// As part of a sentence.
    var phrase: String {
        switch self {
        case .throughput: "throughput"
        case .wallTime: "wall time"
        case .cpuTime: "CPU time"
        case .peakMemory: "peak memory"
        case .energy: "CPU energy"
        case .throughputPerMemory: "throughput per memory"
        }
    }

    var higherIsBetter: Bool { self == .throughput || self == .throughputPerMemory }

    /// What a factor above 1 means: "1.42x faster".
    var gain: String {
        switch self {
        case .throughput, .wallTime: "faster"
        case .cpuTime: "less CPU time"
        case .peakMemory: "less memory"
        case .energy: "less energy"
        case .throughputPerMemory: "more throughput per memory"
        }
    }
}

extension StudyReport.Confirmation {
    /// Those that the page shows: energy only where some run has it, and what not every study asks for only where
    /// something is compared by it.
    var metrics: [StudyReport.Metric] {
        StudyReport.Metric.allCases.filter { metric in
            let isCompared = headlineMetric == metric || comparisons.contains { $0.metric == metric }
            return switch metric {
            case .throughput, .wallTime, .cpuTime, .peakMemory: true
            case .energy: isCompared || arms.contains { $0.runs.contains { $0.energy?.finite != nil } }
            case .throughputPerMemory: isCompared
            }
        }
    }

    func arm(_ role: StudyReport.ArmRole) -> StudyReport.Arm? { arms.first { $0.role == role } }

    func comparison(
        _ metric: StudyReport.Metric, _ reference: StudyReport.ArmRole
    ) -> StudyReport.Comparison? {
        comparisons.first { $0.metric == metric && $0.reference == reference && $0.candidate == .best }
    }

    /// The best found against the better of the known settings.
    var headline: PairedRatio? { comparison(headlineMetric, headlineReference)?.ratio.value }
}

/// A ratio turned so that more than 1 is better, whatever the metric; `nil` beyond a factor of a million.
struct ImprovementFactor: Equatable {
    let estimate: Double
    let lower: Double
    let upper: Double

    init?(_ ratio: PairedRatio, higherIsBetter: Bool) {
        self.init(
            estimate: ratio.estimate, lower: ratio.lower, upper: ratio.upper, higherIsBetter: higherIsBetter)
    }

    init?(_ ratio: ChangeRatio, higherIsBetter: Bool) {
        self.init(
            estimate: ratio.estimate, lower: ratio.lower, upper: ratio.upper, higherIsBetter: higherIsBetter)
    }

    /// - Parameters: candidate divided by reference.
    init?(estimate: Double, lower: Double, upper: Double, higherIsBetter: Bool) {
        guard [estimate, lower, upper].allSatisfy({ (1e-6...1e6).contains($0) }) else { return nil }
        self.estimate = higherIsBetter ? estimate : 1 / estimate
        self.lower = higherIsBetter ? lower : 1 / upper
        self.upper = higherIsBetter ? upper : 1 / lower
    }

    /// CSS class of the interval's side of 1.
    var className: String { lower > 1 ? "better" : upper < 1 ? "worse" : "same" }
    var word: String { lower > 1 ? "better" : upper < 1 ? "worse" : "within noise" }
}
