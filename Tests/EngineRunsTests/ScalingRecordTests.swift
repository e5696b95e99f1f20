import Benchmarking
import HostEnvironment
import Statistics
import Testing

@testable import EngineRuns

/// What rounds of runs say about a workload's scaling.
@Suite struct ScalingRecordTests {
    /// Rounds of 1 and 2 workers: a stage that halves, one that does not, and 0.1 s outside of both.
    private func record(
        _ workers: [Int] = [1, 2], stages: (Double) -> [StageSeconds] = ScalingRecordTests.stages,
        outside: Double = 0.1, ready: Double? = 0.2, digest: (Int) -> String = { _ in "a" }
    ) throws -> ScalingRecord {
        var record = InterleavedRecord(arms: workers.count, seed: 1)
        record.end = .complete
        record.pairs = (0..<4).map { index in
            RunPair(
                index: index,
                runs: workers.enumerated().map { arm, count in
                    let parts = stages(Double(count))
                    let wall = outside + parts.reduce(0) { $0 + $1.wall }
                    return ArmRun(
                        arm: arm, loadBefore: .available(0),
                        run: fakeRun(wall: wall, ready: ready, digest: digest(count), stages: parts))
                })
        }
        return ScalingRecord(
            created: "now",
            arms: workers.map {
                EngineArm(
                    name: "\($0)", engine: EngineBinary(path: "/e", sha256: "e"), configuration: "", settings: [])
            }, workers: workers, workloads: try sampleRecord(runs: []).workloads, machine: sampleMachine(),
            conditionsBefore: try sampleConditions(), conditionsAfter: try sampleConditions(), record: record)
    }

    private static func stages(_ count: Double) -> [StageSeconds] {
        [
            StageSeconds(name: "read and detect", wall: 1.6 / count, cpu: 1.6),
            StageSeconds(name: "group isotopes", wall: 0.3, cpu: 0.3),
        ]
    }

    @Test func everyStageHasItsFractionAndTheWholeTheirSum() throws {
        let result = try #require(try record().results.first)
        #expect(result.rounds == 4)
        #expect(result.rows.map(\.name) == ["whole run", "read and detect", "group isotopes", "outside of stages"])
        let fractions = result.rows.map(\.serialFraction.estimate)
        for (found, expected) in zip(fractions, [0.2, 0, 1, 1]) { #expect(abs(found - expected) < 1e-9) }
        #expect(abs((result.serialFractionOfStages.value ?? 0) - 0.2) < 1e-9)
        #expect(abs(result.rows[1].speedUps[1].estimate - 2) < 1e-9)
        // All of two workers' time pays, or half of it.
        for (row, expected) in zip(result.rows[1...2], [1, 0.5]) {
            #expect(row.efficiencies.count == 2 && row.efficiencies[0] == 1)
            #expect(abs(row.efficiencies[1] - expected) < 1e-9, "\(row.name)")
        }
        #expect(result.rows[1].cpuSeconds == .available([1.6, 1.6]))
        // The whole: two workers for 1.2 s are 2.4 s, of which 1.45 s were worked.
        for (row, expected) in zip(result.rows, [0.475, 0, 1]) {
            #expect(abs((row.serialByOccupancy.value?.estimate ?? -9) - expected) < 1e-9, "\(row.name)")
            #expect(row.serialByOccupancy.value?.lower == nil, "four rounds reach no level")
        }
        // 0.2 s of what was not worked was spent ready to run.
        #expect(abs((result.rows[0].serialForWantOfWork.value?.estimate ?? -9) - 0.375) < 1e-9)
        #expect(result.rows[1].serialForWantOfWork.reason?.contains("whole run only") == true)
        #expect(result.contention.reason?.contains("three can") == true)
        #expect(result.projections.map(\.workers) == [4, 8, 16, 32, 64, 128])
        #expect(result.projections.map(\.specified) == [1, 1.9, 3.7, 7.1, 12, 18])
        #expect(abs(result.projections[1].relativeToFour.estimate - 0.4 / 0.3) < 1e-9)
    }

    @Test func whereWaitingForACPUIsNotKnownItIsNotLeftOut() throws {
        let whole = try #require(try record(ready: nil).results.first?.rows.first)
        #expect(abs((whole.serialByOccupancy.value?.estimate ?? -9) - 0.475) < 1e-9)
        #expect(whole.serialForWantOfWork.reason == "waiting for a CPU was not measured in every run")
    }

    @Test func moreNumbersGiveTheUniversalLaw() throws {
        let result = try #require(try record([1, 2, 4]).results.first)
        #expect(abs((result.contention.value?.estimate ?? 1) - 0.2) < 1e-9)
        #expect(abs(result.coherency.value?.estimate ?? 1) < 1e-9)
    }

    @Test func stagesThatOverlapHaveNoSum() throws {
        let result = try #require(try record(outside: -0.2).results.first)
        #expect(result.serialFractionOfStages.reason?.contains("overlap") == true)
        #expect(result.rows.count == 3)
    }

    @Test func otherResultsAreNamed() throws {
        #expect(try record().workloadOfOtherResults == nil)
        #expect(try record(digest: { $0 == 2 ? "b" : "a" }).workloadOfOtherResults == "small")
    }
}
