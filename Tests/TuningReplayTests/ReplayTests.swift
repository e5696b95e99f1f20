import BayesianTuning
import Foundation
import Parameters
import Testing

@testable import TuningReplay

struct ReplayTests {
    @Test(arguments: ReplayOptions.CandidateSource.allCases, SearchStrategy.allCases)
    func aRunCountsTrueValuesOfDistinctRequests(candidates: ReplayOptions.CandidateSource, strategy: SearchStrategy)
        throws
    {
        let table = try Tables.pool()
        let run = try Tables.replay(table) {
            $0.candidates = candidates
            $0.strategy = strategy
        }.run(seed: 4)
        #expect(run.rows.count == 30 && run.requestedTwice == 0 && run.failedRequestedAgain == 0)
        #expect(run.duplicates == 30 - Set(run.rows).count && (candidates == .grid || run.duplicates == 0))
        var best = table.worstRegret
        for (row, regret) in zip(run.rows, run.regret) {
            if let value = table.rows[row].objective {
                best = min(best, (value - table.optimum) / (table.median - table.optimum))
            }
            #expect(regret == best)
        }
        #expect(run.strategy == strategy.rawValue && run.candidates == candidates.rawValue && run.seed == 4)
    }

    @Test func theModelFindsTheBestRowSoonerThanChance() throws {
        let table = try Tables.bowl()
        let seeds = 0..<6 as Range<UInt64>
        let model = try Tables.replay(table)
        let random = try Tables.replay(table) { $0.strategy = .random }
        let found = seeds.map { model.run(seed: $0).regret[24] }.reduce(0, +)
        let chance = seeds.map { random.run(seed: $0).regret[24] }.reduce(0, +)
        print("bowl, regret after 25: model \(found / 6), random \(chance / 6)")
        #expect(found < 0.25 * chance)
    }

    /// The sampler has no way to the table: with every row that was not evaluated replaced, and another optimum and
    /// median, it asks the same.
    @Test(arguments: ReplayOptions.CandidateSource.allCases)
    func theSamplerSeesToldValuesOnly(candidates: ReplayOptions.CandidateSource) throws {
        let table = try Tables.pool()
        let run = try Tables.replay(table) { $0.candidates = candidates }.run(seed: 2)
        let evaluated = Set(run.rows)
        let other = try RecordedTable(
            problem: "other", parameters: table.parameters, direction: table.direction,
            rows: table.rows.enumerated().map { position, row in
                evaluated.contains(position)
                    ? row
                    : RecordedTable.Row(
                        values: row.values, objective: position % 3 == 0 ? nil : 0.001 * Double(1 + position))
            })
        let again = try Tables.replay(other) { $0.candidates = candidates }.run(seed: 2)
        #expect(again.rows == run.rows && again.regret != run.regret)
    }

    @Test func aSeedDecidesARun() throws {
        let replay = try Tables.replay(try Tables.pool()) { $0.isNoisy = true }
        #expect(replay.run(seed: 5).deterministic == replay.run(seed: 5).deterministic)
        #expect(replay.run(seed: 5).rows != replay.run(seed: 6).rows)
    }

    @Test func budgetBoundsARunAndASmallTableEndsIt() throws {
        let table = try Tables.bowl()
        #expect(try Tables.replay(table) { $0.budget = 7 }.run(seed: 1).rows.count == 7)
        let whole = try Tables.replay(table) {
            $0.budget = 500
            $0.candidates = .rows
            $0.strategy = .random
        }.run(seed: 1)
        #expect(Set(whole.rows).count == 144 && whole.rows.count == 144 && whole.regret.last == 0)
        #expect(throws: ReplayError.self) { try Tables.replay(table) { $0.budget = 0 } }
    }

    @Test func failedRowsAreToldAsFailuresAndNeverAskedAgain() throws {
        let table = try Tables.bowl(failing: { x, _ in x < 6 })
        for seed in 0..<4 as Range<UInt64> {
            let run = try Tables.replay(table).run(seed: seed)
            let failed = run.rows.suffix(15).filter { table.rows[$0].objective == nil }.count
            // Two of five rows fail, among them all that would be best; a search that is not told stays there.
            #expect(failed <= 7 && run.failedRequestedAgain == 0 && run.duplicates == 0)
            #expect(run.regret[0] <= table.worstRegret && (run.recommendedRegret ?? 9) < 0.5)
        }
    }

