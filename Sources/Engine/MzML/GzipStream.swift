import CDeflate
import CZlib

/// The bytes that a gzip file holds, in order: all of its members, one behind the other.
///
/// What is delivered, and where it ends, is what sequential inflation gives, for any number of threads. Small members
/// (bgzip's blocks, files that were joined, blocks of parallel compressors) are inflated whole by libdeflate, on several
/// threads where there are several; a member that turns out to be anything but what its header and trailer promise is
/// done again by the stream, as is every large member, so that damage is met where it is. Padding behind the last member
/// is ignored, as gzip does.
///
/// Memory: about 4 MiB for a stream; up to 32 MiB, and mostly a tenth of it, with members that are inflated whole. It does
/// not depend on what the file inflates to.
package struct GzipStream: ~Copyable {
    /// The file ended inside a member.
    package private(set) var isIncomplete = false
    private let path: String
    private var input: CompressedInput
    private let stream: UnsafeMutablePointer<z_stream>
    private let inflater: OpaquePointer?
    private let threadCount: Int
    /// Compressed bytes that are cut into members at a time: few, so that what they inflate to stays in the cache.
    private let batchInput: Int
    private var threads: InflateThreads?
    /// The batch that is being delivered, and the one behind it that other threads are at.
    private var front = BatchSlot()
    private var following = BatchSlot()
    /// What is delivered next of `front`.
    private var member = 0
    private var memberOffset = 0
    private var phase = Phase.betweenMembers
    /// A defect behind bytes that were still to be delivered.
    private var failure: MzMLError?
    private var failedExpectations = 0

    private enum Phase { case betweenMembers, insideMember, ended }

    /// A batch with the memory that it works in.
    private struct BatchSlot: ~Copyable {
        var batch: MemberBatch?
        /// The threads have it.
        var isSubmitted = false
        var input = GrowingBuffer()
        var output = GrowingBuffer()
    }

    /// Most bytes that a batch of several members inflates to.
    private static let batchOutput = 8 << 20
    private static let batchMembers = 4096
    /// The stream gets its input in pieces that end at multiples of this, so that it meets damage at the same place
    /// however the bytes came.
    private static let streamInput = 256 << 10

    /// - Parameters:
    ///   - descriptor: where the file is read, behind `head`; it stays the caller's and must stay open.
    ///   - head: what was already read: the gzip magic at least.
    ///   - threads: how many inflate, the calling one included.
    ///   - ahead: the file behind `head`, where it is read ahead; the descriptor is then not read.
    /// - Throws: `corruptGzip` when there is no memory.
    package init(
        path: String, descriptor: Int32, head: UnsafeBufferPointer<UInt8>, threads: Int,
        ahead: consuming ReadAheadFile? = nil
    ) throws(MzMLError) {
        precondition(threads > 0, "at least one thread")
        self.path = path
        threadCount = threads
        batchInput = (128 << 10) * min(max(threads, 2), 16)
        input = CompressedInput(path: path, descriptor: descriptor, head: head, ahead: ahead)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        inflater = libdeflate_alloc_decompressor()
        // 15 window bits, plus 16: gzip wrapper only.
        guard lavoisier_inflate_init(stream, 15 + 16) == Z_OK else {
            throw MzMLError(.corruptGzip, path: path, reason: "zlib cannot start (out of memory)")
        }
    }

    deinit {
        threads?.stop()
        inflateEnd(stream)
        stream.deallocate()
        libdeflate_free_decompressor(inflater)
    }

    /// Compressed bytes that were taken from the file.
    var bytesConsumed: Int { input.bytesRead }

    /// Reads 1 to `capacity` bytes; 0 only at the end. What precedes damage is delivered before the damage is thrown.
    ///
    /// - Throws: `corruptGzip` with the compressed byte, `cannotRead`; the same again in every later call.
    package mutating func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) throws(MzMLError) -> Int {
        if let failure { throw failure }
        guard capacity > 0 else { return 0 }
        while phase != .ended {
            var count = 0
            if let batch = front.batch {
                count = deliver(batch, into: target, capacity: capacity)
            } else if phase == .insideMember {
                count = try inflate(into: target, capacity: min(capacity, 1 << 30))
            } else {
                try startNext()
            }
            if count > 0 { return count }
        }
        return 0
    }

    private mutating func fail(_ error: MzMLError) throws(MzMLError) {
        failure = error
        throw error
    }
}

// MARK: - Members one after the other

extension GzipStream {
    /// Goes on behind a member: with a batch, with a member that is streamed, or to the end.
    private mutating func startNext() throws(MzMLError) {
        if following.batch == nil { cutFollowing() }
        if following.batch != nil {
            swap(&front, &following)
            inflateFront()
            return
        }
        guard input.fill(1) else {
            if let error = input.failure { try fail(error) }
            phase = .ended
            return
        }
        // Another member may follow; anything else is padding.
        guard input.start.pointee == 0x1F, inflateReset(stream) == Z_OK else {
            phase = .ended
            return
        }
        phase = .insideMember
    }

