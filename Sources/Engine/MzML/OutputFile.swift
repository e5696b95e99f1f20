import ContentHash

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that appears under its name only when it is complete; counts its bytes and knows their SHA-1.
///
/// Without a path it writes nowhere and only counts.
final class OutputFile {
    let path: String
    private(set) var byteCount = 0
    private let temporaryPath: String
    private var file: UnsafeMutablePointer<FILE>?
    private let hash: SHA1Hash?
    private var buffer: [UInt8] = []

    private static let bufferSize = 1 << 20

    init(path: String) throws(MzMLError) {
        self.path = path
        // The process id keeps two processes that make the same file apart; the last rename wins.
        temporaryPath = "\(path).\(getpid()).part"
        guard let sha1 = SHA1Hash() else {
            throw MzMLError(
                .cannotWrite, path: path,
                reason: "indexed mzML ends with a SHA-1 checksum, and this system's OpenSSL does not offer SHA-1",
                hint: "allow SHA-1 in its configuration")
        }
        hash = sha1
        file = fopen(temporaryPath, "wb")
        if file == nil { throw failure("create") }
        buffer.reserveCapacity(Self.bufferSize + 4096)
    }

    private init() {
        path = ""
        temporaryPath = ""
        hash = nil
    }

    static func counting() -> OutputFile { OutputFile() }

    deinit { discard() }

    func write(_ text: String) throws(MzMLError) {
        var text = text
        let run = text.withUTF8 { [UInt8]($0) }
        try run.withUnsafeBufferPointer { bytes throws(MzMLError) in try write(bytes) }
    }

    func write(_ bytes: ByteRun) throws(MzMLError) {
        byteCount += bytes.count
        guard file != nil else { return }
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    private func flush() throws(MzMLError) {
        let written = buffer.withUnsafeBytes { bytes in
            hash?.update(bytes)
            return fwrite(bytes.baseAddress, 1, bytes.count, file)
        }
        guard written == buffer.count else { throw failure("write") }
        buffer.removeAll(keepingCapacity: true)
    }

    /// SHA-1 of everything written so far; call once.
    func checksum() throws(MzMLError) -> String {
        guard let hash else { return String(repeating: "0", count: 40) }
        try flush()
        return hash.finish()
    }

    /// Ends the file with `tail`, which the checksum does not cover, and gives it its name.
    func close(tail: String) throws(MzMLError) {
        byteCount += tail.utf8.count
        guard let open = file else { return }
        guard fputs(tail, open) >= 0, fflush(open) == 0, fsync(fileno(open)) == 0 else { throw failure("write") }
        file = nil
        guard fclose(open) == 0, rename(temporaryPath, path) == 0 else {
            let error = failure("finish")
            unlink(temporaryPath)
            throw error
        }
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
