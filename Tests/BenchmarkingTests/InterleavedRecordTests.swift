import Foundation
import HostEnvironment
import Testing

@testable import Benchmarking

@Suite struct InterleavedRecordTests {
    private func pair(_ index: Int, repeats: Int? = nil, _ runs: [ProgramRun]) -> RunPair {
        RunPair(
            index: index, repeats: repeats,
            runs: runs.enumerated().map { ArmRun(arm: $0.offset, loadBefore: .available(0.5), run: $0.element) })
    }

    private func record(_ pairs: [RunPair]) -> InterleavedRecord {
        var record = InterleavedRecord(arms: 2, seed: 3)
        record.pairs = pairs
        return record
    }

    @Test func onlyCompletePairsHaveValues() {
        let failed = sampleRun(wall: 9, failure: RunFailure(.crashed, "x"))
        let cut = RunPair(index: 2, runs: [ArmRun(arm: 1, loadBefore: .available(0), run: sampleRun(wall: 7))])
        let record = record([
            pair(0, [sampleRun(wall: 1), sampleRun(wall: 2)]), pair(1, [sampleRun(wall: 3), failed]), cut,
            pair(3, repeats: 1, [sampleRun(wall: 5), sampleRun(wall: 6)]),
        ])
        #expect(record.completePairs.map(\.index) == [0, 3])
        #expect(record.values(of: .wall, arm: 0) == [.available(1), .available(5)])
        #expect(record.values(of: .wall, arm: 1) == [.available(2), .available(6)])
        #expect(record.failures(of: 1) == [RunFailure(.crashed, "x")])
        #expect(record.failures(of: 0).isEmpty)
    }

    @Test func failedAndDisturbedPairsRunAgainAndRepeatsDoNot() {
        let calm = { sampleRun(pressure: 0.1) }
        let record = record([
            pair(0, [calm(), calm()]), pair(1, [calm(), sampleRun(pressure: 0.6)]),
            pair(2, [sampleRun(steal: 0.3), calm()]),
            pair(3, [calm(), sampleRun(failure: RunFailure(.timedOut, "t"))]),
            pair(4, repeats: 2, [sampleRun(steal: 0.3), calm()]),
        ])
        #expect(record.disturbances.keys.sorted() == [1, 2, 4])
        #expect(record.pairsToRepeat == [1, 3])
    }

    @Test func aPairWithSeveralRunsGivesTheirMean() {
        var pair = RunPair(index: 0, runs: [])
        for (arm, wall) in [(0, 1.0), (1, 10.0), (1, 20.0), (0, 2.0)] {
            pair.runs.append(ArmRun(arm: arm, loadBefore: .available(0), run: sampleRun(wall: wall)))
        }
        #expect(pair.isComplete(arms: 2, runsPerPair: 2) && !pair.isComplete(arms: 2, runsPerPair: 1))
        #expect(pair.value(arm: 0) { $0.wallSeconds } == .available(1.5))
        #expect(pair.value(arm: 1) { $0.wallSeconds } == .available(15))
        #expect(pair.value(arm: 1) { $0.energyJoules }.reason == "no counters")
        #expect(pair.value(arm: 2) { $0.wallSeconds }.reason == "the arm did not run")
    }

    @Test func aRecordComesBackFromJSON() throws {
        var record = record([pair(0, [sampleRun(), sampleRun()])])
        record.warmUps = [ArmRun(arm: 0, loadBefore: .unavailable(reason: "none"), run: sampleRun())]
        for end: InterleavedRecord.End in [
            .complete, .outOfTime, .interrupted(signal: 2), .failed(arm: 1, failure: RunFailure(.crashed, "x")),
        ] {
            record.end = end
            let data = try JSONEncoder().encode(record)
            #expect(try JSONDecoder().decode(InterleavedRecord.self, from: data) == record)
        }
    }
}
