import Benchmarking
import HostEnvironment
import Statistics
import Testing

@Suite struct InterleavedOrderTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func twoArmsMirrorEachOther(_ seed: UInt64) {
        let rows = interleavedOrder(pairs: 8, arms: 2, seed: seed)
        #expect(rows.count == 8)
        for (first, second) in zip(rows, rows.dropFirst()) { #expect(first == second.reversed()) }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func threeArmsHoldEachOrderOnceInSixRows(_ seed: UInt64) {
        let rows = interleavedOrder(pairs: 12, arms: 3, seed: seed)
        #expect(Set(rows.prefix(6)).count == 6)
        #expect(Set(rows.suffix(6)).count == 6)
        for i in stride(from: 0, to: 12, by: 2) { #expect(rows[i] == rows[i + 1].reversed()) }
        for arm in 0..<3 {
            // A linear drift costs every arm the same.
            let positions = rows.map { $0.firstIndex(of: arm) ?? -1 }
            #expect(positions.reduce(0, +) == 12)
        }
    }

    @Test func theSeedDecides() {
        #expect(interleavedOrder(pairs: 9, arms: 3, seed: 4) == interleavedOrder(pairs: 9, arms: 3, seed: 4))
        let firsts = Set((0..<40).map { interleavedOrder(pairs: 1, arms: 2, seed: $0)[0][0] })
        #expect(firsts == [0, 1])
        #expect(interleavedOrder(pairs: 0, arms: 2, seed: 1).isEmpty)
        #expect(interleavedOrder(pairs: 3, arms: 1, seed: 1) == [[0], [0], [0]])
    }
}

@Suite struct ComparisonTests {
    /// Pairs with common drift and a given ratio.
    func pairs(_ n: Int, ratio: Double, noise: Double, seed: UInt64) -> ([Measured<Double>], [Measured<Double>]) {
        var generator = SeededGenerator(seed: seed)
        var before: [Measured<Double>] = []
        var after: [Measured<Double>] = []
        for _ in 0..<n {
            let drift = 1 + 2 * generator.uniform()
            before.append(.available(drift * (1 + noise * (generator.uniform() - 0.5))))
            after.append(.available(ratio * drift * (1 + noise * (generator.uniform() - 0.5))))
        }
        return (before, after)
    }

    @Test func directionDecidesWhatIsBetter() {
        let (a, b) = pairs(16, ratio: 0.8, noise: 0.05, seed: 3)
        #expect(Comparison(metric: .wall, before: a, after: b).verdict == .better)
        #expect(Comparison(metric: .throughput(of: "spectra"), before: a, after: b).verdict == .worse)
        #expect(Comparison(metric: .wall, before: b, after: a).verdict == .worse)
        let ratio = Comparison(metric: .wall, before: a, after: b).ratio.value?.estimate ?? 0
        #expect(abs(ratio - 0.8) < 0.03)
    }

    @Test func identicalArmsSeldomDiffer() {
        var alarms = 0
        for seed in 1...200 as ClosedRange<UInt64> {
            let (a, b) = pairs(16, ratio: 1, noise: 0.1, seed: seed)
            if Comparison(metric: .wall, before: a, after: b, tolerance: 0.03, resamples: 500).verdict != .noDifference
            {
                alarms += 1
            }
        }
        #expect(alarms <= 10, "\(alarms) false alarms in 200")
    }

    @Test func changesWithinTheToleranceAreNone() {
        let (a, b) = pairs(16, ratio: 1.02, noise: 0.001, seed: 5)
        #expect(Comparison(metric: .wall, before: a, after: b).verdict == .worse)
        #expect(Comparison(metric: .wall, before: a, after: b, tolerance: 0.03).verdict == .noDifference)
    }

    @Test func fewPairsProveNothing() {
        let (a, b) = pairs(5, ratio: 0.5, noise: 0.01, seed: 6)
        #expect(Comparison(metric: .wall, before: a, after: b).verdict == .inconclusive)
    }

    @Test func missingAndZeroValuesDropTheirPair() {
        var (a, b) = pairs(8, ratio: 0.5, noise: 0.01, seed: 7)
        a[0] = .unavailable(reason: "no counter")
        b[1] = .available(0)
        let comparison = Comparison(metric: .wall, before: a, after: b)
        #expect(comparison.droppedPairs == 2)
        #expect(comparison.ratio.value?.pairs == 6)
        let none = Comparison(
            metric: .storageRead, before: [.unavailable(reason: "no counter")], after: [.available(1)])
        #expect(none.ratio == .unavailable(reason: "no counter"))
        #expect(none.verdict == .inconclusive)
    }

    @Test func metricsReadTheirOwnNumber() {
        let run = shell("echo x").run()
        #expect(Metric.wall.value(of: run) == run.wallSeconds)
        #expect(Metric.cpu.value(of: run) == run.cpuSeconds)
        #expect(Metric.throughput(of: "spectra").value(of: run, work: 10).value == 10 / (run.wallSeconds.value ?? 0))
        #expect(Metric.throughput(of: "spectra").value(of: run).reason != nil)
        #expect(Metric.storageWrite.value(of: run).value == run.io.value.map { Double($0.storageWriteBytes) })
    }
}
