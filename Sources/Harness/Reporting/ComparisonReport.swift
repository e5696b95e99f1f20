/// Everything that the page about two compared engines or configurations shows; `html()` turns it into one file.
///
/// Pure data: no clock, no file. Memory is MB (10^6 bytes), times are seconds.
public struct ComparisonReport: Codable, Sendable, Hashable {
    /// Version of this model in the embedded JSON; raised when a field changes its meaning or disappears.
    public static let currentSchemaVersion = 2

    /// How the runs were made.
    public enum Manner: String, Codable, Sendable, Hashable {
        /// Both in turn on one machine.
        case interleaved
        /// Two files of runs that were made one after the other.
        case stored
    }

    public enum Verdict: String, Codable, Sendable, Hashable, CaseIterable {
        case passed, improvement, regression, inconclusive, accuracyLost, notComparable, nothingMeasured, failed
    }

    public var schemaVersion: Int
    public var title: String
    /// As text; the page prints it and never reads a clock.
    public var created: String
    public var manner: Manner
    public var verdict: Verdict
    public var sentence: String
    /// What a reader must know about the runs, the loudest first.
    public var notes: [String]
    /// Before, then after.
    public var arms: [Arm]
    public var accuracy: [Accuracy]
    public var rows: [Row]
    /// In time order.
    public var runs: [Run]
    public var environment: StudyReport.Environment
    public var reproduce: [StudyReport.Command]

    public init(
        title: String, created: String, manner: Manner, verdict: Verdict, sentence: String, notes: [String],
        arms: [Arm], accuracy: [Accuracy], rows: [Row], runs: [Run], environment: StudyReport.Environment,
        reproduce: [StudyReport.Command]
    ) {
        schemaVersion = Self.currentSchemaVersion
        self.title = title
        self.created = created
        self.manner = manner
        self.verdict = verdict
        self.sentence = sentence
        self.notes = notes
        self.arms = arms
        self.accuracy = accuracy
        self.rows = rows
        self.runs = runs
        self.environment = environment
        self.reproduce = reproduce
    }
}

extension ComparisonReport {
    /// One side: an engine with a configuration.
    public struct Arm: Codable, Sendable, Hashable {
        public var name: String
        public var facts: [StudyReport.Fact]
        /// By dotted name.
        public var settings: [StudyReport.Setting]

        public init(name: String, facts: [StudyReport.Fact], settings: [StudyReport.Setting]) {
            self.name = name
            self.facts = facts
            self.settings = settings
        }
    }

    /// The results of one workload on both sides.
    public struct Accuracy: Codable, Sendable, Hashable {
        public var workload: String
        public var digestsEqual: Reported<Bool>
        /// F1 of the feature table after against before.
        public var f1: Reported<Double>
        /// `46 of 50`.
        public var truthBefore: Reported<String>
        public var truthAfter: Reported<String>
        public var identificationsBefore: Reported<String>
        public var identificationsAfter: Reported<String>
        /// Why this counts as a loss.
        public var loss: String?

        public init(
            workload: String, digestsEqual: Reported<Bool>, f1: Reported<Double>, truthBefore: Reported<String>,
            truthAfter: Reported<String>, identificationsBefore: Reported<String>,
            identificationsAfter: Reported<String>, loss: String?
        ) {
            self.workload = workload
            self.digestsEqual = digestsEqual
            self.f1 = f1
            self.truthBefore = truthBefore
            self.truthAfter = truthAfter
            self.identificationsBefore = identificationsBefore
            self.identificationsAfter = identificationsAfter
            self.loss = loss
        }
    }

    public enum RowVerdict: String, Codable, Sendable, Hashable, CaseIterable {
        case worse, unconfirmed, better, noDifference, inconclusive, notMeasured
    }

    /// One metric of one workload.
    public struct Row: Codable, Sendable, Hashable {
        public var workload: String
        /// As a heading: `Wall time`.
        public var metric: String
        public var unit: String
        public var higherIsBetter: Bool
        /// Whether it takes part in the verdict, or is only shown.
        public var decides: Bool
        /// Medians.
        public var before: Reported<Double>
        public var after: Reported<Double>
        public var ratio: Reported<ChangeRatio>
        /// Relative change that does not count.
        public var tolerance: Double
        public var verdict: RowVerdict

