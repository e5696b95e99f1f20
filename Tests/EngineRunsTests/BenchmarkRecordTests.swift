import Benchmarking
import Foundation
import HostEnvironment
import Pipeline
import Statistics
import TestSupport
import Testing

@testable import EngineRuns

@Suite struct BenchmarkRecordTests {
    private static let fixture = "\(TestData.repository)/Tests/EngineRunsTests/Fixtures/benchmark.json"

    /// Files of today must be readable tomorrow: the fixture is rewritten only with `LAVOISIER_UPDATE_GOLDEN=1`.
    @Test func goldenFileIsReadAndWrittenAsItWas() throws {
        let record = try sampleRecord(runs: series(2))
        let text = try OutputText.json(record)
        if ProcessInfo.processInfo.environment["LAVOISIER_UPDATE_GOLDEN"] == "1" {
            try OutputText.write(text, to: Self.fixture)
        }
        #expect(try String(contentsOfFile: Self.fixture, encoding: .utf8) == text)
        #expect(try BenchmarkRecord(path: Self.fixture) == record)
    }

    private func failure(_ change: (String) -> String) throws -> AnalysisError? {
        let folder = try TemporaryDirectory()
        let text = try String(contentsOfFile: Self.fixture, encoding: .utf8)
        try folder.write("result.json", change(text))
        do {
            _ = try BenchmarkRecord(path: folder.file("result.json"))
            return nil
        } catch {
            return error
        }
    }

    @Test func hostileFilesAreRefusedWithTheReason() throws {
        #expect(try failure { $0 } == nil)
        let cases: [(String, (String) -> String, String)] = [
            ("truncated", { String($0.prefix($0.count / 2)) }, "not a result of 'lavoisier benchmark'"),
            ("empty", { _ in "" }, "not a result of 'lavoisier benchmark'"),
            ("text", { _ in "hello" }, "not a result of 'lavoisier benchmark'"),
            ("list", { _ in "[]" }, "not a result of 'lavoisier benchmark'"),
            (
                "other schema", { $0.replacing("lavoisier-benchmark/1", with: "lavoisier-benchmark/9") },
                "has schema 'lavoisier-benchmark/9'"
            ),
            ("no schema", { $0.replacing("\"schema\"", with: "\"shema\"") }, "'schema' is missing"),
            ("missing field", { $0.replacing("\"machine\"", with: "\"machina\"") }, "'machine' is missing"),
            ("NaN", { $0.replacing("\"inputBytes\" : 10000000", with: "\"inputBytes\" : NaN") }, "not a result"),
            (
                "wrong type", { $0.replacing("\"arms\" : 1", with: "\"arms\" : \"one\"") },
                "at record.arms"
            ),
            (
                "no time",
                { $0.replacing("\"wallSeconds\" : {\n", with: "\"wallSeconds\" : {\n\"value\": -2, \"x\": {") },
                "not a result"
            ),
            (
                "other workloads", { $0.replacing("\"workload\" : \"small\"", with: "\"workload\" : \"large\"") },
                "holds a run over other workloads"
            ),
            ("two arms", { $0.replacing("\"arms\" : 1", with: "\"arms\" : 2") }, "holds runs of several programs"),
        ]
        for (name, change, expected) in cases {
            let error = try #require(try failure(change), "\(name) was accepted")
            #expect(error.code == .badInput && error.exitStatus == 65)
            #expect(error.reason.contains(expected), "\(name): \(error.reason)")
            #expect(error.reason.contains("result.json"), "\(name): \(error.reason)")
        }
        #expect(throws: AnalysisError.self) { try BenchmarkRecord(path: "/nonexistent/x.json") }
    }

    @Test func runsWithoutTimeAreRefused() throws {
        var record = try sampleRecord(runs: series(2))
        record.record.pairs[0].runs[0].run = fakeRun(wall: 0)
        let folder = try TemporaryDirectory()
        try OutputText.write(OutputText.json(record), to: folder.file("a.json"))
        #expect { try BenchmarkRecord(path: folder.file("a.json")) } throws: {
            "\($0)".contains("holds a run of small that took no time")
        }
    }

    @Test func aSummaryInAFileIsNotBelieved() throws {
        var record = try sampleRecord(runs: series(2))
        let honest = record.summary
        record.summary = []
        let folder = try TemporaryDirectory()
        try OutputText.write(OutputText.json(record), to: folder.file("a.json"))
        #expect(try BenchmarkRecord(path: folder.file("a.json")).summary == honest)
    }

    @Test func summaryHasEveryFigureOrItsReason() throws {
        let stages = [
            StageSeconds(name: "read and detect", wall: 0.5, cpu: 1),
            StageSeconds(name: "group isotopes", wall: 0.25, cpu: 1),
            StageSeconds(name: "match library", wall: 0.1, cpu: 1),
            StageSeconds(name: "annotate and format", wall: 0.2, cpu: 1),
        ]
        let record = try sampleRecord(runs: series(2) { $0.parts[0].stages = stages })
        func value(_ name: String) -> Double? {
            record.summary.first { $0.metric.name == name }?.interval.value?.estimate
        }
        #expect(value("wall") == 2 && value("peak_memory") == 1e8)
        #expect(value("throughput") == 5)
        #expect(value("throughput.peak_detection") == 1_000 / 0.75)
        #expect(value("throughput.spectral_matching") == 500)
        #expect(value("throughput.annotation") == 50)
        let energy = record.summary.first { $0.metric.name == "energy" }
        #expect(energy?.interval.reason == "no energy counters")
        // Only what was asked for.
        let narrow = try sampleRecord(runs: series(2), algorithms: [.annotation], metrics: [.throughput, .wall])
        #expect(narrow.summary.map(\.metric.name) == ["throughput", "throughput.annotation", "wall"])
    }

    @Test func whyAnAlgorithmHasNoThroughput() {
        func reason(_ run: ProgramRun, _ algorithm: EngineAlgorithm) -> String {
            algorithm.throughput(of: run.parts[0]).reason ?? ""
        }
        #expect(reason(fakeRun(counts: [:]), .annotation).contains("did not count its features"))
        #expect(reason(fakeRun(counts: ["queries": 0]), .spectralMatching) == "the workload has no queries")
        #expect(reason(fakeRun(), .spectralMatching).contains("no stage 'match library'"))
        let together = fakeRun(stages: [StageSeconds(name: "analyse files", wall: 1, cpu: 1)])
        #expect(reason(together, .peakDetection).contains("execution.concurrent_files"))
        let instant = fakeRun(stages: [StageSeconds(name: "match library", wall: 0, cpu: 0)])
        #expect(reason(instant, .spectralMatching).contains("no measurable time"))
    }

    @Test func algorithmsAreSwitchedBySettings() {
        #expect(
            EngineAlgorithm.assignments(running: [.peakDetection, .annotation]) == [
                "matching.enabled=false", "annotation.enabled=true",
            ])
    }
}
