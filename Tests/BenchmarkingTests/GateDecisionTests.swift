import Foundation
import HostEnvironment
import Statistics
import Testing

@testable import Benchmarking

@Suite struct GateDecisionTests {
    /// Accuracy comes first: a faster program with a wrong answer is not ranked, and one pair is enough.
    @Test func lostAccuracyIsDecidedFirst() {
        var source = PairSource(seed: 1, spread: 0.01, ratios: ["cpu": 0.5])
        source.accuracy["f1"] = PairedValue(before: .available(1), after: .available(0.99))
        let (decision, session, _) = play(source)
        #expect(decision.outcome == .accuracyLost && decision.exitStatus() == 5)
        #expect(session.pairs.count == 1 && decision.metrics.isEmpty)
        #expect(decision.accuracy.map(\.isLost) == [true] && decision.reason.contains("f1 went from 1.0 to 0.99"))
    }

    @Test(arguments: [(0.0, 0.9, false), (0.1, 0.9, false), (0.05, 0.9, true), (0.0, 1.0, false), (0.0, 0.89999, true)])
    func theToleratedDrop(tolerance: Double, after: Double, isLost: Bool) {
        var rule = GateRule.standard()
        rule.accuracyDrop = tolerance
        var source = PairSource(seed: 2, spread: 0.01)
        source.accuracy["recall"] = PairedValue(
            before: .available(tolerance == 0 ? 0.9 : 1), after: .available(after))
        #expect((play(source, rule: rule).decision.outcome == .accuracyLost) == isLost)
    }

    @Test func accuracyThatVanishesIsLost() {
        var source = PairSource(seed: 3, spread: 0.01)
        source.accuracy["f1"] = PairedValue(before: .available(1), after: .unavailable(reason: "no table"))
        #expect(play(source).decision.outcome == .accuracyLost)
        source.accuracy["f1"] = PairedValue(before: .unavailable(reason: "none"), after: .unavailable(reason: "none"))
        #expect(play(source).decision.outcome == .passed, "never measured, so not lost")
    }

    @Test func aCrashIsAFailure() {
        let (decision, session, _) = play(PairSource(seed: 4, spread: 0.01)) { index, pair in
            if index == 2 { pair.failure = .init(arm: .after, reason: "ended by signal 11 (SIGSEGV)") }
        }
        #expect(decision.outcome == .failed && decision.exitStatus() == 1 && session.pairs.count == 3)
        #expect(decision.reason == "the candidate ended by signal 11 (SIGSEGV)")
    }

    @Test func nothingMeasured() {
        let (decision, _, _) = play(PairSource(seed: 5, spread: 0)) { _, pair in
            for key in pair.values.keys {
                pair.values[key] = PairedValue(before: .available(1), after: .unavailable(reason: "no figure"))
            }
        }
        #expect(decision.outcome == .nothingMeasured && decision.exitStatus() == 7)
        #expect(GateDecision(pairs: [], rule: .standard()).outcome == .nothingMeasured)
        #expect(GateDecision(outcome: .notComparable, reason: "another machine").exitStatus() == 6)
        #expect(GateDecision.failed("no engine").exitStatus() == 1)
    }

