import BayesianTuning
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
    /// The objectives that `judgement` took the median of, one per run: corrected for drift.
    public let pairObjectives: [Double]
    /// Good runs of the default between them; none in the default's own trial.
    public var referenceRuns: [ProgramRun] { TrialRuns(runs).references.map(\.run) }
}

/// Options and what was in place before, as stored in the study's options.
struct StudyDocument: Codable {
    var options: StudyOptions
    /// The searched parameters of this machine's profile before the study; `nil` without one.
    var before: [Setting]?

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
    /// What this machine's profile said before the study; `nil` without one.
    public let before: Configuration?
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

    public init(study reference: String, store: TrialStore) throws {
        let record = try store.study(reference)
        self.record = record
        let document = try Self.decode(StudyDocument.self, record.plan.optionsJSON, "options", record.id)
        options = document.options
        let space = try SearchSpace(SearchSpaceDocument(json: record.plan.searchSpaceJSON).parameters())
        self.space = space
        before = try document.before.map { try Self.configuration($0, in: space) }
        var trials: [StudyTrial] = []
        var baseline: Double?
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
            let reference = isDefault ? nil : baseline
            let judgement =
                isOver && !trialRuns.candidates.isEmpty
                ? TrialJudgement(trialRuns, baseline: reference, options: options) : nil
            if isDefault { baseline = judgement?.objective ?? baseline }
            trials.append(
                StudyTrial(
                    record: trial, configuration: configuration, runs: stored, judgement: judgement,
                    pairObjectives: trialRuns.objectives(options.target, baseline: reference).compactMap { $0 }))
        }
        self.trials = trials
        self.confirmation = confirmation
        verdict = try record.verdictJSON.map { try Self.decode(StudyVerdict.self, $0, "verdict", record.id) }
        engineRuns = runs.reduce(0) { $0 + $1.parts.count }
        engineCPUSeconds = runs.reduce(0) { $0 + ($1.cpuSeconds.value ?? 0) }
        failedRuns = runs.count { $0.failure != nil }
        pace = StudyPace(timed)
    }

    /// Seconds that the trials took, over all processes that worked on the study.
    public var spentSeconds: Double { pace.spentSeconds }

    /// Trials that count against the budget.
    public var judged: [StudyTrial] { trials.filter { $0.judgement != nil } }

    /// The trial of the built-in default.
    public var defaultTrial: StudyTrial? { judged.first { $0.configuration == space.defaultConfiguration } }

    /// The successful trial with the best objective, the earliest of equals.
    public var bestTrial: StudyTrial? {
        var best: (trial: StudyTrial, objective: Double)?
        for trial in judged {
            guard let judgement = trial.judgement, judgement.isFeasible, let objective = judgement.objective else {
                continue
            }
            if best.map({ options.target.gain(of: objective, over: $0.objective) > 1 }) ?? true {
                best = (trial, objective)
            }
        }
        return best?.trial
    }

    /// The settings of a configuration as a user writes them, searched parameters only.
    public func settings(of configuration: Configuration) -> [Setting] { space.settings(of: configuration) }

    /// A tuner that has been told everything; the same that the study used.
    public func tuner() -> Tuner {
        var tuner = newTuner()
        replay(into: &tuner)
        return tuner
    }

    func newTuner() -> Tuner {
        Tuner(
            space: space, objective: options.target.direction, seed: options.seed,
            initial: [space.defaultConfiguration] + (before.map { [$0] } ?? []), strategy: options.strategy,
            constraints: options.constraints)
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
