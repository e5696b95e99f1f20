#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that holds one input after the other, for readers that take a path.
public final class ScratchFile {
    public let path: String
    let descriptor: Int32

    /// - Parameter folder: best in memory: every input is written.
    public init(in folder: String) {
        path = folder + "/reader-checks-\(getpid())"
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "cannot create \(path)")
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(ftruncate(descriptor, 0) == 0, "cannot empty \(path)")
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(done))
            precondition(count > 0, "cannot write \(path)")
            done += count
        }
    }
}
