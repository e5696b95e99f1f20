/// Everything that the page about one tuning study shows; `html()` turns it into one self-contained file.
///
/// Pure data: no clock, no file, no database. Times are seconds, memory is MB (10^6 bytes), throughput is MB/s.
public struct StudyReport: Codable, Sendable, Hashable {
    /// Version of this model in the embedded JSON; raised when a field changes its meaning or disappears.
    public static let currentSchemaVersion = 1

    public var schemaVersion: Int
    public var studyID: String
    public var title: String
    /// When the study was made, as text; the page prints it and never reads a clock.
    public var created: String
    public var target: String
    public var objective: Objective
    public var verdict: Verdict
    public var confirmation: Reported<Confirmation>
    /// In the order in which they ran.
    public var trials: [Trial]
    public var parameters: [Parameter]
    public var importance: Reported<Importance>
    public var stages: Reported<StageTimes>
    public var environment: Environment
    public var reproduce: [Command]
    public var search: SearchSettings
    public var model: Reported<ModelDiagnostics>
    /// Of a study with two objectives.
    public var tradeOff: TradeOff?

    public init(
        studyID: String, title: String, created: String, target: String, objective: Objective, verdict: Verdict,
        confirmation: Reported<Confirmation>, trials: [Trial], parameters: [Parameter],
        importance: Reported<Importance>, stages: Reported<StageTimes>, environment: Environment,
        reproduce: [Command], search: SearchSettings, model: Reported<ModelDiagnostics>,
        tradeOff: TradeOff? = nil
    ) {
        schemaVersion = StudyReport.currentSchemaVersion
        self.studyID = studyID
        self.title = title
        self.created = created
        self.target = target
        self.objective = objective
        self.verdict = verdict
        self.confirmation = confirmation
        self.trials = trials
        self.parameters = parameters
        self.importance = importance
        self.stages = stages
        self.environment = environment
        self.reproduce = reproduce
        self.search = search
        self.model = model
        self.tradeOff = tradeOff
    }
}

extension StudyReport {
    /// What one trial is judged by.
    public struct Objective: Codable, Sendable, Hashable {
        /// As a heading: `Throughput`.
        public var name: String
        public var unit: String
        public var higherIsBetter: Bool
        /// How a trial's figure comes from its runs, where it is not simply what was measured.
        public var note: String?

        public init(name: String, unit: String, higherIsBetter: Bool, note: String? = nil) {
            self.name = name
            self.unit = unit
            self.higherIsBetter = higherIsBetter
            self.note = note
        }
    }

    /// How the study ended.
    public enum Verdict: Codable, Sendable, Hashable {
        /// The best setting found beats the better of the known ones beyond noise and was written.
        case improved
        /// The best setting found was written because the known ones break a constraint, whatever their speed.
        case onlyFeasible(reason: String)
        /// Measured well enough, and not better beyond noise: nothing was replaced.
        case noImprovement
        /// Too noisy to tell: nothing was replaced.
        case inconclusive
        /// The study could not be completed: nothing was replaced.
        case failed(reason: String)
    }

    /// How a trial's results compare with those of the default configuration.
    public struct Accuracy: Codable, Sendable, Hashable {
        /// F1 of the feature table against the default configuration, 0...1.
        public var f1: Reported<Double>
        /// Share of the workload's truth that was found, 0...1.
        public var truthRecall: Reported<Double>
        /// Whether the result digest equals that of the default configuration.
        public var digestEqual: Reported<Bool>

        public init(f1: Reported<Double>, truthRecall: Reported<Double>, digestEqual: Reported<Bool>) {
            self.f1 = f1
            self.truthRecall = truthRecall
            self.digestEqual = digestEqual
        }
    }

    /// A parameter's value: as a user writes it, and as a number where it has one.
    public struct Value: Codable, Sendable, Hashable {
        /// As in a configuration file: `64MiB`, `float64`, `8`.
        public var text: String
        /// Position on an axis; `nil` for choices.
        public var number: Double?

        public init(text: String, number: Double? = nil) {
            self.text = text
            self.number = number
        }
    }

    /// One parameter set to one value.
    public struct Setting: Codable, Sendable, Hashable {
        /// Dotted path: `execution.chunk_size`.
        public var parameter: String
        public var value: Value

        public init(parameter: String, value: Value) {
            self.parameter = parameter
            self.value = value
        }
    }

    /// A named line of text, such as `CPU model: ...`.
    public struct Fact: Codable, Sendable, Hashable {
        public var name: String
        public var value: Reported<String>

        public init(name: String, value: Reported<String>) {
            self.name = name
            self.value = value
        }
    }

    /// A command to copy.
    public struct Command: Codable, Sendable, Hashable {
        /// What it does: `Run the study again`.
        public var purpose: String
        public var command: String

        public init(purpose: String, command: String) {
            self.purpose = purpose
            self.command = command
        }
    }
}
