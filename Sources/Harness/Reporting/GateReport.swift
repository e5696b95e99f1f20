/// What a gate compared, what it decided and why: everything that its table, JUnit, JSON, Markdown and HTML show.
///
/// Pure data: no clock, no file.
public struct GateReport: Codable, Sendable, Hashable {
    /// Version of this model in JSON; raised when a field changes its meaning or disappears.
    public static let currentSchemaVersion = 2

    public var schemaVersion: Int
    /// Name of the baseline.
    public var baseline: String
    /// `latest` or `pinned`.
    public var entry: String
    /// When the gate ran, as text.
    public var created: String
    public var outcome: Outcome
    public var exitStatus: Int
    /// The outcome and why, as one plain sentence.
    public var sentence: String
    /// How it was compared, as part of a sentence: `interleaved pairs on this machine`.
    public var method: String
    /// Wall seconds of the whole gate.
    public var seconds: Double
    /// Interleaved pairs that the decision stands on; 0 without a reference's program.
    public var pairs: Int
    public var programs: [Program]
    /// In the order in which they decide: accuracy, then the metrics.
    public var checks: [Check]
    /// Fields in which the machine differs from the baseline's.
    public var differences: [Difference]
    /// The rule, the noise and what else explains the verdict.
    public var facts: [StudyReport.Fact]
    /// What can be measured on this machine and how, and why the rest cannot.
    public var sources: [StudyReport.Fact]
    public var notes: [String]
    /// In time order.
    public var runs: [Run]
    public var reproduce: [StudyReport.Command]

    public init(
        baseline: String, entry: String, created: String, outcome: Outcome, exitStatus: Int, sentence: String,
        method: String, seconds: Double = 0, pairs: Int = 0, programs: [Program] = [],
        checks: [Check] = [], differences: [Difference] = [], facts: [StudyReport.Fact] = [],
        sources: [StudyReport.Fact] = [], notes: [String] = [], runs: [Run] = [],
        reproduce: [StudyReport.Command] = []
    ) {
        schemaVersion = Self.currentSchemaVersion
        self.baseline = baseline
        self.entry = entry
        self.created = created
        self.outcome = outcome
        self.exitStatus = exitStatus
        self.sentence = sentence
        self.method = method
        self.seconds = seconds
        self.pairs = pairs
        self.programs = programs
        self.checks = checks
        self.differences = differences
        self.facts = facts
        self.sources = sources
        self.notes = notes
        self.runs = runs
        self.reproduce = reproduce
    }
}

extension GateReport {
    public enum Outcome: String, Codable, Sendable, Hashable, CaseIterable {
        case passed
        /// Passed, and something got better beyond noise.
        case improved
        case regression
        /// The machine was too noisy for the tolerance.
        case inconclusive
        /// Results are not what they were.
        case accuracyLost
        /// Another machine, workload or schema, or no reference.
        case notComparable
        case nothingMeasured
        /// The harness or a program failed.
        case failed
        case interrupted
    }

    /// One of the programs that were compared.
    public struct Program: Codable, Sendable, Hashable {
        /// `reference` or `candidate`.
        public var role: String
        public var path: String
        public var sha256: String
        /// Commit and version, as far as known.
        public var description: String

        public init(role: String, path: String, sha256: String, description: String) {
            self.role = role
            self.path = path
            self.sha256 = sha256
            self.description = description
        }
    }

    /// A field in which this machine differs from the baseline's.
    public struct Difference: Codable, Sendable, Hashable {
        public var name: String
        public var baseline: String
        public var here: String
        /// Part of the machine's identity.
        public var isStable: Bool

        public init(name: String, baseline: String, here: String, isStable: Bool) {
            self.name = name
            self.baseline = baseline
            self.here = here
            self.isStable = isStable
        }
    }

    /// One metric of one workload.
    public struct Check: Codable, Sendable, Hashable {
        public enum State: String, Codable, Sendable, Hashable, CaseIterable {
            case passed, improved, failed, inconclusive, notComparable, notMeasured
        }

        public var workload: String
        /// Stable key: `digest`, `truth`, `wall`, `instructions`, ...
        public var metric: String
        /// For people: `wall time`.
        public var title: String
        public var state: State
        /// Whether the verdict rests on it; otherwise it is only shown.
        public var decides: Bool
        public var higherIsBetter: Bool
        /// With its unit.
        public var reference: Reported<String>
        public var candidate: Reported<String>
        public var ratio: Reported<ChangeRatio>
        /// Largest relative change for the worse that is let through; `nil` where none is asked.
        public var tolerance: Double?
        /// One sentence: why this state.
        public var detail: String

