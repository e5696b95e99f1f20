import BayesianTuning
import HostEnvironment
import ResultStore

/// What earlier studies of this or a similar machine can tell a new one.
///
/// A study counts when it has the same target and ran on a machine of the same architecture and CPU model; what differs
/// beside that (cores, memory, program, workload) the tuner weighs by how far the studies agree.
enum EarlierStudies {
    /// More of them say little that the newest do not.
    static let mostStudies = 5
    /// Trials that a study must have finished.
    static let fewestTrials = 3

    /// Ids of the newest studies that count, oldest first.
    static func find(for plan: StudyPlan, in store: TrialStore) throws -> [String] {
        let similar = try store.studies().filter { record in
            record.state != .running && record.plan.target == plan.target
                && record.plan.machine.architecture == plan.machine.architecture
                && record.plan.machine.cpuModel == plan.machine.cpuModel
        }
        var found: [String] = []
        for record in similar.reversed() where found.count < mostStudies {
            let finished = try store.trials(of: record.id).count {
                $0.plan.phase == .search && $0.outcome.state != .running && $0.outcome.state != .interrupted
            }
            if finished >= fewestTrials { found.append(record.id) }
        }
        return found.reversed()
    }

    /// The judged trials of some studies as ratios to what the default reached in each.
    ///
    /// Studies that the store does not hold any more, trials whose settings do not belong to `space`, and studies without
    /// a figure for the default are left out. A parameter that an earlier study did not search had its default.
    static func trials(
        of studies: [String], for plan: StudyPlan, base: [Setting]?, space: SearchSpace, store: TrialStore
    ) throws -> [EarlierTrial] {
        let known = Set(try store.studies().map(\.id))
        var earlier: [EarlierTrial] = []
        for (position, id) in studies.enumerated() where known.contains(id) {
            let history = try StudyHistory(study: id, store: store, earlier: .leftOut)
            let past = history.record.plan
            let isSameProgram =
                past.machine.id == plan.machine.id && past.engineSHA256 == plan.engineSHA256
                && past.workloads == plan.workloads && history.inputs.base == base
            guard let reference = history.defaultTrial?.judgement, reference.objective != nil else { continue }
            for trial in history.judged {
                guard let judgement = trial.judgement,
                    let configuration = try? StudyHistory.configuration(
                        history.settings(of: trial.configuration), in: space),
                    let outcome = judgement.relative(to: reference)
                else { continue }
                earlier.append(
                    EarlierTrial(
                        study: position + 1, configuration: configuration, outcome: outcome,
                        isSameProgram: isSameProgram))
            }
        }
        return earlier
    }
}
