import Testing

@testable import Benchmarking

@Suite struct GateSelfTestTests {
    /// The recorded runs of the real engine and every accident lead to what a gate must say.
    @Test func everyCheckIsRight() throws {
        let test = try GateSelfTest()
        for check in test.checks {
            #expect(check.isRight, "\(check.name): \(check.decision.outcome), \(check.decision.reason)")
        }
        #expect(test.isRight && test.checks.map(\.expected).count == 7)
        #expect(Set(test.checks.map(\.expected)).count == 7, "each outcome once")
    }

    /// A rule that cannot fail is found out, and so is one that cries wolf.
    @Test func badRulesAreFoundOut() throws {
        var deaf = GateRule.standard()
        for index in deaf.metrics.indices { deaf.metrics[index].tolerance.relative = 10 }
        let failures = try GateSelfTest(rule: deaf).checks.filter { !$0.isRight }.map(\.name)
        #expect(failures.contains("30 % slower"))
        #expect(try !GateSelfTest(rule: deaf).isRight)
        var lax = GateRule.standard()
        lax.accuracyDrop = 0.5
        #expect(try GateSelfTest(rule: lax).checks.filter { !$0.isRight }.map(\.name) == ["accuracy lost"])
    }

    @Test func theSamplesAreWhatTheySay() throws {
        let equal = try PairPool(RecordedSamples.equal)
        let slower = try PairPool(RecordedSamples.slower)
        #expect(equal.slowdown == 0 && slower.slowdown == 0.3 && equal.pairs.count == 32 && slower.pairs.count == 32)
        #expect(equal.pairs.allSatisfy { $0.pressureShare.value != nil })
    }
}
