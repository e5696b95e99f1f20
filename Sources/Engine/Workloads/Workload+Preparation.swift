import ContentHash
import MzML

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Workload {
    /// What is wrong with the data: missing files, wrong sizes, wrong checksums. Empty when all is well.
    ///
    /// Reads every byte of the files that the manifest lists, and of a prepared file where there is one; a tiled
    /// workload that has not been prepared is reported as such.
    public func verify(cacheDirectory: String) -> [WorkloadError] {
        switch content {
        case .files(let files): return files.compactMap { Self.fault(of: $0, in: folder) }
        case .tile(let plan):
            let faults = plan.sourceFiles.compactMap { Self.fault(of: $0, in: plan.sourceFolder) }
            return faults + plan.files.compactMap { preparedFault($0, cacheDirectory: cacheDirectory) }
        }
    }

    /// Makes what is made on first use, and answers the paths of the data files.
    ///
    /// A workload of files is only checked for presence and size. A tiled one is made from verified sources under a
    /// temporary name, recorded (size and SHA-256) and renamed, so an interrupted preparation leaves nothing that looks
    /// whole; a later call finds it by its record and size. Two processes may prepare at once: both make the same
    /// bytes.
    /// - Parameter progress: fraction done, 0...1; called only while something is made.
    /// - Throws: `WorkloadError`.
    public func prepare(
        cacheDirectory: String, progress: (Double) -> Void = { _ in }
    ) throws(WorkloadError) -> [String] {
        let paths = filePaths(cacheDirectory: cacheDirectory)
        switch content {
        case .files(let files):
            for (file, path) in zip(files, paths) { try Self.checkSize(path, expected: file.bytes) }
        case .tile(let plan):
            for (number, path) in paths.enumerated() where !Self.isWhole(path) {
                if let fault = plan.sourceFiles.lazy.compactMap({ Self.fault(of: $0, in: plan.sourceFolder) }).first {
                    throw fault
                }
                try Self.makeFolders(preparedFolder(cacheDirectory))
                try Self.make(plan, number: number, at: path) {
                    progress((Double(number) + $0) / Double(paths.count))
                }
            }
        }
        return paths
    }

    private static func make(
        _ plan: TilePlan, number: Int, at path: String, progress: (Double) -> Void
    ) throws(WorkloadError) {
        let temporary = "\(path).\(getpid()).part"
        defer { unlink(temporary) }
        do {
            _ = try tile(
                source: plan.sources(ofFile: number).map { "\(plan.sourceFolder)/\($0.name)" }, to: temporary,
                targetBytes: plan.targetBytes / plan.fileCount, compression: plan.compression
            ) { written, expected in progress(min(1, Double(written) / Double(max(1, expected)))) }
        } catch {
            throw WorkloadError(.cannotPrepare, path: path, reason: "tiling failed: \(error)")
        }
        let record = PreparedRecord(bytes: try size(of: temporary), sha256: try checksum(of: temporary))
        try record.write(for: path)
        guard rename(temporary, path) == 0 else {
            throw WorkloadError(
                .cannotPrepare, path: path, reason: "cannot be put in place: \(String(cString: strerror(errno)))")
        }
    }

    private static func isWhole(_ path: String) -> Bool {
        guard let record = PreparedRecord(for: path), let bytes = try? size(of: path) else { return false }
        return bytes == record.bytes
    }

    private func preparedFault(_ name: String, cacheDirectory: String) -> WorkloadError? {
        let path = "\(preparedFolder(cacheDirectory))/\(name)"
        guard let record = PreparedRecord(for: path), access(path, F_OK) == 0 else {
            return WorkloadError(
                .notPrepared, path: path, reason: "not made yet; 'lavoisier workload prepare \(self.name)' makes it")
        }
        let file = WorkloadFile(name: name, bytes: record.bytes, sha256: record.sha256, origin: "", licence: "")
        return Self.fault(of: file, in: preparedFolder(cacheDirectory))
    }

    private static func fault(of file: WorkloadFile, in folder: String) -> WorkloadError? {
        let path = "\(folder)/\(file.name)"
        do throws(WorkloadError) {
            try checkSize(path, expected: file.bytes)
            let found = try checksum(of: path)
            if found == file.sha256 { return nil }
            return WorkloadError(
                .wrongChecksum, path: path,
                reason: "its SHA-256 is \(found), not \(file.sha256); it was changed, restore the original")
        } catch {
            return error
        }
    }

    private static func checkSize(_ path: String, expected: Int) throws(WorkloadError) {
        let bytes = try size(of: path)
        if bytes != expected {
            throw WorkloadError(
                .wrongSize, path: path,
                reason: "\(bytes) bytes where the manifest states \(expected); restore the original")
        }
    }

    private static func size(of path: String) throws(WorkloadError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw WorkloadError(.missingFile, path: path, reason: String(cString: strerror(errno)))
        }
        return Int(status.st_size)
    }

    private static func checksum(of path: String) throws(WorkloadError) -> String {
        do {
            return try sha256(file: path)
        } catch {
            throw WorkloadError(.missingFile, path: path, reason: "\(error)")
        }
    }

    private static func makeFolders(_ path: String) throws(WorkloadError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o755) != 0, errno != EEXIST {
                throw WorkloadError(
                    .cannotPrepare, path: made, reason: "cannot be created: \(String(cString: strerror(errno)))")
            }
        }
    }
}

/// Size and checksum of a file that was made here, kept beside it.
struct PreparedRecord: Equatable {
    let bytes: Int
    let sha256: String

    init(bytes: Int, sha256: String) {
        self.bytes = bytes
        self.sha256 = sha256
    }

    private static func path(for file: String) -> String { "\(file).sha256" }

    /// `nil` when there is no record or it is not whole.
    init?(for file: String) {
        guard let stream = fopen(Self.path(for: file), "rb") else { return nil }
        defer { fclose(stream) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = fread(&buffer, 1, buffer.count, stream)
        let words = String(decoding: buffer[..<count], as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count == 2, words[0].utf8.count == 64, let bytes = Int(words[1]) else { return nil }
        self.init(bytes: bytes, sha256: String(words[0]))
    }

    func write(for file: String) throws(WorkloadError) {
        let path = Self.path(for: file)
        let temporary = "\(path).\(getpid()).part"
        defer { unlink(temporary) }
        guard let stream = fopen(temporary, "wb") else {
            throw WorkloadError(
                .cannotPrepare, path: path, reason: "cannot be written: \(String(cString: strerror(errno)))")
        }
        let written = fputs("\(sha256) \(bytes)\n", stream)
        let closed = fclose(stream)
        guard written >= 0, closed == 0, rename(temporary, path) == 0 else {
            throw WorkloadError(
                .cannotPrepare, path: path, reason: "cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}
