import Benchmarking
import Foundation
import HostEnvironment
import Reporting

/// Shows that the gate fires, and only then: a gate that matches nothing is green for ever (luthersystems/elps#309).
///
/// Times are replayed, because a test must not depend on the machine's mood: recorded A/A pairs of the real engine, as they
/// were and with the candidate 30 % slower. Everything else goes through whole gates and real processes, with a script in the
/// place of the engine.
public enum GateScenarios {
    public struct Outcome: Sendable, Hashable {
        public var name: String
        public var expected: Int
        public var actual: Int
        public var sentence: String
        public var isRight: Bool { expected == actual }
    }

    /// Takes seconds. - Throws: `GateError` when a scenario cannot be set up.
    public static func run(
        environment: [String: String], interrupt: InterruptFlag?, note: (String) -> Void
    ) throws(GateError) -> [Outcome] {
        func checkInterrupt() throws(GateError) {
            guard let signal = interrupt?.signal else { return }
            throw GateError(.interrupted(signal: signal), "stopped")
        }
        let folder = NSTemporaryDirectory() + "lavoisier-gate-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let scenarios = Scenarios(folder: folder, environment: environment, interrupt: interrupt)
        try scenarios.prepare(note: note)
        var outcomes = [
            replay("equal programs (recorded pairs)", slowdown: 1, expected: 0),
            replay("30 % slower (recorded pairs)", slowdown: 1.3, expected: 2),
        ]
        let played: [(name: String, expected: Int, change: (inout ImitatedEngine, inout GateRequest) -> Void)] = [
            ("same results", 0, { _, _ in }),
            (
                "other results", 5,
                { engine, _ in
                    engine.result = "not as agreed"
                    engine.features = 15
                }
            ),
            ("an empty run", 7, { engine, _ in engine.spectra = 0 }),
            ("a crash", 1, { engine, _ in engine.body = "kill -SEGV $$" }),
            (
                "stored times of another machine", 6,
                { _, request in
                    request.method = .stored
                    request.baseline = scenarios.otherMachine
                }
            ),
            ("a workload that has changed", 6, { _, request in request.baseline = scenarios.otherWorkload }),
        ]
        for scenario in played {
            outcomes.append(scenarios.gate(scenario.name, expected: scenario.expected, scenario.change))
            try checkInterrupt()
        }
        return outcomes
    }

    /// The shipped rule on recorded pairs.
    private static func replay(_ name: String, slowdown: Double, expected: Int) -> Outcome {
        var session = GateSession(rule: .standard(.shared))
        var next = 0
        while case .run(let wanted, _) = session.next() {
            for _ in 0..<wanted {
                session.add(pair(next, slowdown: slowdown))
                next += 1
            }
        }
        guard case .decide(let decision) = session.next() else {
            return Outcome(name: name, expected: expected, actual: 1, sentence: "no decision")
        }
        return Outcome(
            name: name, expected: expected, actual: Int(decision.exitStatus()), sentence: decision.reason)
    }

    /// Runs of each program in a pair, as a gate would take: they last some 2 s.
    private static let runsPerPair = 4

    /// - Parameter number: of the pair; beyond the recording it starts again.
    private static func pair(_ number: Int, slowdown: Double) -> GatePair {
        let recorded = RecordedPairs.equalPrograms
        let runs = (0..<runsPerPair).map { recorded[(number * runsPerPair + $0) % recorded.count] }
        func mean(_ values: [Double]) -> Measured<Double> { .available(values.reduce(0, +) / Double(values.count)) }
        func value(_ figure: (RecordedPairs.Run) -> Double, _ factor: Double) -> PairedValue {
            PairedValue(
                before: mean(runs.map { figure($0.reference) }), after: mean(runs.map { figure($0.candidate) * factor })
            )
        }
        return GatePair(
            values: [
                Metric.wall.name: value(\.wall, slowdown), Metric.cpu.name: value(\.cpu, slowdown),
                Metric.peakMemory.name: value(\.peakMemory, 1),
            ], accuracy: ["digest": PairedValue(before: .available(1), after: .available(1))])
    }

    private struct Scenarios {
        let folder: String
        let environment: [String: String]
        let interrupt: InterruptFlag?
        var baseline: String { "\(folder)/same.json" }
        var otherMachine: String { "\(folder)/machine.json" }
        var otherWorkload: String { "\(folder)/workload.json" }
        private var reference: String { "\(folder)/reference" }

        init(folder: String, environment: [String: String], interrupt: InterruptFlag?) {
            self.folder = folder
            self.environment = environment
            self.interrupt = interrupt
        }

        func prepare(note: (String) -> Void) throws(GateError) {
            try ImitatedEngine().write(to: reference)
            var request = BaselineRequest()
            request.workloads = ["ident"]
            request.engine = reference
            request.runs = 2
            request.countsInstructions = false
            request.repository = folder
            request.environment = environment
            request.lockPath = "\(folder)/lock"
            request.interrupt = interrupt
            let entry = try BaselineMaking.measure(request, progress: { _ in }, note: { _ in })
            let files = BaselineFiles(folder: folder)
            try files.write(Baseline(name: "self-test", entry: entry), to: baseline)
            var moved = entry
            let identity = entry.machine.identity
            moved.machine.identity = MachineIdentity(
                architecture: identity.architecture, cpuModel: "another \(identity.cpuModel)",
                usableCPUs: identity.usableCPUs, usableMemoryBytes: identity.usableMemoryBytes,
                gpuModel: identity.gpuModel)
            try files.write(Baseline(name: "self-test", entry: moved), to: otherMachine)
            var changed = entry
            changed.workloads[0].sha256 = String(changed.workloads[0].sha256.reversed())
            try files.write(Baseline(name: "self-test", entry: changed), to: otherWorkload)
        }

        /// A whole gate with a candidate of its own. Tolerances are wide: what is shown here is not time.
        func gate(
            _ name: String, expected: Int, _ change: (inout ImitatedEngine, inout GateRequest) -> Void
        ) -> Outcome {
            var engine = ImitatedEngine()
            var request = GateRequest(baseline: baseline, files: BaselineFiles(folder: folder))
            request.referenceBinary = reference
            request.candidate = "\(folder)/candidate"
            request.pairs = GateRequest.fewestPairs
            request.tolerances = ["wall", "cpu", "peak_memory"].map { ToleranceOverride(metric: $0, relative: 100) }
            request.countsInstructions = false
            request.runsPerPair = 1
            request.repository = folder
            request.environment = environment
            request.lockPath = "\(folder)/lock"
            request.interrupt = interrupt
            change(&engine, &request)
            do throws(GateError) {
                try engine.write(to: "\(folder)/candidate")
            } catch {
                return Outcome(name: name, expected: expected, actual: Int(error.exitStatus), sentence: error.reason)
            }
            let report = Gate.run(request)
            return Outcome(name: name, expected: expected, actual: report.exitStatus, sentence: report.sentence)
        }
    }
}
