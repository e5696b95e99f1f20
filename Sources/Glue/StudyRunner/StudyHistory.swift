import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import ResultStore

/// A trial of the search with all its runs.
public struct StudyTrial: Sendable {
    public let record: TrialRecord
    public let configuration: Configuration
    public let runs: [StoredRun]
    /// `nil` for a trial that was interrupted or still runs.
    public let judgement: TrialJudgement?

    public var number: Int { record.number }
    /// Runs that decide the trial.
    public var candidateRuns: [ProgramRun] { runs.filter { $0.arm == RunArm.candidate }.map(\.run) }
    /// The first trial of the same configuration, if this one repeats it; repeats do not count against the budget.
    public let repeats: Int?
    /// The objectives that `judgement` took the median of, one per run: corrected for drift.
    public let pairObjectives: [Double]
    /// Good runs of the default between them; none in the default's own trial.
    public var referenceRuns: [ProgramRun] { TrialRuns(runs).references.map(\.run) }
}

/// What a study is given beside its options.
public struct StudyInputs: Sendable, Hashable, Codable {
    /// The searched settings of the configuration in place; `nil` when the default is.
    public var before: [Setting]?
    /// The user's own configurations, tried right after the default and the one in place; they count.
    public var enqueued: [[Setting]]?
    /// Settings that are not searched and hold in every trial; `nil` without a `--base` file.
    public var base: [Setting]?
    /// Paths of the files that the user gave, for the record and for what is written at the end.
    public var baseFile: String?
    public var enqueueFile: String?
    public var configurationFile: String?
    /// What can be measured on the machine, how, and why the rest cannot; `nil` in studies of older versions.
    public var sources: MeasurementSources?
    /// What was asked to be searched, in the user's words; `nil` for the default.
    public var parameters: String?
    /// What is not searched and why; `nil` in studies of older versions.
    public var leftOut: [LeftOutParameter]?
    /// Settings of the configuration in place that the search does not know and that are not the default: the study does
    /// without them. `nil` where there are none.
    public var notInPlace: [Setting]?

    public init(before: [Setting]? = nil, enqueued: [[Setting]]? = nil, base: [Setting]? = nil) {
        self.before = before
        self.enqueued = enqueued
        self.base = base
    }
}

/// What is stored as a study's options.
struct StudyDocument: Codable {
    var options: StudyOptions
    /// As in `inputs`; the key of the first version.
    var before: [Setting]?
    /// `nil` in studies of the first version.
    var inputs: StudyInputs?
    /// The earlier studies that inform this one, oldest first; `nil` in studies from before there were any.
    var earlier: [EarlierStudy]?