        public init(
            workload: String, metric: String, unit: String, higherIsBetter: Bool, decides: Bool,
            before: Reported<Double>, after: Reported<Double>, ratio: Reported<ChangeRatio>, tolerance: Double,
            verdict: RowVerdict
        ) {
            self.workload = workload
            self.metric = metric
            self.unit = unit
            self.higherIsBetter = higherIsBetter
            self.decides = decides
            self.before = before
            self.after = after
            self.ratio = ratio
            self.tolerance = tolerance
            self.verdict = verdict
        }
    }

    /// One run over all workloads.
    public struct Run: Codable, Sendable, Hashable {
        /// 0 for before, 1 for after.
        public var arm: Int
        /// Position in time among all runs, from 0.
        public var order: Int
        /// Pair, or number of the run within its file, from 0.
        public var round: Int
        public var wallTime: Reported<Double>
        public var cpuTime: Reported<Double>
        /// MB/s.
        public var throughput: Reported<Double>
        /// MB.
        public var peakMemory: Reported<Double>
        /// Share of the run in which some task waited for a CPU.
        public var cpuPressure: Reported<Double>
        public var steal: Reported<Double>
        /// Why other load is likely to have changed it; `nil` when nothing says so.
        public var disturbance: String?

        public init(
            arm: Int, order: Int, round: Int, wallTime: Reported<Double>, cpuTime: Reported<Double>,
            throughput: Reported<Double>, peakMemory: Reported<Double>, cpuPressure: Reported<Double>,
            steal: Reported<Double>, disturbance: String?
        ) {
            self.arm = arm
            self.order = order
            self.round = round
            self.wallTime = wallTime
            self.cpuTime = cpuTime
            self.throughput = throughput
            self.peakMemory = peakMemory
            self.cpuPressure = cpuPressure
            self.steal = steal
            self.disturbance = disturbance
        }
    }
}

extension ComparisonReport.Verdict {
    var word: String {
        switch self {
        case .passed: "No change beyond tolerance"
        case .improvement: "Better"
        case .regression: "Regression"
        case .inconclusive: "Inconclusive"
        case .accuracyLost: "Accuracy lost"
        case .notComparable: "Not comparable"
        case .nothingMeasured: "Nothing measured"
        case .failed: "Failed"
        }
    }

    var className: String {
        switch self {
        case .improvement: "verdict-improved"
        case .passed: "verdict-none"
        case .inconclusive, .notComparable, .nothingMeasured: "verdict-inconclusive"
        case .regression, .accuracyLost, .failed: "verdict-failed"
        }
    }

    /// Strokes in a box of 24: arrow up, equals, arrow down, question mark, cross.
    var iconPath: String {
        switch self {
        case .improvement: VerdictIcon.arrowUp
        case .passed: VerdictIcon.equals
        case .regression: VerdictIcon.arrowDown
        case .inconclusive, .notComparable, .nothingMeasured: VerdictIcon.questionMark
        case .accuracyLost, .failed: VerdictIcon.cross
        }
    }
}

extension ComparisonReport.RowVerdict {
    var word: String {
        switch self {
        case .worse: "worse"
        case .unconfirmed: "worse at first, not again"
        case .better: "better"
        case .noDifference: "no change beyond tolerance"
        case .inconclusive: "cannot tell"
        case .notMeasured: "not measured"
        }
    }
}

extension ComparisonReport {
    /// The whole report as one file: well-formed, self-contained, the same bytes for the same model.
    /// - Throws: `ReportError`, which cannot happen for a model of this program.
    public func html() throws(ReportError) -> String {
        ComparisonPage(report: self, json: try PageData.json(self, what: "the comparison")).html
    }

    /// Reads the model back from a page that `html()` wrote.
    /// - Throws: `ReportError`.
    public init(html: String) throws(ReportError) {
        let report: ComparisonReport = try PageData.model(inPage: html, what: "a Lavoisier comparison")
        guard report.schemaVersion <= Self.currentSchemaVersion else {
            throw ReportError(
                code: .newerSchema,
                reason: "the comparison has schema \(report.schemaVersion), this version reads up to "
                    + "\(Self.currentSchemaVersion); use a newer version")
        }
        self = report
    }
}
