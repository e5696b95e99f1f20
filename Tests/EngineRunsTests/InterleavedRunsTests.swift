import Benchmarking
import HostEnvironment
import Testing

@testable import EngineRuns

/// A program in this process: what each run does follows from the arm and how many runs there were.
private final class Script {
    var runs: [Int] = []
    var signal: Int32?
    var behaviour: (_ arm: Int, _ run: Int) -> ProgramRun = { _, _ in fakeRun() }

    func session(arms: Int = 2, _ change: (inout InterleavedRuns.Options) -> Void = { _ in }) -> InterleavedRuns {
        var options = InterleavedRuns.Options()
        options.pairs = 8
        change(&options)
        return InterleavedRuns(arms: arms, options: options, stopSignal: { self.signal }) { arm, _ in
            self.runs.append(arm)
            return self.behaviour(arm, self.runs.count - 1)
        }
    }
}

@Suite struct InterleavedRunsTests {
    @Test func armsTakeTurnsAfterOneWarmUpEach() throws {
        let script = Script()
        var session = script.session { $0.seed = 5 }
        #expect(try session.run() == .complete)
        #expect(session.record.warmUps.map(\.arm) == [0, 1])
        let planned = interleavedOrder(pairs: 8, arms: 2, seed: 5)
        #expect(Array(script.runs.dropFirst(2)) == planned.flatMap { $0 })
        #expect(session.record.completePairs.count == 8 && session.record.end == .complete)
        // The order depends on the seed alone, and some seed begins with the other arm.
        let first = Set((0..<20).map { interleavedOrder(pairs: 1, arms: 2, seed: $0)[0][0] })
        #expect(first == [0, 1])
    }

    @Test func aPairMayHaveSeveralRunsOfEachArm() throws {
        let script = Script()
        script.behaviour = { arm, run in fakeRun(wall: Double(arm * 100 + run)) }
        var session = script.session {
            $0.pairs = 3
            $0.runsPerPair = 2
        }
        #expect(try session.run() == .complete)
        #expect(script.runs.count == 2 + 3 * 4)
        let order = Array(script.runs[2..<6])
        // A B B A or B A A B.
        #expect(order[0] == order[3] && order[1] == order[2] && order[0] != order[1])
        #expect(session.record.completePairs.allSatisfy { $0.runs(of: 0).count == 2 })
        // Runs 2 to 5 are the first pair, so the mean of each arm lies at 3.5.
        #expect(session.record.values(of: .wall, arm: 0)[0] == .available(3.5))
        #expect(session.record.values(of: .wall, arm: 1)[0] == .available(103.5))
    }