    /// Every outcome has its own status, but for passing in two ways.
    @Test func statusesAreDistinct() {
        let statuses = GateDecision.Outcome.allCases.map {
            GateDecision(outcome: $0, reason: "").exitStatus(reportsImprovement: true)
        }
        #expect(Set(statuses) == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    /// Fewer items per second is worse.
    @Test func higherIsBetterPointsTheOtherWay() throws {
        let rule = GateRule(metrics: [
            GateMetric(.throughput(of: "spectra"), tolerance: GateTolerance(relative: 0.05))
        ])
        func outcome(_ ratio: Double) -> GateDecision.Outcome {
            play(PairSource(seed: 6, spread: 0.01), rule: rule) { index, pair in
                let noise = 1 + 0.001 * Double(index % 5)
                pair.values["throughput"] = PairedValue(before: .available(100 * noise), after: .available(100 * ratio))
            }.decision.outcome
        }
        #expect(outcome(0.8) == .regression)
        #expect(outcome(1.3) == .improvement)
        #expect(outcome(0.97) == .passed)
    }

    /// Instructions need no test and no fresh pairs.
    @Test(arguments: [
        (1.02, GateDecision.Outcome.regression), (1.005, .regression), (1.003, .passed), (0.997, .passed),
        (0.97, .improvement),
    ])
    func deterministicMetrics(ratio: Double, expected: GateDecision.Outcome) {
        let (decision, session, _) = play(PairSource(seed: 7, spread: 0.01)) { index, pair in
            let count = 1e9 + Double(index % 3)
            pair.values["instructions"] = PairedValue(before: .available(count), after: .available(count * ratio))
        }
        #expect(decision.outcome == expected && session.pairs.count == 8)
    }

    /// A deterministic metric that scatters as far as it moved does not fail.
    @Test func overlappingCountsAreNoRegression() {
        let (decision, _, _) = play(PairSource(seed: 8, spread: 0.01)) { index, pair in
            let scatter = 1 + 0.05 * Double(index % 2)
            pair.values["instructions"] = PairedValue(before: .available(1e9 * scatter), after: .available(1.03e9))
        }
        #expect(decision.outcome == .passed)
    }

    /// A burst of other load in a few pairs, whichever arm it hits, moves no rank far enough to fail.
    @Test(arguments: [0.2, 5]) func burstsDecideNothing(factor: Double) {
        let (decision, session, _) = play(PairSource(seed: 9, spread: 0.01)) { index, pair in
            guard index == 3 || index == 5 else { return }
            pair.pressureShare = .available(0.8)
            pair.values["cpu"] = PairedValue(before: .available(2), after: .available(2 * factor))
        }
        #expect(decision.outcome == .passed && decision.pairs == session.pairs.count)
    }

    @Test func severalWorkloadsShareOneFamily() {
        let rule = GateRule.standard(workloads: ["small", "medium", "tof"])
        let primaries = rule.metrics.filter { $0.role == .primary }.map(\.key)
        #expect(
            primaries == [
                "cpu@small", "cpu@medium", "cpu@tof", "peak_memory@small", "peak_memory@medium", "peak_memory@tof",
            ])
        let (decision, _, _) = play(PairSource(seed: 11, spread: 0.01), rule: rule) { _, pair in
            for name in ["small", "medium", "tof"] {
                for metric in ["cpu", "peak_memory", "wall"] { pair.values["\(metric)@\(name)"] = pair.values[metric] }
            }
            pair.values["cpu@medium"] = PairedValue(before: .available(2), after: .available(2.5))
        }
        #expect(decision.outcome == .regression)
        #expect(decision.metrics.filter { $0.verdict == .worse }.map(\.key) == ["cpu@medium"])
        #expect(decision.reason.hasPrefix("CPU time of medium is 25.0 % higher"))
    }

    /// Stored pairs at one level; the same statistics without looks.
    @Test func storedPairs() {
        var source = PairSource(seed: 12, spread: 0.02, ratios: ["cpu": 1.2])
        let pairs = (0..<10).map { _ in source.next() }
        #expect(GateDecision(pairs: pairs, rule: .standard()).outcome == .regression)
        #expect(
            GateDecision(pairs: Array(pairs.prefix(3)), rule: .standard()).outcome != .regression,
            "3 pairs show nothing")
    }

    @Test func decisionsSurviveJSON() throws {
        let (decision, session, _) = play(PairSource(seed: 13, spread: 0.01, ratios: ["cpu": 1.3]))
        let coded = try JSONEncoder().encode(decision)
        #expect(try JSONDecoder().decode(GateDecision.self, from: coded) == decision)
        let pairs = try JSONEncoder().encode(session.pairs)
        #expect(try JSONDecoder().decode([GatePair].self, from: pairs) == session.pairs)
        let rule = try JSONEncoder().encode(GateRule.standard(.dedicated))
        #expect(try JSONDecoder().decode(GateRule.self, from: rule) == .standard(.dedicated))
    }

    @Test func dedicatedMachinesTolerateLess() {
        let source = PairSource(seed: 14, spread: 0.002, ratios: ["wall": 1.05])
        #expect(play(source).decision.outcome == .passed)
        #expect(play(source, rule: .standard(.dedicated)).decision.outcome == .regression)
    }

    @Test(arguments: [(0.34, 6), (0.27, 8), (0.24, 10), (0.5, 4), (0.9, 4), (1.0, 2), (2.0, 1), (60, 1), (0.05, 40)])
    func runsPerPair(seconds: Double, expected: Int) {
        #expect(GateRule.standard().runsPerPair(secondsPerRun: seconds) == expected)
    }
}
