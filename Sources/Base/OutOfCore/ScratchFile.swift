#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A temporary file without a name: its space is free again when it is closed, also after a crash.
///
/// Reading and writing at stated offsets are for any number of threads at a time.
public final class ScratchFile: Sendable {
    public let folder: String
    public let descriptor: Int32

    /// - Throws: `ScratchError` when the folder cannot be written.
    public init(folder: String) throws(ScratchError) {
        self.folder = folder
        var template = Array("\(folder)/.scratch-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw ScratchError("write temporary data to", folder: folder, errorNumber: errno)
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ScratchError) {
        var done = 0
        while done < bytes.count {
            let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw ScratchError("write temporary data to", folder: folder, errorNumber: written < 0 ? errno : ENOSPC)
            }
            done += written
        }
    }

    public func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(ScratchError) {
        var done = 0
        while done < bytes.count {
            let read = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if read < 0, errno == EINTR { continue }
            guard read > 0 else {
                throw ScratchError("read back temporary data in", folder: folder, errorNumber: read < 0 ? errno : 0)
            }
            done += read
        }
    }

    /// Asks the kernel to have a stretch ready soon.
    func willNeed(_ stretch: Range<Int>) {
        #if canImport(Glibc)
            _ = posix_fadvise(descriptor, off_t(stretch.lowerBound), off_t(stretch.count), POSIX_FADV_WILLNEED)
        #endif
    }

    /// Takes the space of a file of so many bytes, so that a full disk is told now and not by a signal later.
    func allocate(_ byteCount: Int) throws(ScratchError) {
        #if canImport(Glibc)
            let status = posix_fallocate(descriptor, 0, off_t(byteCount))
        #else
            let status = ftruncate(descriptor, off_t(byteCount)) == 0 ? 0 : errno
        #endif
        guard status == 0 else {
            throw ScratchError("reserve \(byteCount) bytes for temporary data in", folder: folder, errorNumber: status)
        }
    }
}
