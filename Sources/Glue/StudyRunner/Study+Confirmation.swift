import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import ResultStore

extension StudyVerdict {
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension Study {
    /// Best configurations that are confirmed at most: more than one only where one broke a limit in its confirmation.
    static let mostConfirmations = 3

    /// Compares the best found with what was known before, in interleaved runs.
    ///
    /// A configuration that keeps a limit in the few runs of the search and breaks it in the many of the confirmation is ruled
    /// out, and the next best is confirmed.
    mutating func conclude(
        _ history: StudyHistory, _ tuner: Tuner, _ search: SearchState, stopSignal: () -> Int32?,
        progress: (StudyEvent) -> Void
    ) throws -> StudyEnd {
        var tuner = tuner
        var search = search
        var results = history.results
        var broken: [String] = []
        let known = knownArms(history)
        while broken.count < Self.mostConfirmations, let recommendation = tuner.recommendation() {
            let best = chosen(recommendation, results)
            try storeFront(tuner, chosen: best, results)
            let bestTrial = results.firstTrial(of: best)
            let others = known.filter { $0.configuration != best }
            if let verdict = unconfirmed(best, bestTrial, others: others) { return .finished(verdict) }
            let arms = others.map { (arm: $0.arm, configuration: $0.configuration) } + [(.best, best)]
            let start = store.now
            let trial = try begin(best, phase: .confirm, Suggestion())
            if let signal = try confirm(arms, trial: trial, search, stopSignal: stopSignal, progress: progress) {
                try store.finishTrial(
                    trial, in: id,
                    outcome: ResultStore.TrialOutcome(state: .interrupted, reason: "stopped in the confirmation"))
                return .interrupted(signal: signal)
            }
            let stored = try StoredRun.runs(try store.measurements(of: trial, in: id))
            let confirmation = Confirmation(runs: stored, target: options.target)
            if let judgement = confirmation.judgementOfBest(options), judgement.state == .infeasible,
                let reason = judgement.reason
            {
                try store.finishTrial(
                    trial, in: id, outcome: ResultStore.TrialOutcome(state: .infeasible, reason: reason))
                progress(.note("the best configuration found broke a limit in its confirmation: \(reason)"))
                broken.append(reason)
                results.ruleOut(best)
                search.pace.add(seconds: store.now - start, runs: stored.count, counts: false)
                tuner.tell(best, .infeasible(constraints: judgement.constraints))
                continue
            }
            try store.finishTrial(trial, in: id, outcome: ResultStore.TrialOutcome(state: .succeeded))
            let breaks = others.compactMap { other in other.reason.map { "\(other.arm.phrase): \($0)" } }
            return .finished(
                StudyVerdict(
                    confirmation: confirmation, known: others.filter { $0.reason == nil }.map(\.arm),
                    best: space.settings(of: best), bestTrial: bestTrial,
                    breaks: breaks.isEmpty ? nil : breaks.joined(separator: "; ")))
        }
        return .finished(Self.noneFeasible(history, broken: broken))
    }

    /// A configuration that others are compared with.
    private struct KnownArm {
        let arm: StudyArm
        let configuration: Configuration
        /// Why it does not meet the constraints; `nil` when it does.
        let reason: String?
    }

    /// The default and what was in place, those of them that ran.
    private func knownArms(_ history: StudyHistory) -> [KnownArm] {
        var known: [(StudyArm, Configuration)] = [(.builtInDefault, space.defaultConfiguration)]
        if let before, before != space.defaultConfiguration { known.append((.before, before)) }
        return known.compactMap { arm, configuration in
            guard let judgement = history.judged.first(where: { $0.configuration == configuration })?.judgement,
                judgement.objective != nil
            else { return nil }
            return KnownArm(
                arm: arm, configuration: configuration, reason: judgement.isFeasible ? nil : judgement.reason ?? "")
        }
    }

    /// The verdict where nothing is to be compared: the best found is in place already, or the default with nothing that was
    /// measured in place.
    private func unconfirmed(
        _ best: Configuration, _ bestTrial: Int?, others: [KnownArm]
    ) -> StudyVerdict? {
        let place = before.flatMap { $0 == space.defaultConfiguration ? nil : $0 }
        let reason: String
        let reference: StudyArm
        if best == place {
            (reason, reference) = ("the best configuration found is the one already in place", .before)
        } else if best == space.defaultConfiguration, others.isEmpty {
            if place == nil {
                (reason, reference) = ("the best configuration found is the built-in default", .builtInDefault)
            } else {
                (reason, reference) = ("the configuration in place was not measured", .before)
            }
        } else {
            return nil
        }
        return StudyVerdict(
            kind: .noImprovement, sentence: "Nothing is replaced: \(reason).", best: space.settings(of: best),
            bestTrial: bestTrial, reference: reference, unconfirmedReason: reason)
    }

    /// The model's choice, which is not fooled by a lucky run; but the best measured one where the model has smoothed away
    /// a difference that is larger than runs of one configuration may show.
    private func chosen(_ recommendation: Recommendation, _ results: ConfigurationResults) -> Configuration {
        guard let measured = results.best,
            let recommended = results.objective(of: recommendation.configuration),
            options.target.gain(of: measured.objective, over: recommended) > 1 + RepeatRule.largestSpread
        else { return recommendation.configuration }
        return measured.configuration
    }

    /// The trade-off as the tuner believes it, by the first trial of each configuration; nothing for one objective.
    private func storeFront(_ tuner: Tuner, chosen: Configuration, _ results: ConfigurationResults) throws {
        guard options.target.objectives.count > 1 else { return }
        let members = tuner.paretoFront().compactMap { member -> ParetoMember? in
            guard let trial = results.firstTrial(of: member.configuration) else { return nil }
            let believed = member.believed
            return ParetoMember(
                trial: trial, first: believed[0], second: believed[1], isChosen: member.configuration == chosen)
        }
        try store.setParetoFront(members, of: id)
    }

    /// One discarded run per arm, then interleaved rows. A row in which a run fails is run again at the end, at most half of
    /// the rows; then each row that was disturbed runs once more. - Returns: the signal when interrupted.
    private mutating func confirm(
        _ arms: [(arm: StudyArm, configuration: Configuration)], trial: Int, _ search: SearchState,
        stopSignal: () -> Int32?, progress: (StudyEvent) -> Void
    ) throws -> Int32? {
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
            let run = try program.run(entry.configuration, limits: limits(of: entry.arm, search))
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
            // By rows that were tried: an arm that always fails must not go on for ever.
            if row >= Comparison.minimumPairs, isOver(store.now - start) { break }
            rowStarts()
            let failuresBefore = runs.count { $0.run.failure != nil }
            let sequence = sequences[row].map { arms[$0] }
            if let signal = try runRow(sequence, row, search, trial: trial, &runs, stopSignal) { return signal }
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
            if let signal = try runRow(sequence, index, search, trial: trial, &runs, stopSignal) { return signal }
            complete += 1
        }
        return nil
    }

