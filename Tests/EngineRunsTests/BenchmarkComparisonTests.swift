import Benchmarking
import Foundation
import HostEnvironment
import Testing

@testable import EngineRuns

@Suite struct BenchmarkComparisonTests {
    private func compare(
        _ before: BenchmarkRecord, _ after: BenchmarkRecord,
        _ change: (inout BenchmarkComparison.Options) -> Void = { _ in }
    ) -> BenchmarkComparison {
        var options = BenchmarkComparison.Options()
        change(&options)
        return BenchmarkComparison(before: before, after: after, options: options)
    }

    @Test func everyOutcomeHasItsStatus() throws {
        let base = try sampleRecord(runs: series(2))
        let cases: [(BenchmarkRecord, GateDecision.Outcome, Int32)] = [
            (try sampleRecord(runs: series(2.02)), .passed, 0),
            (try sampleRecord(runs: series(1.2)), .improvement, 0),
            (try sampleRecord(runs: series(3)), .regression, 2),
            (try sampleRecord(runs: [fakeRun(wall: 2), fakeRun(wall: 2.1)]), .inconclusive, 3),
            (
                try sampleRecord(runs: series(1) { $0.parts[0].truth?.found = 39 }), .accuracyLost, 5
            ),
            (try sampleRecord(runs: series(2), machine: sampleMachine("Other")), .notComparable, 6),
            (try sampleRecord(runs: series(2), hash: String(repeating: "c", count: 64)), .notComparable, 6),
            (try sampleRecord(runs: series(2), algorithms: [.peakDetection]), .notComparable, 6),
            (try sampleRecord(runs: []), .nothingMeasured, 7),
            (try sampleRecord(runs: [fakeRun(failure: RunFailure(.crashed, "x"))]), .nothingMeasured, 7),
        ]
        for (after, outcome, status) in cases {
            let found = compare(base, after)
            #expect(found.outcome == outcome, "\(found.reason)")
            #expect(found.exitStatus(reportsImprovement: false) == status)
        }
        #expect(compare(base, cases[1].0).exitStatus(reportsImprovement: true) == 4)
    }

    @Test func aFasterWrongAnswerIsNotRanked() throws {
        let base = try sampleRecord(runs: series(2))
        let worse = try sampleRecord(runs: series(0.5) { $0.parts[0].truth?.found = 30 })
        let found = compare(base, worse)
        #expect(found.outcome == .accuracyLost)
        #expect(found.reason.contains("30 instead of 40 of 42"))
        let names = try sampleRecord(
            runs: series(2) { $0.parts[0].identifications = TruthCount(found: 5, expected: 9) })
        let fewer = try sampleRecord(
            runs: series(2) { $0.parts[0].identifications = TruthCount(found: 4, expected: 9) })
        #expect(compare(names, fewer).outcome == .accuracyLost)
        #expect(compare(fewer, names).outcome == .passed)
        #expect(compare(names, base).reason.contains("not any more"))
    }

    /// A series with a run that crashed, or that read nothing, is compared with nothing.
    @Test func anEngineThatFailsNowAndThenIsNotRanked() throws {
        let good = try sampleRecord(runs: series(2))
        var runs = series(2)
        runs[5].failure = RunFailure(.crashed, "said why")
        let bad = try sampleRecord(runs: runs)
        let after = BenchmarkComparison(before: good, after: bad, options: .init())
        #expect(after.outcome == .failed && after.exitStatus(reportsImprovement: false) == 1)
        #expect(after.reason == "the engine of the file after failed in 1 of 9 runs: said why")
        #expect(BenchmarkComparison(before: bad, after: good, options: .init()).outcome == .failed)
        runs[5].failure = RunFailure(.wrongResult, "another digest")
        let changing = BenchmarkComparison(before: good, after: try sampleRecord(runs: runs), options: .init())
        #expect(changing.outcome == .accuracyLost)
        let empty = try sampleRecord(runs: series(1) { $0.parts[0].itemCount = 0 })
        let nothing = BenchmarkComparison(before: good, after: empty, options: .init())
        #expect(nothing.outcome == .nothingMeasured && nothing.reason.contains("read no spectra of small"))
    }

    @Test func changedResultsNeedATruthOrAPermission() throws {
        let known = try sampleRecord(runs: series(2))
        let changed = try sampleRecord(runs: series(2) { $0.parts[0].digest = "bbbb" })
        let found = compare(known, changed)
        #expect(found.outcome == .passed && found.accuracy[0].digestsEqual == false)
        let blind = try sampleRecord(runs: series(2) { $0.parts[0].truth = nil })
        let other = try sampleRecord(
            runs: series(2) {
                $0.parts[0].truth = nil
                $0.parts[0].digest = "bbbb"
            })
        #expect(compare(blind, other).outcome == .accuracyLost)
        #expect(compare(blind, other) { $0.acceptsChangedResults = true }.outcome == .passed)
        #expect(compare(blind, blind).outcome == .passed)
    }

