import CWriteBehind
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// When the bytes of results are put on the disk.
public enum OutputSynchronization: String, Sendable, Hashable, CaseIterable, Codable {
    /// Each buffer before the next one, and the folder after each file got its name.
    case immediate
    /// Each file before it gets its name, and the folder when all have theirs.
    case delayed
    /// When the kernel does it by itself.
    case none
}

/// How results get to the disk, and what that took; shared by the outputs of a run.
final class OutputWriting: Sendable {
    private struct Counts: Sendable {
        var writes = 0
        var bytes = 0
        var fileSyncs = 0
        var folderSyncs = 0
    }

    /// The calls that put bytes on the disk: 0, or -1 with `errno`. Tests have others.
    struct SystemCalls: Sendable {
        var data: @Sendable (_ descriptor: Int32) -> Int32 = { fdatasync($0) }
        var file: @Sendable (_ descriptor: Int32) -> Int32 = { fsync($0) }
        /// Begins without waiting; no promise.
        var start: @Sendable (_ descriptor: Int32) -> Void = { write_behind_start($0) }
    }

    /// Bytes of one write.
    let bufferSize: Int
    let synchronization: OutputSynchronization
    private let calls: SystemCalls
    private let held: Mutex<Counts>

    init(bufferSize: Int, synchronization: OutputSynchronization, calls: SystemCalls = SystemCalls()) {
        self.bufferSize = max(bufferSize, 1)
        self.synchronization = synchronization
        self.calls = calls
        held = Mutex(Counts())
    }

    convenience init(_ settings: StorageSettings) {
        self.init(bufferSize: settings.writeBufferSize, synchronization: settings.synchronization)
    }

    /// Names that were put on the disk.
    var folderSyncs: Int { held.withLock { $0.folderSyncs } }

    /// What was done so far, for `run.json`.
    var record: RunRecord.Writing {
        held.withLock {
            RunRecord.Writing(
                synchronization: synchronization, bufferBytes: bufferSize, writes: $0.writes, bytes: $0.bytes,
                fileSyncs: $0.fileSyncs)
        }
    }

    /// Writes all of it. - Returns: false, with `errno`, when the system refuses.
    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
            held.withLock {
                $0.writes += 1
                $0.bytes += written
            }
        }
        return true
    }

    /// After each buffer of a file.
    func syncBuffer(_ descriptor: Int32) -> Bool {
        guard synchronization == .immediate else { return true }
        held.withLock { $0.fileSyncs += 1 }
        return Self.isDone { calls.data(descriptor) }
    }

    /// Bytes of a file after which the disk is set to work: syncing at the end has little left to wait for then.
    static let bytesBehind = 4 << 20

    /// When so many bytes were written to a file.
    func startWriting(_ descriptor: Int32) {
        if synchronization == .delayed { calls.start(descriptor) }
    }

    /// Before a file gets its name.
    func syncFile(_ descriptor: Int32) -> Bool {
        guard synchronization != .none else { return true }
        held.withLock { $0.fileSyncs += 1 }
        return Self.isDone { calls.file(descriptor) }
    }

    /// After a file in the folder of `path` got its name.
    /// - Parameter isLast: no other one follows.
    func syncFolder(of path: String, isLast: Bool) -> Bool {
        guard synchronization == .immediate || (synchronization == .delayed && isLast) else { return true }
        let end = path.lastIndex(of: "/")
        let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        held.withLock { $0.folderSyncs += 1 }
        return Self.isDone { calls.file(descriptor) }
    }

    /// Some file systems have no such call for some files; then there is nothing to wait for.
    private static func isDone(_ call: () -> Int32) -> Bool {
        while true {
            if call() == 0 { return true }
            if errno == EINTR { continue }
            return errno == EINVAL || errno == ENOTSUP || errno == ENOSYS
        }
    }
}

/// Bytes on their way to a descriptor, gathered to writes of the wanted size.
struct GatheredBytes {
    private let writing: OutputWriting
    /// Whether each write is put on the disk where the settings say so; temporary data are not.
    private let isLasting: Bool
    private var pending: [UInt8] = []
    /// Written since the disk was last set to work.
    private var bytesBehind = 0

    init(_ writing: OutputWriting, isLasting: Bool) {
        self.writing = writing
        self.isLasting = isLasting
    }

    /// - Returns: false, with `errno`, when the system refuses.
    mutating func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while pending.count + rest.count >= writing.bufferSize {
            // What lies together already is not moved.
            if pending.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(writing.bufferSize))
                guard put(piece, to: descriptor, behind: &bytesBehind) else { return false }
                rest = rest.dropFirst(piece.count)
            } else {
                let count = writing.bufferSize - pending.count
                pending.append(contentsOf: rest.prefix(count))
                rest = rest.dropFirst(count)
                guard flush(to: descriptor) else { return false }
            }
        }
        pending.append(contentsOf: rest)
        return true
    }

    /// Writes what is left.
    mutating func flush(to descriptor: Int32) -> Bool {
        guard !pending.isEmpty else { return true }
        defer { pending.removeAll(keepingCapacity: true) }
        var behind = bytesBehind
        defer { bytesBehind = behind }
        return pending.withUnsafeBytes { put($0, to: descriptor, behind: &behind) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, behind: inout Int) -> Bool {
        guard writing.write(bytes, to: descriptor) else { return false }
        guard isLasting else { return true }
        behind += bytes.count
        if behind >= OutputWriting.bytesBehind {
            behind = 0
            writing.startWriting(descriptor)
        }
        return writing.syncBuffer(descriptor)
    }
}
