import Foundation
import TestSupport
import Testing

/// `lavoisier-tune error-rates` as a user runs it, on the committed pools of the real engine.
@Suite struct ErrorRatesProgramTests {
    static func pool(_ name: String) -> String { TestData.repository + "/baselines/pools/busy/slower-\(name).tsv" }
    static let pools = ["00", "05", "10", "20"].map { pool($0) }

    private struct Row: Decodable, Equatable {
        struct Rates: Decodable, Equatable {
            let gates: Int
            let meanPairs: Double
            let failedWithinLastLook: Double
            let outcomes: [String: Int]
        }
        let pool: String
        let slowdown: Double
        let runsPerPair: Int
        let poolPairs: Int
        let lastLook: Int
        let tolerances: [String: Double]
        let rates: Rates

        func share(_ outcome: String) -> Double { Double(rates.outcomes[outcome] ?? 0) / Double(rates.gates) }
    }

    private func rows(_ arguments: [String]) throws -> [Row] {
        let outcome = try Program.run("lavoisier-tune", ["error-rates", "--json"] + arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        return try JSONDecoder().decode([Row].self, from: Data(outcome.output.utf8))
    }

    /// What docs/gate-statistics.md promises, on the pools that are committed. Those of the busy machine were recorded in pairs
    /// of 2 + 2 runs, three of which make a gate's pair.
    @Test(arguments: [("busy", 100), ("changing", 200)]) func theBarsHold(pool: String, pairs: Int) throws {
        let pools = Self.pools.map { $0.replacing("/busy/", with: "/\(pool)/") }
        let found = try rows(pools + ["--runs-per-pair", "6"])
        #expect(found.map(\.slowdown) == [0, 0.05, 0.1, 0.2])
        #expect(found.allSatisfy { $0.rates.gates == 2_000 && $0.lastLook == 24 && $0.runsPerPair == 6 })
        #expect(found.allSatisfy { $0.poolPairs >= pairs })
        #expect(found[0].share("regression") <= 0.03 && found[0].share("inconclusive") <= 0.15)
        #expect(found[2].rates.failedWithinLastLook >= 0.85 && found[2].share("inconclusive") <= 0.15)
        #expect(found[3].rates.failedWithinLastLook >= 0.98)
    }

    @Test func theTableNamesEveryPool() throws {
        let outcome = try Program.run("lavoisier-tune", ["error-rates", "--gates", "20"] + Self.pools)
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 6 && lines[0].contains("inconclusive"))
        for (line, pool) in zip(lines.dropFirst(2), Self.pools) { #expect(line.hasPrefix(pool)) }
    }

    /// Every option changes what is played.
    @Test func optionsAreHeeded() throws {
        let short = [Self.pool("00"), Self.pool("10"), "--gates", "150", "--runs-per-pair", "2"]
        let plain = try rows(short)
        #expect(plain == (try rows(short + ["--seed", "1", "--block", "8", "--machine", "shared"])))
        for options in [
            ["--seed", "2"], ["--block", "3"], ["--machine", "dedicated"], ["--pairs", "8"], ["--metrics", "wall"],
        ] {
            #expect(try rows(short + options) != plain, "\(options)")
        }
        let noisy = short + ["--pairs", "8"]
        #expect(try rows(noisy + ["--without-noise"])[0].tolerances["cpu"] == 0.05)
        #expect(try rows(noisy)[0].tolerances["cpu"] ?? 0 > 0.05, "twice the noise of 8 pairs of 2 runs")
        #expect(plain.map(\.runsPerPair) == [2, 2])
        #expect(try rows(short + ["--metrics", "cpu"])[0].tolerances.keys.sorted() == ["cpu"])
        let long = try rows([Self.pool("10"), "--gates", "40", "--runs-per-pair", "8"])
        #expect(long[0].runsPerPair == 8 && long[0].poolPairs < plain[1].poolPairs && long[0].rates.gates == 40)
        let curve = try rows([Self.pool("10"), "--gates", "20", "--curve"])
        #expect(curve.map(\.lastLook) == [8, 16, 24, 8, 16, 24, 8, 16, 24, 8, 16, 24])
        #expect(curve.map(\.runsPerPair) == [2, 2, 2, 4, 4, 4, 6, 6, 6, 8, 8, 8])
    }

    @Test(
        arguments: [
            (["/nowhere/pool.tsv"], 65, "/nowhere/pool.tsv"),
            ([TestData.repository + "/Package.swift"], 65, "line"),
            ([pool("00"), "--runs-per-pair", "3"], 65, "recorded pairs of 2"),
            ([pool("00"), "--metrics", "speed"], 64, "cpu, peak_memory, wall"),
            ([pool("00"), "--gates", "0"], 64, "must be positive"), ([pool("00"), "--machine", "home"], 64, "home"),
        ] as [([String], Int32, String)])
    func mistakesAreNamed(arguments: [String], status: Int32, expected: String) throws {
        let outcome = try Program.run("lavoisier-tune", ["error-rates"] + arguments)
        #expect(outcome.status == status && outcome.output.isEmpty)
        #expect(outcome.error.contains(expected), "\(outcome.error)")
    }
}
