import HostEnvironment
import Statistics
import Testing

@testable import Benchmarking

@Suite struct StoredComparisonTests {
    private func metric(
        _ metric: Metric = .wall, _ tolerance: Double = 0.05, absolute: Double? = nil,
        role: GateMetric.Role = .primary
    ) -> GateMetric {
        GateMetric(metric, tolerance: GateTolerance(relative: tolerance, absolute: absolute), role: role)
    }

    private func one(
        _ metric: GateMetric, _ before: [Double], _ after: [Double], disturbed: Bool = false
    ) -> StoredComparison {
        StoredComparison.compare([(metric, .available(before), .available(after))], disturbed: disturbed)[0]
    }

    private let base = [1.00, 1.01, 0.99, 1.02, 0.98, 1.00, 1.01, 0.99]

    @Test func aClearChangeIsSeenInTheRightDirection() throws {
        let slower = one(metric(), base, base.map { $0 * 1.3 })
        #expect(slower.verdict == .worse)
        let ratio = try #require(slower.ratio.value)
        #expect(abs(ratio.estimate - 1.3) < 0.01 && ratio.lower > 1.2 && ratio.upper < 1.4)
        #expect(ratio.countBefore == 8 && ratio.countAfter == 8)
        #expect(one(metric(), base, base.map { $0 / 1.3 }).verdict == .better)
        // Of throughput, more is better.
        #expect(one(metric(.throughput(of: "MB")), base, base.map { $0 * 1.3 }).verdict == .better)
        #expect(abs((one(metric(.throughput(of: "MB")), base, base.map { $0 / 1.3 }).worsening ?? 0) - 1.3) < 0.01)
    }

    @Test func aSmallerChangeThanTheToleranceIsNone() {
        #expect(one(metric(.wall, 0.05), base, base.map { $0 * 1.03 }).verdict == .noDifference)
        #expect(one(metric(.wall, 0.01), base, base.map { $0 * 1.03 }).verdict == .worse)
        // Both bounds must be exceeded.
        #expect(one(metric(.wall, 0.01, absolute: 0.1), base, base.map { $0 * 1.03 }).verdict == .noDifference)
        #expect(one(metric(.wall, 0.01, absolute: 0.01), base, base.map { $0 * 1.03 }).verdict == .worse)
    }

    @Test func noiseAndFewRunsCannotTell() {
        let noisy = [1.0, 2.0, 0.5, 1.5, 0.7, 1.9, 1.1, 0.6]
        #expect(one(metric(), noisy, noisy.map { $0 * 1.1 }).verdict == .inconclusive)
        // Three against three reach no 2.5 %: 1 / 20.
        #expect(one(metric(), [1, 1.01, 1.02], [2, 2.01, 2.02]).verdict != .worse)
        #expect(one(metric(), [1, 1.01, 1.02, 1.03], [2, 2.01, 2.02, 2.03]).verdict == .worse)
        #expect(one(metric(), [1], [2]).verdict != .worse)
    }

    @Test func whatCouldNeverBeCalledWorseIsNotCalledEqual() {
        // Two against eight reach 1 / 45 = 0.022: enough for one question, not for two.
        let (two, eight) = (
            Measured.available([1.0, 1.001]), Measured.available((0..<8).map { 1 + 0.0001 * Double($0) })
        )
        let wall = (metric(.wall), two, eight)
        #expect(StoredComparison.compare([wall])[0].verdict == .noDifference)
        #expect(
            StoredComparison.compare([wall, (metric(.cpu), two, eight)]).map(\.verdict) == [
                .inconclusive, .inconclusive,
            ])
    }

    @Test func whatIsMissingIsNotMeasured() {
        let rows = StoredComparison.compare([
            (metric(.energy), .unavailable(reason: "no counters"), .available([1])),
            (metric(.cpu), .available([0, -1, .nan]), .available([1])),
        ])
        #expect(rows.map(\.verdict) == [.notMeasured, .notMeasured])
        #expect(rows[0].ratio.reason == "no counters" && rows[0].adjustedP.reason == "no counters")
        #expect(rows[1].beforeMedian.reason == "no run has a positive value")
    }

    @Test func askingManyQuestionsCostsLevel() {
        // p = 1 / 70 = 0.014 one-sided, alone below 2.5 %, and not among twelve.
        let slow = (
            metric(.wall), Measured.available([1, 1.01, 1.02, 1.03]), Measured.available([2, 2.01, 2.02, 2.03])
        )
        let same = Measured.available([1, 1.01, 1.02, 1.03])
        let others = (0..<11).map { index in
            (
                metric(Metric(name: "m\(index)", title: "m", unit: "s", direction: .lowerIsBetter)), same, same
            )
        }
        #expect(StoredComparison.compare([slow])[0].verdict == .worse)
        #expect(StoredComparison.compare([slow] + others)[0].verdict != .worse)
        // What is only shown asks nothing.
        let shown = others.map { (metric($0.0.metric, role: .informational), $0.1, $0.2) }
        #expect(StoredComparison.compare([slow] + shown)[0].verdict == .worse)
    }

    /// A figure that is only shown is judged all the same, in a family of its own.
    @Test func whatIsOnlyShownIsJudgedAmongItsOwn() {
        let shown = metric(.wall, role: .informational)
        #expect(one(shown, base, base.map { $0 * 2 }).verdict == .worse)
        #expect(one(shown, base, base.map { $0 / 2 }).verdict == .better)
        #expect(one(shown, base, base).adjustedP.value != nil)
        let slow = (shown, Measured.available([1, 1.01, 1.02, 1.03]), Measured.available([2, 2.01, 2.02, 2.03]))
        let more = (0..<11).map { index in
            (
                metric(
                    Metric(name: "m\(index)", title: "m", unit: "s", direction: .lowerIsBetter), role: .informational),
                slow.1, slow.1
            )
        }
        #expect(StoredComparison.compare([slow])[0].verdict == .worse)
        #expect(StoredComparison.compare([slow] + more)[0].verdict == .inconclusive)
    }

    @Test func onADisturbedMachineTimesSayNothingAndMemoryDoes() {
        #expect(one(metric(), base, base.map { $0 * 2 }, disturbed: true).verdict == .inconclusive)
        #expect(one(metric(.peakMemory), base, base.map { $0 * 2 }, disturbed: true).verdict == .worse)
    }

    /// Equal programs on a steady machine: at most 2.5 % of comparisons say worse. Between two series of 12 from one
    /// distribution with a tolerance of 0, the rank test alone decides.
    @Test func falseAlarmsKeepTheLevel() {
        let seed: UInt64 = 11
        var generator = SeededGenerator(seed: seed)
        let rounds = 1_000
        let alarms = (0..<rounds).count { _ in
            let values = (0..<24).map { _ in 1 + 0.1 * generator.uniform() }
            return one(metric(.wall, 0), Array(values[..<12]), Array(values[12...])).verdict == .worse
        }
        // Six standard deviations of the binomial above the level.
        #expect(alarms <= 55, "seed \(seed): \(alarms) of \(rounds)")
    }
}
