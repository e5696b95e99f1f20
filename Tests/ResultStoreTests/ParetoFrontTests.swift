import Testing

@testable import ResultStore

@Suite struct ParetoFrontTests {
    @Test func theFrontIsReplacedAndOrdered() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let id = try store.createStudy(studyPlan).id
        #expect(try store.paretoFront(of: id).isEmpty)
        for workers in 1...3 { _ = try store.beginTrial(trialPlan(workers), in: id) }
        let old = [ParetoMember(trial: 2, first: 9, second: 9, isChosen: true)]
        try store.setParetoFront(old, of: id)
        let front = [
            ParetoMember(trial: 0, first: 1, second: 10, isChosen: false),
            ParetoMember(trial: 1, first: 2, second: 20, isChosen: true),
        ]
        try store.setParetoFront(front.reversed(), of: id)
        #expect(try fixture.open(.readOnly).paretoFront(of: id) == front)
        let json = try store.export(study: id, format: .json)
        #expect(json.contains(#""paretoFront""#) && json.contains(#""chosen" : true"#))
        try store.integrityCheck()
    }

    @Test func whatDoesNotExistChangesNothing() throws {
        let store = try StoreFixture().open()
        let id = try store.createStudy(studyPlan).id
        _ = try store.beginTrial(trialPlan(1), in: id)
        let front = [ParetoMember(trial: 0, first: 1, second: 2, isChosen: true)]
        try store.setParetoFront(front, of: id)
        let unknown = #expect(throws: ResultStoreError.self) {
            try store.setParetoFront([ParetoMember(trial: 7, first: 1, second: 2, isChosen: true)], of: id)
        }
        #expect(unknown?.code == .unknownTrial)
        let invalid = #expect(throws: ResultStoreError.self) {
            try store.setParetoFront([ParetoMember(trial: 0, first: .nan, second: 2, isChosen: true)], of: id)
        }
        #expect(invalid?.code == .invalidValue)
        #expect(try store.paretoFront(of: id) == front)
    }

    /// A store of the first schema gets the table when it is opened for writing, and keeps its rows.
    @Test func olderStoresAreBroughtUpToDate() throws {
        let fixture = try StoreFixture()
        let id = try fixture.open().createStudy(studyPlan).id
        try fixture.open().execute(
            "DROP TABLE pareto_front; ALTER TABLE trial DROP COLUMN origin; DELETE FROM grdb_migrations WHERE identifier = 'v2'"
        )
        #expect(try fixture.open().paretoFront(of: id).isEmpty)
        #expect(try fixture.open().study(id).plan == studyPlan)
    }
}
