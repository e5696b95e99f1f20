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
    private let descriptor: Int32
    private var bytesRead = 0
    private var gzip: GzipStream?
    /// The first bytes of the file, read and not yet delivered.
    private let pending: UnsafeMutablePointer<UInt8>
    private var pendingRange = 0..<0
    private var ended = false
    /// Buffers that are filled ahead, for a plain file.
    private var ahead: ReadAheadFile?

    private static let pendingCapacity = 8192

    /// Of a regular file, when it was opened.
    let identity: FileIdentity?
    /// What the kernel was told and took; `nil` where it was told nothing.
    let advice: ReadingOptions.Advice?

    /// - Parameters:
    ///   - advice: what the kernel is told of the order in which a regular file is read.
    ///   - threads: how many inflate a gzip file, the calling one included.
    ///   - prefetch: reads a regular file ahead, compressed or not.
    init(
        path: String, advice: ReadingOptions.Advice = .sequential, threads: Int = 1, prefetch: FilePrefetch? = nil
    ) throws(MzMLError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        pending = .allocate(capacity: Self.pendingCapacity)
        guard descriptor >= 0 else {
            fileSize = 0
            identity = nil
            self.advice = nil
            throw MzMLError(.cannotRead, path: path, reason: "cannot open: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        let regular = isKnown && status.st_mode & S_IFMT == S_IFREG
        fileSize = regular ? Int(status.st_size) : 0
        identity = regular ? FileIdentity(path, status) : nil
        guard !isKnown || status.st_mode & S_IFMT != S_IFDIR else {
            self.advice = nil
            throw MzMLError(
                .cannotRead, path: path, reason: "it is a folder",
                hint: "of a folder on a command line, the files in it that end in .mzML or .mzML.gz are read")
        }
        #if canImport(Glibc)
            let isTaken =
                switch advice {
                case .normal: false
                case .sequential: posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) == 0
                case .willneed: posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED) == 0
                }
            self.advice = isTaken ? advice : nil
        #else
            self.advice = nil
        #endif
        try detectGzip(threads, prefetch)
        if let prefetch, gzip == nil, regular {
            let offset = bytesRead - pendingRange.count
            ahead = ReadAheadFile(path: path, size: fileSize, offset: offset, file: prefetch)
            if ahead != nil {
                pendingRange = 0..<0
                bytesRead = offset
            }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        pending.deallocate()
    }

    /// Bytes taken from the file so far (compressed bytes of a gzip file).
    var bytesConsumed: Int {
        switch gzip {
        case .some(let gzip): gzip.bytesConsumed
        case .none: bytesRead
        }
    }

    /// A gzip stream ended inside a member.
    var isIncomplete: Bool {
        switch gzip {
        case .some(let gzip): gzip.isIncomplete
        case .none: false
        }
    }

    private mutating func detectGzip(_ threads: Int, _ prefetch: FilePrefetch?) throws(MzMLError) {
        // A pipe may deliver the magic in two pieces.
        while pendingRange.count < 2 {
            let read = try readFile(pending + pendingRange.count, 4096)
            if read == 0 { break }
            pendingRange = 0..<(pendingRange.count + read)
        }
        guard pendingRange.count >= 2, pending[0] == 0x1F, pending[1] == 0x8B else { return }
        gzip = try GzipStream(
            path: path, descriptor: descriptor, head: UnsafeBufferPointer(start: pending, count: pendingRange.count),
            threads: threads,
            ahead: fileSize > 0
                ? prefetch.flatMap { ReadAheadFile(path: path, size: fileSize, offset: bytesRead, file: $0) } : nil)
    }

    private mutating func readFile(_ target: UnsafeMutablePointer<UInt8>, _ capacity: Int) throws(MzMLError) -> Int {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, target, capacity)
            #else
                let count = Darwin.read(descriptor, target, capacity)
            #endif
            if count >= 0 {
                bytesRead += count
                return count
            }
            let reason = errno
            if reason == EINTR { continue }
            throw MzMLError(
                .cannotRead, path: path, byteOffset: bytesRead,
                reason: "cannot read: \(String(cString: strerror(reason)))")
        }
    }

    /// Reads 1 to `capacity` bytes; 0 only at the end.
    mutating func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) throws(MzMLError) -> Int {
        if let count = try gzip?.read(into: target, capacity: capacity) { return count }
        guard capacity > 0, !ended else { return 0 }
        if !pendingRange.isEmpty {
            let count = min(capacity, pendingRange.count)
            target.update(from: pending + pendingRange.lowerBound, count: count)
            pendingRange = (pendingRange.lowerBound + count)..<pendingRange.upperBound
            return count
        }
        let count: Int
        if let copied = try readAhead(into: target, capacity: capacity) {
            count = copied
        } else {
            count = try readFile(target, capacity)
        }
        ended = count == 0
        return count
    }

    /// `nil` where nothing is read ahead.
    private mutating func readAhead(
        into target: UnsafeMutablePointer<UInt8>, capacity: Int
    ) throws(MzMLError) -> Int? {
        guard let count = ahead?.read(into: target, capacity: capacity) else { return nil }
        guard count >= 0 else {
            throw MzMLError(
                .cannotRead, path: path, byteOffset: bytesRead,
                reason: "cannot read: \(String(cString: strerror(Int32(-count))))")
        }
        bytesRead += count
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
        bytesRead = offset
        ahead?.seek(to: offset)
    }
}
