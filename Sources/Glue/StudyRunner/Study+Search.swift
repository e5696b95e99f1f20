import BayesianTuning
import Benchmarking
import HostEnvironment
import ResultStore
import Statistics

/// What the search knows beside the tuner.
struct SearchState {
    /// Configurations that count.
    var done: Int
    /// Trials of a configuration that was tried before.
    var repeats: Int
    var results: ConfigurationResults
    /// The judgement of the default.
    var reference: TrialJudgement?
    var defaultSeconds: Double?
    var last: Double?
    var pace: StudyPace
    /// Why it stopped before the budget was used up.
    var end: String?

    init(history: StudyHistory) {
        done = history.judged.count
        repeats = history.trials.count { $0.repeats != nil }
        results = history.results
        pace = history.pace
        let first = history.defaultTrial
        reference = first?.judgement
        defaultSeconds = first.flatMap { Self.seconds($0.candidateRuns) }
    }

    var best: Double? { results.best?.objective }
    var defaultObjective: Double? { reference?.objective }

    /// Median wall time of some runs.
    static func seconds(_ runs: [ProgramRun]) -> Double? {
        let seconds = runs.compactMap(\.wallSeconds.value)
        return seconds.isEmpty ? nil : median(seconds)
    }
}

/// Where a trial of the search comes from.
struct Suggestion {
    /// CPU time that it took, with the looks at repeats and at the end of the search.
    var seconds: Double?
    /// What the model expected of the objective; `nil` without a model or for a trade-off.
    var predicted: ObjectiveValue?
    /// What made it; `nil` for a repeat.
    var origin: SuggestionDetails.Origin?
}

extension Study {
    enum TrialEnd {
        case judged(TrialJudgement)
        case interrupted(signal: Int32)
    }

    /// Stores, runs, judges and closes one trial of the search.
    mutating func runTrial(
        _ configuration: Configuration, _ suggestion: Suggestion, _ search: inout SearchState,
        _ progress: (StudyEvent) -> Void
    ) throws -> TrialEnd {
        let start = store.now
        let trial = try begin(configuration, phase: .search, suggestion)
        progress(.trialStarted(number: trial, position(search)))
        let isDefault = configuration == space.defaultConfiguration
        let runs = try measure(configuration, trial: trial, isDefault: isDefault, search)
        if let last = runs.last?.run, let signal = Self.interruption(last) {
            try store.finishTrial(
                trial, in: id, outcome: ResultStore.TrialOutcome(state: .interrupted, reason: last.failure?.reason))
            return .interrupted(signal: signal)
        }
        let trialRuns = TrialRuns(runs)
        let judgement = TrialJudgement(
            trialRuns, reference: isDefault ? nil : search.reference, options: options)
        try store.finishTrial(
            trial, in: id,
            outcome: ResultStore.TrialOutcome(
                state: judgement.state, reason: judgement.reason, objective: judgement.objective))
        clock.trialDone()
        search.pace.add(seconds: store.now - start, runs: runs.count, counts: !isDefault)
        if search.results.holds(configuration) { search.repeats += 1 } else { search.done += 1 }
        search.last = judgement.objective
        if isDefault {
            search.reference = judgement
            search.defaultSeconds = SearchState.seconds(trialRuns.candidates.map(\.run))
        }
        let before = search.results.best?.configuration
        search.results.add(judgement, of: configuration, trial: trial)
        let best = search.results.best?.configuration
        let isBest = best == configuration && before != best
        if let best, best != before { try store.setIncumbent(try settingsJSON(space.settings(of: best)), of: id) }
        let summary = TrialSummary(
            number: trial, settings: space.settings(of: configuration), judgement: judgement,
            runs: trialRuns.candidates.count, isBest: isBest)
        progress(.trialFinished(summary, position(search)))
        return .judged(judgement)
    }

    /// Runs a configuration as often as `RepeatRule` says, storing every run as it ends.
    ///
    /// The default runs alone. Every other configuration runs beside it, the first of a pair in turn, so that a machine that
    /// gets slower or faster, within a pair or over the study, does not look like a property of the configuration.
    /// - Returns: ends with the run that was interrupted or that failed the configuration, if there is one.
    private mutating func measure(
        _ configuration: Configuration, trial: Int, isDefault: Bool, _ search: SearchState
    ) throws -> [StoredRun] {
        let isKnown = isDefault || configuration == before
        let rule = RepeatRule(
            options: options, baseline: isDefault ? nil : search.defaultObjective, best: isKnown ? nil : search.best)
        var runs: [StoredRun] = []
        if isDefault {
            // Fills the page cache and gives the reference results; its time does not count.
            let warmUp = try program.run(configuration, limits: defaultLimits)
            let stored = StoredRun(arm: RunArm.warmUp, index: 0, order: 0, run: warmUp)
            if warmUp.failure?.kind == .interrupted { return [stored] }
            try save(stored, trial: trial)
            runs.append(stored)
        }
        var pair = 0
        repeat {
            let arms = pair % 2 == 0 ? [RunArm.reference, RunArm.candidate] : [RunArm.candidate, RunArm.reference]
            for arm in arms where !(isDefault && arm == RunArm.reference) {
                try run(arm, pair: pair, of: configuration, trial: trial, search, into: &runs)
                guard let failure = runs.last?.run.failure else { continue }
                if arm == RunArm.candidate || failure.kind == .interrupted { return runs }
            }
            pair += 1
        } while rule.wantsAnother(after: TrialRuns(runs))
        return runs
    }

