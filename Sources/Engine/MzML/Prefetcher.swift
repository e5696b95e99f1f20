import Instrumentation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads files ahead of their readers, for all files that are open at a time: threads that do nothing else, and one bound for
/// the bytes that were asked for and not used yet. What finds no room is read when it is needed.
public final class Prefetcher: Sendable, Hashable {
    public let strategy: PrefetchStrategy
    /// Bytes that may be in flight, of all files together.
    public let size: Int
    private let queue: PrefetchQueue
    private let ledger = Mutex(Ledger())

    private struct Ledger: Sendable {
        var inFlight = 0
        var files = 0
        var counts = PrefetchCounts()
    }

    /// A request of less costs more than it brings.
    private static let smallestPiece = 4096

    /// Fewer threads than asked for when the system has no more; with none, reading happens where its bytes are needed.
    public init(strategy: PrefetchStrategy, size: Int, threads: Int) {
        self.strategy = strategy
        self.size = size
        queue = PrefetchQueue()
        for _ in 0..<(strategy == .none ? 0 : max(threads, 1)) { queue.startThread() }
    }

    deinit { queue.stop() }

    public static func == (left: Prefetcher, right: Prefetcher) -> Bool { left === right }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

    /// Of all files that were closed, and the most that was in flight of all that were open.
    public var counts: PrefetchCounts { ledger.withLock { $0.counts } }
    /// Bytes in flight now.
    public var bytesInFlight: Int { ledger.withLock { $0.inFlight } }

    func submit(_ job: any PrefetchJob) { queue.submit(job) }

    func open() { ledger.withLock { $0.files += 1 } }

    func close(_ counts: PrefetchCounts, inFlight: Int) {
        ledger.withLock {
            $0.files -= 1
            $0.inFlight -= inFlight
            $0.counts.requests += counts.requests
            $0.counts.bytesRequested += counts.bytesRequested
            $0.counts.bytesUsed += counts.bytesUsed
            $0.counts.bytesLate += counts.bytesLate
            $0.counts.bytesWasted += counts.bytesWasted
            $0.counts.waits += counts.waits
            $0.counts.bytesBeforeFirstUse += counts.bytesBeforeFirstUse
        }
    }

    /// What one file should take at most, and the bytes of one request of a reader with buffers of `bufferSize`; at least two
    /// requests fit, so that one can be read while the other is used.
    func share(bufferSize: Int) -> (share: Int, piece: Int) {
        let files = ledger.withLock { max($0.files, 1) }
        let share = size / files
        let piece = min(bufferSize, share / 2)
        return (share, piece >= min(bufferSize, Self.smallestPiece) ? piece : 0)
    }

    /// Room for so many bytes more; false where there is none.
    func reserve(_ bytes: Int) -> Bool {
        ledger.withLock {
            guard $0.inFlight + bytes <= size else { return false }
            $0.inFlight += bytes
            $0.counts.largestBytesInFlight = max($0.counts.largestBytesInFlight, $0.inFlight)
            return true
        }
    }

    func release(_ bytes: Int) { ledger.withLock { $0.inFlight -= bytes } }
}

/// Bytes that were asked for ahead and that readers needed, and how many of them before they had been read.
struct UsedBytes: Sendable {
    var bytes = 0
    var late = 0
}

/// What one open file has of a prefetcher: its policy, its bytes in flight and its counts.
final class FilePrefetch: Sendable {
    let prefetcher: Prefetcher
    private let bufferSize: Int
    private let state: Mutex<State>

    private struct State: Sendable {
        var policy: PrefetchPolicy
        var counts = PrefetchCounts()
        var inFlight = 0
        var isUsed = false
        var isClosed = false
    }

    init(_ prefetcher: Prefetcher, bufferSize: Int) {
        self.prefetcher = prefetcher
        self.bufferSize = bufferSize
        state = Mutex(State(policy: PrefetchPolicy(prefetcher.strategy)))
        prefetcher.open()
    }

    deinit { close() }

    /// The reading has ended; threads that are still at it count for nothing. Calls after the first do nothing.
    /// - Parameter alsoUsed: of what is in flight still.
    func close(alsoUsed used: UsedBytes = UsedBytes()) {
        let last = state.withLock { state -> (counts: PrefetchCounts, inFlight: Int)? in
            guard !state.isClosed else { return nil }
            defer { state.inFlight = 0 }
            state.isClosed = true
            return (Self.ended(state.counts, used), state.inFlight)
        }
        if let last { prefetcher.close(last.counts, inFlight: last.inFlight) }
    }

