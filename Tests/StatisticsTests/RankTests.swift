import Foundation
import Testing

@testable import Statistics

/// The reference values of scipy; see Fixtures/README.md.
private struct References: Decodable {
    struct SignedRank: Decodable {
        let values: [Double]
        let greater: Double
        let less: Double
        let method: String
    }
    struct RankSum: Decodable {
        let before: [Double]
        let after: [Double]
        let statistic: Double
        let greater: Double
        let less: Double
        let method: String
    }
    let signedRank: [SignedRank]
    let rankSum: [RankSum]
    let normalQuantiles: [[Double]]

    static func load() throws -> References {
        let url = try #require(
            Bundle.module.url(forResource: "rank_tests", withExtension: "json", subdirectory: "Fixtures"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(References.self, from: try Data(contentsOf: url))
    }
}

@Suite struct RankTests {
    @Test func signedRankAgreesWithScipy() throws {
        let cases = try References.load().signedRank
        #expect(cases.count == 13)
        for reference in cases {
            let test = SignedRankTest(reference.values)
            #expect(test.method == (reference.method == "normal" ? .normalApproximation : .exact))
            #expect(abs(test.greater - reference.greater) < 1e-11, "\(reference.values)")
            #expect(abs(test.less - reference.less) < 1e-11, "\(reference.values)")
            #expect(test.twoSided == min(1, 2 * min(test.greater, test.less)))
            #expect(test.used + test.zeros == reference.values.count)
        }
    }

    @Test func rankSumAgreesWithScipy() throws {
        let cases = try References.load().rankSum
        #expect(cases.count == 9)
        for reference in cases {
            let test = RankSumTest(before: reference.before, after: reference.after)
            #expect(test.method == (reference.method == "normal" ? .normalApproximation : .exact))
            #expect(test.statistic == reference.statistic)
            #expect(abs(test.greater - reference.greater) < 1e-11, "\(reference.before) \(reference.after)")
            #expect(abs(test.less - reference.less) < 1e-11, "\(reference.before) \(reference.after)")
        }
    }

    @Test func normalQuantilesAgreeWithScipy() throws {
        for reference in try References.load().normalQuantiles {
            #expect(abs(NormalDistribution.quantile(reference[0]) - reference[1]) < 1e-9, "\(reference)")
        }
    }

    /// Against all 2^n assignments of signs, with ties and zeros.
    @Test(arguments: 1...30 as ClosedRange<UInt64>) func signedRankAgainstEnumeration(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = 1 + generator.integer(below: 10)
        let values = (0..<count).map { _ in Double(generator.integer(below: 9) - 4) }
        let ranks = slowMidranks(values.map(abs))
        func sum(_ isPositive: (Int) -> Bool) -> Double {
            values.indices.reduce(0) { $0 + (values[$1] != 0 && isPositive($1) ? ranks[$1] : 0) }
        }
        let observed = sum { values[$0] > 0 }
        var atLeast = 0
        var atMost = 0
        for signs in 0..<(1 << count) {
            let other = sum { signs >> $0 & 1 == 1 }
            if other >= observed { atLeast += 1 }
            if other <= observed { atMost += 1 }
        }
        let test = SignedRankTest(values)
        #expect(test.positiveRankSum == observed)
        #expect(abs(test.greater - Double(atLeast) / Double(1 << count)) < 1e-12, "seed \(seed): \(values)")
        #expect(abs(test.less - Double(atMost) / Double(1 << count)) < 1e-12, "seed \(seed): \(values)")
    }

    /// Against all splits of the values, with ties.
    @Test(arguments: 1...30 as ClosedRange<UInt64>) func rankSumAgainstEnumeration(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let before = (0...generator.integer(below: 6)).map { _ in Double(generator.integer(below: 5)) }
        let after = (0...generator.integer(below: 6)).map { _ in Double(generator.integer(below: 6)) }
        let ranks = slowMidranks(after + before)
        let observed = ranks[..<after.count].reduce(0, +)
        var atLeast = 0
        var atMost = 0
        var splits = 0
        for chosen in 0..<(1 << ranks.count) where chosen.nonzeroBitCount == after.count {
            let sum = ranks.indices.reduce(0.0) { $0 + (chosen >> $1 & 1 == 1 ? ranks[$1] : 0) }
            splits += 1
            if sum >= observed { atLeast += 1 }
            if sum <= observed { atMost += 1 }
        }
        let test = RankSumTest(before: before, after: after)
        let wins = after.reduce(0.0) { total, a in
            total + before.reduce(0.0) { $0 + (a > $1 ? 1 : a == $1 ? 0.5 : 0) }
        }
        #expect(test.statistic == wins)
        #expect(abs(test.greater - Double(atLeast) / Double(splits)) < 1e-12, "seed \(seed): \(before) \(after)")
        #expect(abs(test.less - Double(atMost) / Double(splits)) < 1e-12, "seed \(seed): \(before) \(after)")
    }

    @Test func nothingButZerosSaysNothing() {
        let test = SignedRankTest([0, 0, 0])
        #expect(test.greater == 1 && test.less == 1 && test.twoSided == 1 && test.used == 0 && test.zeros == 3)
        let equal = RankSumTest(before: [2, 2], after: [2, 2, 2])
        #expect(equal.greater == 1 && equal.less == 1)
    }

    /// The approximation takes over without a jump.
    @Test func theApproximationIsNearTheExactDistribution() {
        var generator = SeededGenerator(seed: 5)
        let values = (0..<50).map { _ in generator.uniform() - 0.4 }
        let exact = SignedRankTest(values)
        let normal = SignedRankTest(values, exactLimit: 0)
        #expect(exact.method == .exact && normal.method == .normalApproximation)
        #expect(abs(exact.greater - normal.greater) < 0.003 && abs(exact.less - normal.less) < 0.003)
        let sums = RankSumTest(before: Array(values[..<20]), after: Array(values[20..<40]))
        let approximate = RankSumTest(before: Array(values[..<20]), after: Array(values[20..<40]), exactLimit: 0)
        #expect(abs(sums.greater - approximate.greater) < 0.003)
    }