    @Test func forcingIsLoud() throws {
        let base = try sampleRecord(runs: series(2))
        let other = try sampleRecord(runs: series(3), machine: sampleMachine("Other"))
        let found = compare(base, other) { $0.isForced = true }
        #expect(found.outcome == .regression)
        #expect(found.notes.first?.hasPrefix("FORCED: these results are not comparable: the machines differ") == true)
        #expect(compare(base, other).reason.contains("Other CPU") || compare(base, other).reason.contains("Other"))
    }

    @Test func toleranceIsTheUsers() throws {
        let base = try sampleRecord(runs: series(2))
        let slower = try sampleRecord(runs: series(2.3))
        #expect(compare(base, slower).outcome == .regression)
        #expect(compare(base, slower) { $0.tolerance = 0.3 }.outcome == .passed)
    }

    @Test func memoryNeedsSixteenMebibytesToo() throws {
        let small = try sampleRecord(runs: series(2) { $0.parts[0].peakMemoryBytes = .available(20_000_000) })
        let more = try sampleRecord(runs: series(2) { $0.parts[0].peakMemoryBytes = .available(30_000_000) })
        #expect(compare(small, more).outcome == .passed)
        let large = try sampleRecord(runs: series(2) { $0.parts[0].peakMemoryBytes = .available(200_000_000) })
        let larger = try sampleRecord(runs: series(2) { $0.parts[0].peakMemoryBytes = .available(300_000_000) })
        #expect(compare(large, larger).outcome == .regression)
    }

    @Test func aBusyMachineIsSaidAndTimesDoNotCount() throws {
        let calm = try sampleRecord(runs: series(2))
        let busy = try sampleRecord(
            runs: [1.00, 1.01, 0.99, 1.02, 0.98, 1.0].map { fakeRun(wall: 3 * $0, pressure: 0.8) })
        let found = compare(calm, busy)
        #expect(found.outcome == .inconclusive)
        #expect(found.notes.contains { $0.contains("80 % after") })
        let stolen = try sampleRecord(
            runs: [1.00, 1.01, 0.99, 1.02, 0.98, 1.0].map { fakeRun(wall: 3 * $0, steal: 0.4) })
        #expect(compare(calm, stolen).outcome == .inconclusive)
        #expect(compare(calm, stolen).notes.contains { $0.contains("Other guests took 0 % of a CPU before") })
    }

    @Test func workloadsOfOneFileOnlyAreLeftOut() throws {
        var both = try sampleRecord(runs: series(2))
        both.workloads += try sampleRecord(runs: [], workload: "medium").workloads
        for index in both.record.pairs.indices {
            both.record.pairs[index].runs[0].run.parts += fakeRun(workload: "medium").parts
        }
        let found = compare(both, try sampleRecord(runs: series(2)))
        #expect(found.outcome == .passed)
        #expect(found.notes.contains("In one file only, and left out: medium"))
        let nothing = compare(
            try sampleRecord(
                runs: series(2).map { run in
                    var run = run
                    run.parts[0].workload = "medium"
                    return run
                }, workload: "medium"), try sampleRecord(runs: series(2)))
        #expect(nothing.outcome == .nothingMeasured && nothing.reason.contains("no workload in common"))
    }

    @Test func throughputDecidesOnlyWithoutWallTime() throws {
        let base = try sampleRecord(runs: series(2), metrics: [.throughput])
        let slower = try sampleRecord(runs: series(3), metrics: [.throughput])
        let found = compare(base, slower)
        #expect(found.outcome == .regression)
        #expect(found.rows.filter { $0.metric.role == .primary }.map(\.metric.metric.name) == ["throughput"])
        let all = compare(try sampleRecord(runs: series(2)), try sampleRecord(runs: series(3)))
        #expect(
            all.rows.filter { $0.metric.role == .primary }.map(\.metric.metric.name)
                == ["peak_memory", "energy", "wall", "cpu"])
        let accuracy = compare(
            try sampleRecord(runs: series(2), metrics: [.accuracy]),
            try sampleRecord(runs: series(3), metrics: [.accuracy]))
        #expect(accuracy.outcome == .passed && accuracy.rows.isEmpty)
    }
}
