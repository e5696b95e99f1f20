import ContentHash

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that appears under its name only when it is complete; counts its bytes and knows their SHA-1.
///
/// Without a path it writes nowhere and only counts. A name that ends in `.gz` gets gzip, made at the end.
final class OutputFile {
    let path: String
    private(set) var byteCount = 0
    /// In the folder of the file, so that it can be renamed.
    private let temporaryPath: String
    private var file: UnsafeMutablePointer<FILE>?
    private var hash: SHA1Hash?
    private var isChanged = false
    private var buffer: [UInt8] = []

    private static let bufferSize = 1 << 20

    init(path: String) throws(MzMLError) {
        self.path = path
        // The process id keeps two processes that make the same file apart; the last rename wins.
        temporaryPath = "\(path).\(getpid()).part"
        hash = SHA1Hash()
        guard hash != nil else {
            throw MzMLError(
                .cannotWrite, path: path,
                reason: "indexed mzML ends with a SHA-1 checksum, and this system's OpenSSL does not offer SHA-1",
                hint: "allow SHA-1 in its configuration")
        }
        file = fopen(temporaryPath, "w+b")
        if file == nil { throw failure("create") }
        buffer.reserveCapacity(Self.bufferSize + 4096)
    }

    private init() {
        path = ""
        temporaryPath = ""
    }

    static func counting() -> OutputFile { OutputFile() }

    deinit { discard() }

    func write(_ text: String) throws(MzMLError) {
        byteCount += text.utf8.count
        guard file != nil else { return }
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    func write(_ bytes: ByteRun) throws(MzMLError) {
        byteCount += bytes.count
        guard file != nil else { return }
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    private func flush() throws(MzMLError) {
        let written = buffer.withUnsafeBytes { bytes in
            if !isChanged { hash?.update(bytes) }
            return fwrite(bytes.baseAddress, 1, bytes.count, file)
        }
        guard written == buffer.count else { throw failure("write") }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Replaces bytes that were written before by as many others. The checksum then takes a second look at the file.
    func replace(at offset: Int, with text: String) throws(MzMLError) {
        guard let file else { return }
        try flush()
        isChanged = true
        let bytes = Array(text.utf8)
        guard fseek(file, offset, SEEK_SET) == 0, fwrite(bytes, 1, bytes.count, file) == bytes.count,
            fseek(file, 0, SEEK_END) == 0
        else { throw failure("write") }
    }

    /// SHA-1 of everything written so far; call once.
    func checksum() throws(MzMLError) -> String {
        guard let file, var hash else { return String(repeating: "0", count: 40) }
        try flush()
        if isChanged {
            guard let fresh = SHA1Hash(), fflush(file) == 0, fseek(file, 0, SEEK_SET) == 0 else {
                throw failure("read back")
            }
            hash = fresh
            try forEachPiece(of: file) { hash.update($0) }
            guard fseek(file, 0, SEEK_END) == 0 else { throw failure("read back") }
        }
        return hash.finish()
    }

    private func forEachPiece(
        of file: UnsafeMutablePointer<FILE>, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(MzMLError) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = fread(piece.baseAddress, 1, piece.count, file)
            if count == 0 { break }
            body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
        if ferror(file) != 0 { throw failure("read back") }
    }

    /// Ends the file with `tail`, which the checksum does not cover, and gives it its name.
    /// - Parameter gzipLevel: for a name that ends in `.gz`.
    func close(tail: String, gzipLevel: Int = 6) throws(MzMLError) {
        byteCount += tail.utf8.count
        guard let open = file else { return }
        guard fputs(tail, open) >= 0, fflush(open) == 0 else { throw failure("write") }
        var finished = temporaryPath
        if path.hasSuffix(".gz") {
            finished = "\(path).\(getpid()).gz.part"
            do throws(MzMLError) {
                try BlockGzip.compress(open, to: finished, level: gzipLevel, path: path)
            } catch {
                unlink(finished)
                throw error
            }
        } else if fsync(fileno(open)) != 0 {
            throw failure("write")
        }
        file = nil
        let isClosed = fclose(open) == 0
        guard isClosed, rename(finished, path) == 0 else {
            let error = failure("finish")
            unlink(finished)
            unlink(temporaryPath)
            throw error
        }
        if finished != temporaryPath { unlink(temporaryPath) }
    }

    /// Removes what was written.
    func discard() {
        guard let open = file else { return }
        file = nil
        fclose(open)
        unlink(temporaryPath)
    }

    private func failure(_ action: String) -> MzMLError {
        MzMLError(
            .cannotWrite, path: path, byteOffset: byteCount,
            reason: "cannot \(action): \(String(cString: strerror(errno)))",
            hint: "check the folder, its permissions and the free space")
    }
}
