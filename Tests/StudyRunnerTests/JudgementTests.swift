import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import ResultStore
import Testing

@testable import StudyRunner

struct JudgementTests {
    private func runs(_ fakes: [FakeRun]) throws -> [ProgramRun] {
        var program = FakeProgram { _, _, _ in FakeRun() }
        let space = try SearchSpace(program.parameters)
        return try fakes.map { fake in
            program.behaviour = { _, _, _ in fake }
            return try program.run(space.defaultConfiguration, limits: RunLimits(timeoutSeconds: 1, memoryBytes: nil))
        }
    }

    @Test func theObjectiveIsTheMedianAndKnowsItsSpread() throws {
        let judgement = TrialJudgement(
            try runs([FakeRun(wall: 1), FakeRun(wall: 5), FakeRun(wall: 2)]), options: StudyOptions())
        #expect(abs((judgement.objective ?? 0) - 5) < 1e-9)
        // MB/s of 10, 2, 5: standard deviation 4.04, over the root of 3.
        #expect(abs((judgement.deviation ?? 0) - 2.333) < 0.01)
        #expect(TrialJudgement(try runs([FakeRun()]), options: StudyOptions()).deviation == nil)
    }

    @Test func severalWorkloadsCountByTheirGeometricMean() throws {
        var run = try runs([FakeRun(wall: 1)])[0]
        var second = run.parts[0]
        second.inputBytes = 40_000_000
        run.parts.append(second)
        #expect(abs((run.throughput.value ?? 0) - 20) < 1e-9)
        #expect(run.wallSeconds.value == 2)
    }

    @Test func runsAreRepeatedWhenTheyDisagreeOrWereDisturbed() throws {
        var options = StudyOptions()
        options.maximumRepeats = 3
        options.measuredSeconds = 0
        let rule = RepeatRule(options: options, best: nil)
        #expect(rule.wantsAnother(after: try runs([FakeRun()])))
        #expect(!rule.wantsAnother(after: try runs([FakeRun(wall: 1), FakeRun(wall: 1.1)])))
        #expect(rule.wantsAnother(after: try runs([FakeRun(wall: 1), FakeRun(wall: 1.3)])))
        #expect(rule.wantsAnother(after: try runs([FakeRun(), FakeRun(steal: 0.2)])))
        #expect(rule.wantsAnother(after: try runs([FakeRun(), FakeRun(pressure: 0.5)])))
        // Equal pressure in both runs is the configuration's own.
        #expect(!rule.wantsAnother(after: try runs([FakeRun(pressure: 0.9), FakeRun(pressure: 0.9)])))
        #expect(!rule.wantsAnother(after: try runs([FakeRun(wall: 1), FakeRun(wall: 2), FakeRun(wall: 3)])))
        #expect(!rule.wantsAnother(after: try runs([FakeRun(termination: .exited(code: 1))])))
    }

    @Test func hopelessConfigurationsRunOnceAndShortOnesOften() throws {
        var options = StudyOptions()
        options.measuredSeconds = 0.8
        #expect(!RepeatRule(options: options, best: 20).wantsAnother(after: try runs([FakeRun(wall: 1)])))
        #expect(RepeatRule(options: options, best: 14).wantsAnother(after: try runs([FakeRun(wall: 1)])))
        // A disturbed run rules nothing out.
        #expect(RepeatRule(options: options, best: 20).wantsAnother(after: try runs([FakeRun(wall: 1, steal: 0.5)])))
        let short = FakeRun(wall: 0.1)
        let rule = RepeatRule(options: options, best: 100)
        #expect(rule.wantsAnother(after: try runs([short, short, short, short])))
        #expect(!rule.wantsAnother(after: try runs([short, short, short, short, short])))
    }

    @Test func limitsLeaveRoomToMeasure() {
        var options = StudyOptions()
        #expect(options.limits(defaultSeconds: nil, usableMemoryBytes: nil).timeoutSeconds == 1_800)
        #expect(options.limits(defaultSeconds: 1, usableMemoryBytes: nil).timeoutSeconds == 30)
        #expect(options.limits(defaultSeconds: 20, usableMemoryBytes: nil).timeoutSeconds == 200)
        options.maximumSeconds = 120
        #expect(options.limits(defaultSeconds: 20, usableMemoryBytes: nil).timeoutSeconds == 120)
        options.maximumMemoryBytes = 1_000
        #expect(options.limits(defaultSeconds: 1, usableMemoryBytes: 8 << 30).memoryBytes == 1 << 30)
        options.maximumMemoryBytes = 6 << 30
        #expect(options.limits(defaultSeconds: 1, usableMemoryBytes: 8 << 30).memoryBytes == 8 << 30)
    }

    @Test func storedRunsComeBackEqual() throws {
        var fake = FakeRun(wall: 0.1 + 0.2)
        fake.failure = RunFailure(.inaccurate, "F1 0.5")
        var run = try runs([fake])[0]
        run.accuracy = ResultAccuracy(f1: 0.5, truthFound: 1, truthExpected: 2, digestEqual: false)
        let good = try runs([FakeRun()])[0]
        let records =
            try run.records(arm: "candidate", index: 0, order: 1) + good.records(arm: "candidate", index: 1, order: 2)
        let stored = try StoredRun.runs(records)
        #expect(stored.map(\.run) == [run, good])
        #expect(stored.map(\.index) == [0, 1])
    }

    @Test func theSearchSpaceComesBackFromItsDocument() throws {
        let condition = ParameterCondition(parameter: "a.flag", values: [.boolean(true)])
        let parameters =
            FakeProgram.standardParameters + [
                ParameterDescription(
                    name: "a.flag", group: .numeric, domain: .boolean, defaultValue: .boolean(true), text: "flag"),
                ParameterDescription(
                    name: "a.size", group: .execution, domain: .size(1024...(1 << 40)),
                    defaultValue: .integer(500_000_000),
                    unit: "bytes", text: "size", condition: condition, percentBase: 1 << 30),
                ParameterDescription(
                    name: "a.rate", group: .analysis, domain: .number(0.001...10, .logarithmic),
                    defaultValue: .number(0.3), unit: "s", text: "rate", searchValues: [.number(0.1), .number(2)]),
            ]
        let document = SearchSpaceDocument(parameters)
        #expect(try SearchSpaceDocument(json: document.json()).parameters() == parameters)
    }
}
