import Synchronization

/// Cuts an mzML file into chunks of whole spectra, in order.
///
/// Reads plain, indexed and gzip-compressed mzML (known by its first bytes, not by its name) through a window of
/// `bufferSize` bytes that grows only for a spectrum that does not fit. Memory: the window, and the chunks in use.
/// What the chunks hold does not depend on `bufferSize`. Safe to use from several threads; calls to `next()` are served
/// one at a time, so callers that need chunk and order together keep their own lock around it.
public final class MzMLChunkSource: Sendable {
    private struct State: ~Copyable {
        var scanner: SpectrumScanner
        var failure: MzMLError?
        /// The list's end has been seen and checked.
        var isClosed = false
        var warnings: [String] = []
    }

    public let header: RunHeader
    /// Size of the file as stored, in bytes; 0 for a pipe.
    public let fileSize: Int
    /// Spectra in every chunk but the last, and those that `maximumChunkBytes` ends before.
    public let spectraPerChunk: Int
    private let maximumChunkBytes: Int
    private let state: Mutex<State>
    private let consumed: Atomic<Int>
    private let idle: Mutex<[RawChunk]>

    /// Opens the file and reads its header.
    ///
    /// - Parameters:
    ///   - bufferSize: bytes of the reading window; at least 4 KiB is used.
    ///   - spectraPerChunk: 1 or more.
    ///   - maximumSpectrumBytes: a larger `<spectrum>` element is an error.
    ///   - maximumChunkBytes: a chunk takes no further spectrum once it holds this much.
    /// - Throws: `cannotRead`, `emptyFile`, `notMzML`, `unsupportedVersion`, `unsupportedEncoding`, `documentType`,
    ///   `headerTooLarge` (64 MiB),
    ///   `malformedXML`, `truncated`, `corruptGzip`.
    public init(
        path: String, bufferSize: Int, spectraPerChunk: Int, maximumSpectrumBytes: Int = 1 << 30,
        maximumChunkBytes: Int = .max
    ) throws(MzMLError) {
        precondition(bufferSize > 0 && spectraPerChunk > 0 && maximumSpectrumBytes > 0, "sizes must be positive")
        var scanner = try SpectrumScanner(
            path: path, bufferSize: bufferSize, limits: ScanLimits(spectrumBytes: maximumSpectrumBytes))
        let (header, hasSpectrumList) = try scanner.readHeader()
        self.header = header
        self.spectraPerChunk = spectraPerChunk
        self.maximumChunkBytes = maximumChunkBytes
        fileSize = scanner.stream.fileSize
        consumed = Atomic(scanner.stream.bytesConsumed)
        idle = Mutex([])
        var state = State(scanner: scanner)
        if !hasSpectrumList { state.warnings.append("the run has no spectrum list") }
        self.state = Mutex(state)
    }

    /// Bytes of the file read so far (compressed bytes of a gzip file): for progress.
    public var bytesConsumed: Int { consumed.load(ordering: .relaxed) }

    /// What was odd but did not stop the reading, in the order of discovery. Complete once `next()` has returned `nil`.
    public var warnings: [String] { state.withLock { $0.warnings } }

    /// The next `spectraPerChunk` spectra, fewer only at the end or when they are large; `nil` behind the last one.
    ///
    /// Whole spectra that precede a defect are delivered first; the call after that throws, and so does every later one.
    /// - Throws: `truncated`, `malformedXML`, `spectrumTooLarge`, `corruptGzip`, `cannotRead`.
    public func next() throws(MzMLError) -> RawChunk? {
        var chunk = idle.withLock { $0.popLast() } ?? RawChunk()
        let wanted = spectraPerChunk
        try state.withLock { state throws(MzMLError) in
            if let failure = state.failure { throw failure }
            chunk.reset(firstIndex: state.scanner.spectraRead)
            do throws(MzMLError) {
                while chunk.count < wanted, chunk.byteCount < self.maximumChunkBytes,
                    try state.scanner.nextSpectrum(into: &chunk)
                {}
                if state.scanner.isFinished, !state.isClosed { try self.close(&state) }
            } catch {
                let failure = Self.completed(error, spectraRead: state.scanner.spectraRead, header: self.header)
                state.failure = failure
                if chunk.count == 0 { throw failure }
            }
            self.consumed.store(state.scanner.stream.bytesConsumed, ordering: .relaxed)
        }
        return chunk.count > 0 ? chunk : nil
    }

    /// Takes back a chunk that is no longer needed, so that its memory serves the next one.
    public func recycle(_ chunk: consuming RawChunk) {
        let returned = chunk
        idle.withLock { $0.append(returned) }
    }

    private func close(_ state: inout State) throws(MzMLError) {
        state.isClosed = true
        let found = state.scanner.spectraRead
        if let declared = header.declaredSpectrumCount, declared != found {
            state.warnings.append("the spectrum list declares \(declared) spectra and holds \(found)")
        }
        try state.scanner.verifyChecksum()
    }

    private static func completed(_ error: MzMLError, spectraRead: Int, header: RunHeader) -> MzMLError {
        guard error.code == .truncated else { return error }
        var error = error
        let declared = header.declaredSpectrumCount.map { " of \($0) declared" } ?? ""
        error.reason += "; \(spectraRead) complete spectra\(declared) were read"
        return error
    }
}
