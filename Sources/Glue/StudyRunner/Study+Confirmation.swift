import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import ResultStore

extension StudyVerdict {
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension Study {
    /// Compares the best found with what was known before, in interleaved runs.
    mutating func conclude(
        _ history: StudyHistory, _ tuner: Tuner, _ search: SearchState, stopSignal: () -> Int32?,
        progress: (StudyEvent) -> Void
    ) throws -> StudyEnd {
        guard let recommendation = tuner.recommendation() else { return .finished(Self.noneFeasible(history)) }
        let best = chosen(recommendation, history)
        let settings = space.settings(of: best)
        let bestTrial = history.judged.first { $0.configuration == best }?.number
        let place = before.flatMap { $0 == space.defaultConfiguration ? nil : $0 }
        if best == (place ?? space.defaultConfiguration) || best == space.defaultConfiguration {
            let isPlace = best == place
            let reason =
                isPlace
                ? "the best configuration found is the one already in place"
                : "the best configuration found is the built-in default"
            return .finished(
                StudyVerdict(
                    kind: .noImprovement, sentence: "Nothing is replaced: \(reason).", best: settings,
                    bestTrial: bestTrial,
                    reference: isPlace ? .before : .builtInDefault, unconfirmedReason: reason))
        }
        var arms: [(arm: StudyArm, configuration: Configuration)] = [(.builtInDefault, space.defaultConfiguration)]
        if let place { arms.append((.before, place)) }
        arms.append((.best, best))
        let trial = try begin(best, phase: .confirm, suggestionSeconds: nil)
        if let signal = try confirm(arms, trial: trial, search, stopSignal: stopSignal, progress: progress) {
            try store.finishTrial(
                trial, in: id,
                outcome: ResultStore.TrialOutcome(state: .interrupted, reason: "stopped in the confirmation"))
            return .interrupted(signal: signal)
        }
        try store.finishTrial(trial, in: id, outcome: ResultStore.TrialOutcome(state: .succeeded))
        let confirmed = try StudyHistory(study: id, store: store)
        guard let confirmation = confirmed.confirmation else {
            throw StudyError(.corruptStudy, "study \(id): the confirmation was not stored")
        }
        var known: [StudyArm] = []
        var breaks: [String] = []
        for (arm, configuration) in arms where arm != .best {
            let judgement = history.judged.first { $0.configuration == configuration }?.judgement
            if judgement?.isFeasible ?? true {
                known.append(arm)
            } else if let reason = judgement?.reason {
                breaks.append("\(arm.phrase): \(reason)")
            }
        }
        return .finished(
            StudyVerdict(
                confirmation: confirmation, known: known, best: settings, bestTrial: bestTrial,
                breaks: breaks.isEmpty ? nil : breaks.joined(separator: "; ")))
    }

    /// The model's choice, which is not fooled by a lucky run; but the best measured one where the model has smoothed away
    /// a difference that is larger than runs of one configuration may show.
    private func chosen(_ recommendation: Recommendation, _ history: StudyHistory) -> Configuration {
        guard let measured = history.bestTrial, let objective = measured.judgement?.objective,
            options.target.gain(of: objective, over: recommendation.observed) > 1 + RepeatRule.largestSpread
        else { return recommendation.configuration }
        return measured.configuration
    }

    /// One discarded run per arm, then interleaved rows. A row in which a run fails is run again at the end, at most half of
    /// the rows; then each row that was disturbed runs once more. - Returns: the signal when interrupted.
    private mutating func confirm(
        _ arms: [(arm: StudyArm, configuration: Configuration)], trial: Int, _ search: SearchState,
        stopSignal: () -> Int32?, progress: (StudyEvent) -> Void
    ) throws -> Int32? {
        let limits = limits(search)
        let pace = search.pace
        let count = Double(arms.count)
        let wanted = pace.rows(
            wanted: options.rows(secondsPerRow: count * (search.defaultSeconds ?? 1)),
            secondsPerRow: count * (pace.secondsPerRun ?? 0), options)
        let most = wanted + wanted / 2
        let sequences = interleavedOrder(pairs: most + wanted, arms: arms.count, seed: options.seed)
        let start = store.now
        func isOver(_ elapsed: Double) -> Bool {
            elapsed > options.confirmationSeconds
                || options.tuningSeconds.map { pace.spentSeconds + elapsed > $0 } ?? false
        }
        var runs: [StoredRun] = []
        for (index, entry) in arms.enumerated() {
            let run = try program.run(entry.configuration, limits: limits)
            if let signal = Self.interruption(run) ?? stopSignal() { return signal }
            runs.append(StoredRun(arm: "\(RunArm.warmUp) \(entry.arm.rawValue)", index: index, order: index, run: run))
            try save(runs[index], trial: trial)
        }
        // The row that is about to run, its number in the plan, and how many there will be.
        var complete = 0
        var total = wanted
        func rowStarts() {
            var place = position(search)
            place.remainingSeconds =
                complete == 0 ? nil : (store.now - start) / Double(complete) * Double(total - complete)
            progress(.confirming(row: complete, rows: total, place))
        }
        for row in 0..<most where complete < wanted {
            if complete >= Comparison.minimumPairs, isOver(store.now - start) { break }
            rowStarts()
            let failuresBefore = runs.count { $0.run.failure != nil }
            let sequence = sequences[row].map { arms[$0] }
            if let signal = try runRow(sequence, row, limits, trial: trial, &runs, stopSignal) { return signal }
            if runs.count(where: { $0.run.failure != nil }) == failuresBefore { complete += 1 }
        }
        let disturbed = Confirmation(runs: runs, target: options.target).disturbedRows
        guard !disturbed.isEmpty, !isOver(store.now - start) else { return nil }
        total = complete + disturbed.count
        progress(.note("\(disturbed.count) of \(complete) rows were disturbed by other load and run once more"))
        for (position, row) in disturbed.enumerated() where !isOver(store.now - start) {
            rowStarts()
            let sequence = sequences[most + position].map { arms[$0] }
            let index = Confirmation.firstRepeat + row
            if let signal = try runRow(sequence, index, limits, trial: trial, &runs, stopSignal) { return signal }
            complete += 1
        }
        return nil
    }

    /// Runs and stores one row.
    private mutating func runRow(
        _ arms: [(arm: StudyArm, configuration: Configuration)], _ index: Int, _ limits: RunLimits, trial: Int,
        _ runs: inout [StoredRun], _ stopSignal: () -> Int32?
    ) throws -> Int32? {
        for (arm, configuration) in arms {
            let run = try program.run(configuration, limits: limits)
            if let signal = Self.interruption(run) ?? stopSignal() { return signal }
            let stored = StoredRun(arm: arm.rawValue, index: index, order: runs.count, run: run)
            try save(stored, trial: trial)
            runs.append(stored)
        }
        return nil
    }

    /// Nothing meets the constraints: names the configuration that came closest.
    private static func noneFeasible(_ history: StudyHistory) -> StudyVerdict {
        let candidates = history.judged.compactMap { trial in
            trial.judgement?.violation.map { (trial: trial, violation: $0) }
        }
        guard let closest = candidates.min(by: { $0.violation < $1.violation })?.trial else {
            return StudyVerdict(
                kind: .noFeasibleConfiguration,
                sentence:
                    "No configuration meets the constraints: none of \(history.judged.count) gave a usable result.",
                best: [], unconfirmedReason: "no configuration meets the constraints")
        }
        let settings = history.settings(of: closest.configuration)
        let text = settings.map { "\($0.name)=\($0.text)" }.joined(separator: " ")
        return StudyVerdict(
            kind: .noFeasibleConfiguration,
            sentence: "No configuration meets the constraints. The closest is trial \(closest.number) (\(text)): "
                + "\(closest.judgement?.reason ?? "").",
            best: settings, bestTrial: closest.number, unconfirmedReason: "no configuration meets the constraints")
    }
}
