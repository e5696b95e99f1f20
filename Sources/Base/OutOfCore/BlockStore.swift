import Synchronization

/// Where a block lies.
public struct StoredBlock: Sendable, Hashable {
    fileprivate let offset: Int
    fileprivate let storedBytes: Int
    public let byteCount: Int
    fileprivate let codec: BlockCodec
    fileprivate let stride: Int
}

/// Blocks of bytes that are written once, to a file without a name, and read back any number of times by any thread.
///
/// The file is made for the first block, so that a store which is not needed costs nothing.
public final class BlockStore: Sendable {
    /// What was written so far.
    public struct Counts: Sendable, Hashable, Codable {
        public var blocks = 0
        public var bytes = 0
        /// Bytes on the disk.
        public var storedBytes = 0
        /// Times that the kernel was asked for a block before it was read.
        public var prefetches = 0
        /// Blocks by the name of their codec.
        public var codecs: [String: Int] = [:]

        public init() {}
    }

    private struct State {
        var file: ScratchFile?
        var end = 0
        var counts = Counts()
    }

    private let folder: String
    private let packer: BlockPacker
    private let state = Mutex(State())

    public init(folder: String, packing: Packing) {
        self.folder = folder
        packer = BlockPacker(packing)
    }

    public var counts: Counts { state.withLock { $0.counts } }

    /// Writes a block. - Complexity: O(bytes).
    /// - Parameter stride: bytes of one number, for the codec.
    /// - Throws: `ScratchError` when the folder cannot be written or is full.
    public func append(_ bytes: UnsafeRawBufferPointer, stride: Int) throws(ScratchError) -> StoredBlock {
        let (codec, packed) = packer.pack(bytes, stride: stride)
        let count = packed?.count ?? bytes.count
        let (file, offset) = try reserve(count, of: bytes.count, codec)
        let start = monotonicSeconds()
        if let packed {
            var failure: ScratchError?
            packed.withUnsafeBytes { packed in
                do throws(ScratchError) { try file.write(packed, at: offset) } catch { failure = error }
            }
            if let failure { throw failure }
        } else {
            try file.write(bytes, at: offset)
        }
        packer.learnDisk(bytes: count, seconds: monotonicSeconds() - start)
        return StoredBlock(offset: offset, storedBytes: count, byteCount: bytes.count, codec: codec, stride: stride)
    }

    /// Writes numbers, or records of numbers of the size of their alignment.
    public func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(ScratchError) -> StoredBlock {
        try elements.withUnsafeBytes { append(result: $0, stride: MemoryLayout<Element>.alignment) }.get()
    }

    public func append<Element>(_ elements: PageableArray<Element>) throws(ScratchError) -> StoredBlock {
        try elements.withUnsafeBytes { append(result: $0, stride: MemoryLayout<Element>.alignment) }.get()
    }

    /// Closures of the standard library's arrays do not pass the type of an error on.
    private func append(result bytes: UnsafeRawBufferPointer, stride: Int) -> Result<StoredBlock, ScratchError> {
        do throws(ScratchError) { return .success(try append(bytes, stride: stride)) } catch { return .failure(error) }
    }

    private func reserve(
        _ count: Int, of byteCount: Int, _ codec: BlockCodec
    ) throws(ScratchError) -> (file: ScratchFile, offset: Int) {
        try state.withLock { state throws(ScratchError) in
            let file: ScratchFile
            if let known = state.file { file = known } else { file = try ScratchFile(folder: folder) }
            state.file = file
            defer { state.end += count }
            state.counts.blocks += 1
            state.counts.bytes += byteCount
            state.counts.storedBytes += count
            state.counts.codecs[codec.name, default: 0] += 1
            return (file, state.end)
        }
    }

    /// Reads a block into memory of its size.
    public func read(_ block: StoredBlock, into bytes: UnsafeMutableRawBufferPointer) throws(ScratchError) {
        precondition(bytes.count == block.byteCount, "the memory has the size of the block")
        guard let file = state.withLock({ $0.file }) else {
            throw ScratchError("read back temporary data in", folder: folder, errorNumber: 0)
        }
        guard block.codec != .stored else { return try file.read(into: bytes, at: block.offset) }
        var packed = [UInt8](repeating: 0, count: block.storedBytes)
        var failure: ScratchError?
        packed.withUnsafeMutableBytes { packed in
            do throws(ScratchError) { try file.read(into: packed, at: block.offset) } catch { failure = error }
        }
        if let failure { throw failure }
        let isWhole = packed.withUnsafeBytes { block.codec.unpack($0, into: bytes, stride: block.stride) }
        guard isWhole else { throw ScratchError("read back temporary data in", folder: folder, errorNumber: 0) }
    }

    /// The numbers of a block.
    public func elements<Element: BitwiseCopyable>(
        of block: StoredBlock, as type: Element.Type
    ) throws(ScratchError) -> [Element] {
        var failure: ScratchError?
        let count = block.byteCount / MemoryLayout<Element>.stride
        let elements = [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(ScratchError) {
                try read(
                    block, into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])))
                filled = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return elements
    }

    /// Asks the kernel to have a block ready soon.
    public func willNeed(_ block: StoredBlock) {
        let file = state.withLock { state in
            state.counts.prefetches += 1
            return state.file
        }
        file?.willNeed(block.offset..<(block.offset + block.storedBytes))
    }
}
