import SpectrumModel
import Synchronization

/// Cuts an mzML file into chunks of whole spectra, in order.
///
/// Reads plain, indexed and gzip-compressed mzML (known by its first bytes, not by its name). A plain file is cut quickly:
/// at the offsets of its index, or where its spectra end; what the pieces hold shows when they are decoded, and then
/// `readCarefully(from:)` takes over where it is something else. Everything else is cut by looking at every tag.
///
/// Memory: the window or the resident part of the mapping, and the chunks in use. What the spectra hold does not depend on
/// the options. Safe to use from several threads; calls to `next()` are served one at a time, so callers that need chunk
/// and order together keep their own lock around it.
public final class MzMLChunkSource: ChunkSource {
    private struct State: ~Copyable {
        var scanner: SpectrumScanner
        var index: SpectrumIndex?
        var indexState = IndexState.unread
        /// Chunks may be cut without looking at what is in them.
        var isQuick: Bool
        var failure: MzMLError?
        /// The list's end has been seen and checked.
        var isClosed = false
        /// The file ends before its spectrum list does, and that is accepted.
        var isCutOff = false
        var warnings: [String] = []
    }

    public let header: RunHeader
    /// How the file is read.
    public let options: ReadingOptions
    /// Size of the file as stored, in bytes; 0 for a pipe.
    public let fileSize: Int
    let mapped: MappedInput?
    private let identity: FileIdentity?
    private let state: Mutex<State>
    private let consumed: Atomic<Int>
    private let idle: Mutex<[RawChunk]>

    /// Opens the file and reads its header.
    ///
    /// - Throws: `cannotRead`, `emptyFile`, `notMzML`, `unsupportedVersion`, `unsupportedEncoding`, `documentType`,
    ///   `headerTooLarge` (64 MiB), `malformedXML`, `truncated`, `corruptGzip`.
    public convenience init(path: String, options: ReadingOptions) throws(MzMLError) {
        let limits = ScanLimits(spectrumBytes: options.maximumSpectrumBytes)
        try self.init(scanner: try SpectrumScanner(path: path, options: options, limits: limits), options: options)
    }

    /// Reads bytes that are in memory and stay there until the source and its chunks are gone.
    /// - Parameter name: what errors call them.
    public convenience init(
        memory: UnsafeBufferPointer<UInt8>, name: String, options: ReadingOptions
    ) throws(MzMLError) {
        guard !memory.isEmpty else {
            throw MzMLError(.emptyFile, path: name, reason: "the file is empty", hint: "copy or convert it again")
        }
        let limits = ScanLimits(spectrumBytes: options.maximumSpectrumBytes)
        let scanner = SpectrumScanner(input: MappedInput(memory: memory), path: name, limits: limits)
        try self.init(scanner: scanner, options: options)
    }

    private init(scanner: consuming sending SpectrumScanner, options: ReadingOptions) throws(MzMLError) {
        precondition(
            options.bufferSize > 0 && options.spectraPerChunk > 0 && options.maximumSpectrumBytes > 0,
            "sizes must be positive")
        var scanner = scanner
        let mapped = scanner.mapped
        // A source of memory has none: bytes may change under an address.
        let identity = scanner.identity
        let (header, hasSpectrumList) = try Self.checked(mapped, path: scanner.path) { () throws(MzMLError) in
            try scanner.readHeader(caches: options.caches)
        }
        mapped?.finish(0..<scanner.cursor)
        self.header = header
        self.options = options
        fileSize = scanner.fileSize
        self.mapped = mapped
        consumed = Atomic(scanner.bytesConsumed)
        idle = Mutex([])
        let bytes = scanner.indexBytes
        let isPlain = bytes != nil
        var state = State(scanner: scanner, isQuick: isPlain && options.cutting != .careful)
        if !isPlain { state.indexState = .absent }
        if !hasSpectrumList { state.warnings.append("the run has no spectrum list") }
        if let bytes, options.cutting == .index, !state.scanner.isFinished {
            (state.index, state.indexState) = SpectrumIndex.read(
                bytes, firstSpectrum: state.scanner.cursor, declaredCount: header.declaredSpectrumCount,
                identity: identity, caches: options.caches)
        }
        if let prefetch = mapped?.prefetch {
            if prefetch.file.prefetcher.strategy == .predictive, options.selection != .everything,
                let index = state.index
            {
                prefetch.choose(
                    by: SpectrumChooser(index: index, header: header, selection: options.selection))
            }
        }
        mapped?.prefetch(from: state.scanner.cursor)
        self.identity = identity
        self.state = Mutex(state)
    }

