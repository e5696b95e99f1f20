#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Arrays of at least so many bytes lie on pages of their own.
private let bytesOnOwnPages = 256 << 10

/// Memory of one flat array, freed with its owner.
///
/// A large one lies on pages of its own: they take memory only where something was written, and go back to the system
/// with the owner, where a heap would keep them for what comes next.
final class FlatArray<Element: BitwiseCopyable> {
    let buffer: UnsafeMutableBufferPointer<Element>
    private let pages: UnsafeMutableRawPointer?

    init(count: Int) {
        let bytes = count * MemoryLayout<Element>.stride
        guard bytes >= bytesOnOwnPages else {
            pages = nil
            buffer = .allocate(capacity: count)
            return
        }
        guard
            let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { fatalError("no memory for an array of \(bytes) bytes") }
        pages = start
        buffer = UnsafeMutableBufferPointer(start: start.bindMemory(to: Element.self, capacity: count), count: count)
    }

    deinit {
        if let pages { munmap(pages, buffer.count * MemoryLayout<Element>.stride) } else { buffer.deallocate() }
    }

    var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(buffer) }
}

/// Elements in the order in which they come, in pieces of one size: an array that doubles when it is full holds the old and
/// the new elements for a while.
struct ChunkedArray<Element: BitwiseCopyable> {
    private var chunks: [[Element]] = []
    private(set) var count = 0

    private static var bits: Int { 13 }
    private static var chunkCapacity: Int { 1 << bits }

    @inline(__always) mutating func append(_ element: Element) {
        if count & (Self.chunkCapacity - 1) == 0 { addChunk() }
        chunks[chunks.count - 1].append(element)
        count += 1
    }

    @inline(never) private mutating func addChunk() {
        var chunk: [Element] = []
        chunk.reserveCapacity(Self.chunkCapacity)
        chunks.append(chunk)
    }

    @inline(__always) subscript(index: Int) -> Element {
        chunks[index >> Self.bits][index & (Self.chunkCapacity - 1)]
    }
}
