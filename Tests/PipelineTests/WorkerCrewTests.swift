import Foundation
import Statistics
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite struct WorkerCrewTests {
    private func pool(_ workers: Int, _ crew: WorkerCrew?) -> WorkerPool {
        WorkerPool(workers: workers, team: WorkerTeam(crew: crew), stage: "test")
    }

    /// Identities of the threads that had work.
    private func threads(_ pool: WorkerPool, times: Int) -> Set<pthread_t> {
        let seen = Mutex<Set<pthread_t>>([])
        for _ in 0..<times { pool.onEachWorker { _ in seen.withLock { _ = $0.insert(pthread_self()) } } }
        return seen.withLock { $0 }
    }

    @Test func theThreadsStay() {
        let crew = WorkerCrew()
        let first = threads(pool(4, crew), times: 1)
        #expect(first.count == 4 && threads(pool(4, crew), times: 50) == first)
        // Fewer workers are some of them, and more are these and others.
        #expect(threads(pool(2, crew), times: 20).isSubset(of: first))
        #expect(threads(pool(6, crew), times: 20).isStrictSuperset(of: first))
    }

    /// Work that is shared out while the crew is at work for somebody else gets threads of its own.
    @Test func whoComesMeanwhileIsNotKeptWaiting() {
        let crew = WorkerCrew()
        let sum = Atomic<Int>(0)
        let (outer, inner) = (pool(3, crew), pool(3, crew))
        outer.onEachWorker { a in
            inner.onEachWorker { b in sum.add(10 * a + b + 1, ordering: .relaxed) }
        }
        // 0 to 2 by 0 to 2.
        #expect(sum.load(ordering: .relaxed) == 3 * (0 + 10 + 20) + 3 * (1 + 2 + 3))
    }

    /// However the pieces fall: each is done once, and what it made is there when the call returns.
    @Test(arguments: [1, 2, 3, 8]) func everythingIsDoneOnceAndSeen(workers: Int) {
        var generator = SeededGenerator(seed: UInt64(workers))
        let pool = pool(workers, WorkerCrew())
        for round in 0..<2_000 {
            let count = Int.random(in: 1...40, using: &generator)
            let made = pool.map(count: count, grain: 1, makeState: { 0 }) { _, index in index * index + round }
            #expect(made == (0..<count).map { $0 * $0 + round }, "round \(round)")
        }
    }

    /// What a piece of work holds is let go before the call returns.
    @Test func nothingIsHeldAfterwards() {
        final class Something: Sendable {}
        let pool = pool(3, WorkerCrew())
        for _ in 0..<500 {
            var thing: Something? = Something()
            weak let held = thing
            pool.onEachWorker { [thing] _ in withExtendedLifetime(thing) {} }
            thing = nil
            #expect(held == nil)
        }
    }

    /// The threads end with the last pool that has the crew.
    @Test func theThreadsEndWithTheirCrew() throws {
        let ended = Mutex<[String]>([])
        for _ in 0..<50 {
            let numbers = Mutex<[String]>([])
            pool(4, WorkerCrew()).onEachWorker { worker in
                // `PID/task/TID`
                let thread = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
                if worker > 0, let thread { numbers.withLock { $0.append(thread) } }
            }
            ended.withLock { $0 += numbers.withLock { $0 } }
        }
        let all = ended.withLock { $0 }
        #expect(all.count == 150)
        let alive = all.filter { FileManager.default.fileExists(atPath: "/proc/\($0)") }
        // A number may have been given to a new thread of another test.
        #expect(alive.count < 15, "\(alive.count) of 150")
    }
}
