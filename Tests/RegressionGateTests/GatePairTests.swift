import Benchmarking
import HostEnvironment
import Reporting
import Testing

@testable import RegressionGate

/// What the runs of both programs become in a gate's eyes.
@Suite struct GatePairTests {
    private func part(
        _ workload: String, items: Int = 100, digest: String = "a", truth: TruthCount? = nil,
        identifications: TruthCount? = nil
    ) -> WorkloadRun {
        func none<Value>() -> Measured<Value> { .unavailable(reason: "not in this sample") }
        let measurement = ChildMeasurement(
            termination: .exited(code: 0), startedAt: 0, wallSeconds: .available(1), userSeconds: .available(1),
            systemSeconds: .available(0), peakMemoryBytes: .available(1_000), peakMemorySource: .polled, io: none(),
            minorFaults: none(), majorFaults: none(), voluntarySwitches: none(), involuntarySwitches: none(),
            cpuPressureSeconds: none(), stealSeconds: none(), energyJoules: none(),
            standardOutput: OutputTail(text: "", totalBytes: 0), standardError: OutputTail(text: "", totalBytes: 0))
        return WorkloadRun(
            workload: workload, measurement: measurement, inputBytes: 1, itemCount: items,
            peakMemoryBytes: .available(1_000), digest: digest, stages: [], truth: truth,
            identifications: identifications)
    }

    private func pair(_ before: [WorkloadRun], _ after: [WorkloadRun], digestsCount: Bool = true) -> GatePair {
        GatePair(
            before: [ProgramRun(parts: before)], after: [ProgramRun(parts: after)],
            metrics: GateRule.standard(workloads: before.map(\.workload)).metrics, digestsCount: digestsCount,
            instructions: [:], usableCPUs: 2)
    }

    @Test func aWorkloadThatIsReadEmptyIsNamed() {
        let good = [part("ident"), part("medium")]
        #expect(pair(good, good).emptyWorkload == nil)
        let empty = pair(good, [part("ident"), part("medium", items: 0, digest: "b")])
        #expect(empty.emptyWorkload == "medium")
        #expect(empty.accuracy["digest of medium"]?.after.value == 0)
        var session = GateSession(rule: .standard(workloads: ["ident", "medium"]))
        session.add(empty)
        guard case .decide(let decision) = session.next() else {
            Issue.record("the gate wants more pairs of a program that reads nothing")
            return
        }
        #expect(decision.exitStatus() == 7)
    }

    /// One known feature lost and one identification gained are a loss.
    @Test func truthAndIdentificationsAreApart() {
        let before = [
            part(
                "medium", truth: TruthCount(found: 40, expected: 42), identifications: TruthCount(found: 5, expected: 9)
            )
        ]
        let after = [
            part(
                "medium", truth: TruthCount(found: 39, expected: 42), identifications: TruthCount(found: 6, expected: 9)
            )
        ]
        let figures = pair(before, after, digestsCount: false).accuracy
        #expect(figures["truth of medium"]?.after == .available(39.0 / 42))
        #expect(figures["identifications of medium"]?.before == .available(5.0 / 9))
        var rule = GateRule.standard()
        rule.accuracyDrop = 0.001
        #expect(GateDecision(pairs: [pair(before, after, digestsCount: false)], rule: rule).outcome == .accuracyLost)
        // What is not counted any more is lost as well.
        let vanished = pair(before, [part("medium")], digestsCount: false)
        #expect(vanished.accuracy["truth of medium"]?.after.value == nil)
        #expect(GateDecision(pairs: [vanished], rule: rule).outcome == .accuracyLost)
    }

    /// A pair of several runs of each program is one pair of the report.
    @Test func rowsOfRunsCarryTheGatesPairs() {
        var record = InterleavedRecord(arms: 2, seed: 1)
        record.pairs = (0..<4).map { index in
            RunPair(
                index: index,
                runs: [0, 1].map {
                    ArmRun(arm: $0, loadBefore: .available(0), run: ProgramRun(parts: [part("medium")]))
                })
        }
        let rows = GateReport.Run.rows(record, runsPerPair: 2)
        #expect(rows.map(\.pair) == [0, 0, 0, 0, 1, 1, 1, 1])
    }
}
