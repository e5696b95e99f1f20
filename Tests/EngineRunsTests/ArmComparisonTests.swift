import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import Reporting
import TestSupport
import Testing

@testable import EngineRuns

@Suite struct ArmComparisonTests {
    private func arm(_ name: String) -> EngineArm {
        EngineArm(name: name, engine: EngineBinary(path: "/e", sha256: "e"), configuration: "", settings: [])
    }

    private func compare(
        pairs: Int = 16, end: InterleavedRecord.End? = .complete,
        _ change: (inout ArmComparison.Options) -> Void = { _ in }, after: (Double) -> ProgramRun
    ) throws -> ArmComparison {
        var record = InterleavedRecord(arms: 2, seed: 1)
        record.end = end
        let factors = [1.00, 1.01, 0.99, 1.02, 0.98, 1.00, 1.01, 0.99]
        record.pairs = (0..<pairs).map { index in
            let runs = [fakeRun(wall: 2 * factors[index % 8], agreement: 1), after(2 * factors[(index + 3) % 8])]
            return RunPair(
                index: index,
                runs: runs.enumerated().map { ArmRun(arm: $0.offset, loadBefore: .available(0), run: $0.element) })
        }
        var options = ArmComparison.Options()
        change(&options)
        return ArmComparison(
            created: "now", arms: [arm("before"), arm("after")], workloads: try sampleRecord(runs: []).workloads,
            machine: sampleMachine(), conditionsBefore: try sampleConditions(),
            conditionsAfter: try sampleConditions(kernel: "6.2"), options: options, record: record)
    }

    @Test func everyOutcomeHasItsStatus() throws {
        let cases: [(ArmComparison, GateDecision.Outcome, Int32)] = [
            (try compare { fakeRun(wall: $0, agreement: 1) }, .passed, 0),
            (try compare { fakeRun(wall: $0 * 1.4, agreement: 1) }, .regression, 2),
            (try compare { fakeRun(wall: $0 / 1.4, agreement: 1) }, .improvement, 0),
            // Three metrics decide: six pairs reach 3 / 64 at best.
            (try compare(pairs: 6) { fakeRun(wall: $0, agreement: 1) }, .inconclusive, 3),
            (try compare(pairs: 7) { fakeRun(wall: $0 * 2, agreement: 1) }, .regression, 2),
            (try compare(pairs: 1) { fakeRun(wall: $0, agreement: 1) }, .inconclusive, 3),
            (try compare { fakeRun(wall: $0 / 1.4, agreement: 0.99) }, .accuracyLost, 5),
            (
                try compare { fakeRun(wall: $0, truth: TruthCount(found: 39, expected: 42), agreement: 1) },
                .accuracyLost, 5
            ),
            (try compare(pairs: 0) { fakeRun(wall: $0) }, .nothingMeasured, 7),
            (
                try compare(pairs: 0, end: .failed(arm: 1, failure: RunFailure(.crashed, "boom"))) {
                    fakeRun(wall: $0)
                }, .failed, 1
            ),
        ]
        for (comparison, outcome, status) in cases {
            #expect(comparison.decision.outcome == outcome, "\(comparison.decision.reason)")
            #expect(comparison.decision.exitStatus() == status)
        }
        #expect(cases[9].0.decision.reason == "after: boom")
    }

    /// One bad run among many is no noise: the program crashes now and then, or its results change.
    @Test func aFailureNowAndThenIsSaid() throws {
        for (kind, outcome, status) in [
            (RunFailure.Kind.crashed, GateDecision.Outcome.failed, Int32(1)), (.timedOut, .failed, 1),
            (.wrongResult, .accuracyLost, 5),
        ] {
            var count = 0
            let comparison = try compare { wall in
                count += 1
                return fakeRun(
                    wall: wall, agreement: 1, failure: count == 5 ? RunFailure(kind, "said why") : nil)
            }
            #expect(comparison.decision.outcome == outcome && comparison.decision.exitStatus() == status)
            #expect(comparison.decision.reason == "after failed in 1 of 16 runs: said why")
            #expect(!comparison.decision.metrics.isEmpty, "the figures of the other pairs are shown all the same")
        }
        let stopped = try compare(pairs: 3, end: .interrupted(signal: 2)) {
            fakeRun(wall: $0, agreement: 1, failure: RunFailure(.interrupted, "stopped"))
        }
        #expect(stopped.decision.outcome == .nothingMeasured, "being stopped is no failure")
    }

