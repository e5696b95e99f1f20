import Benchmarking
import EngineRuns
import Foundation
import HostEnvironment

/// One program against itself, to learn how much this machine makes equal programs differ.
public struct NoiseRequest: Sendable {
    public var workloads = ["medium"]
    /// The program `lavoisier`; `nil` takes the one beside this program.
    public var engine: String?
    /// `key=value`.
    public var assignments: [String] = []
    public var pairs = 32
    /// Runs of each arm that make one pair; `nil` takes what a gate would.
    public var runsPerPair: Int?
    public var use = MachineUse.shared
    public var timeBudgetSeconds: Double?
    public var environment: [String: String] = ProcessInfo.processInfo.environment
    public var lockPath = StudyLock.machineWidePath
    public var interrupt: InterruptFlag?

    public init() {}
}

/// Measures and stores the noise of this machine.
public enum NoiseStudy {
    /// - Returns: the noise and the file that it was stored in. An interrupted measurement stores nothing.
    /// - Throws: `GateError`.
    public static func measure(
        _ request: NoiseRequest, progress: (String) -> Void, note: (String) -> Void
    ) throws(GateError) -> (noise: MachineNoise, path: String) {
        guard request.pairs >= MachineNoise.minimumPairs else {
            throw GateError(
                .usage,
                "--pairs \(request.pairs) are too few: noise is what blocks of pairs show, and takes at least "
                    + "\(MachineNoise.minimumPairs)")
        }
        let setup = try GateSetup(
            workloads: request.workloads, environment: request.environment, interrupt: request.interrupt, note: note)
        let engine = try GateSetup.engine(request.engine, option: "--engine")
        let rule = GateRule.standard(request.use, workloads: setup.workloads.map(\.name))
        let metrics = rule.metrics.filter { $0.role != .deterministic }
        let settings = try setup.settings(file: nil, assignments: request.assignments)
        let lock = try GateSetup.lock("noise on \(setup.label)", path: request.lockPath)
        defer { withExtendedLifetime(lock) {} }
        let arms = GateArms(
            setup.program, reference: try setup.arm("reference", engine, settings: settings),
            candidate: try setup.arm("candidate", engine, settings: settings))
        let interrupt = request.interrupt
        var options = InterleavedRuns.Options()
        options.pairs = request.pairs
        options.seed = GateRequest.seed
        options.timeBudgetSeconds = request.timeBudgetSeconds
        var runs = InterleavedRuns(
            arms: 2, options: options, stopSignal: { interrupt?.signal }, run: { try arms.run($0, $1) })
        var pairs: [GatePair] = []
        var runsPerPair = 1
        let recordedAt = Date().timeIntervalSince1970
        do {
            progress("warming up")
            try check(try runs.warmUp(), engine)
            if let empty = arms.firstReference?.parts.first(where: \.isEmpty) {
                throw GateError(
                    .nothingMeasured, "the engine read no spectra of \(empty.workload): there is nothing to measure")
            }
            runsPerPair = max(
                1,
                request.runsPerPair ?? rule.runsPerPair(secondsPerRun: runs.record.warmUps.map(\.run).secondsPerRun))
            while pairs.count < request.pairs {
                if pairs.count >= MachineNoise.minimumPairs, runs.isOutOfTime(forPairs: runsPerPair) {
                    note("the time budget is used up after \(pairs.count) pairs")
                    break
                }
                let left = runs.secondsPerPair.map { $0 * Double((request.pairs - pairs.count) * runsPerPair) }
                progress(
                    "pair \(pairs.count + 1) of \(request.pairs)" + (left.map { ", about \(Int($0)) s left" } ?? ""))
                let first = runs.record.pairs.count
                for _ in 0..<runsPerPair { try check(try runs.runPair(runs.nextIndex), engine) }
                let new = runs.record.pairs[first...]
                pairs.append(
                    GatePair(
                        before: new.flatMap { $0.runs(of: GateArms.reference) },
                        after: new.flatMap { $0.runs(of: GateArms.candidate) }, metrics: metrics, digestsCount: false,
                        instructions: [:], usableCPUs: setup.host.usableCPUs.value))
            }
        } catch {
            throw GateError(engine: error)
        }
        let noise = MachineNoise(
            pairs: pairs, metrics: metrics.map(\.key), machine: setup.machine.identity,
            workloads: setup.workloads.map(\.name), settings: settings, runsPerPair: runsPerPair,
            recordedAt: recordedAt)
        guard !noise.metrics.isEmpty else {
            throw GateError(.nothingMeasured, "no metric has \(MachineNoise.minimumPairs) pairs of values")
        }
        return (noise, try setup.noiseFiles.write(noise))
    }

    private static func check(_ step: InterleavedRuns.Step, _ engine: EngineBinary) throws(GateError) {
        switch step {
        case .complete: return
        case .failed(_, let failure):
            throw GateError(.failed, "the engine \(engine.path) failed: \(failure.reason)")
        case .interrupted(let signal):
            throw GateError(.interrupted(signal: signal), "stopped; nothing is stored")
        }
    }
}
