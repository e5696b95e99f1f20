import Foundation
import GRDB
import HostEnvironment

extension TrialStore {
    /// Stores a new study in state `running` and gives it its id.
    /// - Throws: `invalidValue` when a JSON member is not JSON, and the errors of a write.
    public func createStudy(_ plan: StudyPlan) throws(ResultStoreError) -> StudyRecord {
        try createStudy(plan) { Self.makeID(plan.target, $0) }
    }

    /// - Parameter makeID: called with the time until it gives a name that no study has.
    func createStudy(
        _ plan: StudyPlan, makeID: (Double) -> String
    ) throws(ResultStoreError) -> StudyRecord {
        let now = clock()
        return try catching { [self, queue] in
            let machine = try jsonText(plan.machine)
            let versions = try jsonText(plan.versions)
            let workloads = try jsonText(plan.workloads)
            for (name, text) in [
                ("budget", plan.budgetJSON), ("search space", plan.searchSpaceJSON), ("options", plan.optionsJSON),
            ] { _ = try parseJSON(text, name) }
            return try queue.write { db in
                var id = makeID(now)
                while try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM study WHERE id = ?)", arguments: [id])
                    ?? false
                { id = makeID(now) }
                try db.execute(
                    sql: "INSERT INTO machine (id, fields) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
                    arguments: [plan.machine.id, machine])
                try db.execute(
                    sql: """
                        INSERT INTO study (id, machine_id, target, budget, seed, strategy, state, created_at,
                            updated_at, engine_path, engine_sha256,
                            versions, workloads, search_space, search_space_sha256, options)
                        VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id, plan.machine.id, plan.target, plan.budgetJSON, String(plan.seed), plan.strategy, now, now,
                        plan.enginePath, plan.engineSHA256, versions, workloads, plan.searchSpaceJSON,
                        plan.searchSpaceSHA256, plan.optionsJSON,
                    ])
                return StudyRecord(
                    id: id, plan: plan, state: .running, createdAt: now, updatedAt: now, incumbentConfiguration: nil,
                    verdictJSON: nil, reportPath: nil, configurationPath: nil)
            }
        }
    }

    /// All studies, oldest first.
    public func studies() throws(ResultStoreError) -> [StudyRecord] {
        try catching { [self, queue] in
            try queue.read { db in
                try Row.fetchAll(db, sql: Self.studyQuery + " ORDER BY study.created_at, study.id").map(study)
            }
        }
    }

    /// The study with this id, the only one whose id starts with it, or the newest for `latest`.
    /// - Throws: `unknownStudy` or `ambiguousStudy`, naming the candidates.
    public func study(_ reference: String) throws(ResultStoreError) -> StudyRecord {
        let all = try studies()
        if reference == "latest" {
            guard let last = all.last else {
                throw ResultStoreError(code: .unknownStudy, path: path, reason: "the store holds no study")
            }
            return last
        }
        if let exact = all.first(where: { $0.id == reference }) { return exact }
        let matches = reference.isEmpty ? [] : all.filter { $0.id.hasPrefix(reference) }
        if matches.count == 1 { return matches[0] }
        let shown = (matches.isEmpty ? all : matches).suffix(5).map(\.id).joined(separator: ", ")
        guard matches.isEmpty else {
            throw ResultStoreError(
                code: .ambiguousStudy, path: path, reason: "'\(reference)' fits several studies: \(shown)")
        }
        throw ResultStoreError(
            code: .unknownStudy, path: path,
            reason: all.isEmpty
                ? "no study '\(reference)': the store is empty" : "no study '\(reference)'; the newest are: \(shown)")
    }

    public func setState(_ state: StudyState, of study: String) throws(ResultStoreError) {
        try update(study, "state", state.rawValue)
    }

    /// - Parameter text: the best configuration so far, as its file would say it.
    public func setIncumbent(_ text: String, of study: String) throws(ResultStoreError) {
        try update(study, "incumbent_configuration", text)
    }

    /// - Throws: `invalidValue` when the verdict is not JSON.
    public func setVerdict(json: String, of study: String) throws(ResultStoreError) {
        try catching { [self] in _ = try parseJSON(json, "verdict") }
        try update(study, "verdict", json)
    }

    public func setReportPath(_ path: String, of study: String) throws(ResultStoreError) {
        try update(study, "report_path", path)
    }

    public func setConfigurationPath(_ path: String, of study: String) throws(ResultStoreError) {
        try update(study, "configuration_path", path)
    }

    // MARK: rows

    private func update(_ study: String, _ column: String, _ value: String) throws(ResultStoreError) {
        let now = clock()
        try catching { [self, queue] in
            try queue.write { db in
                try db.execute(
                    sql: "UPDATE study SET \(column) = ?, updated_at = ? WHERE id = ?", arguments: [value, now, study])
                guard db.changesCount == 1 else { throw unknownStudy(study) }
            }
        }
    }

    func unknownStudy(_ id: String) -> ResultStoreError {
        ResultStoreError(code: .unknownStudy, path: path, reason: "no study '\(id)'")
    }

    private static let studyQuery = "SELECT study.*, machine.fields FROM study JOIN machine ON machine.id = machine_id"

    private func study(_ row: Row) throws -> StudyRecord {
        let id: String = row["id"]
        guard let seed = UInt64(row["seed"] as String), let state = StudyState(rawValue: row["state"]) else {
            throw ResultStoreError(code: .corrupt, path: path, reason: "study \(id) has an unreadable seed or state")
        }
        let plan = StudyPlan(
            machine: try decode(MachineIdentity.self, row["fields"], "machine of study \(id)"), target: row["target"],
            budgetJSON: row["budget"], seed: seed, strategy: row["strategy"], enginePath: row["engine_path"],
            engineSHA256: row["engine_sha256"],
            versions: try decode([String: String].self, row["versions"], "versions of study \(id)"),
            workloads: try decode([WorkloadReference].self, row["workloads"], "workloads of study \(id)"),
            searchSpaceJSON: row["search_space"], searchSpaceSHA256: row["search_space_sha256"],
            optionsJSON: row["options"])
        return StudyRecord(
            id: id, plan: plan, state: state, createdAt: row["created_at"], updatedAt: row["updated_at"],
            incumbentConfiguration: row["incumbent_configuration"], verdictJSON: row["verdict"],
            reportPath: row["report_path"], configurationPath: row["configuration_path"])
    }

    /// The random part only tells studies of one day apart; nothing that is measured depends on it.
    private static func makeID(_ target: String, _ seconds: Double) -> String {
        let day = formatTime(seconds).prefix(10)
        let slug = String(target.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        let digits = String(UInt32.random(in: 0..<1 << 24), radix: 16)
        return "\(day)-\(slug)-\(String(repeating: "0", count: 6 - digits.count))\(digits)"
    }
}

/// ISO 8601 in UTC with milliseconds: `2026-11-28T03:30:00.000Z`.
func formatTime(_ seconds: Double) -> String {
    Date(timeIntervalSince1970: seconds).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
