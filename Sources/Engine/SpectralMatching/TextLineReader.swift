#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lines of a plain or gzip-compressed text file, one at a time, in constant memory.
///
/// Lines longer than `maximumLineLength` are cut there and flagged, so a hostile file cannot make memory grow.
package final class TextLineReader {
    package static let maximumLineLength = 1 << 20

    package var path: String { bytes.path }
    /// Bytes of the file, as it lies on the disk, that have been read.
    package var byteOffset: Int { bytes.byteOffset }
    /// Number of the line that `next()` returned last, from 1.
    package private(set) var lineNumber = 0
    /// Whether the last line was longer than allowed and its rest was dropped.
    package private(set) var lineWasCut = false

    private let bytes: SourceByteReader
    private let buffer: UnsafeMutablePointer<UInt8>
    private let capacity = 2 * TextLineReader.maximumLineLength
    private var start = 0
    private var end = 0
    private var reachedEnd = false

    /// - Throws: `LibraryFileError.unreadable` with the operating system's reason.
    package init(path: String) throws(LibraryFileError) {
        bytes = try SourceByteReader(path: path)
        buffer = .allocate(capacity: capacity)
    }

    deinit { buffer.deallocate() }

    /// The next line without its end (LF or CRLF), or `nil` at the end. Valid until the next call.
    /// - Throws: `LibraryFileError` when the file cannot be read or its compressed stream is damaged or cut.
    package func next() throws(LibraryFileError) -> UnsafeBufferPointer<UInt8>? {
        lineWasCut = false
        var searched = start
        while true {
            if let newline = memchr(buffer + searched, 0x0A, end - searched) {
                let stop = newline.assumingMemoryBound(to: UInt8.self) - buffer
                let line = take(until: stop)
                start = stop + 1
                return line
            }
            if reachedEnd {
                guard start < end else { return nil }
                let line = take(until: end)
                start = end
                return line
            }
            if end - start >= Self.maximumLineLength {
                let line = take(until: start + Self.maximumLineLength)
                lineWasCut = true
                // The text of `line` stays in place; the rest of it is dropped by the next call.
                try skipRestOfLine(keeping: start + Self.maximumLineLength)
                return line
            }
            searched = end - start
            if start > 0 {
                memmove(buffer, buffer + start, end - start)
                end -= start
                start = 0
            }
            try fill(from: end)
        }
    }

    private func take(until stop: Int) -> UnsafeBufferPointer<UInt8> {
        lineNumber += 1
        let hasReturn = stop > start && buffer[stop - 1] == 0x0D
        return UnsafeBufferPointer(start: buffer + start, count: stop - start - (hasReturn ? 1 : 0))
    }

    private func skipRestOfLine(keeping kept: Int) throws(LibraryFileError) {
        var from = kept
        while true {
            if let newline = memchr(buffer + from, 0x0A, end - from) {
                start = newline.assumingMemoryBound(to: UInt8.self) - buffer + 1
                return
            }
            start = end
            if reachedEnd { return }
            // Overwrites only what lies behind the line that is handed out.
            end = kept
            try fill(from: kept)
            from = kept
            start = end
        }
    }

    private func fill(from position: Int) throws(LibraryFileError) {
        let wanted = min(capacity - position, 1 << 18)
        let read = try bytes.read(into: buffer + position, count: wanted, place: "line \(lineNumber)")
        end = position + read
        reachedEnd = read == 0
    }
}

/// The bytes without blanks and tabs at both ends.
package func trimmed(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var start = 0
    var end = text.count
    while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
    while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
    return UnsafeBufferPointer(rebasing: text[start..<end])
}