    private func slowMidranks(_ values: [Double]) -> [Double] {
        values.map { value in
            Double(values.count { $0 < value }) + 0.5 * Double(values.count { $0 == value } + 1)
        }
    }
}

@Suite struct HodgesLehmannTests {
    /// Hollander, Wolfe and Chicken's depression data (their example 3.1): estimate -0.46, interval (-0.786, -0.010) at 96.1 %.
    @Test func publishedExample() {
        let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
        let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
        let differences = zip(before, after).map { $1 - $0 }
        let result = HodgesLehmann(differences, level: 0.96)
        #expect(abs(result.estimate - -0.46) < 0.005)
        #expect(abs(result.lower - -0.786) < 0.0005 && abs(result.upper - -0.010) < 0.0005)
        #expect(abs(result.attainedLevel - 0.961) < 0.0005)
        #expect(abs(SignedRankTest(differences).less - 0.0195) < 0.0001)
    }

    /// The interval holds exactly the shifts that the test does not reject.
    @Test(arguments: [6, 8, 13, 24, 33]) func theIntervalIsTheTestsOwn(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        for _ in 0..<20 {
            let values = (0..<count).map { _ in generator.uniform() + 0.3 * generator.uniform() }
            let result = HodgesLehmann(values, level: 0.95)
            let step = 1e-9
            func rejects(_ shift: Double) -> Bool {
                let test = SignedRankTest(values.map { $0 - shift })
                return min(test.greater, test.less) <= 0.025
            }
            #expect(rejects(result.lower - step) && !rejects(result.lower + step))
            #expect(!rejects(result.upper - step) && rejects(result.upper + step))
            #expect(result.lower <= result.estimate && result.estimate <= result.upper)
            #expect(result.attainedLevel >= 0.95)
        }
    }

    @Test(arguments: [(4, 6), (9, 7), (16, 16)]) func theShiftsIntervalIsTheTestsOwn(before: Int, after: Int) {
        var generator = SeededGenerator(seed: UInt64(before * 100 + after))
        for _ in 0..<5 {
            let a = (0..<before).map { _ in generator.uniform() }
            let b = (0..<after).map { _ in generator.uniform() + 0.3 }
            let result = HodgesLehmann(before: a, after: b, level: 0.9)
            func rejects(_ shift: Double) -> Bool {
                let test = RankSumTest(before: a, after: b.map { $0 - shift })
                return min(test.greater, test.less) <= 0.05
            }
            #expect(rejects(result.lower - 1e-9) && !rejects(result.lower + 1e-9))
            #expect(!rejects(result.upper - 1e-9) && rejects(result.upper + 1e-9))
            #expect(abs(result.estimate - median(b.flatMap { y in a.map { y - $0 } })) < 1e-15)
        }
    }

    @Test func fewValuesSayWhatTheyReach() {
        let result = HodgesLehmann([1, 2, 4], level: 0.95)
        #expect(result.lower == 1 && result.upper == 4 && result.estimate == 2.25)
        #expect(abs(result.attainedLevel - 0.75) < 1e-12, "1 - 2 * 2^-3")
    }

    /// Spikes in a quarter of the values do not move it far.
    @Test func spikesAreIgnored() {
        let clean = (0..<20).map { 1 + 0.01 * Double($0 % 5) }
        let spiked = clean.enumerated().map { $0 % 4 == 0 ? $1 * 50 : $1 }
        #expect(abs(HodgesLehmann(spiked).estimate - HodgesLehmann(clean).estimate) < 0.04)
    }

    @Test func manyValuesUseTheApproximation() {
        var generator = SeededGenerator(seed: 9)
        let values = (0..<100).map { _ in generator.uniform() }
        let result = HodgesLehmann(values, level: 0.95)
        func rejects(_ shift: Double) -> Bool {
            SignedRankTest(values.map { $0 - shift }, exactLimit: 200).twoSided <= 0.05
        }
        #expect(abs(result.attainedLevel - 0.95) < 0.002)
        // One rank of 2,525 either way.
        #expect(rejects(result.lower - 0.002) && !rejects(result.lower + 0.002))
    }
}

@Suite struct HolmTests {
    /// R's p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm") and an example with the order mixed.
    @Test(
        arguments: [
            ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]), ([0.04, 0.01, 0.03], [0.06, 0.03, 0.06]),
            ([0.5, 0.9], [1, 1]), ([0.02], [0.02]), ([], []),
        ] as [([Double], [Double])])
    func knownValues(values: [Double], expected: [Double]) {
        let adjusted = holmAdjusted(values)
        #expect(adjusted.count == expected.count)
        for (a, b) in zip(adjusted, expected) { #expect(abs(a - b) < 1e-12) }
    }

    /// Adjusted values of at most alpha are those that the step-down procedure rejects.
    @Test func stepDown() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            let values = (0..<(1 + generator.integer(below: 6))).map { _ in generator.uniform() * 0.2 }
            let alpha = 0.05 + 0.1 * generator.uniform()
            var rejected = Set<Int>()
            for (position, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
                guard values[index] <= alpha / Double(values.count - position) else { break }
                rejected.insert(index)
            }
            let adjusted = holmAdjusted(values)
            #expect(Set(values.indices.filter { adjusted[$0] <= alpha }) == rejected, "\(values), \(alpha)")
        }
    }
}
