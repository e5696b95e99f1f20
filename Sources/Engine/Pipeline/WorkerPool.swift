import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs CPU-bound work on a fixed number of threads of its own; the calling thread is worker 0.
///
/// Not the cooperative pool: blocking or long loops there stall other tasks. Threads are started per call, which costs
/// tens of microseconds against stages of many milliseconds.
public struct WorkerPool: Sendable {
    public let workers: Int

    public init(workers: Int) {
        precondition(workers > 0, "at least one worker")
        self.workers = workers
    }

    /// Runs `body(worker)` once on each worker at the same time and returns when all have returned.
    public func onEachWorker(_ body: @escaping @Sendable (_ worker: Int) -> Void) {
        var threads: [pthread_t] = []
        for worker in 1..<max(workers, 1) {
            if let thread = startThread({ body(worker) }) { threads.append(thread) }
        }
        body(0)
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Maps `0 ..< count` in order of the result, whatever the schedule: each worker takes the next `grain` indices.
    ///
    /// - Parameter makeState: scratch memory of one worker, made on that worker.
    /// - Parameter afterGrain: called on the worker when a grain is done.
    /// - Parameter body: must depend on its index and the scratch's capacity only, never on what the scratch held before.
    /// - Complexity: one atomic addition per grain.
    public func map<State, Result: Sendable>(
        count: Int, grain: Int, makeState: @escaping @Sendable () -> State,
        afterGrain: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (_ state: inout State, _ index: Int) -> Result
    ) -> [Result] {
        guard count > 0 else { return [] }
        let grain = max(grain, 1)
        let grains = (count + grain - 1) / grain
        let next = Atomic<Int>(0)
        let slots = Mutex<[[Result]]>(Array(repeating: [], count: grains))
        WorkerPool(workers: min(workers, grains)).onEachWorker { _ in
            var state = makeState()
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < grains else { break }
                var results: [Result] = []
                let range = (index * grain)..<min((index + 1) * grain, count)
                results.reserveCapacity(range.count)
                for item in range { results.append(body(&state, item)) }
                slots.withLock { $0[index] = results }
                afterGrain()
            }
        }
        return slots.withLock { $0.flatMap { $0 } }
    }
}

private final class ThreadBody {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Starts a thread. `nil` when the system has no more:
/// the remaining workers then share the work, and results do not change.
private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    var thread: pthread_t = 0
    let argument = Unmanaged.passRetained(ThreadBody(body))
    let status = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }, argument.toOpaque())
    guard status == 0 else {
        argument.release()
        return nil
    }
    return thread
}
