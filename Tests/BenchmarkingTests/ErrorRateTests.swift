import Foundation
import HostEnvironment
import Statistics
import Testing

@testable import Benchmarking

@Suite struct PairPoolTests {
    static let text = """
        # pool: 1
        # slowdown: 0.10
        # machine: a machine
        pair\tside\tstart\twall\tuser\tsys\tpeak\tpressure\tsteal
        0\tA\t0.00\t1.0\t0.8\t0.2\t1000\t0.1\t0.00
        0\tB\t1.00\t1.2\t0.9\t0.2\t1000\t0.1\t0.00
        0\tB\t2.00\t1.0\t0.9\t0.3\t1002\t0.2\t0.10
        0\tA\t3.00\t1.2\t0.8\t0.2\t1000\t0.0\t0.00
        1\tA\t4.00\t2.0\t1.0\t0.0\t1000\t0.0\t0.00
        1\tB\t5.00\t2.0\t1.0\t0.0\t1000\t0.0\t0.00
        1\tB\t6.00\t2.0\t1.0\t0.0\t1000\t0.0\t0.00
        1\tA\t7.00\t2.0\t1.0\t0.0\t1000\t0.0\t0.00

        """

    @Test func readsRunsInPairs() throws {
        let pool = try PairPool(Self.text)
        #expect(pool.slowdown == 0.1 && pool.facts["machine"] == "a machine")
        #expect(pool.pairs.count == 2 && pool.runsPerPair == 2)
        let cpu = try #require(pool.pairs[0].values["cpu"])
        #expect(abs((cpu.before.value ?? 0) - 1.0) < 1e-12 && abs((cpu.after.value ?? 0) - 1.15) < 1e-12)
        #expect(abs((pool.pairs[0].values["wall"]?.after.value ?? 0) - 1.1) < 1e-12)
        #expect(pool.pairs[0].values["peak_memory"]?.after.value == 1_025_024)
        #expect(abs((pool.pairs[0].pressureShare.value ?? 0) - 0.4 / 4.4) < 1e-12)
        #expect(abs((pool.pairs[0].stealShare.value ?? 0) - 0.1 / 4.4) < 1e-12)
    }

    @Test func neighboursJoinToLongerPairs() throws {
        let pool = try PairPool(Self.text, runsPerPair: 4)
        #expect(pool.pairs.count == 1 && pool.runsPerPair == 4)
        #expect(abs((pool.pairs[0].values["wall"]?.before.value ?? 0) - 1.55) < 1e-12)
    }

    @Test func emptyFieldsAreNotZero() throws {
        let pool = try PairPool(Self.text.replacingOccurrences(of: "\t0.2\t0.10", with: "\t\t"))
        #expect(pool.pairs[0].pressureShare.value == nil && pool.pairs[1].pressureShare.value == 0)
    }

    @Test(arguments: [
        ("\t0.8\t0.2", "\t-1\t0.2", 5, "user is '-1'"), ("0\tB\t1.00", "0\tC\t1.00", 6, "side is 'C'"),
        ("\t1.2\t0.9", "\tnan\t0.9", 6, "wall is 'nan'"), ("0\tB\t2.00", "0\tA\t2.00", 5, "3 runs of A and 1 of B"),
        ("\tpeak\t", "\tpeek\t", 5, "no column 'peak'"), ("1\tA\t4.00", "x\tA\t4.00", 9, "pair is no number"),
        ("slowdown", "slowness", 1, "slowdown"),
    ])
    func mistakesAreNamed(old: String, new: String, line: Int, reason: String) {
        let range = Self.text.range(of: old)
        #expect(throws: PairPool.FormatError.self) {
            do {
                _ = try PairPool(Self.text.replacingCharacters(in: try #require(range), with: new))
            } catch let error as PairPool.FormatError {
                #expect(error.line == line && error.reason.contains(reason), "\(error)")
                throw error
            }
        }
    }

    @Test func unitsThatDoNotFitAreRefused() {
        #expect(throws: PairPool.FormatError.self) { try PairPool(Self.text, runsPerPair: 3) }
        #expect(throws: PairPool.FormatError.self) { try PairPool(Self.text, runsPerPair: 6) }
        #expect(throws: PairPool.FormatError.self) { try PairPool("# slowdown: 0\npair\tside\n") }
    }
}

@Suite struct GateErrorRateTests {
    private static func pool(_ spread: Double, ratio: Double = 1) -> [GatePair] {
        var source = PairSource(seed: 5, spread: spread, ratios: ["cpu": ratio, "wall": ratio])
        return (0..<200).map { _ in source.next() }
    }

    @Test func quietPoolsAreNeverWrong() {
        let equal = GateErrorRates(pool: Self.pool(0.01), rule: .standard(), noise: nil, gates: 200, seed: 1)
        #expect(equal.share(.passed) == 1 && equal.meanPairs == 8 && equal.withinLastLook == 1)
        let slow = GateErrorRates(pool: Self.pool(0.01, ratio: 1.2), rule: .standard(), noise: nil, gates: 200, seed: 1)
        #expect(slow.share(.regression) == 1 && slow.maximumPairs == 16)
    }

    @Test func theSeedAndTheBlockFixTheDraw() {
        let pool = Self.pool(0.12, ratio: 1.05)
        func rates(_ seed: UInt64, _ block: Int) -> GateErrorRates {
            GateErrorRates(pool: pool, rule: .standard(), noise: nil, gates: 200, blockPairs: block, seed: seed)
        }
        #expect(rates(1, 8) == rates(1, 8))
        #expect(rates(1, 8) != rates(2, 8) && rates(1, 8) != rates(1, 4))
        #expect(rates(1, 8).outcomes.values.reduce(0, +) == 200)
    }
}
