#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A whole file mapped read-only into memory; unmapped when the last owner goes.
///
/// `@unchecked Sendable`: the pages are never written through this object and the stored properties are constants.
package final class MappedFile: @unchecked Sendable {
    package let path: String
    package let bytes: UnsafeRawBufferPointer

    /// - Throws: `LibraryFileError.unreadable` with the operating system's reason, `.truncated` for an empty file.
    package init(path: String) throws(LibraryFileError) {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw LibraryFileError(.unreadable, path: path, reason: "not a regular file")
        }
        let length = Int(status.st_size)
        guard length > 0 else { throw LibraryFileError(.truncated, path: path, reason: "the file is empty") }
        guard let base = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw Self.failure(path)
        }
        self.path = path
        self.bytes = UnsafeRawBufferPointer(start: base, count: length)
    }

    /// Gives resident pages back to the page cache; what is read next comes back from there by a fault, not from the disk.
    /// Harmless beside readers in other threads.
    package func releasePages() {
        madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    private static func failure(_ path: String) -> LibraryFileError {
        LibraryFileError(.unreadable, path: path, reason: "cannot open: " + String(cString: strerror(errno)))
    }
}
