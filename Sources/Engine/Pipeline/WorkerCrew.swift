import CThreadPlacement
import Instrumentation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Threads that stay from one stage of a run to the next.
///
/// A file is some thirty pieces of work that all workers share, many shorter than a millisecond. A new thread takes the system a
/// twentieth of that to start, in which one worker is alone; who waits here looks for the next piece a moment before it sleeps.
final class WorkerCrew: Sendable {
    private let isAtWork = Atomic<Bool>(false)
    private let members = Mutex<[CrewMember]>([])

    /// The crew of a pool holds on to it, so the threads end with the last pool, never on one of themselves.
    deinit { members.withLock { for member in $0 { member.dismiss() } } }

    /// Work that the crew does, until `end`.
    struct Shift {
        fileprivate let crew: WorkerCrew
        fileprivate let members: [CrewMember]
        /// Helpers, counted from 1, for whom the system had no thread.
        let missing: [Int]

        /// Returns when all have returned.
        func end() {
            for member in members { member.wait() }
            crew.isAtWork.store(false, ordering: .releasing)
        }
    }

    /// Has `body(1)` to `body(helpers)` run at the same time, each on a thread.
    /// - Returns: `nil` while the crew is at work for somebody else.
    func begin(_ helpers: Int, _ body: @escaping @Sendable (_ helper: Int) -> Void) -> Shift? {
        let isFree = isAtWork.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
        guard isFree else { return nil }
        let members = members.withLock { members -> [CrewMember] in
            while members.count < helpers, let member = CrewMember() { members.append(member) }
            return Array(members.prefix(helpers))
        }
        for (index, member) in members.enumerated() { member.post { body(index + 1) } }
        return Shift(crew: self, members: members, missing: Array((members.count + 1)..<(helpers + 1)))
    }
}

/// One thread, and the piece of work that is for it.
private final class CrewMember: @unchecked Sendable {
    // @unchecked: `work` and `isDismissed` are touched only while `mutex` is held, `thread` is set before anybody else sees it.

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var work: (@Sendable () -> Void)?
    private var isDismissed = false
    /// Pieces that were given to the thread, and that it has done.
    private let posted = Atomic<Int>(0)
    private let finished = Atomic<Int>(0)
    private var thread: WorkerThread?

    /// Seconds in which somebody who waits looks again and again: about what it takes the kernel to wake a thread.
    private static let secondsOfLooking = 50e-6

    /// `nil` when the system has no more threads.
    init?() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        let thread = WorkerThread { [self] in serve() }
        guard thread.isRunning else { return nil }
        self.thread = thread
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    func post(_ work: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        self.work = work
        posted.add(1, ordering: .releasing)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Returns when what was posted is done.
    func wait() {
        let number = posted.load(ordering: .relaxed)
        if Self.look({ finished.load(ordering: .acquiring) == number }) { return }
        pthread_mutex_lock(mutex)
        while finished.load(ordering: .acquiring) != number { pthread_cond_wait(condition, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// Ends the thread, which has nothing to do.
    func dismiss() {
        pthread_mutex_lock(mutex)
        isDismissed = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
        thread?.join()
    }

    private func serve() {
        var done = 0
        while takeTurn(done) {
            done += 1
            pthread_mutex_lock(mutex)
            finished.store(done, ordering: .releasing)
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
    }

    /// Does the next piece of work. What it holds is let go before anybody is told that it is done: who waits may be the only
    /// one who holds it then.
    /// - Returns: whether there was one.
    private func takeTurn(_ done: Int) -> Bool {
        Self.look { posted.load(ordering: .acquiring) != done }
        pthread_mutex_lock(mutex)
        while posted.load(ordering: .relaxed) == done, !isDismissed { pthread_cond_wait(condition, mutex) }
        let work = self.work
        self.work = nil
        pthread_mutex_unlock(mutex)
        guard let work else { return false }
        work()
        return true
    }

    @discardableResult
    private static func look(_ isThere: () -> Bool) -> Bool {
        let end = monotonicSeconds() + secondsOfLooking
        repeat {
            for _ in 0..<16 {
                if isThere() { return true }
                thread_relax()
            }
        } while monotonicSeconds() < end
        return false
    }
}
