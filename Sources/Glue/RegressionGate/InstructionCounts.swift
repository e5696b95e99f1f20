import Benchmarking
import EngineRuns
import HostEnvironment
import Pipeline

/// Counts the instructions of engines on the workloads of a setup.
struct InstructionCounts {
    private let setup: GateSetup
    private let interrupt: InterruptFlag?
    /// Unavailable where neither valgrind nor perf can count.
    let counter: Measured<InstructionCounter>

    init(_ setup: GateSetup, interrupt: InterruptFlag?) {
        self.setup = setup
        self.interrupt = interrupt
        counter = InstructionCounter.probe(cacheFolder: setup.locations.cache)
    }

    /// Settings of a counted run: one worker, and nothing that follows the machine's caches, its memory or how short of it
    /// the machine is: looking for that every few seconds counts where the counter is slow.
    static func settings(_ given: [String]) -> [String] {
        let names = Set(given.compactMap { $0.split(separator: "=").first.map(String.init) })
        let fixed = [
            "execution.buffer_size=1MiB", "execution.memory_limit=2GiB",
            "memory.garbage_collection.strategy=conservative",
        ].filter { setting in
            !names.contains(setting.split(separator: "=").first.map(String.init) ?? "")
        }
        return (given.filter { !$0.hasPrefix("execution.workers=") } + fixed + ["execution.workers=1"]).sorted()
    }

    /// One counted run.
    struct Count {
        var instructions: Int
        var key: InstructionKey
    }

    /// Unavailable with the reason; takes 20 to 50 times as long as a run. Run the engine once before, so that nothing is
    /// prepared while it is counted.
    /// - Parameter digest: of that run; a count of other results counts other work.
    /// - Throws: `GateError(.interrupted)`, or when there is no place for temporary files.
    func count(
        _ engine: EngineBinary, settings: [String], workload: EngineWorkload, digest expected: String?
    ) throws(GateError) -> Measured<Count> {
        guard case .available(let counter) = counter else {
            return .unavailable(reason: counter.reason ?? "no counter")
        }
        let arm = try setup.arm("counted", engine, settings: Self.settings(settings))
        let (count, digest): (InstructionCount, String?)
        do {
            (count, digest) = try setup.program.countInstructions(
                arm, workload: workload, counter: counter, interrupt: interrupt)
        } catch {
            throw GateError(engine: error)
        }
        // Also when what was stopped is the preparation of the counted copy.
        if let signal = interrupt?.signal {
            throw GateError(.interrupted(signal: signal), "stopped while instructions were counted")
        }
        guard digest == expected || count.instructions.value == nil else {
            return .unavailable(reason: "the counted run gave other results than the run before it")
        }
        return count.instructions.combined(with: count.key) { Count(instructions: $0, key: $1) }
    }
}
