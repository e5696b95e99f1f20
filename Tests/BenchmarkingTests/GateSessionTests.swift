import HostEnvironment
import Statistics
import Testing

@testable import Benchmarking

@Suite struct GateSessionTests {
    @Test func equalProgramsPassEarly() {
        let (decision, session, asked) = play(PairSource(seed: 1, spread: 0.02))
        #expect(decision.outcome == .passed && decision.exitStatus() == 0)
        #expect(session.pairs.count == 8 && decision.pairs == 8)
        #expect(asked.allSatisfy { $0 == .measure })
        #expect(decision.metrics.filter { $0.role == .primary }.map(\.key) == ["cpu", "peak_memory", "wall", "energy"])
        #expect(decision.metrics.first { $0.key == "energy" }?.verdict == .notMeasured)
    }

    @Test func aSlowerProgramFailsTwice() throws {
        let (decision, session, asked) = play(PairSource(seed: 2, spread: 0.05, ratios: ["cpu": 1.3, "wall": 1.3]))
        #expect(decision.outcome == .regression && decision.exitStatus() == 2)
        #expect(session.pairs.count == 16, "8 pairs and 8 fresh ones")
        #expect(
            asked == [GateStep.Purpose](repeating: .measure, count: 8)
                + [GateStep.Purpose](repeating: .confirm, count: 8))
        let cpu = try #require(decision.metrics.first { $0.key == "cpu" })
        let ratio = try #require(cpu.ratio.value)
        #expect(cpu.verdict == .worse && abs(ratio.estimate - 1.3) < 0.08 && ratio.lower > 1.05)
        #expect(cpu.confirmation.value?.pairs == 8 && ratio.pairs == 16)
        #expect(decision.reason.contains("CPU time is") && decision.reason.contains("tolerated are 5.0 %"))
    }

    /// A slow spell that ends: the fresh pairs do not show it, and the gate does not fail.
    @Test func whatFreshPairsDoNotShowIsNoRegression() {
        let (decision, _, asked) = play(PairSource(seed: 3, spread: 0.01)) { index, pair in
            if index < 8 { pair.values["cpu"] = PairedValue(before: .available(2), after: .available(2.6)) }
        }
        #expect(asked.contains(.confirm))
        #expect(decision.outcome != .regression && decision.exitStatus() != 2)
        #expect(decision.metrics.first { $0.key == "cpu" }?.confirmation.value?.estimate ?? 2 < 1.05)
    }

    /// The confirmation asks for the same metric: another one that fails on the fresh pairs is not what was suspected.
    @Test func anotherMetricDoesNotConfirm() {
        let (decision, _, _) = play(PairSource(seed: 4, spread: 0.01)) { index, pair in
            let slow = PairedValue(before: .available(2), after: .available(2.6))
            if index < 8 { pair.values["cpu"] = slow } else if index < 16 { pair.values["wall"] = slow }
        }
        #expect(decision.outcome != .regression)
    }

    /// Tolerances decide: what is within passes however sure it is, what is beyond fails.
    @Test(arguments: [
        (["cpu": 1.04], GateDecision.Outcome.passed), (["cpu": 1.06], .regression), (["wall": 1.09], .passed),
        (["wall": 1.12], .regression), (["peak_memory": 1.03], .passed), (["peak_memory": 1.08], .regression),
        (["cpu": 0.8], .improvement), (["cpu": 0.97], .passed),
    ])
    func tolerances(ratios: [String: Double], expected: GateDecision.Outcome) {
        let (decision, _, _) = play(PairSource(seed: 5, spread: 0.002, ratios: ratios))
        #expect(decision.outcome == expected, "\(decision.reason)")
        #expect(
            decision.exitStatus(reportsImprovement: true)
                == (expected == .improvement ? 4 : expected == .regression ? 2 : 0))
        #expect(decision.exitStatus() == (expected == .regression ? 2 : 0))
    }

    /// Where a tolerance has an absolute part, both parts must be exceeded.
    @Test func smallAbsoluteChangesDoNotCount() {
        func outcome(_ absolute: Double?) -> GateDecision.Outcome {
            let rule = GateRule(metrics: [
                GateMetric(.peakMemory, tolerance: GateTolerance(relative: 0.05, absolute: absolute))
            ])
            return play(PairSource(seed: 6, spread: 0, ratios: ["peak_memory": 1.1]), rule: rule).decision.outcome
        }
        #expect(outcome(nil) == .regression)
        #expect(outcome(39e6) == .regression, "40 MB more")
        #expect(outcome(41e6) == .passed)
        // The default: 16 MiB.
        let (decision, _, _) = play(PairSource(seed: 6, spread: 0)) { _, pair in
            pair.values["peak_memory"] = PairedValue(before: .available(50e6), after: .available(60e6))
        }
        #expect(decision.outcome == .passed)
    }

    @Test func theToleranceIsNotBelowTwiceTheMachinesNoise() throws {
        let source = PairSource(seed: 7, spread: 0.002, ratios: ["cpu": 1.07])
        #expect(play(source).decision.outcome == .regression)
        let noisy = metricNoise(0.2)
        let (decision, _, _) = play(source, noise: noisy)
        #expect(decision.outcome == .passed)
        let cpu = try #require(decision.metrics.first { $0.key == "cpu" })
        #expect(abs(cpu.tolerance.relative - 2 * (noisy.noise(of: "cpu", pairs: 24) ?? 0)) < 1e-12)
        #expect(cpu.toleranceReason?.contains("2 times") == true)
        var rule = GateRule.standard()
        rule.noiseFactor = 0
        #expect(play(source, rule: rule, noise: noisy).decision.outcome == .regression)
        // A quiet machine does not narrow what the rule tolerates.
        #expect(play(source, noise: metricNoise(0.001)).decision.metrics[0].tolerance.relative == 0.05)
    }

    @Test func noiseThatHidesTwiceTheToleranceIsInconclusive() {
        let (decision, session, _) = play(PairSource(seed: 8, spread: 0.5))
        #expect(decision.outcome == .inconclusive && decision.exitStatus() == 3)
        #expect(session.pairs.count >= 24)
        #expect(decision.reason.contains("could not have been seen"))
    }

    /// With one way of looking wrong among many, each p-value counts for all of them.
    @Test func holmOverThePrimaryMetrics() throws {
        let (decision, _, _) = play(PairSource(seed: 9, spread: 0.01, ratios: ["cpu": 1.5]))
        let cpu = try #require(decision.metrics.first { $0.key == "cpu" })
        let p = try #require(cpu.ratio.value?.worseP)
        #expect(cpu.adjustedP.value == 3 * p, "three metrics were measured")
        #expect(decision.metrics.first { $0.key == "energy" }?.adjustedP.value == nil)
    }

    @Test func laterLooksAreTakenWhenNothingIsClear() {
        let (_, session, _) = play(PairSource(seed: 10, spread: 0.12))
        #expect(session.pairs.count > 8)
        var rule = GateRule.standard()
        rule = rule.limited(toPairs: 8)
        #expect(rule.looks == [8] && rule.alphas.count == 1 && rule.maximumPairs == 16)
        #expect(play(PairSource(seed: 10, spread: 0.12), rule: rule).session.pairs.count <= 16)
    }

    @Test func askingAgainChangesNothing() {
        var session = GateSession(rule: .standard())
        #expect(session.next() == .run(pairs: 8, purpose: .measure))
        #expect(session.next() == .run(pairs: 8, purpose: .measure))
        var source = PairSource(seed: 11, spread: 0.01)
        for missing in stride(from: 7, through: 1, by: -1) {
            session.add(source.next())
            #expect(session.next() == .run(pairs: missing, purpose: .measure))
        }
        session.add(source.next())
        let decided = session.next()
        #expect(decided == session.next())
        guard case .decide = decided else {
            Issue.record("no decision after 8 quiet pairs")
            return
        }
    }

    @Test func stoppingSaysWhatIsKnown() {
        var empty = GateSession(rule: .standard())
        #expect(empty.stop().outcome == .nothingMeasured)
        func stopped(_ ratios: [String: Double], spread: Double, after count: Int) -> GateDecision {
            var session = GateSession(rule: .standard())
            var source = PairSource(seed: 12, spread: spread, ratios: ratios)
            for _ in 0..<count {
                _ = session.next()
                session.add(source.next())
            }
            return session.stop()
        }
        let close = stopped(["cpu": 1.06], spread: 0.03, after: 12)
        #expect(close.outcome == .inconclusive, "not confirmed: \(close.reason)")
        #expect(close.reason.contains("the time was up before fresh pairs could show it again"))
        #expect(stopped(["cpu": 1.3], spread: 0.01, after: 12).outcome == .regression, "the whole interval is beyond")
        #expect(stopped(["cpu": 1.3], spread: 0.01, after: 16).outcome == .regression, "confirmed")
        #expect(stopped([:], spread: 0.01, after: 7).outcome == .passed)
        #expect(stopped([:], spread: 0.5, after: 7).outcome == .inconclusive)
        let one = stopped(["cpu": 1.3], spread: 0.01, after: 1)
        #expect(one.outcome == .inconclusive && one.reason.contains("with 1 pair no change of CPU time can be seen"))
    }

    /// What fresh pairs did not show again does not stand because the time is up later.
    @Test func beingCutOffDoesNotRevive() {
        var session = GateSession(rule: .standard())
        var source = PairSource(seed: 14, spread: 0.01)
        for index in 0..<20 {
            _ = session.next()
            var pair = source.next()
            // Slow in the first look, well in the confirmation, slow again after it.
            if index < 8 || index >= 16 {
                pair.values["cpu"] = PairedValue(before: .available(2), after: .available(3))
            }
            session.add(pair)
        }
        let decision = session.stop()
        #expect(decision.outcome == .inconclusive || decision.outcome == .passed, "\(decision.reason)")
        #expect(decision.pairs == 20)
    }

    /// Of equal programs a gate that is cut off may fail only where the whole interval is beyond the tolerance: with noise that
    /// gives an estimate beyond it in a third of gates.
    @Test func beingCutOffGivesNoFalseAlarms() {
        var alarms = 0
        for seed in UInt64(1)...200 {
            var session = GateSession(rule: .standard())
            var source = PairSource(seed: seed, spread: 0.3)
            for _ in 0..<10 {
                _ = session.next()
                session.add(source.next())
            }
            if session.stop().outcome == .regression { alarms += 1 }
        }
        #expect(alarms <= 2, "\(alarms) of 200")
    }

    /// One workload of two that was read empty: nothing was measured, however well the other one did.
    @Test func anEmptyWorkloadIsNoPass() {
        let (decision, session, _) = play(PairSource(seed: 13, spread: 0.01)) { index, pair in
            if index == 3 { pair.emptyWorkload = "medium" }
        }
        #expect(decision.outcome == .nothingMeasured && decision.exitStatus() == 7)
        #expect(decision.reason.contains("read no spectra of medium") && session.pairs.count == 4)
    }
}