    /// Runs and stores one row.
    private mutating func runRow(
        _ arms: [(arm: StudyArm, configuration: Configuration)], _ index: Int, _ search: SearchState, trial: Int,
        _ runs: inout [StoredRun], _ stopSignal: () -> Int32?
    ) throws -> Int32? {
        for (arm, configuration) in arms {
            let run = try program.run(configuration, limits: limits(of: arm, search))
            if let signal = Self.interruption(run) ?? stopSignal() { return signal }
            let stored = StoredRun(arm: arm.rawValue, index: index, order: runs.count, run: run)
            try save(stored, trial: trial)
            runs.append(stored)
        }
        return nil
    }

    /// What others are compared with may take as long as in the search.
    private func limits(of arm: StudyArm, _ search: SearchState) -> RunLimits {
        arm == .best ? limits(search) : defaultLimits
    }

    /// Nothing meets the constraints: names the configuration that came closest.
    /// - Parameter broken: what those broke that met them in the search only.
    private static func noneFeasible(_ history: StudyHistory, broken: [String]) -> StudyVerdict {
        if !broken.isEmpty, let best = history.bestTrial {
            return StudyVerdict(
                kind: .noFeasibleConfiguration,
                sentence: "No configuration meets the constraints: what met them in the search broke them in the "
                    + "confirmation (\(broken.joined(separator: "; "))).",
                best: history.settings(of: best.configuration), bestTrial: best.number,
                unconfirmedReason: "no configuration meets the constraints")
        }
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
