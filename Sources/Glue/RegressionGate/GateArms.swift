import Benchmarking
import EngineRuns
import HostEnvironment
import Reporting

/// Both programs of a gate, run in turn.
final class GateArms {
    static let reference = 0
    static let candidate = 1

    private let program: EngineProgram
    private let arms: [EngineArm]
    /// Results that the candidate's are held against: those of the reference's first good run.
    private var results: ReferenceResults?
    /// The reference's first run, which says what is in the workloads.
    private(set) var firstReference: ProgramRun?
    private(set) var firstCandidate: ProgramRun?

    init(_ program: EngineProgram, reference: EngineArm, candidate: EngineArm) {
        self.program = program
        arms = [reference, candidate]
    }

    /// One run of an arm, with its agreement with the reference. - Throws: when the harness itself cannot go on.
    func run(_ arm: Int, _ limits: RunLimits) throws -> ProgramRun {
        let outcome = try program.run(arms[arm], limits: limits)
        var run = outcome.run
        guard run.failure == nil else { return run }
        if arm == Self.reference, results == nil { results = ReferenceResults(outcome.results) }
        // An arm's own results must be the same in every run; how they compare with the other's is for the gate to say.
        results?.judge(
            &run, outcome.results, kind: arm == Self.reference ? "reference" : "candidate", minimumAccuracy: nil)
        if arm == Self.reference, firstReference == nil { firstReference = run }
        if arm == Self.candidate, firstCandidate == nil { firstCandidate = run }
        return run
    }

    static func name(_ arm: Int) -> String { arm == reference ? "reference" : "candidate" }
}

extension GateReport.Run {
    /// - Parameter runsPerPair: of each arm in one of the gate's pairs.
    static func rows(_ record: InterleavedRecord, runsPerPair: Int) -> [GateReport.Run] {
        var rows: [GateReport.Run] = []
        func add(_ run: ArmRun, pair: Int) {
            for part in run.run.parts {
                rows.append(
                    GateReport.Run(
                        order: rows.count, pair: pair,
                        role: GateArms.name(run.arm), workload: part.workload,
                        values: GateValues.all(of: part).values, failure: run.run.failure?.reason))
            }
        }
        record.warmUps.forEach { add($0, pair: -1) }
        for pair in record.pairs { pair.runs.forEach { add($0, pair: pair.index / runsPerPair) } }
        return rows
    }
}
