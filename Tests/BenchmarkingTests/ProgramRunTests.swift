import Foundation
import HostEnvironment
import Testing

@testable import Benchmarking

/// Raw runs lie in result files for years: their keys must stay.
@Suite struct ProgramRunTests {
    @Test func aRunComesBackFromJSONAsItWas() throws {
        var run = sampleRun(
            counts: ["points": 7], stages: [StageSeconds(name: "read", wall: 1, cpu: 2)],
            truth: TruthCount(found: 2, expected: 4), failure: RunFailure(.wrongResult, "digest"))
        run.accuracy = ResultAccuracy(f1: 0.5, truthFound: 2, truthExpected: 4, digestEqual: false)
        run.parts[0].agreement = 0.5
        run.parts[0].identifications = TruthCount(found: 0, expected: 0)
        let data = try JSONEncoder().encode(run)
        #expect(try JSONDecoder().decode(ProgramRun.self, from: data) == run)
    }

    @Test func keysAreTheNamesThatFilesHave() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let run = sampleRun(counts: ["points": 7], stages: [StageSeconds(name: "read", wall: 1, cpu: 2)])
        let text = String(decoding: try encoder.encode(run), as: UTF8.self)
        for piece in [
            #"{"parts":[{"counts":{"points":7},"digest":"aaaa","inputBytes":10000000,"itemCount":500,"measurement":{"#,
            #""peakMemoryBytes":{"value":100000000},"stages":[{"cpu":2,"name":"read","wall":1}],"workload":"small"}]}"#,
            #""energyJoules":{"unavailable":"no counters"}"#, #""termination":{"exited":{"code":0}}"#,
        ] {
            #expect(text.contains(piece), "\(text) lacks \(piece)")
        }
        let failed = sampleRun(failure: RunFailure(.timedOut, "late"))
        #expect(
            String(decoding: try encoder.encode(failed), as: UTF8.self).hasPrefix(
                #"{"failure":{"kind":"timedOut","reason":"late"},"parts":"#))
    }

    @Test func metricsOfWholeRuns() {
        let run = sampleRun(wall: 2, cpu: 3, memory: 100_000_000)
        #expect(run.value(of: .wall) == .available(2))
        #expect(run.value(of: .cpu) == .available(3))
        #expect(run.value(of: .peakMemory) == .available(100_000_000))
        #expect(abs((run.value(of: .throughput(of: "MB")).value ?? 0) - 5) < 1e-12)
        #expect(abs((run.value(of: .throughputPerMemory).value ?? 0) - 50) < 1e-9)
        #expect(run.value(of: .energy).reason == "no counters")
        #expect(run.value(of: .storageRead).reason?.contains("storage_read") == true)
        #expect(ProgramRun(parts: []).value(of: .wall).reason == "nothing ran")
    }

    @Test func throughputOverWorkloadsIsTheGeometricMean() {
        var run = sampleRun(wall: 2)
        run.parts += sampleRun(wall: 8, workload: "large").parts
        #expect(abs((run.value(of: .throughput(of: "MB")).value ?? 0) - 2.5) < 1e-12)
        #expect(run.value(of: .wall) == .available(10))
    }

    @Test func recallOfAnEmptyTruthIsNotANumber() {
        #expect(TruthCount(found: 3, expected: 4).recall == .available(0.75))
        #expect(TruthCount(found: 0, expected: 0).recall.value == nil)
    }

    @Test func disturbanceNeedsMoreThanTheCalmestRun() {
        // 90 % pressure in every run is the program's own.
        #expect(Disturbance(of: sampleRun(pressure: 0.9), calmestPressure: 0.8) == nil)
        let disturbed = Disturbance(of: sampleRun(pressure: 0.9), calmestPressure: 0.5)
        guard case .pressure(let extra)? = disturbed else {
            Issue.record("\(String(describing: disturbed))")
            return
        }
        #expect(abs(extra - 0.4) < 1e-12)
        #expect(Disturbance(of: sampleRun(steal: 0.2), calmestPressure: nil) == .steal(share: 0.2))
        #expect(Disturbance.isAny(among: [sampleRun(pressure: 0.1), sampleRun(pressure: 0.5)]))
        #expect(!Disturbance.isAny(among: [sampleRun(pressure: 0.5), sampleRun(pressure: 0.5)]))
    }
}