    /// One run of a pair. It is repeated when its failure says nothing about the configuration: a signal from outside, once
    /// in a trial, because a configuration that crashes now and then is not to be taken; in the default's own trial up to five times;
    /// any failure of the default beside another configuration once in a pair, because its own trial shows that it runs.
    private mutating func run(
        _ arm: String, pair: Int, of configuration: Configuration, trial: Int, _ search: SearchState,
        into runs: inout [StoredRun]
    ) throws {
        let isReference = arm == RunArm.reference
        let isDefault = configuration == space.defaultConfiguration
        let limits = isReference || isDefault ? defaultLimits : limits(search)
        let lostArm = isReference ? RunArm.lostReference : RunArm.lost
        var repeatsLeft = isReference ? 1 : (isDefault ? 5 : 1) - runs.count { $0.arm == RunArm.lost }
        while true {
            let run = try program.run(isReference ? space.defaultConfiguration : configuration, limits: limits)
            let isInterrupted = run.failure?.kind == .interrupted
            let isLost = isReference ? run.failure != nil && !isInterrupted : run.wasKilledFromOutside
            let isRepeated = isLost && repeatsLeft > 0
            let stored = StoredRun(
                arm: isRepeated ? lostArm : arm, index: isRepeated ? runs.count { $0.arm == lostArm } : pair,
                order: runs.count, run: run)
            try save(stored, trial: trial)
            runs.append(stored)
            guard isRepeated else { return }
            repeatsLeft -= 1
        }
    }

    /// The first run of a resumed process: gives the program its reference results again; its time does not count.
    /// - Returns: the signal when interrupted.
    mutating func warmUp(_ first: StudyTrial, _ search: inout SearchState) throws -> Int32? {
        let start = store.now
        let run = try program.run(space.defaultConfiguration, limits: defaultLimits)
        if let signal = Self.interruption(run) { return signal }
        let earlier = first.runs.count { $0.arm == RunArm.warmUp }
        let stored = StoredRun(arm: RunArm.warmUp, index: earlier, order: first.runs.count, run: run)
        try save(stored, trial: first.number)
        search.pace.add(seconds: store.now - start, runs: 1, counts: false)
        return nil
    }

    /// Of runs of the default, with which everything is compared: they may take long.
    var defaultLimits: RunLimits {
        options.limits(defaultSeconds: nil, usableMemoryBytes: usableMemoryBytes)
    }

    /// Of runs of other configurations.
    func limits(_ search: SearchState) -> RunLimits {
        options.limits(defaultSeconds: search.defaultSeconds, usableMemoryBytes: usableMemoryBytes)
    }

    func begin(_ configuration: Configuration, phase: TrialPhase, _ suggestion: Suggestion) throws -> Int {
        let settings = program.settings(of: configuration)
        let plan = TrialPlan(
            configurationJSON: try settingsJSON(settings), configurationHash: settingsHash(settings), phase: phase,
            predictedMean: suggestion.predicted?.value, predictedDeviation: suggestion.predicted?.deviation,
            suggestionCPUSeconds: suggestion.seconds, origin: suggestion.origin?.rawValue)
        return try store.beginTrial(plan, in: id).number
    }

    func save(_ stored: StoredRun, trial: Int) throws {
        for record in try stored.run.records(arm: stored.arm, index: stored.index, order: stored.order) {
            try store.addMeasurement(record, to: trial, in: id)
        }
    }

    /// The signal that stopped a run.
    static func interruption(_ run: ProgramRun) -> Int32? {
        guard run.failure?.kind == .interrupted else { return nil }
        if case .interrupted(let signal)? = run.parts.last?.measurement.termination { return signal }
        return 2
    }

    func position(_ search: SearchState) -> StudyPosition {
        StudyPosition(
            done: search.done, budget: options.budget, best: search.best,
            gain: search.best.flatMap { best in search.defaultObjective.map { options.target.gain(of: best, over: $0) }
            },
            last: search.last, remainingSeconds: remainingSeconds(search))
    }

    /// Arms of the confirmation, at most.
    var armCount: Int { before == nil || before == space.defaultConfiguration ? 2 : 3 }

    /// The configurations left at the pace so far, and the confirmation with at most three arms.
    private func remainingSeconds(_ search: SearchState) -> Double? {
        guard let pace = clock.secondsPerTrial, let run = search.defaultSeconds else { return nil }
        let row = run * Double(armCount)
        let rows = min(Double(options.rows(secondsPerRow: row) + 1) * row, options.confirmationSeconds)
        let wanted = Double(max(options.budget - search.done, 0)) * pace + rows
        guard let limit = options.tuningSeconds else { return wanted }
        return min(wanted, max(limit - search.pace.spentSeconds, 0))
    }
}

extension ProgramRun {
    var wasKilledFromOutside: Bool {
        guard failure?.kind == .crashed, case .signalled? = parts.last?.measurement.termination else { return false }
        return true
    }
}
