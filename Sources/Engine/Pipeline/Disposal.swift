import Synchronization

/// Lets go of what a file leaves behind, on a thread of its own while the workers go on.
///
/// Some hundred thousand features with lists of their own, and tables of tens of megabytes, keep the allocator and the kernel busy for
/// milliseconds in which no other worker would have anything to do.
final class Disposal: Sendable {
    private let isConcurrent: Bool
    private let thread = Mutex<WorkerThread?>(nil)

    /// - Parameter isConcurrent: otherwise all is let go of at once, on the calling thread: a run with one worker keeps to one thread.
    init(isConcurrent: Bool) { self.isConcurrent = isConcurrent }

    deinit { wait() }

    /// Takes what nobody else holds and lets go of it. At most one thing is under way: who comes with the next waits.
    func letGo<Value: Sendable>(_ value: inout Value?) {
        guard isConcurrent else {
            value = nil
            return
        }
        let last = LastHolder(value)
        value = nil
        thread.withLock { thread in
            thread?.join()
            // Without a thread the closure goes at the end of this, and what it holds with it.
            thread = WorkerThread { last.letGo() }
        }
    }

    /// Returns when everything is gone.
    func wait() {
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }
}

private final class LastHolder<Value: Sendable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: Value?) { self.value = Mutex(value) }

    func letGo() { value.withLock { $0 = nil } }
}
