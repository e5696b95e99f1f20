import Foundation
import GRDB
import Testing

@testable import ResultStore

@Suite struct StoreFileTests {
    func code(_ body: () throws -> Void) -> ResultStoreError.Code? {
        #expect(throws: ResultStoreError.self, performing: body)?.code
    }

    @Test func openingAgainChangesNothing() throws {
        let fixture = try StoreFixture()
        let id = try fixture.open().createStudy(studyPlan).id
        let tables = try fixture.open().strings("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        for _ in 0..<3 { #expect(try fixture.open().study("latest").id == id) }
        let store = try fixture.open()
        #expect(tables.count >= 5)
        #expect(try store.strings("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name") == tables)
        #expect(try store.strings("SELECT identifier FROM grdb_migrations") == ["v1", "v2"])
    }

    @Test func theFolderIsMade() throws {
        let fixture = try StoreFixture()
        let path = fixture.folder.appendingPathComponent("a/b/trials.sqlite").path
        _ = try TrialStore(path: path)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func durabilityIsAsDocumented() throws {
        let store = try StoreFixture().open()
        #expect(try store.pragma("journal_mode") == "wal")
        #expect(try store.pragma("synchronous") == "2")
        #expect(try store.pragma("foreign_keys") == "1")
    }

    @Test func otherFilesAreRefusedAndUntouched() throws {
        let fixture = try StoreFixture()
        let text = Data(String(repeating: "not a database\n", count: 100).utf8)
        try text.write(to: URL(fileURLWithPath: fixture.path))
        #expect(code { _ = try fixture.open() } == .notADatabase)
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path)) == text)
    }

    @Test func databasesOfOtherProgramsAreRefusedAndUntouched() throws {
        let fixture = try StoreFixture()
        do {
            let other = try DatabaseQueue(path: fixture.path)
            try other.write { try $0.execute(sql: "CREATE TABLE bookmark (url TEXT)") }
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        #expect(code { _ = try fixture.open() } == .foreignDatabase)
        #expect(code { _ = try fixture.open(.readOnly) } == .foreignDatabase)
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path)) == before)
    }

    @Test func newerSchemasAreRefused() throws {
        let fixture = try StoreFixture()
        try fixture.open().execute("INSERT INTO grdb_migrations (identifier) VALUES ('v99')")
        #expect(code { _ = try fixture.open() } == .newerSchema)
        #expect(code { _ = try fixture.open(.readOnly) } == .newerSchema)
    }

    @Test func missingAndUnwritablePlacesAreNamed() throws {
        let fixture = try StoreFixture()
        #expect(code { _ = try fixture.open(.readOnly) } == .cannotOpen)
        // Nobody can make files there, not even root.
        let error = #expect(throws: ResultStoreError.self) { try TrialStore(path: "/proc/trials.sqlite") }
        #expect(error?.description.contains("/proc/trials.sqlite") == true)
        #expect(error?.code == .cannotOpen)
        #expect(code { _ = try TrialStore(path: "/proc/new/trials.sqlite") } == .cannotOpen)
    }

    @Test func aReadOnlyStoreCannotWrite() throws {
        let fixture = try StoreFixture()
        let id = try fixture.open().createStudy(studyPlan).id
        let store = try fixture.open(.readOnly)
        #expect(code { try store.setState(.failed, of: id) } == .readOnly)
    }

    @Test func aFullDiskLosesNothing() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open(maximumPages: 40)
        let id = try store.createStudy(studyPlan).id
        var written = 0
        let error = #expect(throws: ResultStoreError.self) {
            for i in 0..<10_000 {
                _ = try store.beginTrial(trialPlan(i), in: id)
                written += 1
            }
        }
        #expect(error?.code == .diskFull)
        #expect(written > 10)
        let after = try fixture.open()
        #expect(try after.trials(of: id).count == written)
        try after.integrityCheck()
        _ = try after.beginTrial(trialPlan(0), in: id)
    }

    @Test func damageIsFound() throws {
        let fixture = try StoreFixture()
        do {
            let store = try fixture.open()
            let id = try store.createStudy(studyPlan).id
            for i in 0..<200 { _ = try store.beginTrial(trialPlan(i), in: id) }
            try store.checkpoint()
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        for i in 0..<3 {
            let start = bytes.count - 4096 * (i + 1)
            bytes.replaceSubrange(start..<(start + 2048), with: Data(repeating: 0xA5, count: 2048))
        }
        try bytes.write(to: URL(fileURLWithPath: fixture.path))
        #expect(code { try fixture.open().integrityCheck() } == .corrupt)
    }
}
