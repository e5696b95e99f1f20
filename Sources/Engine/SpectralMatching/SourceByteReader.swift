import CZlib

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Bytes of a plain or gzip-compressed file, in order. What does not begin like gzip is taken as it is.
package final class SourceByteReader {
    package let path: String
    private let file: gzFile

    /// - Throws: `LibraryFileError.unreadable` with the operating system's reason.
    package init(path: String) throws(LibraryFileError) {
        errno = 0
        guard let file = gzopen(path, "rb") else {
            throw LibraryFileError(
                .unreadable, path: path,
                reason: "cannot open: " + (errno == 0 ? "out of memory" : String(cString: strerror(errno))))
        }
        gzbuffer(file, 1 << 17)
        self.path = path
        self.file = file
    }

    deinit { gzclose(file) }

    /// Bytes of the file, as it lies on the disk, that have been read.
    package var byteOffset: Int { max(0, Int(gzoffset(file))) }

    /// Reads up to `count` bytes and returns how many came, 0 at the end.
    /// - Parameter place: where the reader stands, for the message of an error.
    /// - Throws: `LibraryFileError` when the file cannot be read or its compressed stream is damaged or cut.
    package func read(
        into target: UnsafeMutablePointer<UInt8>, count: Int, place: @autoclosure () -> String
    ) throws(LibraryFileError) -> Int {
        let read = Int(gzread(file, target, UInt32(min(count, 1 << 30))))
        var code: Int32 = 0
        let message = gzerror(file, &code)
        if read < 0 || (code != Z_OK && code != Z_STREAM_END) {
            let offset = Int(gzoffset(file))
            let text = code == Z_ERRNO ? String(cString: strerror(errno)) : message.map { String(cString: $0) } ?? ""
            throw LibraryFileError(
                code == Z_BUF_ERROR ? .truncated : code == Z_ERRNO ? .unreadable : .corrupt, path: path,
                byteOffset: offset >= 0 ? offset : nil, reason: "cannot read after \(place()): \(text)")
        }
        return read
    }
}

/// Bytes of a file as it lies on the disk; 0 where nobody can tell.
package func fileLength(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}