    @Test func withoutAnyRowThatRanRegretIsThatOfTheWorst() throws {
        let table = try Tables.bowl(failing: { x, y in (x, y) != (12, 12) && (x, y) != (1, 1) })
        let run = try Tables.replay(table) { $0.budget = 3 }.run(seed: 1)
        #expect(run.regret == [table.worstRegret, table.worstRegret, table.worstRegret])
        #expect(run.recommendedRegret == nil)
    }

    /// The recorded deviation is what noise has: none recorded means 5 %, zero means none, an absurd one counts as none
    /// recorded.
    @Test func noiseHasTheRecordedDeviation() throws {
        func rows(_ deviation: Double?, noisy: Bool = true) throws -> ReplayRun {
            try Tables.replay(try Tables.bowl(deviation: deviation)) { $0.isNoisy = noisy }.run(seed: 3)
        }
        let exact = try rows(nil, noisy: false)
        #expect(try rows(0).rows == exact.rows && rows(0.3, noisy: false).rows == exact.rows)
        let assumed = try rows(nil)
        #expect(assumed.rows != exact.rows && assumed.noise && !exact.noise)
        #expect(try rows(1e6).rows == assumed.rows)
        #expect(try rows(2).rows != assumed.rows)
        // Scores are of true values: every regret is that of a row.
        let table = try Tables.bowl()
        let possible = Set(table.rows.compactMap(\.objective).map(table.regret))
        #expect(assumed.regret.allSatisfy(possible.contains))
        #expect(possible.contains(try #require(assumed.recommendedRegret)))
    }

    @Test func tellingTheEffectiveRowSavesRepeats() throws {
        let table = try Tables.pool()
        let silent = try Tables.replay(table) { $0.budget = 40 }
        let told = try Tables.replay(table) {
            $0.budget = 40
            $0.tellsEffective = true
        }
        let repeats = (0..<4 as Range<UInt64>).map { (silent.run(seed: $0).duplicates, told.run(seed: $0).duplicates) }
        print("repeats in 40, not told and told: \(repeats)")
        #expect(repeats.map(\.1).reduce(0, +) < repeats.map(\.0).reduce(0, +))
    }

    @Test func aSuggestionOutsideTheTableCountsAsItsNearestRow() throws {
        let table = try Tables.pool()
        let space = try SearchSpace(table.parameters)
        let lookup = try RowLookup(table, space: space)
        for (position, row) in table.rows.enumerated() {
            #expect(lookup.row(of: try space.configuration(values: row.values)) == position)
        }
        var values = table.rows[17].values
        values[2] = .number(min(1, 0.001 + number(values[2])))
        #expect(lookup.row(of: try space.configuration(values: values)) == 17)
        // Distance by hand, for a point of no row.
        let asked = try space.configuration(values: [
            .integer(4), .integer(64), .number(0.5), .number(0.01), .boolean(true), .choice("fast"), .integer(3),
        ])
        let distances = table.rows.map { row -> Double in
            let workers: [Int: Double] = [1: 0, 2: 0.2, 4: 0.4, 6: 0.6, 8: 0.8, 12: 1]
            let levels: [Int: Double] = [1: 0, 3: 1 / 3, 5: 2 / 3, 9: 1]
            let parts = [
                (workers[integer(row.values[0])] ?? 9) - 0.4,
                (log(Double(integer(row.values[1]))) - log(64)) / log(4096), number(row.values[2]) - 0.5,
                (log10(number(row.values[3])) + 2) / 3, row.values[4] == .boolean(true) ? 0 : 1,
                row.values[5] == .choice("fast") ? 0 : 1, (levels[integer(row.values[6])] ?? 9) - 1 / 3,
            ]
            return parts.reduce(0) { $0 + $1 * $1 }
        }
        let nearest = distances.indices.min { distances[$0] < distances[$1] }
        #expect(lookup.row(of: asked) == nearest)
    }

    @Test func aLineHasTheKeysOfTheFormat() throws {
        let line = try Tables.replay(try Tables.bowl()) { $0.budget = 5 }.run(seed: 8).jsonLine()
        #expect(!line.contains("\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["problem"] as? String == "bowl" && object["seed"] as? Int == 8)
        #expect((object["regret"] as? [Double])?.count == 5 && (object["rows"] as? [Int])?.count == 5)
        #expect(object["duplicates"] as? Int == 0 && object["recommended_regret"] is Double)
        #expect((object["cpu_seconds_per_suggestion"] as? Double ?? -1) >= 0)
    }

    private func integer(_ value: ParameterValue) -> Int { if case .integer(let x) = value { x } else { 0 } }
    private func number(_ value: ParameterValue) -> Double { if case .number(let x) = value { x } else { 0 } }
}
