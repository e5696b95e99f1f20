import GRDB

/// Tables of the store, as migrations that are never edited once released: a change is a new one.
enum Schema {
    /// `PRAGMA application_id`, "LAVS": tells a trial store from other SQLite files.
    static let applicationID = 0x4C41_5653

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: version1)
        }
        migrator.registerMigration("v2") { db in try db.execute(sql: version2) }
        return migrator
    }

    /// Where a suggestion came from, and studies with two objectives.
    private static let version2 = """
        ALTER TABLE trial ADD COLUMN origin TEXT;
        CREATE TABLE pareto_front (
            study_id TEXT NOT NULL,
            trial_number INTEGER NOT NULL,
            first_objective REAL NOT NULL,
            second_objective REAL NOT NULL,
            chosen INTEGER NOT NULL CHECK (chosen IN (0, 1)),
            PRIMARY KEY (study_id, trial_number),
            FOREIGN KEY (study_id, trial_number) REFERENCES trial(study_id, number) ON DELETE CASCADE
        );
        """

    /// Times are seconds since 1970. The seed is text because SQLite's integers are signed.
    private static let version1 = """
        CREATE TABLE machine (
            id TEXT NOT NULL PRIMARY KEY,
            fields TEXT NOT NULL CHECK (json_valid(fields))
        );
        CREATE TABLE study (
            id TEXT NOT NULL PRIMARY KEY,
            machine_id TEXT NOT NULL REFERENCES machine(id),
            target TEXT NOT NULL,
            budget TEXT NOT NULL CHECK (json_valid(budget)),
            seed TEXT NOT NULL,
            strategy TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted', 'failed')),
            created_at REAL NOT NULL,
            updated_at REAL NOT NULL,
            engine_path TEXT NOT NULL,
            engine_sha256 TEXT NOT NULL,
            versions TEXT NOT NULL CHECK (json_valid(versions)),
            workloads TEXT NOT NULL CHECK (json_valid(workloads)),
            search_space TEXT NOT NULL CHECK (json_valid(search_space)),
            search_space_sha256 TEXT NOT NULL,
            options TEXT NOT NULL CHECK (json_valid(options)),
            incumbent_configuration TEXT,
            verdict TEXT CHECK (verdict IS NULL OR json_valid(verdict)),
            report_path TEXT,
            configuration_path TEXT
        );
        CREATE TABLE trial (
            study_id TEXT NOT NULL REFERENCES study(id) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number >= 0),
            configuration TEXT NOT NULL CHECK (json_valid(configuration)),
            configuration_hash TEXT NOT NULL,
            phase TEXT NOT NULL CHECK (phase IN ('search', 'confirm')),
            state TEXT NOT NULL
                CHECK (state IN ('running', 'succeeded', 'failed', 'timedOut', 'infeasible', 'interrupted')),
            reason TEXT,
            objective REAL,
            started_at REAL NOT NULL,
            finished_at REAL,
            predicted_mean REAL,
            predicted_deviation REAL,
            suggestion_cpu_seconds REAL,
            PRIMARY KEY (study_id, number)
        );
        CREATE INDEX trial_by_configuration ON trial(study_id, configuration_hash);
        CREATE TABLE measurement (
            study_id TEXT NOT NULL,
            trial_number INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            repeat_index INTEGER NOT NULL,
            arm TEXT NOT NULL,
            run_order INTEGER NOT NULL,
            workload TEXT NOT NULL,
            termination TEXT NOT NULL,
            exit_code INTEGER,
            wall_seconds REAL,
            cpu_seconds REAL,
            user_seconds REAL,
            system_seconds REAL,
            peak_memory_bytes INTEGER,
            read_call_bytes INTEGER,
            write_call_bytes INTEGER,
            storage_read_bytes INTEGER,
            storage_write_bytes INTEGER,
            cpu_pressure_seconds REAL,
            steal_seconds REAL,
            energy_joules REAL,
            digest TEXT,
            accuracy TEXT CHECK (accuracy IS NULL OR json_valid(accuracy)),
            stages TEXT CHECK (stages IS NULL OR json_valid(stages)),
            raw TEXT NOT NULL CHECK (json_valid(raw)),
            PRIMARY KEY (study_id, trial_number, sequence),
            FOREIGN KEY (study_id, trial_number) REFERENCES trial(study_id, number) ON DELETE CASCADE
        );
        """
}
