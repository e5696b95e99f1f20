import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Threads that do nothing but read, for all files that are open at a time: decoding goes on while they wait for the disk.
public final class ReadAheadPool: Sendable, Hashable {
    private let queue: JobQueue

    /// Fewer threads than asked for when the system has no more; with none, reading happens where its bytes are needed.
    public init(threads: Int) {
        let queue = JobQueue()
        self.queue = queue
        for _ in 0..<max(threads, 1) { queue.startThread() }
    }

    deinit { queue.stop() }

    public static func == (left: ReadAheadPool, right: ReadAheadPool) -> Bool { left === right }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

    func submit(_ buffer: ReadAheadBuffer) { queue.submit(buffer) }
}

/// Buffers to fill, first come first served. The threads keep it, not the pool, so the pool's end is theirs.
private final class JobQueue: @unchecked Sendable {
    // @unchecked: `waiting` and `isStopped` are touched only while the mutex is held.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [ReadAheadBuffer] = []
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
                if let argument { Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            argument.release()
            return
        }
        threadCount += 1
        pthread_detach(thread)
    }

    func submit(_ buffer: ReadAheadBuffer) {
        guard threadCount > 0 else { return }
        pthread_mutex_lock(mutex)
        // Those that were filled by who needed them are done with.
        waiting.removeAll { !$0.isEmpty }
        waiting.append(buffer)
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
        pthread_mutex_lock(mutex)
        while !isStopped {
            guard !waiting.isEmpty else {
                pthread_cond_wait(wake, mutex)
                continue
            }
            let buffer = waiting.removeFirst()
            pthread_mutex_unlock(mutex)
            buffer.fillIfUnclaimed()
            pthread_mutex_lock(mutex)
        }
        pthread_mutex_unlock(mutex)
    }
}

/// A stretch of a file that is read before it is needed, by whoever gets to it first.
final class ReadAheadBuffer: @unchecked Sendable {
    // @unchecked: the bytes and the outcome are written by the one who claimed the buffer and read after `isFilled`.
    private enum State { case empty, claimed, filled }

    let offset: Int
    let capacity: Int
    private let descriptor: SharedDescriptor
    private let bytes: UnsafeMutablePointer<UInt8>
    private var count = 0
    private var errorNumber: Int32 = 0
    private var state = State.empty
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(descriptor: SharedDescriptor, offset: Int, capacity: Int) {
        self.descriptor = descriptor
        self.offset = offset
        self.capacity = capacity
        bytes = .allocate(capacity: capacity)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(filled, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(filled)
        mutex.deallocate()
        filled.deallocate()
        bytes.deallocate()
    }

    /// Claims the buffer and reads it, unless somebody else did.
    func fillIfUnclaimed() {
        pthread_mutex_lock(mutex)
        guard state == .empty else {
            pthread_mutex_unlock(mutex)
            return
        }
        state = .claimed
        pthread_mutex_unlock(mutex)
        while count < capacity {
            let got = pread(descriptor.number, bytes + count, capacity - count, off_t(offset + count))
            if got < 0, errno == EINTR { continue }
            if got < 0 { errorNumber = errno }
            if got <= 0 { break }
            count += got
        }
        pthread_mutex_lock(mutex)
        state = .filled
        pthread_cond_broadcast(filled)
        pthread_mutex_unlock(mutex)
    }

    var isEmpty: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return state == .empty
    }

    var isFilled: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return state == .filled
    }

    /// Waits for the bytes, reading them here when nobody has begun.
    func finished() -> (bytes: ByteRun, errorNumber: Int32) {
        fillIfUnclaimed()
        pthread_mutex_lock(mutex)
        while state != .filled { pthread_cond_wait(filled, mutex) }
        pthread_mutex_unlock(mutex)
        return (ByteRun(start: bytes, count: count), errorNumber)
    }
}

/// An open file that stays open as long as somebody may read from it.
final class SharedDescriptor: Sendable {
    let number: Int32

    init?(path: String) {
        number = open(path, O_RDONLY | O_CLOEXEC)
        if number < 0 { return nil }
    }

    deinit { close(number) }
}

/// Reads a file through buffers that are filled ahead: one in use, `depth` behind it.
struct ReadAheadFile: ~Copyable {
    private let descriptor: SharedDescriptor
    private let pool: ReadAheadPool
    private let bufferSize: Int
    private let depth: Int
    private let size: Int
    private var buffers: [ReadAheadBuffer] = []
    private var taken = 0
    private var nextOffset: Int

    init?(path: String, size: Int, offset: Int, bufferSize: Int, depth: Int, pool: ReadAheadPool) {
        guard let descriptor = SharedDescriptor(path: path) else { return nil }
        self.descriptor = descriptor
        self.pool = pool
        self.bufferSize = bufferSize
        self.depth = depth
        self.size = size
        nextOffset = offset
    }

    private mutating func fillQueue() {
        while buffers.count <= depth, nextOffset < size {
            let buffer = ReadAheadBuffer(
                descriptor: descriptor, offset: nextOffset, capacity: min(bufferSize, size - nextOffset))
            nextOffset += buffer.capacity
            buffers.append(buffer)
            // The one that is needed now is read by whoever is first.
            pool.submit(buffer)
        }
    }

    /// Buffers behind the one in use, and how many of them are filled.
    var buffersAhead: Int { max(buffers.count - 1, 0) }
    var filledAhead: Int { buffers.dropFirst().count { $0.isFilled } }

    /// Copies 1 to `capacity` bytes; 0 at the end. A negative result is an error number.
    mutating func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int {
        fillQueue()
        guard let buffer = buffers.first else { return 0 }
        let (bytes, errorNumber) = buffer.finished()
        guard taken < bytes.count, let base = bytes.baseAddress else { return errorNumber == 0 ? 0 : -Int(errorNumber) }
        let count = min(capacity, bytes.count - taken)
        target.update(from: base + taken, count: count)
        taken += count
        if taken == bytes.count, bytes.count == buffer.capacity {
            buffers.removeFirst()
            taken = 0
            fillQueue()
        }
        return count
    }
}
