import Foundation
import Testing

@testable import Statistics

@Suite struct QuantileTests {
    // Reference values: numpy.quantile(x, q) of numpy 2.4.
    @Test(arguments: [(0.0, 1.0), (0.1, 1.4), (0.25, 2.0), (0.5, 3.0), (0.9, 8.4), (1.0, 12.0)])
    func agreesWithNumpy(probability: Double, expected: Double) {
        #expect(abs(quantile([3, 1, 12, 2, 3], probability) - expected) < 1e-12)
    }

    @Test func spread() {
        #expect(median([4.0, 1, 3, 2]) == 2.5)
        #expect(abs(medianAbsoluteDeviation([1.0, 2, 3, 4, 100]) - 1.482_602_218_505_602) < 1e-12)
        #expect(abs(standardDeviation([2.0, 4, 4, 4, 5, 5, 7, 9]) - 2.138_089_935_299_395) < 1e-12)
        #expect(standardDeviation([5.0]) == 0)
    }

    @Test func correlation() {
        #expect(abs(pearsonCorrelation([1, 2, 3], [2, 4, 6]) - 1) < 1e-12)
        #expect(abs(pearsonCorrelation([1, 2, 3], [3, 2, 1]) + 1) < 1e-12)
        #expect(pearsonCorrelation([1, 1], [2, 3]).isNaN)
    }
}

@Suite struct SeededGeneratorTests {
    // Reference: the authors' C code of xoshiro256** with SplitMix64 seeding from 42.
    @Test func knownStream() {
        var generator = SeededGenerator(seed: 42)
        let first = [generator.next(), generator.next(), generator.next()]
        #expect(first == [1_546_998_764_402_558_742, 6_990_951_692_964_543_102, 12_544_586_762_248_559_009])
    }

    @Test func uniformCoversTheInterval() {
        var generator = SeededGenerator(seed: 7)
        let values = (0..<10_000).map { _ in generator.uniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(mean(values) - 0.5) < 0.02)
        var counts = [Int](repeating: 0, count: 5)
        for _ in 0..<10_000 { counts[generator.integer(below: 5)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 2_000) < 250 })
    }
}

@Suite struct PairedRatioTests {
    @Test func knownShiftLiesInTheInterval() {
        var generator = SeededGenerator(seed: 3)
        let before = (0..<20).map { _ in 1 + 0.1 * generator.uniform() }
        let after = before.map { $0 * 1.2 * (0.99 + 0.02 * generator.uniform()) }
        let ratio = PairedRatio(before: before, after: after)
        #expect(abs(ratio.estimate - 1.2) < 0.01)
        #expect(ratio.lower <= ratio.estimate && ratio.estimate <= ratio.upper)
        #expect(ratio.isBeyondNoise)
        #expect(ratio.pairs == 20)
        #expect(ratio == PairedRatio(before: before, after: after), "the seed fixes the result")
    }

    /// Drift that both members of a pair share cancels, as it must on a shared machine.
    @Test func sharedDriftCancels() {
        let drift = (0..<16).map { exp(Double($0) / 4) }
        let ratio = PairedRatio(before: drift, after: drift)
        #expect(ratio.estimate == 1)
        #expect(!ratio.isBeyondNoise)
    }

    /// Against a table of the sign test at 95 % (two-sided): 1 of 6, 3 of 12, 4 of 16, 6 of 20, 14 of 40; none of 5.
    @Test(arguments: [(5, 0), (6, 1), (8, 1), (9, 2), (12, 3), (16, 4), (20, 6), (40, 14), (100, 40)])
    func theSignTestsRank(pairs: Int, rank: Int) {
        #expect(PairedRatio.signTestRank(pairs: pairs, level: 0.95) == rank)
    }

    /// Each end is at least as far out as the sign test's order statistic, and few pairs reach to the extremes.
    @Test(arguments: [3, 6, 12, 40]) func theIntervalIsNotNarrowerThanTheSignTests(pairs: Int) {
        var generator = SeededGenerator(seed: UInt64(pairs))
        for _ in 0..<50 {
            let after = (0..<pairs).map { _ in 1 + 0.2 * generator.uniform() }
            let ratio = PairedRatio(before: [Double](repeating: 1, count: pairs), after: after, resamples: 200)
            let sorted = after.sorted()
            let rank = max(PairedRatio.signTestRank(pairs: pairs, level: 0.95), 1)
            #expect(ratio.lower <= sorted[rank - 1] * (1 + 1e-12))
            #expect(ratio.upper >= sorted[pairs - rank] * (1 - 1e-12))
        }
    }

    /// Coverage of the interval on noise without a shift, over 400 seeded experiments.
    @Test(arguments: [8, 12, 16]) func falseAlarmsAreRare(pairs: Int) {
        var generator = SeededGenerator(seed: 11)
        func gaussian() -> Double {
            (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * .pi * generator.uniform())
        }
        var alarms = 0
        for experiment in 0..<400 {
            let before = (0..<pairs).map { _ in exp(0.1 * gaussian()) }
            let after = (0..<pairs).map { _ in exp(0.1 * gaussian()) }
            let ratio = PairedRatio(before: before, after: after, resamples: 500, seed: UInt64(experiment))
            if ratio.isBeyondNoise { alarms += 1 }
        }
        #expect(alarms <= 24, "\(alarms) of 400: 5 % are 20 at most")
    }
}
