import CReadingKernels

/// Finds the `<` of the tags of spectra that matter one after the other, looking for many at a time: one vectorised pass over a kilobyte
/// costs less than one search per tag.
struct TagCursor: ~Copyable {
    private let positions: UnsafeMutablePointer<UInt32>
    private var count = 0
    private var taken = 0
    /// Where the positions count from, and how far they were looked for.
    private var start: UnsafePointer<UInt8>
    private var reached: UnsafePointer<UInt8>

    init() {
        positions = .allocate(capacity: Int(BYTES_POSITIONS_WINDOW))
        start = UnsafePointer(UnsafeRawPointer(positions).assumingMemoryBound(to: UInt8.self))
        reached = start
    }

    deinit { positions.deallocate() }

    /// Forgets what was found: the next search is in other bytes.
    mutating func reset(to position: UnsafePointer<UInt8>) {
        count = 0
        taken = 0
        start = position
        reached = position
    }

    /// The first `<` in `position ..< end`; positions must not go back between calls.
    @inline(__always)
    mutating func next(from position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        while true {
            while taken < count {
                let found = start + Int(positions[taken])
                taken += 1
                if found >= position { return found }
            }
            start = max(reached, position)
            guard start < end else { return nil }
            count = spectrum_tags(start, end, positions)
            taken = 0
            reached = min(start + Int(BYTES_POSITIONS_WINDOW), end)
        }
    }
}