    private static func ended(_ counts: PrefetchCounts, _ used: UsedBytes) -> PrefetchCounts {
        var counts = counts
        counts.bytesUsed += used.bytes
        counts.bytesLate += used.late
        counts.bytesWasted = counts.bytesRequested - counts.bytesUsed
        return counts
    }

    /// As if the reading ended now.
    /// - Parameter alsoUsed: of what is in flight still.
    func counts(alsoUsed used: UsedBytes = UsedBytes()) -> PrefetchCounts {
        state.withLock { Self.ended($0.counts, used) }
    }

    /// Takes the right to read up to `left` bytes more ahead.
    /// - Returns: how many; 0 when enough is in flight, or no more may be.
    func request(upTo left: Int) -> Int {
        let (share, piece) = prefetcher.share(bufferSize: bufferSize)
        let bytes = min(piece, left)
        guard bytes > 0 else { return 0 }
        return state.withLock { state in
            let wanted = state.policy.wanted(piece: piece, share: share, size: prefetcher.size)
            guard !state.isClosed, state.inFlight + bytes <= wanted, prefetcher.reserve(bytes) else { return 0 }
            state.inFlight += bytes
            state.counts.requests += 1
            state.counts.bytesRequested += bytes
            if !state.isUsed { state.counts.bytesBeforeFirstUse += bytes }
            state.counts.largestBytesInFlight = max(state.counts.largestBytesInFlight, state.inFlight)
            return bytes
        }
    }

    /// A reader is done with bytes that it had asked for, having taken `seconds` for them without waiting.
    /// - Parameter isLate: they were needed before they had been read.
    func use(_ bytes: Int, seconds: Double, isLate: Bool) {
        give(back: bytes) {
            $0.isUsed = true
            $0.counts.bytesUsed += bytes
            if isLate { $0.counts.bytesLate += bytes }
            $0.policy.used(bytes: bytes, seconds: seconds)
        }
    }

    /// Bytes were asked for and will not be used.
    func drop(_ bytes: Int) { give(back: bytes) { _ in } }

    /// Bytes that were asked for turned out not to be needed, and were not read.
    func cancel(_ bytes: Int) { give(back: bytes) { $0.counts.bytesRequested -= bytes } }

    private func give(back bytes: Int, _ note: (inout State) -> Void) {
        guard bytes > 0 else { return }
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            state.inFlight -= bytes
            note(&state)
            return true
        }
        if isOpen { prefetcher.release(bytes) }
    }

    /// A request was fulfilled `seconds` after it had been made.
    func filled(seconds: Double) { state.withLock { $0.policy.filled(seconds: seconds) } }

    func waited() { state.withLock { $0.counts.waits += 1 } }
}

/// Something to read.
protocol PrefetchJob: AnyObject, Sendable {
    /// Whether nobody has begun with it.
    var isWaiting: Bool { get }
    func run()
}

/// Jobs, first come first served. The threads keep it, not the prefetcher, so the prefetcher's end is theirs.
private final class PrefetchQueue: @unchecked Sendable {
    // @unchecked: what follows the condition is touched only while the mutex is held.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [any PrefetchJob] = []
    private var threadCount = 0
    private var isStopped = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(wake)
        mutex.deallocate()
        wake.deallocate()
    }

    func startThread() {
        var thread: pthread_t = 0
        let argument = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<PrefetchQueue>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            argument.release()
            return
        }
        threadCount += 1
        pthread_detach(thread)
    }

    func submit(_ job: any PrefetchJob) {
        guard threadCount > 0 else { return }
        pthread_mutex_lock(mutex)
        // Those that were done by who needed them are done with.
        waiting.removeAll { !$0.isWaiting }
        waiting.append(job)
        pthread_cond_signal(wake)
        pthread_mutex_unlock(mutex)
    }

    func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(mutex)
    }

    private func work() {
        // A job that was begun may hold the last reference to the prefetcher, whose end locks the queue: it is let go without the
        // lock. Those that still wait when the prefetcher has ended hold none.
        while let job = next() { job.run() }
    }

    /// Waits for a job; `nil` once the queue was stopped.
    private func next() -> (any PrefetchJob)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while waiting.isEmpty, !isStopped { pthread_cond_wait(wake, mutex) }
        guard !isStopped else {
            waiting = []
            return nil
        }
        return waiting.removeFirst()
    }
}
