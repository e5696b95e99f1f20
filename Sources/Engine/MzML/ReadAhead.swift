import Instrumentation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A stretch of a file that is read before it is needed, by whoever gets to it first.
final class ReadAheadBuffer: PrefetchJob, @unchecked Sendable {
    // @unchecked: the bytes and the outcome are written by the one who claimed the buffer and read after `isFilled`.
    private enum State { case empty, claimed, filled }

    let offset: Int
    let capacity: Int
    private let descriptor: SharedDescriptor
    private let file: FilePrefetch
    private let requestedAt = monotonicSeconds()
    private let bytes: UnsafeMutablePointer<UInt8>
    private var count = 0
    private var errorNumber: Int32 = 0
    private var state = State.empty
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(descriptor: SharedDescriptor, offset: Int, capacity: Int, file: FilePrefetch) {
        self.descriptor = descriptor
        self.file = file
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

    func run() {
        if fillIfUnclaimed() { file.filled(seconds: monotonicSeconds() - requestedAt) }
    }

    /// Claims the buffer and reads it, unless somebody else did, which is false.
    private func fillIfUnclaimed() -> Bool {
        guard claim() else { return false }
        while count < capacity {
            let got = pread(descriptor.number, bytes + count, capacity - count, off_t(offset + count))
            if got < 0, errno == EINTR { continue }
            if got < 0 { errorNumber = errno }
            if got <= 0 { break }
            count += got
        }
        finish()
        return true
    }

    private func claim() -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard state == .empty else { return false }
        state = .claimed
        return true
    }

    private func finish() {
        pthread_mutex_lock(mutex)
        state = .filled
        pthread_cond_broadcast(filled)
        pthread_mutex_unlock(mutex)
    }

    /// Nobody will want it: threads that have not begun need not.
    func cancel() {
        if claim() { finish() }
    }

    var isWaiting: Bool {
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
    func finished() -> (bytes: ByteRun, errorNumber: Int32, wasLate: Bool) {
        let isLate = !isFilled
        if isLate { file.waited() }
        _ = fillIfUnclaimed()
        pthread_mutex_lock(mutex)
        while state != .filled { pthread_cond_wait(filled, mutex) }
        pthread_mutex_unlock(mutex)
        return (ByteRun(start: bytes, count: count), errorNumber, isLate)
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

/// Reads a file in order through buffers that are filled ahead, as many as its `FilePrefetch` allows; where none is, it reads
/// what is asked for when it is asked for.
package struct ReadAheadFile: ~Copyable {
    private let descriptor: SharedDescriptor
    private let file: FilePrefetch
    private let size: Int
    private var buffers: [ReadAheadBuffer] = []
    private var taken = 0
    /// When the first buffer was found filled, and whether that had to be waited for.
    private var since = 0.0
    private var isLate = false
    private var nextOffset: Int

    init?(path: String, size: Int, offset: Int, file: FilePrefetch) {
        guard let descriptor = SharedDescriptor(path: path) else { return nil }
        self.descriptor = descriptor
        self.file = file
        self.size = size
        nextOffset = offset
        fillQueue()
    }

    deinit {
        for buffer in buffers { buffer.cancel() }
        file.close()
    }

    private mutating func fillQueue() {
        while nextOffset < size {
            let capacity = file.request(upTo: size - nextOffset)
            guard capacity > 0 else { return }
            let buffer = ReadAheadBuffer(descriptor: descriptor, offset: nextOffset, capacity: capacity, file: file)
            nextOffset += capacity
            buffers.append(buffer)
            // The one that is needed now is read by whoever is first.
            file.prefetcher.submit(buffer)
        }
    }

    /// Buffers that were asked for, and how many of them are filled.
    var bufferCount: Int { buffers.count }
    var filledCount: Int { buffers.count { $0.isFilled } }

    /// Copies 1 to `capacity` bytes; 0 at the end. A negative result is an error number.
    mutating func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int {
        fillQueue()
        guard let buffer = buffers.first else { return readDirectly(into: target, capacity: capacity) }
        let (bytes, errorNumber, wasLate) = buffer.finished()
        if taken == 0 { (since, isLate) = (monotonicSeconds(), wasLate) }
        guard taken < bytes.count, let base = bytes.baseAddress else { return errorNumber == 0 ? 0 : -Int(errorNumber) }
        let count = min(capacity, bytes.count - taken)
        target.update(from: base + taken, count: count)
        taken += count
        if taken == bytes.count, bytes.count == buffer.capacity {
            buffers.removeFirst()
            taken = 0
            file.use(bytes.count, seconds: monotonicSeconds() - since, isLate: isLate)
            fillQueue()
        }
        return count
    }

    private mutating func readDirectly(into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int {
        guard nextOffset < size else { return 0 }
        file.waited()
        while true {
            let got = pread(descriptor.number, target, min(capacity, size - nextOffset), off_t(nextOffset))
            if got < 0, errno == EINTR { continue }
            if got < 0 { return -Int(errno) }
            nextOffset += got
            return got
        }
    }

    /// Goes on at another offset; what was read ahead lies elsewhere.
    mutating func seek(to offset: Int) {
        for buffer in buffers {
            buffer.cancel()
            file.drop(buffer.capacity)
        }
        buffers.removeAll()
        taken = 0
        nextOffset = offset
        fillQueue()
    }
}