    @Test func aProgramThatReadsNothingMeasuresNothing() throws {
        let comparison = try compare { wall in
            var run = fakeRun(wall: wall / 2, agreement: 1)
            run.parts[0].itemCount = 0
            return run
        }
        #expect(comparison.decision.outcome == .nothingMeasured)
        #expect(comparison.decision.reason.contains("read no spectra of small"))
    }

    @Test func toleranceAndAccuracyDropAreTheUsers() throws {
        #expect(
            try compare({ $0.tolerance = 0.5 }) { fakeRun(wall: $0 * 1.4, agreement: 1) }.decision.outcome == .passed)
        #expect(
            try compare({ $0.accuracyDrop = 0.05 }) { fakeRun(wall: $0, agreement: 0.99) }.decision.outcome == .passed)
        #expect(
            try compare({ $0.accuracyDrop = 0 }) { fakeRun(wall: $0, agreement: 0.9999) }.decision.outcome
                == .accuracyLost)
        // By default, arithmetic in single precision may move one feature in a thousand.
        #expect(try compare { fakeRun(wall: $0, agreement: 0.9995) }.decision.outcome == .passed)
    }

    @Test func pageShowsEveryRunAndTheDecision() throws {
        let comparison = try compare { fakeRun(wall: $0 * 1.4, agreement: 1) }
        let report = ComparisonReport(comparison, command: "lavoisier-tune compare a b")
        #expect(report.runs.count == 32 && report.manner == .interleaved && report.verdict == .regression)
        #expect(report.rows.first { $0.metric == "Wall time" }?.verdict == .worse)
        #expect(report.rows.first { $0.metric == "Peak memory" }?.before == .value(100))
        #expect(report.rows.first { $0.metric == "Throughput" }?.decides == false)
        #expect(report.environment.machine.contains { $0.name == "Changed: kernel" })
        let sources = try #require(report.environment.sources)
        #expect(sources.contains { $0.name == "Wall time (CLOCK_MONOTONIC)" && $0.value == .value("measured") })
        // Energy stands among the sources where the machine cannot count it; what only this sample lacks is a gap.
        let lacking = MeasurementSources.ofThisMachine.isAvailable("io") ? ["input and output"] : []
        #expect(report.environment.notMeasured.map(\.what).filter { $0 != "energy" } == lacking)
        #expect(
            report.environment.notMeasured.contains { $0.what == "energy" }
                == MeasurementSources.ofThisMachine.isAvailable("energy"))
        #expect(report.reproduce.first?.command == "lavoisier-tune compare a b")
        #expect(try report.html().contains("lavoisier-tune compare a b"))
        let lost = ComparisonReport(
            try compare { fakeRun(wall: $0, truth: TruthCount(found: 3, expected: 42), agreement: 1) }, command: "")
        #expect(lost.accuracy.first?.loss?.contains("truth_recall") == true)
        let stopped = ComparisonReport(
            try compare(pairs: 3, end: .interrupted(signal: 2)) { fakeRun(wall: $0, agreement: 1) }, command: "")
        #expect(stopped.notes.contains { $0.contains("interrupted") })
    }

    @Test func storedPageKeepsBothSeriesApart() throws {
        let before = try sampleRecord(runs: series(2))
        let after = try sampleRecord(runs: series(3))
        let comparison = BenchmarkComparison(before: before, after: after, options: .init())
        // Records of a version that did not keep how its figures were measured: the runs say what is missing.
        #expect(after.sources == nil)
        let report = ComparisonReport(
            comparison, before: before, after: after, names: ("a.json", "b.json"), created: "now")
        #expect(
            report.manner == .stored
                && report.runs.map(\.arm) == Array(repeating: 0, count: 8) + Array(repeating: 1, count: 8))
        #expect(report.environment.sources == nil)
        #expect(report.environment.notMeasured.contains { $0.what == "energy" })
        #expect(report.rows.first { $0.metric == "Wall time" }?.ratio.value?.count == "8 and 8 runs")
        #expect(report.sentence.hasPrefix("Worse: wall time of small") && report.sentence.hasSuffix("."))
        #expect(report.notes.contains { $0.contains("one after the other") })
        #expect(try report.html().contains("lavoisier benchmark --before a.json --after b.json"))
    }

    @Test func everyWorkloadHasItsOwnFigures() throws {
        var record = InterleavedRecord(arms: 2, seed: 1)
        for index in 0..<12 {
            func run(_ factor: Double) -> ProgramRun {
                var run = fakeRun(wall: 1, agreement: 1)
                run.parts += fakeRun(wall: 2 * factor, workload: "medium", agreement: factor > 1 ? 0.5 : 1).parts
                return run
            }
            record.pairs.append(
                RunPair(
                    index: index,
                    runs: [1.0, 1.5].enumerated().map {
                        ArmRun(arm: $0.offset, loadBefore: .available(0), run: run($0.element))
                    }))
        }
        let rule = ArmComparison.rule(workloads: ["small", "medium"], ArmComparison.Options())
        #expect(rule.metrics.count { $0.role == .primary } <= GateRule.maximumPrimaries)
        let pairs = record.gatePairs(rule.metrics, workloads: ["small", "medium"])
        #expect(pairs[0].values["wall@medium"]?.after == .available(3))
        #expect(pairs[0].values["wall@small"]?.after == .available(1))
        #expect(pairs[0].accuracy["f1@medium"]?.after == .available(0.5))
        #expect(pairs[0].accuracy["identified@small"]?.before.reason == "the workload has no known identifications")
        #expect(GateDecision(pairs: pairs, rule: rule).outcome == .accuracyLost)
    }
}

