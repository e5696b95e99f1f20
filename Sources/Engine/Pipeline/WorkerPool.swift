import FeatureDetection
import HostEnvironment
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What all pools of a run have in common: how work is spread, where workers run, and the book about both.
struct WorkerTeam: Sendable {
    var scheduling = SchedulingSettings()
    /// By worker; empty where they run anywhere.
    var placement: [WorkerPlacement] = []
    /// All CPUs that the process may use.
    var cpus: [Int] = []
    /// Number of worker 0 among the workers of the run, for the book.
    var firstWorker = 0
    var book: SchedulingBook?
    /// Where several files share the workers; the calling thread has a slot of its own then.
    var slots: WorkerSlots?
    /// Threads that stay from one piece of work to the next; `nil` starts new ones for each.
    var crew: WorkerCrew?
    /// Of the file among those that share the workers.
    var rank = 0
}

/// Runs CPU-bound work on a fixed number of threads of its own; the calling thread is worker 0.
///
/// Not the cooperative pool: blocking or long loops there stall other tasks. The threads are those of the team's crew, where it
/// has one that is not at work; otherwise they are started for each call.
public struct WorkerPool: Sendable {
    public private(set) var workers: Int
    let team: WorkerTeam
    /// Name of the work in the book.
    let stage: String

    public init(workers: Int) { self.init(workers: workers, team: WorkerTeam(), stage: "") }

    init(workers: Int, team: WorkerTeam, stage: String) {
        precondition(workers > 0, "at least one worker")
        self.workers = workers
        self.team = team
        self.stage = stage
    }

    /// The same workers for other work.
    func named(_ stage: String) -> WorkerPool { WorkerPool(workers: workers, team: team, stage: stage) }

    /// Runs `body(worker)` once on each worker at the same time and returns when all have returned.
    public func onEachWorker(_ body: @escaping @Sendable (_ worker: Int) -> Void) {
        onEachWorker(missing: { _ in }, body)
    }

    /// The same; `missing` is told of the workers whose threads the system did not start, before worker 0 begins.
    func onEachWorker(
        missing: (_ workers: [Int]) -> Void, _ body: @escaping @Sendable (_ worker: Int) -> Void
    ) {
        @Sendable func help(_ worker: Int) {
            team.slots?.enter(team.rank)
            place(worker)
            body(worker)
            team.slots?.leave()
        }
        guard workers > 1 else { return lead(body) }
        if let shift = team.crew?.begin(workers - 1, help) {
            if !shift.missing.isEmpty { missing(shift.missing) }
            lead(body)
            waiting { shift.end() }
            return
        }
        let threads = (1..<workers).map { worker in WorkerThread { help(worker) } }
        let lost = zip(1..., threads).filter { !$1.isRunning }.map(\.0)
        if !lost.isEmpty { missing(lost) }
        lead(body)
        waiting { for thread in threads { thread.join() } }
    }

    /// Worker 0 is the calling thread, which goes on with other things afterwards, where it was.
    private func lead(_ body: (_ worker: Int) -> Void) {
        let before = place(0)
        body(0)
        before?.restore(after: team.placement[0])
    }

    /// Waits for others, who may need the slot.
    private func waiting(_ wait: () -> Void) {
        team.slots?.leave()
        wait()
        team.slots?.enter(team.rank)
    }

    @discardableResult
    private func place(_ worker: Int) -> ThreadPlace? {
        guard worker < team.placement.count, !team.placement[worker].isFree else { return nil }
        let before = ThreadPlace.current
        if let failure = ThreadPlace.take(team.placement[worker]) { team.book?.notePlacement(failure) }
        return before
    }

    /// Runs `body` on a worker with all CPUs of the process: threads that are started there may run where their maker may.
    func anywhere<Result, Failure: Error>(
        _ worker: Int, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard worker < team.placement.count, !team.placement[worker].cpus.isEmpty, !team.cpus.isEmpty else {
            return try body()
        }
        ThreadPlace.confine(to: team.cpus)
        defer { ThreadPlace.confine(to: team.placement[worker].cpus) }
        return try body()
    }

    /// Has all workers take pieces until none is left; `body` makes one of its own on each worker and runs there to the end.
    private func take(
        pieces: Int, cost: ((Int) -> Double)?,
        _ body: @escaping @Sendable (_ next: () -> Int?) -> Void
    ) {
        var crew = self
        crew.workers = min(workers, pieces)
        let distribution = WorkDistribution(
            count: pieces, workers: crew.workers, settings: team.scheduling, cost: cost)
        let (team, stage) = (team, stage)
        crew.onEachWorker(missing: distribution.abandon) { worker in
            var done = 0
            body {
                if done > 0 { team.slots?.passOn(team.rank) }
                let piece = distribution.take(worker)
                if piece != nil { done += 1 }
                return piece
            }
            team.book?.note(stage, pieces: done, of: team.firstWorker + worker)
        }
        team.book?.note(stage, moves: distribution.moves, cost: distribution.cost)
    }

    /// For work on `grain` elements at a time, each worker taking the next ones.
    /// - Parameter afterGrain: called on the worker when a grain is done.
    func schedule(grain: Int, afterGrain: @escaping @Sendable () -> Void = {}) -> RangeSchedule {
        RangeSchedule(workers: workers, pause: afterGrain) { count, body in
            let grains = (count + grain - 1) / grain
            guard grains > 0 else { return }
            take(pieces: grains, cost: { Double(min(($0 + 1) * grain, count) - $0 * grain) }) { next in
                while let index = next() {
                    body((index * grain)..<min((index + 1) * grain, count))
                    afterGrain()
                }
            }
        }
    }

    /// Maps `0 ..< count` in order of the result, whatever the schedule: each worker takes the next `grain` indices.
    ///
    /// - Parameter cost: estimated cost of an index, in any unit, for schedules that look at it; all alike without it.
    /// - Parameter makeState: scratch memory of one worker, made on that worker.
    /// - Parameter afterGrain: called on the worker when a grain is done.
    /// - Parameter body: must depend on its index and the scratch's capacity only, never on what the scratch held before.
    /// - Complexity: one atomic addition per grain, or a lock where workers have shares.
    public func map<State, Result: Sendable>(
        count: Int, grain: Int, cost: ((_ index: Int) -> Double)? = nil,
        makeState: @escaping @Sendable () -> State, afterGrain: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (_ state: inout State, _ index: Int) -> Result
    ) -> [Result] {
        guard count > 0 else { return [] }
        let grain = max(grain, 1)
        let grains = (count + grain - 1) / grain
        @Sendable func range(_ index: Int) -> Range<Int> { (index * grain)..<min((index + 1) * grain, count) }
        let slots = Mutex<[[Result]]>(Array(repeating: [], count: grains))
        take(
            pieces: grains,
            cost: { index in
                range(index).reduce(0) { $0 + (cost?($1) ?? 1) }
            }
        ) { next in
            var state = makeState()
            while let index = next() {
                var results: [Result] = []
                let items = range(index)
                results.reserveCapacity(items.count)
                for item in items { results.append(body(&state, item)) }
                slots.withLock { $0[index] = results }
                afterGrain()
            }
        }
        return slots.withLock { $0.flatMap { $0 } }
    }
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
