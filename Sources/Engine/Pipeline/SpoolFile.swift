#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Text that is written now and read once later, in a file that has no name: a crash leaves nothing.
final class SpoolFile {
    private let folder: String
    private var descriptor: Int32
    private var gathered: GatheredBytes
    private var byteCount = 0

    /// - Parameter folder: where the space is taken.
    init(folder: String, writing: OutputWriting) throws(AnalysisError) {
        self.folder = folder
        gathered = GatheredBytes(writing, isLasting: false)
        var template = Array("\(folder)/.spool-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw .output("write to folder", folder) }
        unlink(template)
    }

    deinit { close(descriptor) }

    func write(_ buffer: TextBuffer) throws(AnalysisError) {
        let isWritten = buffer.bytes.withUnsafeBytes { gathered.write($0, to: descriptor) }
        guard isWritten else { throw .output("write to folder", folder, errorNumber: errno) }
        byteCount += buffer.count
    }

    /// Everything that was written, at the end of another file.
    func append(to file: OutputFile) throws(AnalysisError) {
        guard gathered.flush(to: descriptor) else { throw .output("write to folder", folder, errorNumber: errno) }
        var offset = 0
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while offset < byteCount {
            let count = pread(descriptor, &piece, min(piece.count, byteCount - offset), off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .output("read in folder", folder) }
            var buffer = TextBuffer()
            buffer.append(bytes: piece[..<count])
            try file.write(buffer)
            offset += count
        }
    }
}
