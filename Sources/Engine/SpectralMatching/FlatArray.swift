/// Memory of one flat array, freed with its owner.
///
/// A large one lies on pages of its own where the heap was told so (`free_memory_set_apart`): they take memory only where something
/// was written, and go back to the system with the owner.
final class FlatArray<Element: BitwiseCopyable> {
    let buffer: UnsafeMutableBufferPointer<Element>

    init(count: Int) { buffer = .allocate(capacity: count) }
    deinit { buffer.deallocate() }

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
