import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite struct WorkerSlotsTests {
    @Test func noMoreThanTheSlotsWorkAtATime() {
        let slots = WorkerSlots(count: 3)
        let running = Atomic<Int>(0)
        let most = Mutex<Int>(0)
        let threads = (0..<12).map { rank in
            WorkerThread {
                for _ in 0..<200 {
                    slots.enter(rank % 4)
                    let now = running.add(1, ordering: .sequentiallyConsistent).newValue
                    most.withLock { $0 = max($0, now) }
                    slots.passOnCounted(rank % 4, running)
                    running.subtract(1, ordering: .sequentiallyConsistent)
                    slots.leave()
                }
            }
        }
        for thread in threads { thread.join() }
        let counts = slots.counts
        #expect(most.withLock { $0 } <= 3 && counts.mostAtOnce <= 3)
        #expect(slots.waitingWorkers == 0)
    }

    @Test func anEarlierFileGoesFirst() {
        let slots = WorkerSlots(count: 1)
        let order = Mutex<[Int]>([])
        slots.enter(0)
        let threads = [7, 2, 5].map { rank in
            WorkerThread {
                slots.enter(rank)
                order.withLock { $0.append(rank) }
                slots.leave()
            }
        }
        while slots.waitingWorkers < 3 { usleep(100) }
        slots.leave()
        for thread in threads { thread.join() }
        #expect(order.withLock { $0 } == [2, 5, 7])
    }

    @Test func aWorkerMakesWayForAnEarlierFileOnly() {
        let slots = WorkerSlots(count: 1)
        slots.enter(3)
        slots.passOn(3)
        #expect(slots.counts.passes == 0, "nobody waits")
        let hasRun = Atomic<Bool>(false)
        let later = WorkerThread {
            slots.enter(9)
            slots.leave()
        }
        while slots.waitingWorkers < 1 { usleep(100) }
        slots.passOn(3)
        #expect(slots.counts.passes == 0, "who waits is of a later file")
        let earlier = WorkerThread {
            slots.enter(1)
            hasRun.store(true, ordering: .sequentiallyConsistent)
            slots.leave()
        }
        while slots.waitingWorkers < 2 { usleep(100) }
        slots.passOn(3)
        #expect(slots.counts.passes == 1 && hasRun.load(ordering: .sequentiallyConsistent))
        slots.leave()
        later.join()
        earlier.join()
    }
}

extension WorkerSlots {
    /// Makes way as a worker that is counted as running only while it has its slot.
    fileprivate func passOnCounted(_ rank: Int, _ running: borrowing Atomic<Int>) {
        running.subtract(1, ordering: .sequentiallyConsistent)
        passOn(rank)
        running.add(1, ordering: .sequentiallyConsistent)
    }
}

@Suite struct CoordinationTests {
    private let files = [EngineRun.dda, EngineRun.profile, EngineRun.dda, EngineRun.profile]

    private func record(_ assignments: String...) throws -> RunRecord {
        try EngineRun(files, ["execution.concurrent_files=3", "execution.chunk_size=8"] + assignments).record
    }

    @Test func aPipelineSharesTheWorkersOfAllFiles() throws {
        let alone = try record("execution.workers=3", "storage.read_optimization.coordination_strategy=independent")
        let shared = try record("execution.workers=3", "storage.read_optimization.coordination_strategy=pipeline")
        #expect(alone.digest == shared.digest && alone.digest != nil)
        #expect(alone.scheduling?.sharing == nil)
        let sharing = try #require(shared.scheduling?.sharing)
        #expect(sharing.slots == 3 && (1...3).contains(sharing.mostAtOnce))
        // Every file has threads for all workers: three files at a time make nine.
        let decoding = try #require(shared.scheduling?.stages.first { $0.name == "decode" })
        #expect(decoding.shares.count > 3)
    }

    @Test func oneFileAtATimeHasNothingToShare() throws {
        let record = try EngineRun(
            files,
            ["execution.concurrent_files=1", "storage.read_optimization.coordination_strategy=pipeline"]
        ).record
        #expect(record.scheduling?.sharing == nil)
    }

    @Test(arguments: ["static", "dynamic", "work_stealing"]) func everyDistributionWorksInAPipeline(
        distribution: String
    ) throws {
        let shared = try record(
            "execution.workers=2", "storage.read_optimization.coordination_strategy=pipeline",
            "parallel.distribution_strategy=\(distribution)")
        #expect(shared.digest == (try EngineRun(files).record.digest))
    }
}