    /// Defects that come from a part of the file that could not be read are called that.
    private static func checked<Result>(
        _ mapped: MappedInput?, path: String, _ body: () throws(MzMLError) -> Result
    ) throws(MzMLError) -> Result {
        do throws(MzMLError) {
            let result = try body()
            try mapped?.checkIsWhole(path: path)
            return result
        } catch {
            try mapped?.checkIsWhole(path: path)
            throw error
        }
    }

    /// Bytes of the file read so far (compressed bytes of a gzip file): for progress.
    public var bytesConsumed: Int { consumed.load(ordering: .relaxed) }

    /// What was odd but did not stop the reading, in the order of discovery. Complete once `next()` has returned `nil`.
    public var warnings: [String] { state.withLock { $0.warnings } }

    /// What became of the file's own index. Final once `next()` has returned `nil`.
    public var indexState: IndexState { state.withLock { $0.indexState } }

    public var manner: String {
        let access = mapped == nil ? ReadingOptions.Access.buffered : .mapped
        let cutting = state.withLock { state -> ReadingOptions.Cutting in
            if case .usable = state.indexState { return .index }
            return state.isQuick ? .scan : .careful
        }
        let isReadAhead = (prefetchCounts?.bytesUsed ?? 0) > 0
        return "\(ReadingOptions.Reader.fast.rawValue), \(access.rawValue), \(cutting.rawValue)"
            + (isReadAhead ? ", read ahead" : "")
    }

    public var advice: ReadingOptions.Advice? { state.withLock { $0.scanner.advice } }
    public var prefetchCounts: PrefetchCounts? {
        if let mapped { return mapped.prefetchCounts }
        return state.withLock { $0.scanner.prefetch }?.counts()
    }

    /// The next `spectraPerChunk` spectra, fewer at the end or when they are large; `nil` behind the last one.
    ///
    /// Whole spectra that precede a defect are delivered first; the call after that throws, and so does every later one.
    /// - Throws: `truncated`, `malformedXML`, `spectrumTooLarge`, `corruptGzip`, `cannotRead`.
    public func next() throws(MzMLError) -> RawChunk? {
        var chunk = idle.withLock { $0.popLast() } ?? RawChunk()
        let options = options
        try state.withLock { state throws(MzMLError) in
            if let failure = state.failure { throw failure }
            chunk.reset(firstIndex: state.scanner.spectraRead, at: state.scanner.cursor)
            do throws(MzMLError) {
                try self.mapped?.checkIsWhole(path: self.header.path)
                if try !self.cutQuickly(&state, into: &chunk) {
                    while chunk.count < options.spectraPerChunk, chunk.byteCount < options.maximumChunkBytes,
                        try state.scanner.nextSpectrum(into: &chunk)
                    {}
                    chunk.stretch = chunk.stretch.lowerBound..<max(state.scanner.cursor, chunk.stretch.lowerBound)
                    if state.scanner.isFinished, !state.isClosed { try self.close(&state) }
                }
                try self.mapped?.checkIsWhole(path: self.header.path)
            } catch {
                if error.code == .truncated, options.recoversTruncation, self.mapped?.isBroken != true {
                    Self.acceptEnd(error, &state, header: self.header)
                } else {
                    var failure = Self.completed(error, spectraRead: state.scanner.spectraRead, header: self.header)
                    do throws(MzMLError) {
                        try self.mapped?.checkIsWhole(path: self.header.path)
                    } catch {
                        failure = error
                        chunk.count = 0
                    }
                    state.failure = failure
                    if chunk.count == 0 { throw failure }
                }
            }
            self.consumed.store(state.scanner.bytesConsumed, ordering: .relaxed)
            if let mapped = self.mapped {
                if chunk.count > 0 { mapped.prefetch?.need(chunk.stretch) }
                mapped.prefetch(from: state.scanner.cursor)
            }
        }
        return chunk.count > 0 ? chunk : nil
    }