    init(options: StudyOptions, inputs: StudyInputs, earlier: [EarlierStudy]) {
        self.options = options
        before = inputs.before
        self.inputs = inputs
        self.earlier = earlier
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// Everything that the store knows of a study: what `resume` goes on from and what a report shows.
public struct StudyHistory: Sendable {
    public let record: StudyRecord
    public let options: StudyOptions
    public let space: SearchSpace
    /// What was in place before the study, from this machine's profile and a base file; `nil` when the default was.
    public let before: Configuration?
    /// The user's own configurations.
    public let enqueued: [Configuration]
    public let inputs: StudyInputs
    /// Trials of the search by number.
    public let trials: [StudyTrial]
    /// The last confirmation that was finished.
    public let confirmation: Confirmation?
    public let verdict: StudyVerdict?
    /// Child processes that ran, warm-ups and repeats included.
    public let engineRuns: Int
    /// CPU seconds of all of them.
    public let engineCPUSeconds: Double
    /// Runs that failed.
    public let failedRuns: Int
    let pace: StudyPace
    let results: ConfigurationResults
    /// Ids of the earlier studies that inform this one, oldest first.
    public let earlierStudies: [String]
    let earlier: [EarlierTrial]
    /// Of a finished study with two objectives, by throughput: MB/s and bytes of memory as the tuner believes them.
    public let front: [ParetoMember]

    /// Whether what earlier studies found is read as well: only the tuner needs it.
    public enum EarlierUse: Sendable {
        case included
        case leftOut
    }

    public init(study reference: String, store: TrialStore, earlier use: EarlierUse = .included) throws {
        let record = try store.study(reference)
        self.record = record
        let document = try Self.decode(StudyDocument.self, record.plan.optionsJSON, "options", record.id)
        options = document.options
        let space = try SearchSpace(SearchSpaceDocument(json: record.plan.searchSpaceJSON).parameters())
        self.space = space
        let inputs = document.inputs ?? StudyInputs(before: document.before)
        self.inputs = inputs
        before = try inputs.before.map { try Self.configuration($0, in: space) }
        enqueued = try (inputs.enqueued ?? []).map { try Self.configuration($0, in: space) }
        var trials: [StudyTrial] = []
        var defaultJudgement: TrialJudgement?
        var results = ConfigurationResults(options.target)
        var confirmation: Confirmation?
        var runs: [ProgramRun] = []
        var timed: [(record: TrialRecord, runs: [StoredRun], isDefault: Bool)] = []
        for trial in try store.trials(of: record.id) {
            let stored = try StoredRun.runs(try store.measurements(of: trial.number, in: record.id))
            runs += stored.map(\.run)
            if trial.plan.phase == .confirm {
                timed.append((trial, stored, false))
                if trial.outcome.state == .succeeded {
                    confirmation = Confirmation(runs: stored, target: options.target)
                }
                continue
            }
            let texts = try settingsTexts(json: trial.plan.configurationJSON)
            let configuration = try Self.configuration(
                texts.filter { space.names.contains($0.key) }.map { Setting($0.key, $0.value) }, in: space)
            let trialRuns = TrialRuns(stored)
            let isDefault = configuration == space.defaultConfiguration
            timed.append((trial, stored, isDefault))
            let isOver = trial.outcome.state != .running && trial.outcome.state != .interrupted
            let reference = isDefault ? nil : defaultJudgement
            let judgement =
                isOver && !trialRuns.candidates.isEmpty
                ? TrialJudgement(trialRuns, reference: reference, options: options) : nil
            if isDefault, judgement?.objective != nil { defaultJudgement = judgement }
            let repeated = judgement == nil ? nil : results.firstTrial(of: configuration)
            if let judgement { results.add(judgement, of: configuration, trial: trial.number) }
            trials.append(
                StudyTrial(
                    record: trial, configuration: configuration, runs: stored, judgement: judgement,
                    repeats: repeated,
                    pairObjectives: trialRuns.objectives(options.target, baseline: reference?.objective)
                        .compactMap { $0 }))
        }
        self.trials = trials
        self.confirmation = confirmation
        verdict = try record.verdictJSON.map { try Self.decode(StudyVerdict.self, $0, "verdict", record.id) }
        engineRuns = runs.reduce(0) { $0 + $1.parts.count }
        engineCPUSeconds = runs.reduce(0) { $0 + ($1.cpuSeconds.value ?? 0) }
        failedRuns = runs.count { $0.failure != nil }
        pace = StudyPace(timed)
        self.results = results
        front = try store.paretoFront(of: record.id)
        let known = document.earlier ?? []
        earlierStudies = known.map(\.id)
        earlier =
            use == .leftOut || known.isEmpty
            ? []
            : EarlierStudies.trials(of: known, for: record.plan, base: inputs.base, space: space, store: store)
    }

    /// Seconds that the trials took, over all processes that worked on the study.
    public var spentSeconds: Double { pace.spentSeconds }

    /// Trials that count against the budget: the first of each configuration.
    public var judged: [StudyTrial] { trials.filter { $0.judgement != nil && $0.repeats == nil } }

    /// The trial of the built-in default.
    public var defaultTrial: StudyTrial? { judged.first { $0.configuration == space.defaultConfiguration } }

    /// The first trial of the configuration with the best objective, repeats taken together; the earliest of equals.
    public var bestTrial: StudyTrial? {
        results.best.flatMap { best in judged.first { $0.number == best.trial } }
    }

    /// Of the configuration of a trial, all its trials together.
    public func objective(ofTrial number: Int?) -> Double? {
        trials.first { $0.number == number }.flatMap { results.objective(of: $0.configuration) }
    }

    /// The best objective that meets the constraints, over all trials of its configuration.
    public var bestObjective: Double? { results.best?.objective }

    /// The settings of a configuration as a user writes them, searched parameters only.
    public func settings(of configuration: Configuration) -> [Setting] { space.settings(of: configuration) }

    /// The configuration that settings of the searched parameters name; those that are missing take their default.
    public func configuration(_ settings: [Setting]) throws -> Configuration {
        try Self.configuration(settings, in: space)
    }

    /// A tuner that has been told everything; the same that the study used.
    public func tuner() -> Tuner {
        var tuner = newTuner()
        replay(into: &tuner)
        return tuner
    }

    func newTuner() -> Tuner {
        Tuner(
            space: space, objectives: options.target.objectives.map(\.direction), seed: options.seed,
            initial: [space.defaultConfiguration] + (before.map { [$0] } ?? []) + enqueued, strategy: options.strategy,
            constraints: options.constraints, earlier: earlier)
    }

    func replay(into tuner: inout Tuner) {
        for trial in trials {
            if let judgement = trial.judgement { tuner.tell(trial.configuration, judgement.tunerOutcome) }
        }
    }

    static func configuration(_ settings: [Setting], in space: SearchSpace) throws -> Configuration {
        var values: [String: ParameterValue] = [:]
        for description in space.descriptions {
            guard let setting = settings.first(where: { $0.name == description.name }) else { continue }
            values[description.name] = try description.parse(setting.text)
        }
        return try space.configuration(values)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ json: String, _ what: String, _ study: String
    ) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(json.utf8))
        } catch {
            throw StudyError(
                .corruptStudy, "study \(study): its \(what) cannot be read; it was made by another version or tool")
        }
    }
}

extension SearchSpace {
    /// The values of a configuration as a user writes them.
    public func settings(of configuration: Configuration) -> [Setting] {
        zip(descriptions, configuration.values).map { Setting($0.name, $0.text(of: $1)) }
    }
}