    private mutating func inflate(
        into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) throws(MzMLError) -> Int {
        stream.pointee.next_out = target
        stream.pointee.avail_out = UInt32(capacity)
        while Int(stream.pointee.avail_out) == capacity, phase == .insideMember {
            // Without input left, zlib may still hold output that did not fit the last time.
            let hasInput = input.fill(1)
            let given = hasInput ? min(input.count, Self.streamInput - input.offset % Self.streamInput) : 0
            stream.pointee.next_in = hasInput ? UnsafeMutablePointer(mutating: input.start) : nil
            stream.pointee.avail_in = UInt32(given)
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            input.use(given - Int(stream.pointee.avail_in))
            if !hasInput, status == Z_OK || status == Z_BUF_ERROR, Int(stream.pointee.avail_out) == capacity {
                if let error = input.failure { try fail(error) }
                isIncomplete = true
                phase = .ended
                return 0
            }
            switch status {
            case Z_OK, Z_BUF_ERROR:
                continue
            case Z_STREAM_END:
                phase = .betweenMembers
            default:
                let message = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
                failure = MzMLError(
                    .corruptGzip, path: path,
                    reason: "the gzip stream is damaged near compressed byte \(input.offset): \(message)",
                    hint: "copy the file again and check it with gzip -t")
                if let failure, Int(stream.pointee.avail_out) == capacity { throw failure }
                return capacity - Int(stream.pointee.avail_out)
            }
        }
        return capacity - Int(stream.pointee.avail_out)
    }
}

// MARK: - Batches

extension GzipStream {
    /// Members fail to be what they promise so often that trying costs more than it can gain.
    private var isDistrusted: Bool { failedExpectations > 8 + input.offset >> 24 }

    /// Cuts the next batch, and hands it to the threads where there are some.
    private mutating func cutFollowing() {
        following.isSubmitted = false
        guard !isDistrusted else { return }
        Self.cut(&input, lookingAt: batchInput, into: &following)
        guard threadCount > 1, let batch = following.batch else { return }
        // A file of one member gives them nothing to do.
        if threads == nil, batch.members.count > 1 || input.count > 0 {
            threads = InflateThreads(count: threadCount - 1)
        }
        if let threads {
            threads.submit(batch)
            following.isSubmitted = true
        }
    }

    /// Returns when `front` is inflated; other threads go on with what follows it.
    private mutating func inflateFront() {
        guard let batch = front.batch else { return }
        member = 0
        memberOffset = 0
        if let threads, front.isSubmitted {
            cutFollowing()
            threads.finish(batch, with: inflater)
        } else {
            _ = batch.inflateUnclaimed(with: inflater)
        }
    }

    private mutating func deliver(
        _ batch: MemberBatch, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) -> Int {
        let end = batch.firstFailure
        var written = 0
        while member < end, written < capacity {
            let bytes = batch.bytes(of: member)
            let count = min(capacity - written, bytes.count - memberOffset)
            if let base = bytes.baseAddress { (target + written).update(from: base + memberOffset, count: count) }
            written += count
            memberOffset += count
            if memberOffset == bytes.count {
                member += 1
                memberOffset = 0
            }
        }
        if member == end {
            if end < batch.members.count { giveUp(batch, at: end) }
            front.batch = nil
        }
        return written
    }

    /// Streams from a member on that is not what was expected; what was cut behind it may be wrong.
    private mutating func giveUp(_ batch: MemberBatch, at failed: Int) {
        failedExpectations += 1
        if let next = following.batch {
            next.cancel()
            threads?.finish(next, with: inflater)
            input.putBack(next.compressed(from: 0))
            following.batch = nil
        }
        input.putBack(batch.compressed(from: failed))
        phase = inflateReset(stream) == Z_OK ? .insideMember : .ended
    }

    /// Cuts the next members off the input, if they are small and can be told apart.
    private static func cut(
        _ input: inout CompressedInput, lookingAt batchInput: Int, into slot: inout BatchSlot
    ) {
        _ = input.fill(batchInput)
        var members: [GzipMember] = []
        var horizon = min(input.count, batchInput)
        var end = 0
        var size = 0
        cutting: while members.count < batchMembers {
            let isWhole = input.isAtEnd && input.failure == nil && horizon == input.count
            let bytes = ByteRun(start: input.start, count: horizon)
            switch GzipMember.expected(in: bytes, at: end, isWhole: isWhole) {
            case .member(let member):
                if !members.isEmpty, size + member.size > batchOutput { break cutting }
                members.append(member)
                end = member.input.upperBound
                size += member.size
            case .unfinished:
                // One larger member may be looked for further on; not several, which would take the memory.
                guard members.isEmpty, horizon < GzipMember.maximumSize else { break cutting }
                let wanted = min(horizon * 4, GzipMember.maximumSize)
                _ = input.fill(wanted)
                let seen = min(input.count, wanted)
                guard seen > horizon || input.failure == nil else { break cutting }
                horizon = seen
            case .none:
                break cutting
            }
        }
        guard !members.isEmpty else { return }
        let start = input.handOver(end, into: &slot.input)
        let output = slot.output.reserve(MemberBatch.outputBytes(members), keeping: 0..<0)
        slot.batch = MemberBatch(members, input: UnsafePointer(slot.input.start + start), output: output)
    }
}
