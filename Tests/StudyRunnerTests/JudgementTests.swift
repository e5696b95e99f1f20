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
            return try program.run(space.defaultConfiguration, limits: RunLimits(timeoutSeconds: 1e6, memoryBytes: nil))
        }
    }

    /// The default's own trial.
    private func alone(_ fakes: [FakeRun]) throws -> TrialRuns {
        TrialRuns(
            try runs(fakes).enumerated().map {
                StoredRun(arm: RunArm.candidate, index: $0.offset, order: $0.offset, run: $0.element)
            })
    }

    /// A default with this objective, whether MB/s or seconds of CPU time.
    private func reference(_ objective: Double, _ options: StudyOptions) throws -> TrialJudgement {
        TrialJudgement(
            try alone([FakeRun(wall: 10 / objective, cpu: objective)]), reference: nil, options: options)
    }

    /// Pairs in alternating order; `nil` for a run of the default that is missing.
    private func pairs(_ pairs: [(reference: FakeRun?, candidate: FakeRun)]) throws -> TrialRuns {
        var stored: [StoredRun] = []
        for (index, pair) in pairs.enumerated() {
            var arms = [(RunArm.reference, pair.reference), (RunArm.candidate, pair.candidate)]
            if index % 2 == 1 { arms.reverse() }
            for (place, (arm, fake)) in arms.enumerated() {
                guard let fake else { continue }
                stored.append(
                    StoredRun(arm: arm, index: index, order: 2 * index + place, run: try runs([fake])[0]))
            }
        }
        return TrialRuns(stored)
    }

    /// All others are ratios to it, so its own runs, however they scatter, leave nothing unknown.
    @Test(arguments: [StudyTarget.throughput, .balanced]) func theDefaultsObjectiveIsTheMedianAndExact(
        target: StudyTarget
    ) throws {
        var options = StudyOptions()
        options.target = target
        let judgement = TrialJudgement(
            try alone([FakeRun(wall: 1), FakeRun(wall: 5), FakeRun(wall: 2)]), reference: nil, options: options)
        #expect(abs(judgement.objectives[0].value - 5) < 1e-9)
        #expect(judgement.deviation == 0 && judgement.objectives.allSatisfy { $0.deviation == 0 })
        guard case .success(_, let deviation, _, let second, let repeats) = judgement.tunerOutcome else {
            Issue.record("\(judgement.tunerOutcome)")
            return
        }
        #expect(deviation == 0 && second?.deviation == (target == .balanced ? 0 : nil) && repeats == nil)
        #expect((second != nil) == (target == .balanced))
    }

    @Test func theDeviationIsThatOfAMedian() throws {
        // The default gives 10 MB/s each time, the configuration 10, 2 and 5.
        let trial = try pairs([1, 5, 2].map { (FakeRun(wall: 1), FakeRun(wall: $0)) })
        let judgement = TrialJudgement(trial, reference: try reference(10, StudyOptions()), options: StudyOptions())
        #expect(abs((judgement.objective ?? 0) - 5) < 1e-9)
        // Logarithms of 10, 2, 5 MB/s lie 0.693, 0.916 and 0 from their median: 0.536 on average, times pi / 2, times the
        // root of 3 / 2, over the root of 3, times 5.
        #expect(abs((judgement.deviation ?? 0) - 2.979) < 0.01, "\(judgement.deviation ?? 0)")
        let single = TrialJudgement(
            try pairs([(FakeRun(), FakeRun())]), reference: try reference(10, StudyOptions()), options: StudyOptions())
        #expect(single.deviation == nil)
    }

    /// The machine is half as fast in the second pair and recovers within the third.
    @Test func theObjectiveIsTheBaselineTimesTheMedianRatio() throws {
        let trial = try pairs([
            (FakeRun(wall: 1), FakeRun(wall: 0.8)), (FakeRun(wall: 2), FakeRun(wall: 1.6)),
            (FakeRun(wall: 1), FakeRun(wall: 1.6)),
        ])
        let judgement = TrialJudgement(trial, reference: try reference(12, StudyOptions()), options: StudyOptions())
        #expect(abs((judgement.objective ?? 0) - 15) < 1e-9)
        // Smaller is better: the same ratio, the other way up.
        var options = StudyOptions()
        options.target = .cpuUsage
        let time = try pairs([(FakeRun(cpu: 1), FakeRun(cpu: 0.5)), (FakeRun(cpu: 3), FakeRun(cpu: 1.5))])
        #expect(
            abs((TrialJudgement(time, reference: try reference(2, options), options: options).objective ?? 0) - 1)
                < 1e-9)
        // Two pairs that say 2 and 1/2 say 1.
        let even = try pairs([(FakeRun(wall: 2), FakeRun(wall: 1)), (FakeRun(wall: 1), FakeRun(wall: 2))])
        let balanced = TrialJudgement(even, reference: try reference(10, StudyOptions()), options: StudyOptions())
        #expect(abs((balanced.objective ?? 0) - 10) < 1e-9)
        #expect((balanced.deviation ?? 0) > 5)
    }

    @Test func aStoppedRunBoundsTheObjective() throws {
        func outcome(_ trial: TrialRuns, _ target: StudyTarget, baseline: Double) throws -> BayesianTuning.TrialOutcome
        {
            var options = StudyOptions()
            options.target = target
            let judgement = TrialJudgement(
                trial, reference: try self.reference(baseline, options), options: options)
            #expect(judgement.state == .timedOut && judgement.objective == nil)
            return judgement.tunerOutcome
        }
        let stopped = FakeRun(wall: 40, cpu: 60, termination: .timedOut(seconds: 40))
        // 10 MB in 2 s by the default, which gives 12 MB/s on the usual machine.
        let trial = try pairs([(FakeRun(wall: 2, cpu: 3), stopped)])
        expectBound(try outcome(trial, .throughput, baseline: 12), 12 * (0.25 / 5))
        expectBound(try outcome(trial, .cpuUsage, baseline: 2), 2 * (60 / 3))
        // A hanging run that used little CPU time until it was stopped says nothing: its bound is better than the default.
        let idle = try pairs([
            (FakeRun(wall: 2, cpu: 3), FakeRun(wall: 40, cpu: 1, termination: .timedOut(seconds: 40)))
        ])
        expectBound(try outcome(idle, .cpuUsage, baseline: 2), nil)
        expectBound(try outcome(trial, .memory, baseline: 1e8), nil)
        // A good pair before it does not matter; without a run of the default it counts as measured.
        let second = try pairs([(FakeRun(wall: 1), FakeRun(wall: 1)), (FakeRun(wall: 2), stopped)])
        expectBound(try outcome(second, .throughput, baseline: 12), 12 * (0.25 / 5))
        expectBound(try outcome(pairs([(nil, stopped)]), .cpuUsage, baseline: 2), 60)
        // Of two workloads only the first was started: nothing is known of a mean over both.
        var reference = try runs([FakeRun(wall: 2)])[0]
        reference.parts.append(reference.parts[0])
        let partial = TrialRuns([
            StoredRun(arm: RunArm.reference, index: 0, order: 0, run: reference),
            StoredRun(arm: RunArm.candidate, index: 0, order: 1, run: try runs([stopped])[0]),
        ])
        expectBound(try outcome(partial, .throughput, baseline: 12), nil)
        expectBound(try outcome(partial, .cpuUsage, baseline: 2), 2 * (60 / 2))
    }

    private func expectBound(
        _ outcome: BayesianTuning.TrialOutcome, _ expected: Double?, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .timedOut(let seconds, let bound) = outcome else {
            Issue.record("\(outcome)", sourceLocation: sourceLocation)
            return
        }
        #expect(seconds == 40, sourceLocation: sourceLocation)
        #expect((bound == nil) == (expected == nil), sourceLocation: sourceLocation)
        if let bound, let expected { #expect(abs(bound / expected - 1) < 1e-12, sourceLocation: sourceLocation) }
    }

    @Test func sharedDriftIsNoDeviation() throws {
        let trial = try pairs([
            (FakeRun(wall: 1), FakeRun(wall: 0.5)), (FakeRun(wall: 2), FakeRun(wall: 1)),
            (FakeRun(wall: 3), FakeRun(wall: 1.5)),
        ])
        let judgement = TrialJudgement(trial, reference: try reference(10, StudyOptions()), options: StudyOptions())
        #expect(abs((judgement.objective ?? 0) - 20) < 1e-9 && (judgement.deviation ?? 1) < 1e-9)
    }

    @Test func aMissingReferenceIsReplacedByTheNearest() throws {
        // Order in time: R0 C0 C1 (R1 missing) R2 C2; C1 stands in place 2, beside R0 at 0 and R2 at 4.
        let near = try pairs([
            (FakeRun(wall: 1), FakeRun(wall: 1)), (nil, FakeRun(wall: 1)), (FakeRun(wall: 3), FakeRun(wall: 1)),
        ])
        let objectives = near.objectives(.throughput, baseline: 10).compactMap { $0 }
        #expect(zip(objectives, [10, 10, 30]).allSatisfy { abs($0 - $1) < 1e-9 }, "\(objectives)")
        // C0 stands in place 1, and C1 and R1 follow.
        let late = try pairs([(nil, FakeRun(wall: 1)), (FakeRun(wall: 2), FakeRun(wall: 1))])
        let lateObjectives = late.objectives(.throughput, baseline: 10).compactMap { $0 }
        #expect(lateObjectives.count == 2 && lateObjectives.allSatisfy { abs($0 - 20) < 1e-9 }, "\(lateObjectives)")
        // A failed one is as good as none, and without any the value stands as measured.
        let failed = try pairs([(FakeRun(wall: 9, termination: .signalled(number: 9)), FakeRun(wall: 1))])
        let asMeasured = failed.objectives(.throughput, baseline: 40).compactMap { $0 }
        #expect(asMeasured.count == 1 && abs((asMeasured.first ?? 0) - 10) < 1e-9)
        #expect(
            TrialJudgement(failed, reference: try reference(40, StudyOptions()), options: StudyOptions()).state
                == .succeeded)
        #expect(!failed.isComplete(isPaired: true) && failed.isComplete(isPaired: false))
    }

    @Test func severalWorkloadsCountByTheirGeometricMean() throws {
        var run = try runs([FakeRun(wall: 1)])[0]
        var second = run.parts[0]
        second.inputBytes = 40_000_000
        run.parts.append(second)
        #expect(abs((run.throughput.value ?? 0) - 20) < 1e-9)
        #expect(run.wallSeconds.value == 2)
    }

    @Test func theDefaultIsRepeatedWhenItsRunsDisagreeOrWereDisturbed() throws {
        var options = StudyOptions()
        options.maximumRepeats = 3
        options.measuredSeconds = 0
        let rule = RepeatRule(options: options, baseline: nil, best: nil)
        #expect(rule.wantsAnother(after: try alone([FakeRun()])))
        #expect(!rule.wantsAnother(after: try alone([FakeRun(wall: 1), FakeRun(wall: 1.1)])))
        #expect(rule.wantsAnother(after: try alone([FakeRun(wall: 1), FakeRun(wall: 1.3)])))
        #expect(rule.wantsAnother(after: try alone([FakeRun(), FakeRun(steal: 0.2)])))
        #expect(rule.wantsAnother(after: try alone([FakeRun(), FakeRun(pressure: 0.5)])))
        // Equal pressure in both runs is the configuration's own.
        #expect(!rule.wantsAnother(after: try alone([FakeRun(pressure: 0.9), FakeRun(pressure: 0.9)])))
        #expect(!rule.wantsAnother(after: try alone([FakeRun(wall: 1), FakeRun(wall: 2), FakeRun(wall: 3)])))
        #expect(!rule.wantsAnother(after: try alone([FakeRun(termination: .exited(code: 1))])))
    }

    @Test func pairsAreRepeatedWhenTheirRatiosDisagree() throws {
        var options = StudyOptions()
        options.maximumRepeats = 3
        options.measuredSeconds = 0
        let rule = RepeatRule(options: options, baseline: 10, best: nil)
        let (one, two) = (FakeRun(wall: 1), FakeRun(wall: 2))
        #expect(rule.wantsAnother(after: try pairs([(one, one)])))
        // The machine slowed down for both: the ratios agree.
        #expect(!rule.wantsAnother(after: try pairs([(one, one), (two, two)])))
        // The same times of the configuration beside a default that changed: they do not.
        #expect(rule.wantsAnother(after: try pairs([(one, one), (two, one)])))
        #expect(rule.wantsAnother(after: try pairs([(one, one), (FakeRun(steal: 0.2), one)])))
        #expect(rule.wantsAnother(after: try pairs([(one, one), (FakeRun(pressure: 0.5), one)])))
        // More workers than the default wait more for CPUs in every run.
        #expect(!rule.wantsAnother(after: try pairs([(one, FakeRun(pressure: 0.9)), (one, FakeRun(pressure: 0.9))])))
        #expect(rule.wantsAnother(after: try pairs([(one, one), (nil, one)])))
        #expect(!rule.wantsAnother(after: try pairs([(one, one), (two, one), (one, one)])))
    }

    @Test func hopelessConfigurationsRunOnceAndShortOnesOften() throws {
        var options = StudyOptions()
        options.measuredSeconds = 0.8
        let wall = FakeRun(wall: 1)
        func wants(best: Double, _ list: [(reference: FakeRun?, candidate: FakeRun)]) throws -> Bool {
            RepeatRule(options: options, baseline: 10, best: best).wantsAnother(after: try pairs(list))
        }
        #expect(try !wants(best: 20, [(wall, wall)]))
        #expect(try wants(best: 14, [(wall, wall)]))
        // Slow because the machine was: the default was as slow.
        #expect(try wants(best: 14, [(FakeRun(wall: 4), FakeRun(wall: 4))]))
        #expect(try !wants(best: 14, [(FakeRun(wall: 1), FakeRun(wall: 4))]))
        // A disturbed run, or one without its partner, rules nothing out.
        #expect(try wants(best: 20, [(wall, FakeRun(wall: 1, steal: 0.5))]))
        #expect(try wants(best: 20, [(FakeRun(wall: 1, steal: 0.5), wall)]))
        #expect(try wants(best: 20, [(nil, wall)]))
        let short = (reference: Optional(FakeRun(wall: 0.1)), candidate: FakeRun(wall: 0.1))
        #expect(try wants(best: 10, [short, short, short, short]))
        #expect(try !wants(best: 10, [short, short, short, short, short]))
    }

    @Test func aLimitMissedByFarNeedsNoSecondPair() throws {
        var options = StudyOptions()
        options.maximumMemoryBytes = 100
        let rule = RepeatRule(options: options, baseline: 10, best: nil)
        #expect(!rule.wantsAnother(after: try pairs([(FakeRun(memory: 90), FakeRun(memory: 130))])))
        #expect(rule.wantsAnother(after: try pairs([(FakeRun(memory: 130), FakeRun(memory: 120))])))
    }

    @Test func limitsLeaveRoomToMeasure() {
        var options = StudyOptions()
        #expect(options.limits(defaultSeconds: nil, usableMemoryBytes: nil).timeoutSeconds == 1_800)
        #expect(options.limits(defaultSeconds: 1, usableMemoryBytes: nil).timeoutSeconds == 30)
        #expect(options.limits(defaultSeconds: 20, usableMemoryBytes: nil).timeoutSeconds == 200)
        options.maximumSeconds = 120
        #expect(options.limits(defaultSeconds: 20, usableMemoryBytes: nil).timeoutSeconds == 240)
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
        // A study of before there could be several parents has no such key.
        #expect(try !document.json().contains("moreConditions"))
        var several = parameters
        several.append(
            ParameterDescription(
                name: "a.child", group: .analysis, domain: .integer(1...9, .linear), defaultValue: .integer(2),
                text: "child",
                condition: ParameterCondition(all: [
                    .init(parameter: "a.flag", values: [.boolean(true)]),
                    .init(parameter: "a.rate", values: [.number(0.1), .number(2)]),
                ])))
        #expect(try SearchSpaceDocument(json: SearchSpaceDocument(several).json()).parameters() == several)
    }
}