    private func cutQuickly(_ state: inout State, into chunk: inout RawChunk) throws(MzMLError) -> Bool {
        guard state.isQuick, !state.scanner.isFinished else { return false }
        if let index = state.index {
            if try state.scanner.cutQuickly(
                into: &chunk, wanted: options.spectraPerChunk, maximumBytes: options.maximumChunkBytes, index: index)
            {
                return true
            }
            if state.scanner.spectraRead < index.offsets.count - 1 {
                state.indexState = .wrong(reason: "it does not point to spectrum \(state.scanner.spectraRead + 1)")
                options.caches?.forgetIndex(of: identity)
            }
            state.index = nil
        }
        return try state.scanner.cutQuickly(
            into: &chunk, wanted: options.spectraPerChunk, maximumBytes: options.maximumChunkBytes, index: nil)
    }

    /// Goes back to a chunk whose decoding failed with `cutMismatch`, and looks at every tag from there on. Chunks that
    /// were delivered after it are void.
    /// - Throws: `cannotRead`.
    public func readCarefully(from chunk: RawChunk) throws(MzMLError) {
        try state.withLock { state throws(MzMLError) in
            try state.scanner.rewind(to: chunk.stretch.lowerBound, spectraRead: chunk.firstIndex)
            state.isQuick = false
            if state.index != nil {
                state.index = nil
                state.indexState = .wrong(reason: "the spectra from number \(chunk.firstIndex + 1) on lie elsewhere")
                self.options.caches?.forgetIndex(of: self.identity)
                self.mapped?.prefetch?.choose(by: nil)
            }
            state.failure = nil
            state.isClosed = false
            state.warnings.removeAll { $0.hasPrefix(Self.countWarning) }
        }
    }

    /// Takes back a chunk that is no longer needed, so that its memory serves the next one.
    public func releasePages() { mapped?.releasePages() }

    public func recycle(_ chunk: consuming RawChunk) {
        var returned = chunk
        mapped?.finish(returned.stretch)
        returned.mapped = nil
        idle.withLock { $0.append(returned) }
    }

    /// Where the spectrum list ends, once `next()` has returned `nil`.
    private var listEnd: Int { state.withLock { $0.scanner.cursor } }

    /// Whether the file ends inside its spectrum list, and `recoversTruncation` let that pass.
    var isCutOff: Bool { state.withLock { $0.isCutOff } }

    private static func acceptEnd(_ error: MzMLError, _ state: inout State, header: RunHeader) {
        let declared = header.declaredSpectrumCount.map { " of \($0) declared" } ?? ""
        state.warnings.append(
            "\(error.reason): \(state.scanner.spectraRead) complete spectra\(declared) were kept, and all from byte "
                + "\(error.byteOffset ?? 0) on is missing")
        state.scanner.isFinished = true
        state.isClosed = true
        state.isCutOff = true
    }

    /// The chromatograms behind the spectrum list, once `next()` has returned `nil`.
    /// - Throws: as `ChromatogramStream`, and what reading throws.
    func chromatograms() throws(MzMLError) -> [Chromatogram] {
        var tail = ChromatogramTail(header: header, offset: listEnd)
        if let mapped {
            defer { withExtendedLifetime(mapped) {} }
            var position = listEnd
            while position < mapped.bytes.count {
                let end = min(mapped.bytes.count, position + ChromatogramTail.pieceBytes)
                guard try tail.feed(ByteRun(rebasing: mapped.bytes[position..<end])) else { break }
                position = end
            }
            return try tail.finish()
        }
        try requireRereadable(header.path, "its chromatograms")
        var stream = try ByteStream(path: header.path)
        let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: ChromatogramTail.pieceBytes)
        defer { piece.deallocate() }
        guard let memory = piece.baseAddress else { return [] }
        var position = 0
        if stream.indexBytes != nil {
            try stream.seek(to: listEnd)
            position = listEnd
        }
        while true {
            let count = try stream.read(into: memory, capacity: piece.count)
            if count == 0 { break }
            let skipped = min(count, max(0, listEnd - position))
            position += count
            guard try tail.feed(ByteRun(rebasing: ByteRun(piece)[skipped..<count])) else { break }
        }
        return try tail.finish()
    }

    private static let countWarning = "the spectrum list declares"

    private func close(_ state: inout State) throws(MzMLError) {
        state.isClosed = true
        let found = state.scanner.spectraRead
        if let declared = header.declaredSpectrumCount, declared != found {
            state.warnings.append("\(Self.countWarning) \(declared) spectra and holds \(found)")
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
