import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How many workers run at a time, over all files of a run: those of earlier files go first.
///
/// Several files share the workers through it: each file has threads enough to use all of them, and a thread works only
/// while it has a slot. Where the work of one file has to wait for itself, slots go to the next one.
final class WorkerSlots: @unchecked Sendable {
    // @unchecked: what follows `mutex` is touched only while it is held.

    /// What the slots saw, for `run.json`.
    struct Counts: Sendable {
        var slots: Int
        /// Most workers that had one at a time.
        var mostAtOnce = 0
        /// Times that a worker left its slot to an earlier file between two pieces of work.
        var passes = 0
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var free: Int
    /// Waiting workers by rank.
    private var waiting: [Int: Int] = [:]
    private var counted: Counts
    /// The smallest rank that waits, for a look without the lock.
    private let firstWaiting = Atomic<Int>(.max)

    init(count: Int) {
        free = count
        counted = Counts(slots: count)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    var counts: Counts {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return counted
    }

    /// Workers that wait for a slot.
    var waitingWorkers: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return waiting.values.reduce(0, +)
    }

    /// Waits for a slot. - Parameter rank: of the file; lower ones go first.
    func enter(_ rank: Int) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        waiting[rank, default: 0] += 1
        noteFirst()
        while free == 0 || firstWaiting.load(ordering: .relaxed) < rank { pthread_cond_wait(condition, mutex) }
        let left = waiting[rank, default: 1] - 1
        waiting[rank] = left > 0 ? left : nil
        noteFirst()
        free -= 1
        counted.mostAtOnce = max(counted.mostAtOnce, counted.slots - free)
        // Others may have waited for this one to go first.
        if free > 0 { pthread_cond_broadcast(condition) }
    }

    func leave() {
        pthread_mutex_lock(mutex)
        free += 1
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Leaves the slot to a worker of an earlier file, if one waits, and waits for the next. For between two pieces of work.
    func passOn(_ rank: Int) {
        guard firstWaiting.load(ordering: .relaxed) < rank else { return }
        pthread_mutex_lock(mutex)
        counted.passes += 1
        pthread_mutex_unlock(mutex)
        leave()
        enter(rank)
    }

    private func noteFirst() { firstWaiting.store(waiting.keys.min() ?? .max, ordering: .relaxed) }
}

/// How several files that are analysed at the same time come to their workers.
enum FileCoordination: String, Sendable, CaseIterable {
    /// Each has its share of the workers.
    case independent
    /// All workers are for all of them; the earlier file goes first.
    case pipeline
}
