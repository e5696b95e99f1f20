import FeatureDetection
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
        let threads = (1..<max(workers, 1)).map { worker in WorkerThread { body(worker) } }
        body(0)
        for thread in threads { thread.join() }
    }

    /// For work on `grain` elements at a time, each worker taking the next ones.
    /// - Parameter afterGrain: called on the worker when a grain is done.
    func schedule(grain: Int, afterGrain: @escaping @Sendable () -> Void = {}) -> RangeSchedule {
        let workers = workers
        return RangeSchedule(workers: workers, pause: afterGrain) { count, body in
            let grains = (count + grain - 1) / grain
            guard grains > 0 else { return }
            let next = NextGrain()
            WorkerPool(workers: min(workers, grains)).onEachWorker { _ in
                while true {
                    let index = next.number.add(1, ordering: .relaxed).oldValue
                    guard index < grains else { break }
                    body((index * grain)..<min((index + 1) * grain, count))
                    afterGrain()
                }
            }
        }
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

private final class NextGrain: Sendable {
    let number = Atomic<Int>(0)
}

/// A thread of its own for one piece of work.
struct WorkerThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// `nil` when the system has no more threads.
    private let thread: pthread_t?

    /// Starts the work. Where the system has no more threads it is left undone: it must be such that others do it.
    init(_ body: @escaping @Sendable () -> Void) {
        var thread: pthread_t = 0
        let argument = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        if status != 0 { argument.release() }
        self.thread = status == 0 ? thread : nil
    }

    var isRunning: Bool { thread != nil }

    func join() { if let thread { pthread_join(thread, nil) } }
}
