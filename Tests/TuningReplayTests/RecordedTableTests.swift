import BayesianTuning
import Parameters
import TestSupport
import Testing

@testable import TuningReplay

struct RecordedTableTests {
    @Test func theFixtureIsRead() throws {
        let table = try Tables.pool()
        #expect(table.problem == "pool_time" && table.direction == .minimise)
        #expect(table.rows.count == 150 && table.rows.filter { $0.objective == nil }.count == 8)
        #expect(
            table.rows[0].values == [
                .integer(4), .integer(2655), .number(0.395), .number(0.001), .boolean(false), .choice("small"),
                .integer(1),
            ])
        #expect(table.rows[0].objective == 18.42602 && table.rows[0].deviation == 0.55278)
        #expect(table.optimum == 7.88688 && table.regret(of: table.median) == 1 && table.regret(of: 7.88688) == 0)
        let domains = table.parameters.map(\.domain)
        #expect(domains[0] == .integer(1...12, .linear) && domains[1] == .integer(1...4096, .logarithmic))
        #expect(domains[2] == .number(0...1, .linear) && domains[3] == .number(0.001...1, .logarithmic))
        #expect(domains[4] == .boolean && domains[5] == .choice(["none", "fast", "small"]))
        #expect(table.parameters[0].searchValues?.count == 6 && table.parameters[1].searchValues == nil)
        #expect(
            table.parameters[6].condition
                == ParameterCondition(parameter: "codec", values: [.choice("fast"), .choice("small")]))
    }

    private static let json = """
        {"name": "t", "params": [{"name": "a", "type": "int", "low": 1, "high": 9},
        {"name": "b", "type": "cat", "values": ["x", 2]}],
        "objectives": [{"column": "rate", "direction": "max"}]}
        """

    private func read(_ csv: String, json: String = Self.json) throws -> RecordedTable {
        let folder = try TemporaryDirectory()
        try folder.write("t.csv", csv)
        return try RecordedTable(reading: try folder.write("t.json", json))
    }

    @Test func scaleComesFromTheRowsWhereItIsNotGiven() throws {
        let table = try read("b,rate,a\r\nx,5,1\r\n\"x\",9,2\r\n2.0,7,3\r\n")
        #expect(table.direction == .maximise && table.optimum == 9 && table.median == 7)
        #expect(table.regret(of: 5) == 2)
        #expect(table.rows[2].values == [.integer(3), .choice("2")])
    }

    @Test(arguments: [
        ("b,rate,a\nx,5,1\nx,6\n", "line 3"), ("b,rate,a\nx,5,1\ny,6,2\n", "'y' is no value of 'b'"),
        ("b,rate,a\nx,5,1.5\n", "'1.5' is no value of 'a'"), ("b,a\nx,5\n", "no column 'rate'"), ("", "no rows"),
        ("b,rate,a,ok\nx,5,1,0\n", "no row ran"), ("b,rate,a\nx,5,1\nx,5,2\n", "no scale for regret"),
        ("b,rate,a\nx,nan,1\n", "no row ran"),
    ])
    func damagedRowsAreNamed(csv: String, expected: String) throws {
        let error = #expect(throws: ReplayError.self) { try read(csv) }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        ("{", "is not the JSON description"), ("{\"name\": \"t\"}", "is not the JSON description"),
        ("{\"name\": \"t\", \"params\": [], \"objectives\": []}", "names no objective"),
        (json.replacing("\"int\"", with: "\"angle\""), "is not the JSON description"),
        (json.replacing("\"low\": 1", with: "\"values\": [\"q\"]"), "lists a value of another type"),
    ])
    func damagedDescriptionsAreNamed(json: String, expected: String) throws {
        let error = #expect(throws: ReplayError.self) { try read("b,rate,a\nx,5,1\n2,6,2\n", json: json) }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: ReplayError.self) { try RecordedTable(reading: "/nowhere/t.json") }
        #expect(error?.code == .cannotRead && error?.description.contains("/nowhere/t.json") == true)
    }

    private static func conditional(_ conditions: String) -> String {
        """
        {"name": "t", "params": [{"name": "b", "type": "cat", "values": ["off", "on"]},
        {"name": "c", "type": "bool"}, {"name": "a", "type": "int", "values": [3, 5]},
        {"name": "d", "type": "int", "values": [1, 2]}],
        "objectives": [{"column": "rate", "direction": "max"}], "conditions": [\(conditions)]}
        """
    }

    private static let rows = "b,c,a,d,rate\noff,0,,,1\non,1,5,2,2\non,1,3,1,4\noff,1,,,5\n"

    /// In one entry or in several: all parents must hold.
    @Test(arguments: [
        #"{"param": "a", "active_if": {"b": ["on"], "c": [true]}}"#,
        #"{"param": "a", "active_if": {"b": ["on"]}}, {"param": "a", "active_if": {"c": [1]}}"#,
    ])
    func severalParentsAreRead(conditions: String) throws {
        let chain = #", {"param": "d", "active_if": {"a": [3]}}"#
        let table = try read(Self.rows, json: Self.conditional(conditions + chain))
        let expected = ParameterCondition(all: [
            .init(parameter: "b", values: [.choice("on")]), .init(parameter: "c", values: [.boolean(true)]),
        ])
        #expect(table.parameters[2].condition == expected)
        let space = try SearchSpace(table.parameters)
        // Three combinations of parents leave a off; a = 5 leaves d off, a = 3 does not.
        #expect(space.count == 3 + 1 + 2)
        // a is 3 by default where it is off, which does not turn d on.
        let off = try space.configuration(["d": .integer(2)])
        #expect(off == space.defaultConfiguration)
        let run = try Tables.replay(table) { $0.budget = 20 }.run(seed: 1)
        #expect(run.rows.count == 6 && run.requestedTwice == 0)
    }

    @Test(arguments: [
        (#"{"param": "a", "active_if": {"nothing": ["on"]}}"#, "'a' depends on 'nothing', which is no parameter"),
        (#"{"param": "a", "active_if": {"b": ["high"]}}"#, "'a' depends on 'b' being 'high'"),
        (#"{"param": "z", "active_if": {"b": ["on"]}}"#, "a condition of 'z'"),
    ])
    func badConditionsAreNamed(conditions: String, expected: String) throws {
        let error = #expect(throws: ReplayError.self) { try read(Self.rows, json: Self.conditional(conditions)) }
        #expect(
            error?.code == .badTable && error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test func anInactiveParameterMayBeEmptyAndCountsAsItsFirstValue() throws {
        let json = """
            {"name": "t", "params": [{"name": "b", "type": "cat", "values": ["off", "on"]},
            {"name": "a", "type": "int", "values": [3, 5]}],
            "objectives": [{"column": "rate", "direction": "max"}],
            "conditions": [{"param": "a", "active_if": {"b": ["on"]}}]}
            """
        let table = try read("b,a,rate\noff,,5\non,3,9\non,5,7\noff,5,1\n", json: json)
        let run = try Tables.replay(table) { $0.candidates = .rows }.run(seed: 1)
        // Rows 0 and 3 run alike, so there are three configurations.
        #expect(Set(run.rows) == [0, 1, 2] && run.rows.count == 3)
    }
}
