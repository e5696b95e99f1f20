import Benchmarking
import GRDB
import HostEnvironment

extension TrialStore {
    /// Stores a trial in state `running` and numbers it. Call it before the child starts: should everything be killed,
    /// the store still knows what was under way.
    /// - Throws: `unknownStudy`; `invalidValue` when the configuration is not JSON.
    public func beginTrial(_ plan: TrialPlan, in study: String) throws(ResultStoreError) -> TrialRecord {
        let now = clock()
        return try catching { [self, queue] in
            _ = try parseJSON(plan.configurationJSON, "configuration")
            return try queue.write { db in
                guard
                    try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM study WHERE id = ?)", arguments: [study])
                        ?? false
                else { throw unknownStudy(study) }
                let last = try Int.fetchOne(
                    db, sql: "SELECT max(number) FROM trial WHERE study_id = ?", arguments: [study])
                let number = (last ?? -1) + 1
                try db.execute(
                    sql: """
                        INSERT INTO trial (study_id, number, configuration, configuration_hash, phase, state,
                            started_at, predicted_mean, predicted_deviation, suggestion_cpu_seconds, origin)
                        VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        study, number, plan.configurationJSON, plan.configurationHash, plan.phase.rawValue, now,
                        plan.predictedMean, plan.predictedDeviation, plan.suggestionCPUSeconds, plan.origin,
                    ])
                return TrialRecord(
                    study: study, number: number, plan: plan, outcome: TrialOutcome(state: .running), startedAt: now,
                    finishedAt: nil)
            }
        }
    }

    /// Closes a running trial.
    /// - Throws: `unknownTrial`, `trialNotRunning`, or `invalidValue` for the outcome `running` or a NaN objective.
    public func finishTrial(_ number: Int, in study: String, outcome: TrialOutcome) throws(ResultStoreError) {
        let now = clock()
        // SQLite would store NaN as NULL, which reads as "not measured".
        guard outcome.state != .running, !(outcome.objective?.isNaN ?? false) else {
            throw ResultStoreError(
                code: .invalidValue, path: path,
                reason: "trial \(number) cannot finish as running or with a NaN objective")
        }
        try catching { [self, queue] in
            try queue.write { db in
                let state = try String.fetchOne(
                    db, sql: "SELECT state FROM trial WHERE study_id = ? AND number = ?", arguments: [study, number])
                guard let state else { throw unknownTrial(number, study) }
                guard state == TrialState.running.rawValue else {
                    throw ResultStoreError(
                        code: .trialNotRunning, path: path,
                        reason: "trial \(number) of study \(study) is already \(state)")
                }
                try db.execute(
                    sql: """
                        UPDATE trial SET state = ?, reason = ?, objective = ?, finished_at = ?
                        WHERE study_id = ? AND number = ?
                        """,
                    arguments: [outcome.state.rawValue, outcome.reason, outcome.objective, now, study, number])
                try db.execute(sql: "UPDATE study SET updated_at = ? WHERE id = ?", arguments: [now, study])
            }
        }
    }

    /// Closes as `interrupted` what a dead tuner left `running`. Call it on resume, holding the study lock.
    /// - Returns: the numbers of those trials, ascending.
    public func interruptRunningTrials(of study: String, reason: String) throws(ResultStoreError) -> [Int] {
        let now = clock()
        return try catching { [queue] in
            try queue.write { db in
                let numbers = try Int.fetchAll(
                    db, sql: "SELECT number FROM trial WHERE study_id = ? AND state = 'running' ORDER BY number",
                    arguments: [study])
                try db.execute(
                    sql: """
                        UPDATE trial SET state = 'interrupted', reason = ?, finished_at = ?
                        WHERE study_id = ? AND state = 'running'
                        """,
                    arguments: [reason, now, study])
                return numbers
            }
        }
    }

    /// Adds a run to a trial, after those it has.
    public func addMeasurement(
        _ measurement: MeasurementRecord, to trial: Int, in study: String
    ) throws(ResultStoreError) {
        try catching { [self, queue] in
            if let text = measurement.accuracyJSON { _ = try parseJSON(text, "accuracy") }
            if let text = measurement.stagesJSON { _ = try parseJSON(text, "stage times") }
            let values = try measurementArguments(measurement)
            try queue.write { db in
                guard
                    try Bool.fetchOne(
                        db, sql: "SELECT EXISTS (SELECT 1 FROM trial WHERE study_id = ? AND number = ?)",
                        arguments: [study, trial]) ?? false
                else { throw unknownTrial(trial, study) }
                let last = try Int.fetchOne(
                    db, sql: "SELECT max(sequence) FROM measurement WHERE study_id = ? AND trial_number = ?",
                    arguments: [study, trial])
                try db.execute(
                    sql: """
                        INSERT INTO measurement (study_id, trial_number, sequence, repeat_index, arm, run_order,
                            workload, termination, exit_code, wall_seconds, cpu_seconds, user_seconds, system_seconds,
                            peak_memory_bytes, read_call_bytes, write_call_bytes, storage_read_bytes,
                            storage_write_bytes, cpu_pressure_seconds,
                            steal_seconds, energy_joules, digest, accuracy, stages, raw)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [study, trial, (last ?? -1) + 1] + values)
            }
        }
    }

    /// The trials of a study by number.
    public func trials(of study: String) throws(ResultStoreError) -> [TrialRecord] {
        try catching { [self, queue] in
            try queue.read { db in
                try Row.fetchAll(db, sql: "SELECT * FROM trial WHERE study_id = ? ORDER BY number", arguments: [study])
                    .map(trial)
            }
        }
    }

    /// The runs of a trial in the order they were added.
    public func measurements(of trial: Int, in study: String) throws(ResultStoreError) -> [MeasurementRecord] {
        try catching { [self, queue] in
            try queue.read { db in
                try Row.fetchAll(
                    db, sql: "SELECT * FROM measurement WHERE study_id = ? AND trial_number = ? ORDER BY sequence",
                    arguments: [study, trial]
                ).map { row in
                    MeasurementRecord(
                        repeatIndex: row["repeat_index"], arm: row["arm"], order: row["run_order"],
                        workload: row["workload"],
                        run: try decode(ChildMeasurement.self, row["raw"], "a measurement of trial \(trial)"),
                        digest: row["digest"], accuracyJSON: row["accuracy"], stagesJSON: row["stages"])
                }
            }
        }
    }

    // MARK: rows

    private func unknownTrial(_ number: Int, _ study: String) -> ResultStoreError {
        ResultStoreError(code: .unknownTrial, path: path, reason: "study '\(study)' has no trial \(number)")
    }

    private func trial(_ row: Row) throws -> TrialRecord {
        let number: Int = row["number"]
        guard let phase = TrialPhase(rawValue: row["phase"]), let state = TrialState(rawValue: row["state"]) else {
            throw ResultStoreError(code: .corrupt, path: path, reason: "trial \(number) has an unknown phase or state")
        }
        let plan = TrialPlan(
            configurationJSON: row["configuration"], configurationHash: row["configuration_hash"], phase: phase,
            predictedMean: row["predicted_mean"], predictedDeviation: row["predicted_deviation"],
            suggestionCPUSeconds: row["suggestion_cpu_seconds"], origin: row["origin"])
        return TrialRecord(
            study: row["study_id"], number: number, plan: plan,
            outcome: TrialOutcome(state: state, reason: row["reason"], objective: row["objective"]),
            startedAt: row["started_at"], finishedAt: row["finished_at"])
    }

    /// Columns for queries and CSV; `raw` holds the whole run with the reasons for what is missing.
    private func measurementArguments(_ measurement: MeasurementRecord) throws -> StatementArguments {
        let run = measurement.run
        let io = run.io.value
        var exitCode: Int32?
        if case .exited(let code) = run.termination { exitCode = code }
        return [
            measurement.repeatIndex, measurement.arm, measurement.order, measurement.workload,
            run.termination.description, exitCode, run.wallSeconds.value, run.cpuSeconds.value, run.userSeconds.value,
            run.systemSeconds.value, run.peakMemoryBytes.value, io?.readCallBytes, io?.writeCallBytes,
            io?.storageReadBytes, io?.storageWriteBytes, run.cpuPressureSeconds.value, run.stealSeconds.value,
            run.energyJoules.value,
            measurement.digest, measurement.accuracyJSON, measurement.stagesJSON, try jsonText(run),
        ]
    }
}
