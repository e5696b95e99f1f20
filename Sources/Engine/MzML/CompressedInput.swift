#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bytes of a compressed file in order, through a window that grows where more must be seen at once.
///
/// A read that fails ends the input: what came before it is still used, and then `failure` is due. The descriptor stays
/// the caller's.
struct CompressedInput: ~Copyable {
    /// Bytes that are not used yet.
    private(set) var count: Int
    /// Bytes taken from the file.
    private(set) var bytesRead: Int
    private(set) var isAtEnd = false
    private(set) var failure: MzMLError?
    private let path: String
    private let descriptor: Int32
    /// What is read in the place of the descriptor, where the file is read ahead.
    private var ahead: ReadAheadFile?
    private var buffer: GrowingBuffer
    private var lower = 0

    /// - Parameter head: what the caller has already read from the descriptor.
    init(
        path: String, descriptor: Int32, head: UnsafeBufferPointer<UInt8>, ahead: consuming ReadAheadFile? = nil
    ) {
        self.path = path
        self.descriptor = descriptor
        self.ahead = ahead
        buffer = GrowingBuffer()
        let target = buffer.reserve(max(head.count, 1), keeping: 0..<0)
        if let base = head.baseAddress { target.update(from: base, count: head.count) }
        count = head.count
        bytesRead = head.count
    }

    /// The first byte that is not used yet.
    var start: UnsafePointer<UInt8> { UnsafePointer(buffer.start + lower) }

    /// Offset in the file of the first byte that is not used yet.
    var offset: Int { bytesRead - count }

    mutating func use(_ used: Int) {
        lower += used
        count -= used
    }

    /// Reads until `wanted` bytes are there; false when the input ends before.
    mutating func fill(_ wanted: Int) -> Bool {
        guard count < wanted, !isAtEnd else { return count >= wanted }
        if lower + wanted > buffer.capacity || count == 0 {
            _ = buffer.reserve(wanted, keeping: lower..<(lower + count))
            lower = 0
        }
        while count < wanted {
            let room = buffer.capacity - lower - count
            let got = take(into: buffer.start + lower + count, capacity: room)
            if got < 0 {
                let reason = Int32(-got)
                if reason == EINTR { continue }
                failure = MzMLError(
                    .cannotRead, path: path, byteOffset: bytesRead,
                    reason: "cannot read: \(String(cString: strerror(reason)))")
            }
            if got <= 0 {
                isAtEnd = true
                return false
            }
            count += got
            bytesRead += got
        }
        return true
    }

    /// 1 to `capacity` bytes; 0 at the end. A negative result is an error number.
    private mutating func take(into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int {
        if let got = ahead?.read(into: target, capacity: capacity) { return got }
        #if canImport(Glibc)
            let got = Glibc.read(descriptor, target, capacity)
        #else
            let got = Darwin.read(descriptor, target, capacity)
        #endif
        return got < 0 ? -Int(errno) : got
    }

    /// Exchanges the window's memory for `other`, and goes on behind the first `used` bytes.
    ///
    /// - Returns: where the used bytes start in `other`.
    mutating func handOver(_ used: Int, into other: inout GrowingBuffer) -> Int {
        let rest = count - used
        let target = other.reserve(max(rest, 1), keeping: 0..<0)
        target.update(from: buffer.start + lower + used, count: rest)
        swap(&buffer, &other)
        defer {
            lower = 0
            count = rest
        }
        return lower
    }

    /// Takes bytes back that were handed over: they precede the window.
    mutating func putBack(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        var joined = GrowingBuffer()
        let target = joined.reserve(bytes.count + count, keeping: 0..<0)
        target.update(from: source, count: bytes.count)
        (target + bytes.count).update(from: buffer.start + lower, count: count)
        buffer = joined
        lower = 0
        count += bytes.count
    }
}

/// Memory that grows and stays.
struct GrowingBuffer: ~Copyable {
    private var memory: UnsafeMutablePointer<UInt8>?
    private(set) var capacity = 0

    init() {}

    deinit { memory?.deallocate() }

    /// The first byte; there must be room.
    var start: UnsafeMutablePointer<UInt8> {
        guard let memory else { preconditionFailure("no memory was reserved") }
        return memory
    }

    /// Room for `size` bytes, with the bytes of `kept` moved to the front.
    mutating func reserve(_ size: Int, keeping kept: Range<Int>) -> UnsafeMutablePointer<UInt8> {
        if let memory, size <= capacity {
            if kept.lowerBound > 0 { memmove(memory, memory + kept.lowerBound, kept.count) }
            return memory
        }
        let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        if let memory {
            fresh.update(from: memory + kept.lowerBound, count: kept.count)
            memory.deallocate()
        }
        memory = fresh
        capacity = size
        return fresh
    }
}
