import CDeflate

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Threads that inflate batches of gzip members while the caller does something else.
///
/// `@unchecked Sendable`: `queue` and `stops` are guarded by the mutex, `threads` is the owner's. The threads do not keep
/// the object: its owner calls `stop()` before it goes.
final class InflateThreads: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [MemberBatch] = []
    private var stops = false
    private var threads: [pthread_t] = []

    /// Fewer threads than asked for when the system has no more: results do not change.
    init(count: Int) {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(finished, nil)
        for _ in 0..<count {
            var thread: pthread_t = 0
            let status = pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<InflateThreads>.fromOpaque(argument).takeUnretainedValue().work() }
                    return nil
                }, Unmanaged.passUnretained(self).toOpaque())
            if status == 0 { threads.append(thread) }
        }
    }

    deinit {
        precondition(threads.isEmpty, "stop() was not called")
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(wake)
        pthread_cond_destroy(finished)
        mutex.deallocate()
        wake.deallocate()
        finished.deallocate()
    }

    /// Ends the threads, after the members that they are at.
    func stop() {
        pthread_mutex_lock(mutex)
        stops = true
        for batch in queue { batch.cancel() }
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    func submit(_ batch: MemberBatch) {
        pthread_mutex_lock(mutex)
        queue.append(batch)
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
    }

    /// Returns when the batch, which was submitted, is finished; helps until then.
    func finish(_ batch: MemberBatch, with inflater: OpaquePointer?) {
        let isDone = batch.inflateUnclaimed(with: inflater)
        pthread_mutex_lock(mutex)
        while !isDone, !batch.isFinished { pthread_cond_wait(finished, mutex) }
        queue.removeAll { $0 === batch }
        pthread_mutex_unlock(mutex)
    }

    private func work() {
        let inflater = libdeflate_alloc_decompressor()
        defer { libdeflate_free_decompressor(inflater) }
        pthread_mutex_lock(mutex)
        while !stops {
            guard let batch = queue.first(where: { $0.hasUnclaimed }) else {
                pthread_cond_wait(wake, mutex)
                continue
            }
            pthread_mutex_unlock(mutex)
            let isDone = batch.inflateUnclaimed(with: inflater)
            pthread_mutex_lock(mutex)
            if isDone { pthread_cond_broadcast(finished) }
        }
        pthread_mutex_unlock(mutex)
    }
}