    @Test func stepsAndWholeSessionsRunTheSame() throws {
        let whole = Script()
        var session = whole.session { $0.pairs = 5 }
        _ = try session.run()
        let stepped = Script()
        var steps = stepped.session { $0.pairs = 5 }
        #expect(try steps.warmUp() == .complete)
        for index in 0..<5 { #expect(try steps.runPair(index) == .complete) }
        #expect(whole.runs == stepped.runs)
        #expect(steps.nextIndex == 5)
        #expect(steps.record.completePairs.map(\.index) == session.record.completePairs.map(\.index))
    }

    @Test func aDisturbedPairRunsAgainWholeAndBothAreKept() throws {
        let script = Script()
        // Runs 2 and 3 are the first pair.
        script.behaviour = { _, run in fakeRun(pressure: run == 3 ? 0.9 : 0.1) }
        var session = script.session { $0.pairs = 4 }
        #expect(try session.run() == .complete)
        #expect(session.record.pairs.map(\.repeats) == [nil, nil, nil, nil, 0])
        #expect(session.record.pairs[4].runs.count == 2)
        #expect(session.record.completePairs.count == 5)
        #expect(session.record.disturbances.keys.sorted() == [0])
    }

    @Test func atMostHalfAsManyPairsRunAgain() throws {
        let script = Script()
        script.behaviour = { _, run in fakeRun(pressure: run < 4 ? 0.1 : 0.9) }
        var session = script.session { $0.pairs = 6 }
        #expect(try session.run() == .complete)
        #expect(session.record.pairs.count { $0.repeats != nil } == 3)
        let none = Script()
        none.behaviour = script.behaviour
        var strict = none.session {
            $0.pairs = 6
            $0.extraShare = 0
        }
        _ = try strict.run()
        #expect(strict.record.pairs.count == 6)
    }

    @Test func aFailedPairDoesNotCountAndRunsAgain() throws {
        let script = Script()
        script.behaviour = { _, run in fakeRun(failure: run == 4 ? RunFailure(.crashed, "once") : nil) }
        var session = script.session { $0.pairs = 4 }
        #expect(try session.run() == .complete)
        #expect(session.record.pairs.count == 5 && session.record.completePairs.count == 4)
        // The other arm of the failed pair ran all the same.
        #expect(session.record.pairs.allSatisfy { $0.runs.count == 2 })
    }

    @Test func anArmThatKeepsFailingEndsTheSession() throws {
        let warm = Script()
        warm.behaviour = { arm, _ in fakeRun(failure: arm == 1 ? RunFailure(.crashed, "always") : nil) }
        var early = warm.session()
        #expect(try early.run() == .failed(arm: 1, failure: RunFailure(.crashed, "always")))
        #expect(early.record.pairs.isEmpty && early.record.warmUps.count == 2)
        let later = Script()
        later.behaviour = { arm, run in fakeRun(failure: arm == 1 && run > 3 ? RunFailure(.timedOut, "x") : nil) }
        var session = later.session()
        #expect(try session.run() == .failed(arm: 1, failure: RunFailure(.timedOut, "x")))
        #expect(session.record.pairs.count == 4)
    }

    @Test func anInterruptKeepsWhatIsThere() throws {
        let script = Script()
        script.behaviour = { _, run in
            run == 5
                ? fakeRun(
                    failure: RunFailure(.interrupted, "asked"), termination: .interrupted(signal: 15)) : fakeRun()
        }
        var session = script.session()
        #expect(try session.run() == .interrupted(signal: 15))
        #expect(session.record.pairs.count == 2 && session.record.completePairs.count == 1)
        #expect(session.record.end == .interrupted(signal: 15))
        let flagged = Script()
        flagged.behaviour = { _, run in
            if run == 6 { flagged.signal = 2 }
            return fakeRun()
        }
        var other = flagged.session()
        #expect(try other.run() == .interrupted(signal: 2))
        #expect(flagged.runs.count == 7)
    }

    @Test func aUsedUpTimeBudgetStopsAfterTheFirstPair() throws {
        let script = Script()
        var session = script.session { $0.timeBudgetSeconds = 0 }
        #expect(try session.run() == .outOfTime)
        #expect(session.record.pairs.count == 1)
        #expect(session.isOutOfTime())
        var roomy = Script().session { $0.timeBudgetSeconds = 3_600 }
        #expect(try roomy.run() == .complete)
    }

    @Test func progressNamesTheArmAndEndsWithAllPairs() throws {
        var seen: [InterleavedRuns.Progress] = []
        var session = Script().session { $0.pairs = 2 }
        _ = try session.run { seen.append($0) }
        #expect(seen.count == 2 + 4 + 1)
        #expect(seen.prefix(2).allSatisfy { $0.isWarmUp && $0.remainingSeconds == nil })
        #expect(seen.last?.completePairs == 2 && seen.last?.arm == nil && seen.last?.wantedPairs == 2)
        #expect(seen[5].remainingSeconds != nil)
    }

    @Test func limitsReachTheProgram() throws {
        var limits: [RunLimits] = []
        var options = InterleavedRuns.Options(limits: RunLimits(timeoutSeconds: 7, memoryBytes: 9))
        options.pairs = 1
        var session = InterleavedRuns(arms: 1, options: options) { _, given in
            limits.append(given)
            return fakeRun()
        }
        _ = try session.run()
        #expect(limits.count == 2 && limits.allSatisfy { $0 == RunLimits(timeoutSeconds: 7, memoryBytes: 9) })
    }
}
