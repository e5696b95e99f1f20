import BayesianTuning
import Benchmarking
import HostEnvironment
import Parameters
import ResultStore

/// An earlier study as another one knew it: one that was resumed since has more trials.
struct EarlierStudy: Codable, Hashable {
    var id: String
    /// Judged trials at that time.
    var trials: Int
}

/// What earlier studies of this or a similar machine can tell a new one.
///
/// A study counts when it has the same target and ran on a machine of the same architecture and CPU model; what differs
/// beside that (cores, memory, program, workload) the tuner weighs by how far the studies agree.
enum EarlierStudies {
    /// More of them say little that the newest do not.
    static let mostStudies = 5
    /// Trials that a study must have finished.
    static let fewestTrials = 3

    /// The newest studies that count, oldest first. One that cannot be read is left out.
    static func find(for plan: StudyPlan, in store: TrialStore) throws -> [EarlierStudy] {
        let similar = try store.studies().filter { record in
            record.state != .running && record.plan.target == plan.target
                && record.plan.machine.architecture == plan.machine.architecture
                && record.plan.machine.cpuModel == plan.machine.cpuModel
        }
        var found: [EarlierStudy] = []
        for record in similar.reversed() where found.count < mostStudies {
            guard let history = try? StudyHistory(study: record.id, store: store, earlier: .leftOut) else { continue }
            let judged = history.trials.count { $0.judgement != nil }
            if judged >= fewestTrials { found.append(EarlierStudy(id: record.id, trials: judged)) }
        }
        return found.reversed()
    }

    /// The judged trials of some studies as ratios to what the default reached in each.
    ///
    /// Studies that the store does not hold any more or that cannot be read, trials whose settings do not belong to `space`,
    /// trials that had other than the default for what `space` does not search, and studies without a figure for the default
    /// are left out. A parameter that an earlier study did not search had its default.
    static func trials(
        of studies: [EarlierStudy], for plan: StudyPlan, base: [Setting]?, space: SearchSpace, store: TrialStore
    ) -> [EarlierTrial] {
        var earlier: [EarlierTrial] = []
        for (position, study) in studies.enumerated() {
            guard let history = try? StudyHistory(study: study.id, store: store, earlier: .leftOut),
                history.record.id == study.id, let reference = history.defaultTrial?.judgement,
                reference.objective != nil
            else { continue }
            let past = history.record.plan
            let defaults = history.settings(of: history.space.defaultConfiguration)
            let isSameProgram =
                past.machine.id == plan.machine.id && past.engineSHA256 == plan.engineSHA256
                && past.workloads == plan.workloads && history.inputs.base == base
            for trial in history.trials.filter({ $0.judgement != nil }).prefix(study.trials) {
                let settings = history.settings(of: trial.configuration)
                let isElsewhere = zip(settings, defaults).contains { $0 != $1 && !space.names.contains($0.name) }
                guard let judgement = trial.judgement, !isElsewhere,
                    let configuration = try? StudyHistory.configuration(
                        settings, in: space),
                    let outcome = judgement.relative(to: reference)
                else { continue }
                // What was killed or refused for that study's limits may be right under others.
                let failsAgain = isSameProgram && trial.candidateRuns.contains { $0.failure?.isOfTheProgram ?? false }
                earlier.append(
                    EarlierTrial(
                        study: position + 1, configuration: configuration, outcome: outcome,
                        isSameProgram: judgement.objective == nil ? failsAgain : isSameProgram))
            }
        }
        return earlier
    }
}

extension RunFailure {
    /// Whether it comes from the program alone, whatever the limits of the study.
    fileprivate var isOfTheProgram: Bool {
        switch kind {
        case .crashed, .wrongResult: true
        case .timedOut, .outOfMemory, .inaccurate, .interrupted: false
        }
    }
}
