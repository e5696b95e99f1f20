import CZlib

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bytes of a file in order, decompressed when the file starts with the gzip magic, whatever its name.
struct ByteStream: ~Copyable {
    let path: String
    /// Size of the file as stored; 0 for a pipe.
    let fileSize: Int
    /// Bytes taken from the file so far (compressed bytes of a gzip file).
    private(set) var bytesConsumed = 0
    /// A gzip stream ended inside a member.
    private(set) var isIncomplete = false
    private let descriptor: Int32
    private var gzip: UnsafeMutablePointer<z_stream>?
    /// Bytes read from the file and not yet delivered: the first ones, or compressed input.
    private let pending: UnsafeMutablePointer<UInt8>
    private var pendingRange = 0..<0
    private var ended = false
    /// A defect behind bytes that were still to be delivered.
    private var failure: MzMLError?

    private static let pendingCapacity = 256 << 10

    init(path: String) throws(MzMLError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        pending = .allocate(capacity: Self.pendingCapacity)
        gzip = nil
        guard descriptor >= 0 else {
            fileSize = 0
            throw MzMLError(.cannotRead, path: path, reason: "cannot open: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        let regular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        fileSize = regular ? Int(status.st_size) : 0
        #if canImport(Glibc)
            _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        #endif
        try detectGzip()
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if let gzip {
            inflateEnd(gzip)
            gzip.deallocate()
        }
        pending.deallocate()
    }

    private mutating func detectGzip() throws(MzMLError) {
        // A pipe may deliver the magic in two pieces.
        while pendingRange.count < 2 {
            let read = try readFile(pending + pendingRange.count, 4096)
            if read == 0 { break }
            pendingRange = 0..<(pendingRange.count + read)
        }
        guard pendingRange.count >= 2, pending[0] == 0x1F, pending[1] == 0x8B else { return }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 window bits, plus 16: gzip wrapper only.
        guard lavoisier_inflate_init(stream, 15 + 16) == Z_OK else {
            stream.deallocate()
            throw MzMLError(.corruptGzip, path: path, reason: "zlib cannot start (out of memory)")
        }
        gzip = stream
    }

    private mutating func readFile(_ target: UnsafeMutablePointer<UInt8>, _ capacity: Int) throws(MzMLError) -> Int {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, target, capacity)
            #else
                let count = Darwin.read(descriptor, target, capacity)
            #endif
            if count >= 0 {
                bytesConsumed += count
                return count
            }
            let reason = errno
            if reason == EINTR { continue }
            throw MzMLError(
                .cannotRead, path: path, byteOffset: bytesConsumed,
                reason: "cannot read: \(String(cString: strerror(reason)))")
        }
    }

    /// Reads 1 to `capacity` bytes; 0 only at the end.
    mutating func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) throws(MzMLError) -> Int {
        if let failure { throw failure }
        guard capacity > 0, !ended else { return 0 }
        if let gzip { return try inflate(gzip, into: target, capacity: capacity) }
        if !pendingRange.isEmpty {
            let count = min(capacity, pendingRange.count)
            target.update(from: pending + pendingRange.lowerBound, count: count)
            pendingRange = (pendingRange.lowerBound + count)..<pendingRange.upperBound
            return count
        }
        let count = try readFile(target, capacity)
        ended = count == 0
        return count
    }

    /// Random access to the file, if its bytes are those of the stream and can be read again.
    var indexBytes: SpectrumIndex.Bytes? {
        fileSize > 0 && gzip == nil ? .file(descriptor: descriptor, size: fileSize) : nil
    }

    /// Goes to an offset of a stream that has `indexBytes`.
    mutating func seek(to offset: Int) throws(MzMLError) {
        guard lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
            throw MzMLError(
                .cannotRead, path: path, byteOffset: offset, reason: "cannot seek: \(String(cString: strerror(errno)))")
        }
        pendingRange = 0..<0
        ended = false
        bytesConsumed = offset
    }

    private mutating func refillPending() throws(MzMLError) -> Bool {
        guard pendingRange.isEmpty else { return true }
        pendingRange = 0..<(try readFile(pending, Self.pendingCapacity))
        return !pendingRange.isEmpty
    }

    private mutating func inflate(
        _ stream: UnsafeMutablePointer<z_stream>, into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) throws(MzMLError) -> Int {
        let limit = min(capacity, 1 << 30)
        stream.pointee.next_out = target
        stream.pointee.avail_out = UInt32(limit)
        while Int(stream.pointee.avail_out) == limit {
            guard try refillPending() else {
                isIncomplete = true
                ended = true
                return 0
            }
            stream.pointee.next_in = pending + pendingRange.lowerBound
            stream.pointee.avail_in = UInt32(pendingRange.count)
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            pendingRange = (pendingRange.upperBound - Int(stream.pointee.avail_in))..<pendingRange.upperBound
            switch status {
            case Z_OK, Z_BUF_ERROR:
                continue
            case Z_STREAM_END:
                // Another member may follow; anything else after a member is padding, as gzip itself treats it.
                guard try refillPending(), pending[pendingRange.lowerBound] == 0x1F, inflateReset(stream) == Z_OK else {
                    ended = true
                    return limit - Int(stream.pointee.avail_out)
                }
            default:
                let message = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
                let error = MzMLError(
                    .corruptGzip, path: path,
                    reason: "the gzip stream is damaged near compressed byte "
                        + "\(bytesConsumed - pendingRange.count): \(message)",
                    hint: "copy the file again and check it with gzip -t")
                failure = error
                if Int(stream.pointee.avail_out) == limit { throw error }
            }
        }
        return limit - Int(stream.pointee.avail_out)
    }
}
