import GRDB

/// A trial that no other beats in both objectives of its study.
public struct ParetoMember: Sendable, Hashable {
    public var trial: Int
    /// In the target's units.
    public var first: Double
    public var second: Double
    /// Whether the study's rule picks it; at most one of a front.
    public var isChosen: Bool

    public init(trial: Int, first: Double, second: Double, isChosen: Bool) {
        self.trial = trial
        self.first = first
        self.second = second
        self.isChosen = isChosen
    }
}

extension TrialStore {
    /// Replaces the study's front.
    /// - Throws: `invalidValue` for a NaN; `unknownStudy`, `unknownTrial` for members that do not exist. Nothing changes then.
    public func setParetoFront(_ members: [ParetoMember], of study: String) throws(ResultStoreError) {
        try catching { [self, queue] in
            guard members.allSatisfy({ !$0.first.isNaN && !$0.second.isNaN }) else {
                throw ResultStoreError(code: .invalidValue, path: path, reason: "a NaN cannot be on a Pareto front")
            }
            try queue.write { db in
                let numbers = try Set(
                    Int.fetchAll(db, sql: "SELECT number FROM trial WHERE study_id = ?", arguments: [study]))
                if let missing = members.first(where: { !numbers.contains($0.trial) }) {
                    throw ResultStoreError(
                        code: .unknownTrial, path: path, reason: "study '\(study)' has no trial \(missing.trial)")
                }
                try db.execute(sql: "DELETE FROM pareto_front WHERE study_id = ?", arguments: [study])
                for member in members {
                    try db.execute(
                        sql: """
                            INSERT INTO pareto_front (study_id, trial_number, first_objective, second_objective, chosen)
                            VALUES (?, ?, ?, ?, ?)
                            """,
                        arguments: [study, member.trial, member.first, member.second, member.isChosen])
                }
            }
        }
    }

    /// The front by the first objective, then by trial; empty for a study with one objective.
    public func paretoFront(of study: String) throws(ResultStoreError) -> [ParetoMember] {
        try catching { [queue] in
            try queue.read { db in
                try Row.fetchAll(
                    db,
                    sql: "SELECT * FROM pareto_front WHERE study_id = ? ORDER BY first_objective, trial_number",
                    arguments: [study]
                ).map { row in
                    ParetoMember(
                        trial: row["trial_number"], first: row["first_objective"], second: row["second_objective"],
                        isChosen: row["chosen"])
                }
            }
        }
    }
}
