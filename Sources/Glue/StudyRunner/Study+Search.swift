import BayesianTuning
import Benchmarking
import HostEnvironment
import ResultStore
import Statistics

/// What the search knows beside the tuner.
struct SearchState {
    /// Configurations that count.
    var done: Int
    var best: Double?
    /// Number of the default's trial.
    var defaultTrial: Int?
    var defaultObjective: Double?
    var defaultSeconds: Double?
    var last: Double?
    var driftRuns: Int

    init(history: StudyHistory) {
        done = history.judged.count
        best = history.bestTrial?.judgement?.objective
        let first = history.defaultTrial
        defaultTrial = first?.number
        defaultObjective = first?.judgement?.objective
        defaultSeconds = first.flatMap { Self.seconds($0.candidateRuns) }
        driftRuns = first?.driftRuns.count ?? 0
    }

    /// Median wall time of some runs.
    static func seconds(_ runs: [ProgramRun]) -> Double? {
        let seconds = runs.compactMap(\.wallSeconds.value)
        return seconds.isEmpty ? nil : median(seconds)
    }
}

extension Study {
    enum TrialEnd {
        case judged(TrialJudgement)
        case interrupted(signal: Int32)
    }

    /// Stores, runs, judges and closes one trial of the search.
    mutating func runTrial(
        _ configuration: Configuration, _ suggestionSeconds: Double?, _ search: inout SearchState,
        _ progress: (StudyEvent) -> Void
    ) throws -> TrialEnd {
        let trial = try begin(configuration, phase: .search, suggestionSeconds: suggestionSeconds)
        progress(.trialStarted(number: trial, position(search)))
        let isDefault = configuration == space.defaultConfiguration
        let runs = try measure(configuration, trial: trial, isDefault: isDefault, search)
        if let signal = Self.interruption(runs) {
            try store.finishTrial(
                trial, in: id, outcome: ResultStore.TrialOutcome(state: .interrupted, reason: runs.last?.failure?.reason))
            return .interrupted(signal: signal)
        }
        let judgement = TrialJudgement(runs, options: options)
        try store.finishTrial(
            trial, in: id,
            outcome: ResultStore.TrialOutcome(
                state: judgement.state, reason: judgement.reason, objective: judgement.objective))
        clock.trialDone()
        search.done += 1
        search.last = judgement.objective
        if isDefault {
            search.defaultTrial = trial
            search.defaultObjective = judgement.objective
            search.defaultSeconds = SearchState.seconds(runs)
        }
        var isBest = false
        if judgement.isFeasible, let objective = judgement.objective {
            isBest = search.best.map { options.target.gain(of: objective, over: $0) > 1 } ?? true
            if isBest {
                search.best = objective
                try store.setIncumbent(try settingsJSON(space.settings(of: configuration)), of: id)
            }
        }
        let summary = TrialSummary(
            number: trial, settings: space.settings(of: configuration), judgement: judgement, runs: runs.count,
            isBest: isBest)
        progress(.trialFinished(summary, position(search)))
        return .judged(judgement)
    }

    /// Runs a configuration as often as `RepeatRule` says, storing every run as it ends.
    private mutating func measure(
        _ configuration: Configuration, trial: Int, isDefault: Bool, _ search: SearchState
    ) throws -> [ProgramRun] {
        let isKnown = isDefault || configuration == before
        let rule = RepeatRule(options: options, best: isKnown ? nil : search.best)
        let limits = options.limits(
            defaultSeconds: isDefault ? nil : search.defaultSeconds, usableMemoryBytes: usableMemoryBytes)
        var runs: [ProgramRun] = []
        var lost = 0
        if isDefault {
            // Fills the page cache and gives the reference results; its time does not count.
            let warmUp = try program.run(configuration, limits: limits)
            if warmUp.failure?.kind == .interrupted { return [warmUp] }
            try save(warmUp, trial: trial, arm: RunArm.warmUp, index: 0, order: 0)
        }
        while true {
            let run = try program.run(configuration, limits: limits)
            // A signal from outside says nothing about the configuration, unless it comes again.
            if run.wasKilledFromOutside, lost < (isDefault ? 2 : 1) {
                try save(run, trial: trial, arm: RunArm.lost, index: lost, order: runs.count + lost + 1)
                lost += 1
                continue
            }
            try save(run, trial: trial, arm: RunArm.candidate, index: runs.count, order: runs.count + lost + 1)
            runs.append(run)
            guard rule.wantsAnother(after: runs) else { return runs }
        }
    }

    /// Runs the default once more, to see whether the machine drifts. - Returns: the signal when interrupted.
    mutating func runDrift(trial: Int, _ search: inout SearchState) throws -> Int32? {
        let limits = options.limits(defaultSeconds: nil, usableMemoryBytes: usableMemoryBytes)
        let run = try program.run(space.defaultConfiguration, limits: limits)
        if let signal = Self.interruption([run]) { return signal }
        try save(run, trial: trial, arm: RunArm.drift, index: search.driftRuns, order: search.driftRuns + 100)
        search.driftRuns += 1
        return nil
    }

    func begin(
        _ configuration: Configuration, phase: TrialPhase, suggestionSeconds: Double?
    ) throws -> Int {
        let settings = program.settings(of: configuration)
        let plan = TrialPlan(
            configurationJSON: try settingsJSON(settings), configurationHash: settingsHash(settings), phase: phase,
            suggestionCPUSeconds: suggestionSeconds)
        return try store.beginTrial(plan, in: id).number
    }

    func save(_ run: ProgramRun, trial: Int, arm: String, index: Int, order: Int) throws {
        for record in try run.records(arm: arm, index: index, order: order) {
            try store.addMeasurement(record, to: trial, in: id)
        }
    }

    /// The signal that stopped the last run.
    static func interruption(_ runs: [ProgramRun]) -> Int32? {
        guard let run = runs.last, run.failure?.kind == .interrupted else { return nil }
        if case .interrupted(let signal)? = run.parts.last?.measurement.termination { return signal }
        return 2
    }

    func position(_ search: SearchState) -> StudyPosition {
        StudyPosition(
            done: search.done, budget: options.budget, best: search.best,
            gain: search.best.flatMap { best in search.defaultObjective.map { options.target.gain(of: best, over: $0) } },
            last: search.last, remainingSeconds: remainingSeconds(search))
    }

    /// The configurations left at the pace so far, and the confirmation with at most three arms.
    private func remainingSeconds(_ search: SearchState) -> Double? {
        guard let pace = clock.secondsPerTrial, let run = search.defaultSeconds else { return nil }
        let row = run * (before == nil ? 2 : 3)
        let rows = min(Double(options.rows(secondsPerRow: row) + 1) * row, options.confirmationSeconds)
        return Double(max(options.budget - search.done, 0)) * pace + rows
    }
}

extension ProgramRun {
    var wasKilledFromOutside: Bool {
        guard failure?.kind == .crashed, case .signalled? = parts.last?.measurement.termination else { return false }
        return true
    }
}
