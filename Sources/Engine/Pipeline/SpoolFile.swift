#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Text that is written now and read once later, in a file that has no name: a crash leaves nothing.
final class SpoolFile {
    private let folder: String
    private var descriptor: Int32
    private var byteCount = 0

    /// - Parameter folder: where the space is taken.
    init(folder: String) throws(AnalysisError) {
        self.folder = folder
        var template = Array("\(folder)/.spool-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw .output("write to folder", folder) }
        unlink(template)
    }

    deinit { close(descriptor) }

    func write(_ buffer: TextBuffer) throws(AnalysisError) {
        var failed = false
        buffer.bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else {
                    failed = true
                    return
                }
                rest = rest.dropFirst(written)
            }
        }
        if failed { throw .output("write to folder", folder) }
        byteCount += buffer.count
    }

    /// Everything that was written, at the end of another file.
    func append(to file: OutputFile) throws(AnalysisError) {
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
