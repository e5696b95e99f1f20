import Foundation
import GRDB

/// The file of studies, trials and measurements.
///
/// Safe to use from several threads and to open in several processes; one writer at a time, readers never wait.
public final class TrialStore: Sendable {
    public enum Access: Sendable, Hashable {
        /// Creates the file and its folder when missing.
        case readWrite
        /// For listing and export; the file must exist.
        case readOnly
    }

    public let path: String
    let queue: DatabaseQueue
    /// Seconds since 1970.
    let clock: @Sendable () -> Double

    /// Seconds since 1970 by the clock that stamps trials.
    public var now: Double { clock() }

    /// Opens a store, and brings its schema up to date when it may write.
    /// - Parameter busyTimeout: seconds to wait for another process's write.
    /// - Throws: `ResultStoreError`: `notADatabase`, `foreignDatabase`, `newerSchema`, `readOnly`, `cannotOpen`, ...
    public convenience init(
        path: String, access: Access = .readWrite, busyTimeout: Double = 10
    ) throws(ResultStoreError) {
        try self.init(
            path: path, access: access, busyTimeout: busyTimeout, maximumPages: nil,
            clock: { Date().timeIntervalSince1970 })
    }

    /// - Parameter maximumPages: a bound on the file, with which tests fill the disk.
    init(
        path: String, access: Access, busyTimeout: Double, maximumPages: Int?,
        clock: @escaping @Sendable () -> Double
    ) throws(ResultStoreError) {
        self.path = path
        self.clock = clock
        if access == .readWrite { try Self.createFolder(of: path) }
        if access == .readOnly, !FileManager.default.fileExists(atPath: path) {
            throw ResultStoreError(code: .cannotOpen, path: path, reason: "there is no such trial store")
        }
        var configuration = Configuration()
        configuration.readonly = access == .readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        configuration.label = "trials"
        if access == .readWrite {
            // Looked at before it is opened for writing, which would already change another program's file.
            try Self.refuseForeignFile(path, configuration)
            configuration.journalMode = .wal
        }
        queue = try Self.catching(path) {
            let queue = try Self.openRetrying(path, configuration, until: busyTimeout)
            try queue.writeWithoutTransaction { db in
                guard access == .readWrite else { return }
                // Not through prepareDatabase: switching to WAL sets NORMAL afterwards.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                if let maximumPages { try db.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
            }
            return queue
        }
        try checkSchema(mayMigrate: access == .readWrite)
    }

    /// Checks pages, indices and references of the whole file.
    /// - Throws: `ResultStoreError` with code `corrupt` and what SQLite found.
    public func integrityCheck() throws(ResultStoreError) {
        let findings = try catching { [queue] in
            try queue.read { db in
                let pages = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
                let references = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
                    "a row of \(row["table"] as String? ?? "?") refers to a missing \(row["parent"] as String? ?? "?")"
                }
                return pages + references
            }
        }
        guard findings.isEmpty else {
            throw ResultStoreError(code: .corrupt, path: path, reason: findings.prefix(5).joined(separator: "; "))
        }
    }

    // MARK: opening

    private static func createFolder(of path: String) throws(ResultStoreError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw ResultStoreError(
                code: .cannotOpen, path: path,
                reason: "cannot create the folder \(folder): \(error.localizedDescription)")
        }
    }

    /// Switching to WAL can meet another process's switch, for which SQLite does not call the busy handler.
    private static func openRetrying(
        _ path: String, _ configuration: Configuration, until seconds: Double
    ) throws -> DatabaseQueue {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            do {
                return try DatabaseQueue(path: path, configuration: configuration)
            } catch let error as DatabaseError
                where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline
            {
                usleep(10_000)
            }
        }
    }

    private static func refuseForeignFile(
        _ path: String, _ configuration: Configuration
    ) throws(ResultStoreError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        var configuration = configuration
        configuration.readonly = true
        try catching(path) {
            let queue: DatabaseQueue
            do {
                queue = try DatabaseQueue(path: path, configuration: configuration)
                try queue.read { _ = try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
            } catch let error as DatabaseError where error.resultCode != .SQLITE_NOTADB {
                // For instance a log to recover: opening for writing does that, or says what is wrong.
                return
            }
            try queue.read { try checkOrigin($0, path) }
        }
    }

    private static func checkOrigin(_ db: Database, _ path: String) throws {
        let identifier = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        // GRDB's own tables come before the first migration, which another process may be at.
        let tables =
            try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name NOT LIKE 'grdb_%'") ?? 0
        guard identifier == Schema.applicationID || (tables == 0 && identifier == 0) else {
            throw ResultStoreError(
                code: .foreignDatabase, path: path,
                reason: "a SQLite file of another program, not a trial store; choose another path")
        }
        guard try !Schema.migrator.hasBeenSuperseded(db) else {
            throw ResultStoreError(
                code: .newerSchema, path: path,
                reason: "written by a newer version of this program; update it or choose another path")
        }
    }

    private func checkSchema(mayMigrate: Bool) throws(ResultStoreError) {
        let migrator = Schema.migrator
        try catching { [queue, path] in
            try queue.read { db in
                try Self.checkOrigin(db, path)
                guard try mayMigrate || migrator.hasCompletedMigrations(db) else {
                    throw ResultStoreError(
                        code: .readOnly, path: path,
                        reason: "written by an older version; open it once for writing to bring it up to date")
                }
            }
            guard mayMigrate else { return }
            do {
                try migrator.migrate(queue)
            } catch {
                // Another process may have migrated between this migrator's look and its transaction.
                guard try queue.read({ db in try migrator.hasCompletedMigrations(db) }) else { throw error }
            }
        }
    }

    // MARK: errors

    func catching<Value>(_ body: () throws -> Value) throws(ResultStoreError) -> Value {
        try Self.catching(path, body)
    }

    private static func catching<Value>(
        _ path: String, _ body: () throws -> Value
    ) throws(ResultStoreError) -> Value {
        do {
            return try body()
        } catch let error as ResultStoreError {
            throw error
        } catch let error as DatabaseError {
            throw ResultStoreError(path: path, error)
        } catch {
            throw ResultStoreError(code: .inputOutput, path: path, reason: "\(error)")
        }
    }
}

extension ResultStoreError {
    fileprivate init(path: String, _ error: DatabaseError) {
        let detail = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_NOTADB:
            self.init(
                code: .notADatabase, path: path, reason: "not a trial store (not a SQLite file); choose another path")
        case .SQLITE_FULL:
            self.init(
                code: .diskFull, path: path,
                reason: "the disk is full; nothing already stored is lost. Free some space and resume the study")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(code: .readOnly, path: path, reason: "cannot write: \(detail)")
        case .SQLITE_CANTOPEN: self.init(code: .cannotOpen, path: path, reason: "cannot open or create: \(detail)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(code: .busy, path: path, reason: "another process is writing and did not finish in time")
        case .SQLITE_CORRUPT: self.init(code: .corrupt, path: path, reason: "damaged: \(detail)")
        case .SQLITE_CONSTRAINT: self.init(code: .invalidValue, path: path, reason: "refused: \(detail)")
        default: self.init(code: .inputOutput, path: path, reason: detail)
        }
    }
}