@Suite struct EngineArmTests {
    private let engine = EngineBinary(path: "/e", sha256: "e")
    private let host = HostReader().read()

    @Test func aFileIsCompletedAndCheckedForThisVersion() throws {
        let folder = try TemporaryDirectory()
        try folder.write("a.yaml", "execution:\n  workers: 1\n")
        let arm = try EngineArm(name: "a", engine: engine, file: folder.file("a.yaml"), host: host)
        #expect(arm.settings.count > 50)
        #expect(arm.settings.first { $0.name == "execution.workers" }?.text == "1")
        #expect(arm.configuration.contains("  workers: 1 "))
        let plain = try EngineArm(name: "d", engine: engine, file: nil, host: host)
        #expect(plain.configurationHash != arm.configurationHash || host.recommendedWorkers == 1)
        let assigned = try EngineArm(
            name: "a", engine: engine, file: folder.file("a.yaml"), assignments: ["execution.chunk_size=77"], host: host
        )
        #expect(assigned.settings.first { $0.name == "execution.chunk_size" }?.text == "77")
        try folder.write("b.yaml", "execution:\n  wrkers: 1\n")
        #expect(throws: ParameterError.self) {
            try EngineArm(name: "b", engine: engine, file: folder.file("b.yaml"), host: host)
        }
    }

    @Test func anotherVersionGetsWhatIsSetAndNothingMore() throws {
        let folder = try TemporaryDirectory()
        try folder.write("a.yaml", "execution:\n  workers: 1\nfuture:\n  name: \"a \\\"b\\\"\"\n")
        let arm = try EngineArm(
            name: "a", engine: engine, file: folder.file("a.yaml"), assignments: ["parallel.cores=2"],
            isOtherVersion: true, host: host)
        #expect(arm.settings == [Setting("future.name", "a \"b\""), Setting("execution.workers", "2")])
        let back = try ConfigurationLayer(source: "x", yaml: arm.configuration, file: "x")
        #expect(back.entries.map(\.name) == ["future.name", "execution.workers"])
        #expect(back.entries.map(\.text) == ["a \"b\"", "2"])
        let empty = try EngineArm(name: "d", engine: engine, file: nil, isOtherVersion: true, host: host)
        #expect(empty.configuration.isEmpty && empty.settings.isEmpty)
    }

    @Test func aMissingEngineIsNamed() {
        #expect { try EngineBinary.locate("/nonexistent/engine", option: "--before-binary") } throws: {
            "\($0)".contains("/nonexistent/engine does not exist or is not a program")
        }
        #expect { try EngineBinary.locate("/tmp") } throws: { "\($0)".contains("is not a program") }
    }

    @Test func commandsSurviveAShell() {
        #expect(OutputText.commandLine(["a", "b c", "it's", "", "x=1,2%"]) == #"a 'b c' 'it'\''s' '' x=1,2%"#)
    }
}
