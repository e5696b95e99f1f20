import Instrumentation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One study per machine at a time: two would measure each other.
///
/// An advisory lock (flock) on a file; the kernel drops it when the holder dies, however it dies. The file names the
/// holder and is never removed, because removing it would let two processes lock two files of one name.
public final class StudyLock: Sendable {
    /// A path that all users of the machine share.
    public static let machineWidePath = "/tmp/lavoisier-study.lock"

    /// Who holds a lock, as its file says.
    public struct Holder: Sendable, Hashable, CustomStringConvertible {
        public let pid: Int32
        public let study: String
        /// Seconds since 1970.
        public let startedAt: Int

        public var description: String {
            "study \(study) (process \(pid), started \(timestamp(secondsSince1970: Double(startedAt), .plain)))"
        }

        init(pid: Int32, study: String, startedAt: Int) {
            self.pid = pid
            self.study = study
            self.startedAt = startedAt
        }

        init?(_ text: String) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard lines.count >= 3, let pid = Int32(lines[0]), let startedAt = Int(lines[1]) else { return nil }
            self.init(pid: pid, study: String(lines[2]), startedAt: startedAt)
        }

        var text: String {
            "\(pid)\n\(startedAt)\n\(study.split(whereSeparator: \.isNewline).joined(separator: " "))\n"
        }
    }

    private let descriptor: Int32
    public let path: String

    /// Takes the lock without waiting.
    /// - Throws: `BenchmarkingError` with code `lockHeld`, naming the holder, or `lockFile`.
    public init(study: String, path: String = StudyLock.machineWidePath) throws(BenchmarkingError) {
        self.path = path
        descriptor = try Self.openFile(path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard number == EWOULDBLOCK else {
                throw BenchmarkingError(code: .lockFile, context: "cannot lock \(path)", number)
            }
            throw BenchmarkingError(
                code: .lockHeld,
                context: "another study runs on this machine: \(holder.map(\.description) ?? "holder unknown"). "
                    + "Wait for it to end or stop it; the lock is \(path)")
        }
        let holder = Holder(pid: getpid(), study: study, startedAt: Int(wallClockSeconds()))
        let bytes = Array(holder.text.utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            let number = errno
            close(descriptor)
            throw BenchmarkingError(code: .lockFile, context: "cannot write \(path)", number)
        }
    }

    deinit {
        _ = ftruncate(descriptor, 0)
        // Said outright: a process being started at this moment still has a copy of the descriptor.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Never with O_CREAT on an existing file: in /tmp the kernel refuses that for files of other users.
    private static func openFile(_ path: String) throws(BenchmarkingError) -> Int32 {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
        for _ in 0..<8 {
            let existing = open(path, flags)
            if existing >= 0 { return existing }
            guard errno == ENOENT else { break }
            let created = open(path, flags | O_CREAT | O_EXCL, 0o666)
            if created >= 0 {
                // The umask would keep other users out.
                fchmod(created, 0o666)
                return created
            }
            // EEXIST: someone was faster, open theirs.
            guard errno == EEXIST else { break }
        }
        throw BenchmarkingError(code: .lockFile, context: "cannot open the study lock \(path)", errno)
    }

    private static func holder(_ descriptor: Int32) -> Holder? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Holder(String(decoding: bytes[..<count], as: UTF8.self)) : nil
    }
}
