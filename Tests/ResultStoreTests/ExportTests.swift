import Benchmarking
import Foundation
import HostEnvironment
import Testing

@testable import ResultStore

@Suite struct ExportTests {
    func filledStore(_ fixture: StoreFixture) throws -> TrialStore {
        let store = try fixture.open()
        let id = try store.createStudy(studyPlan) { _ in "2026-11-28-throughput-a1b2c3" }.id
        _ = try store.beginTrial(trialPlan(1), in: id)
        try store.addMeasurement(measurement(0), to: 0, in: id)
        try store.addMeasurement(measurement(1, stages: nil), to: 0, in: id)
        try store.finishTrial(0, in: id, outcome: TrialOutcome(state: .succeeded, objective: 0.1))
        _ = try store.beginTrial(trialPlan(2, phase: .confirm), in: id)
        try store.finishTrial(1, in: id, outcome: TrialOutcome(state: .failed, reason: "exited with 3,\nsaying \"no\""))
        return store
    }

    @Test func csvIsGolden() throws {
        let text = try filledStore(StoreFixture()).export(study: "latest", format: .csv)
        #expect(
            text == #"""
                study,trial,phase,state,reason,objective,started,finished,predicted_mean,predicted_deviation,\#
                suggestion_cpu_seconds,configuration_hash,configuration,repeat,arm,order,workload,termination,\#
                wall_seconds,cpu_seconds,user_seconds,system_seconds,peak_memory_bytes,read_call_bytes,\#
                write_call_bytes,storage_read_bytes,storage_write_bytes,cpu_pressure_seconds,steal_seconds,\#
                energy_joules,digest,accuracy,stages
                2026-11-28-throughput-a1b2c3,0,search,succeeded,,0.1,2026-11-28T03:30:06.250Z,\#
                2026-11-28T03:30:06.250Z,1.5,0.25,0.125,hash-1,"{""execution.workers"":1}",0,default,0,small,\#
                exited with status 0,2.0,1.75,1.5,0.25,1048576,10,20,0,40,,0.0,7.5,d0,"{""f1"":1}","{""read"":0.5}"
                2026-11-28-throughput-a1b2c3,0,search,succeeded,,0.1,2026-11-28T03:30:06.250Z,\#
                2026-11-28T03:30:06.250Z,1.5,0.25,0.125,hash-1,"{""execution.workers"":1}",1,candidate,1,small,\#
                exited with status 0,2.0,1.75,1.5,0.25,1048576,10,20,0,40,,0.0,7.5,d1,"{""f1"":1}",
                2026-11-28-throughput-a1b2c3,1,confirm,failed,"exited with 3,
                saying ""no""",,2026-11-28T03:30:06.250Z,2026-11-28T03:30:06.250Z,1.5,0.25,0.125,hash-2,\#
                "{""execution.workers"":2}",,,,,,,,,,,,,,,,,,,,

                """#)
    }

    @Test func jsonHoldsEverythingAndIsStable() throws {
        let fixture = try StoreFixture()
        let store = try filledStore(fixture)
        let text = try store.export(study: "2026", format: .json)
        #expect(try store.export(study: "latest", format: .json) == text)
        #expect(try fixture.open(.readOnly).export(study: "latest", format: .json) == text)
        let document = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        guard case .object(let study) = document, case .array(let trials)? = study["trials"],
            case .object(let first)? = trials.first, case .array(let runs)? = first["measurements"],
            case .object(let run)? = runs.first
        else {
            Issue.record("unexpected shape: \(text)")
            return
        }
        #expect(study["schema"] == .string("lavoisier-study/1"))
        #expect(study["seed"] == .string("18446744073709551615"))
        #expect(study["created"] == .string("2026-11-28T03:30:06.250Z"))
        #expect(study["budget"] == .object(["trials": .integer(40)]))
        #expect(study["verdict"] == .null)
        #expect(trials.count == 2 && runs.count == 2)
        #expect(first["objective"] == .number(0.1))
        #expect(first["configuration"] == .object(["execution.workers": .integer(1)]))
        #expect(run["stages"] == .object(["read": .number(0.5)]))
        guard case .object(let costs)? = run["run"] else {
            Issue.record("no run")
            return
        }
        #expect(costs["cpuPressureSeconds"] == .object(["unavailable": .string("no PSI")]))
        #expect(costs["wallSeconds"] == .object(["value": .integer(2)]))
    }
}
