#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The reading end of a child's output: takes everything, keeps the last `capacity` bytes.
///
/// The child never blocks on a full pipe as long as this is drained, and memory stays bounded whatever it writes.
struct OutputDrain {
    /// -1 once the stream has ended.
    private(set) var descriptor: Int32
    private let capacity: Int
    private var kept: [UInt8] = []
    private var total = 0

    init(descriptor: Int32, capacity: Int) {
        self.descriptor = descriptor
        self.capacity = capacity
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    var isOpen: Bool { descriptor >= 0 }

    /// Reads what is there now, at most 1 MiB so that a flood cannot keep the caller from its clock.
    mutating func drain() {
        var block = [UInt8](repeating: 0, count: 65_536)
        for _ in 0..<16 where isOpen {
            let count = read(descriptor, &block, block.count)
            if count > 0 {
                total += count
                kept.append(contentsOf: block[..<count])
                // Trimmed in steps of a capacity, so that each byte is moved once on average.
                if kept.count > 2 * capacity { kept.removeFirst(kept.count - capacity) }
            } else if count < 0 && errno == EINTR {
                continue
            } else {
                if count == 0 || errno != EAGAIN { end() }
                return
            }
        }
    }

    mutating func end() {
        guard isOpen else { return }
        close(descriptor)
        descriptor = -1
    }

    var tail: OutputTail { OutputTail(text: String(decoding: kept.suffix(capacity), as: UTF8.self), totalBytes: total) }
}
