import ContentHash

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One result file that is written under a temporary name in the output folder and appears whole or not at all.
///
/// The bytes are hashed as they pass, so that the digest costs no second reading.
final class OutputFile {
    let path: String
    private let temporaryPath: String
    private var descriptor: Int32
    private var isCommitted = false
    private let hash: SHA256Hash?
    private let writing: OutputWriting
    private var gathered: GatheredBytes
    private(set) var byteCount = 0

    /// - Parameter hash: receives every byte that is written, in order.
    init(path: String, writing: OutputWriting, hash: SHA256Hash? = nil) throws(AnalysisError) {
        self.path = path
        self.hash = hash
        self.writing = writing
        gathered = GatheredBytes(writing, isLasting: true)
        temporaryPath = "\(path).part-\(getpid())"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .output("write", path) }
    }

    deinit { discard() }

    func write(_ buffer: TextBuffer) throws(AnalysisError) {
        let isWritten = buffer.bytes.withUnsafeBytes { bytes in
            hash?.update(bytes)
            return gathered.write(bytes, to: descriptor)
        }
        guard isWritten else { throw .output("write", path, errorNumber: errno) }
        byteCount += buffer.count
    }

    /// Ends the writing: what the file system refuses late (a full disk) is refused here, while nothing has its name yet.
    func finish() throws(AnalysisError) {
        guard gathered.flush(to: descriptor) else { throw .output("write", path, errorNumber: errno) }
        guard writing.syncFile(descriptor) else { throw .output("put on the disk", path, errorNumber: errno) }
        let result = close(descriptor)
        descriptor = -1
        guard result == 0 else { throw .output("write", path) }
    }

    /// Ends several at the same time: each waits for the disk, and the disk can do that for all of them together.
    /// - Parameter workers: how many wait at a time.
    /// - Throws: the first failure in their order.
    static func finish(_ files: [OutputFile], workers: Int) throws(AnalysisError) {
        struct Ending: @unchecked Sendable {
            // @unchecked: each file is ended by one thread.
            let files: [OutputFile]
        }
        let ending = Ending(files: files)
        let results = WorkerPool(workers: max(workers, 1)).map(
            count: files.count, grain: 1, makeState: { () }
        ) { _, index -> Result<Void, AnalysisError> in
            do throws(AnalysisError) {
                return .success(try ending.files[index].finish())
            } catch {
                return .failure(error)
            }
        }
        for result in results { try result.get() }
    }

    /// Gives the file its name, after ending it where that was not done.
    /// - Parameter isLast: no other file of this folder follows.
    func commit(isLast: Bool = true) throws(AnalysisError) {
        if descriptor >= 0 { try finish() }
        guard rename(temporaryPath, path) == 0 else { throw .output("write", path) }
        isCommitted = true
        guard writing.syncFolder(of: path, isLast: isLast) else {
            throw .output("put the name on the disk of", path, errorNumber: errno)
        }
    }

    /// Removes the temporary file. Does nothing after `commit`.
    func discard() {
        guard !isCommitted else { return }
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(temporaryPath)
    }
}

/// Creates the output folder when it does not exist, and removes it again when nothing was written into it.
public struct OutputDirectory {
    public let path: String
    private let created: Bool

    /// - Throws: `AnalysisError(.outputFailed)` naming the folder and the system's reason.
    public init(_ path: String) throws(AnalysisError) {
        self.path = path
        var information = stat()
        if stat(path, &information) == 0 {
            guard information.st_mode & S_IFMT == S_IFDIR else {
                throw AnalysisError(
                    .outputFailed, "cannot write to \(path): it is not a folder; name a folder")
            }
            guard access(path, W_OK | X_OK) == 0 else { throw .output("write to folder", path) }
            created = false
            return
        }
        var partial = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            partial += "/" + component
            guard mkdir(partial, 0o755) == 0 || errno == EEXIST else { throw .output("create folder", path) }
        }
        created = true
    }

    func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    func removeIfCreatedAndEmpty() {
        if created { rmdir(path) }
    }
}