        public init(
            workload: String, metric: String, title: String, state: State, decides: Bool, higherIsBetter: Bool = false,
            reference: Reported<String>, candidate: Reported<String>, ratio: Reported<ChangeRatio>,
            tolerance: Double? = nil, detail: String
        ) {
            self.workload = workload
            self.metric = metric
            self.title = title
            self.state = state
            self.decides = decides
            self.higherIsBetter = higherIsBetter
            self.reference = reference
            self.candidate = candidate
            self.ratio = ratio
            self.tolerance = tolerance
            self.detail = detail
        }
    }

    /// One run, as it counted.
    public struct Run: Codable, Sendable, Hashable {
        /// Position in time, from 0.
        public var order: Int
        /// Number of the pair, of which each role may have several runs; -1 for a warm-up.
        public var pair: Int
        /// `reference` or `candidate`.
        public var role: String
        public var workload: String
        /// By metric, in s, bytes and J; what was not measured is left out.
        public var values: [String: Double]
        /// Why the run does not count.
        public var failure: String?

        public init(
            order: Int, pair: Int, role: String, workload: String, values: [String: Double],
            failure: String? = nil
        ) {
            self.order = order
            self.pair = pair
            self.role = role
            self.workload = workload
            self.values = values
            self.failure = failure
        }
    }
}

extension GateReport.Outcome {
    public var word: String {
        switch self {
        case .passed: "Passed"
        case .improved: "Improved"
        case .regression: "Regression"
        case .inconclusive: "Inconclusive"
        case .accuracyLost: "Accuracy lost"
        case .notComparable: "Not comparable"
        case .nothingMeasured: "Nothing measured"
        case .failed: "Failed"
        case .interrupted: "Interrupted"
        }
    }

    var className: String {
        switch self {
        case .passed, .improved: "verdict-improved"
        case .inconclusive, .notComparable, .nothingMeasured, .interrupted: "verdict-inconclusive"
        case .regression, .accuracyLost, .failed: "verdict-failed"
        }
    }

    /// Strokes of the icon in a box of 24: tick, arrow up, arrow down, question mark, cross.
    var iconPath: String {
        switch self {
        case .passed: VerdictIcon.tick
        case .improved: VerdictIcon.arrowUp
        case .regression: VerdictIcon.arrowDown
        case .inconclusive, .notComparable, .nothingMeasured: VerdictIcon.questionMark
        case .accuracyLost, .failed, .interrupted: VerdictIcon.cross
        }
    }
}

extension GateReport.Check.State {
    public var word: String {
        switch self {
        case .passed: "ok"
        case .improved: "better"
        case .failed: "worse"
        case .inconclusive: "cannot tell"
        case .notComparable: "not comparable"
        case .notMeasured: "not measured"
        }
    }

    /// CSS class of its colour.
    var className: String {
        switch self {
        case .passed: "same"
        case .improved: "better"
        case .failed: "worse"
        case .inconclusive, .notComparable, .notMeasured: "state-infeasible"
        }
    }
}

extension GateReport.Check {
    /// The verdict's word; what does not decide says so.
    public var verdict: String { decides ? state.word : "(\(state.word))" }

    /// Headings of `cells`.
    public static let headings = [
        "workload", "metric", "reference", "candidate", "ratio (interval)", "tolerance", "could see", "verdict",
    ]

    /// One row of the table, for a terminal, Markdown and HTML alike; what is missing is a dash.
    public var cells: [String] {
        [
            workload, title, reference.value ?? "\u{2013}", candidate.value ?? "\u{2013}", ratioText,
            tolerance.map { Self.percent($0) } ?? "\u{2013}",
            ratio.value.map { Self.seen($0) } ?? "\u{2013}", verdict,
        ]
    }

    /// `1.032 (1.011–1.055)`; the interval is left out for counts that do not scatter.
    private var ratioText: String {
        guard let ratio = ratio.value else { return "\u{2013}" }
        let digits = abs(ratio.estimate - 1) < 0.0005 && ratio.estimate != 1 ? 5 : 3
        let estimate = NumberText.fixed(ratio.estimate, digits)
        guard ratio.hasInterval else { return estimate }
        return "\(estimate) (\(NumberText.fixed(ratio.lower, 3))\u{2013}\(NumberText.fixed(ratio.upper, 3)))"
    }

    static func percent(_ share: Double) -> String {
        let percent = share * 100
        return NumberText.fixed(percent, percent < 10 && percent != percent.rounded() ? 1 : 0) + " %"
    }

    private static func seen(_ ratio: ChangeRatio) -> String {
        let effect = ratio.smallestDetectable
        guard effect.isFinite, effect > 0 else { return effect == 0 ? "any" : "\u{2013}" }
        return effect < 0.0005 ? "< 0.1 %" : percent(effect)
    }
}
