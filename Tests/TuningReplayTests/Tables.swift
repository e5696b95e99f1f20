import BayesianTuning
import Foundation
import Parameters
import Testing

@testable import TuningReplay

/// Tables that several suites play on.
enum Tables {
    /// 150 rows of 7 parameters of all types, made up by a formula; 8 failed.
    static func pool() throws -> RecordedTable {
        let url = try #require(
            Bundle.module.url(forResource: "pool_time", withExtension: "json", subdirectory: "Fixtures"))
        return try RecordedTable(reading: url.path)
    }

    /// 12 x 12 integers with the best row at (3, 8); every row of `failing` failed.
    static func bowl(
        deviation: Double? = nil, failing: (Int, Int) -> Bool = { _, _ in false },
        value: (Int, Int) -> Double = { x, y in Double(10 + (x - 3) * (x - 3) + (y - 8) * (y - 8)) }
    ) throws -> RecordedTable {
        let parameters = ["x", "y"].map { name in
            ParameterDescription(
                name: name, group: .execution, domain: .integer(1...12, .linear), defaultValue: .integer(1), text: name)
        }
        var rows: [RecordedTable.Row] = []
        for x in 1...12 {
            for y in 1...12 {
                rows.append(
                    RecordedTable.Row(
                        values: [.integer(x), .integer(y)], objective: failing(x, y) ? nil : value(x, y),
                        deviation: deviation))
            }
        }
        return try RecordedTable(problem: "bowl", parameters: parameters, direction: .minimise, rows: rows)
    }

    static func replay(_ table: RecordedTable, _ change: (inout ReplayOptions) -> Void = { _ in }) throws -> Replay {
        var options = ReplayOptions()
        options.budget = 30
        change(&options)
        return try Replay(table, options: options)
    }
}

extension ReplayRun {
    /// All but the CPU time, which differs from run to run.
    var deterministic: [String] {
        [
            "\(seed)", strategy, candidates, "\(regret)", "\(rows)", "\(duplicates)",
            "\(String(describing: recommendedRegret))",
        ]
    }
}
