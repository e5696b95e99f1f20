#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Limits that keep a hostile file from taking the memory.
struct ScanLimits: Sendable {
    /// Most bytes before the first spectrum.
    var headerBytes = 64 << 20
    /// Most bytes of one `<spectrum>` element.
    var spectrumBytes = 1 << 30
}

/// A window that slides over the stream, and the cuts between spectra. Over a mapped file the window is all of it.
///
/// Positions are offsets in the stream, so that they survive the window's moves.
struct SpectrumScanner: ~Copyable {
    let path: String
    /// Size of the file as stored; 0 for a pipe.
    let fileSize: Int
    /// Where bytes come from, unless all of them are in memory.
    var stream: ByteStream?
    let mapped: MappedInput?
    /// What is read ahead of it; `nil` where nothing is.
    let prefetch: FilePrefetch?
    let limits: ScanLimits
    let bufferSize: Int
    private(set) var window: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    /// Stream offset of the window's first byte.
    private(set) var base = 0
    private(set) var filled = 0
    private(set) var atEnd = false
    /// Everything before this offset has been dealt with.
    var cursor = 0
    var spectraRead = 0
    /// The end of the spectrum list has been seen.
    var isFinished = false

    init(path: String, options: ReadingOptions, limits: ScanLimits) throws(MzMLError) {
        let bufferSize = max(options.bufferSize, 4096)
        let prefetch = options.prefetcher.flatMap {
            $0.strategy == .none ? nil : FilePrefetch($0, bufferSize: bufferSize)
        }
        if options.access == .mapped,
            let input = MappedInput.map(
                path: path, bufferBytes: options.bufferSize, advice: options.advice, prefetch: prefetch)
        {
            self.init(input: input, path: path, limits: limits)
        } else {
            let stream = try ByteStream(
                path: path, advice: options.advice, threads: options.inflateThreads, prefetch: prefetch)
            self.init(stream: stream, bufferSize: bufferSize, limits: limits, prefetch: prefetch)
        }
    }

    init(stream: consuming ByteStream, bufferSize: Int, limits: ScanLimits, prefetch: FilePrefetch? = nil) {
        self.prefetch = prefetch
        path = stream.path
        self.limits = limits
        self.bufferSize = bufferSize
        mapped = nil
        capacity = bufferSize
        fileSize = stream.fileSize
        window = .allocate(capacity: bufferSize)
        self.stream = consume stream
    }

    /// Scans bytes that are in memory already; the window is never written to.
    init(input: MappedInput, path: String, limits: ScanLimits) {
        self.path = path
        self.limits = limits
        stream = nil
        mapped = input
        prefetch = nil
        bufferSize = input.bytes.count
        capacity = input.bytes.count
        fileSize = input.bytes.count
        filled = input.bytes.count
        atEnd = true
        window = UnsafeMutablePointer(mutating: input.start)
    }

    deinit { if mapped == nil { window.deallocate() } }

    /// Bytes taken from the file so far (compressed bytes of a gzip file).
    var bytesConsumed: Int {
        switch stream {
        case .some(let stream): stream.bytesConsumed
        case .none: isFinished ? fileSize : cursor
        }
    }

    /// What the open file is; `nil` for a pipe and for bytes that were in memory.
    var identity: FileIdentity? {
        switch stream {
        case .some(let stream): stream.identity
        case .none: mapped?.identity
        }
    }

    /// What the kernel was told of the file and took; `nil` where it was told nothing.
    var advice: ReadingOptions.Advice? {
        switch stream {
        case .some(let stream): stream.advice
        case .none: mapped?.advice
        }
    }

    /// Random access to the bytes of a plain file; `nil` for compressed files and pipes.
    var indexBytes: SpectrumIndex.Bytes? {
        switch stream {
        case .some(let stream): stream.indexBytes
        case .none: mapped.map { .memory($0.bytes) }
        }
    }

    private var isStreamIncomplete: Bool {
        switch stream {
        case .some(let stream): stream.isIncomplete
        case .none: false
        }
    }

    func pointer(_ offset: Int) -> UnsafePointer<UInt8> { UnsafePointer(window + (offset - base)) }
    var windowEnd: UnsafePointer<UInt8> { UnsafePointer(window + filled) }
    func offset(of pointer: UnsafePointer<UInt8>) -> Int { base + (pointer - UnsafePointer(window)) }

    /// Goes back to an earlier position of a file that can be read again.
    mutating func rewind(to offset: Int, spectraRead: Int) throws(MzMLError) {
        cursor = offset
        self.spectraRead = spectraRead
        isFinished = false
        guard mapped == nil, !(base...(base + filled)).contains(offset) else { return }
        try stream?.seek(to: offset)
        base = offset
        filled = 0
        atEnd = false
    }

    /// Moves the window so that it starts at `kept`, and reads more. False at the end of the stream.
    mutating func refill(keeping kept: Int, limit: Int, orThrow code: MzMLError.Code) throws(MzMLError) -> Bool {
        guard !atEnd else { return false }
        let keptCount = base + filled - kept
        if kept > base {
            memmove(window, window + (kept - base), keptCount)
            base = kept
            filled = keptCount
        } else if filled == capacity {
            guard capacity < limit else {
                throw tooLarge(code, limit, kept)
            }
            resize(to: min(capacity * 2, limit))
        }
        let read = try stream?.read(into: window + filled, capacity: capacity - filled) ?? 0
        filled += read
        atEnd = read == 0
        return read > 0
    }

    private func tooLarge(_ code: MzMLError.Code, _ limit: Int, _ position: Int) -> MzMLError {
        MzMLError(
            code, path: path, byteOffset: position, spectrumIndex: code == .headerTooLarge ? nil : spectraRead,
            reason: code == .headerTooLarge
                ? "more than \(limit) bytes precede the first spectrum" : "one spectrum takes more than \(limit) bytes",
            hint: "the file is damaged, or no LC-MS run")
    }

    mutating func resize(to size: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        larger.update(from: window, count: filled)
        window.deallocate()
        window = larger
        capacity = size
    }

    /// Starts the window at `position` and gives back what the header made it grow by.
    mutating func startSpectra(at position: Int) {
        cursor = position
        let rest = base + filled - position
        guard mapped == nil, capacity > bufferSize, rest <= bufferSize else { return }
        memmove(window, window + (position - base), rest)
        base = position
        filled = rest
        resize(to: bufferSize)
    }

    func truncated(_ place: String) -> MzMLError {
        MzMLError(
            .truncated, path: path, byteOffset: base + filled,
            reason: "the file ends \(place)" + (isStreamIncomplete ? " (its gzip stream is cut off)" : ""),
            hint: "the file was cut off while it was written or copied: copy or convert it again")
    }
}

// MARK: - Spectra

extension SpectrumScanner {
    mutating func refillSpectra(keeping kept: Int) throws(MzMLError) -> Bool {
        // What is not kept has been dealt with, also when this throws.
        cursor = max(cursor, kept)
        return try refill(keeping: kept, limit: max(limits.spectrumBytes, bufferSize), orThrow: .spectrumTooLarge)
    }

    private func malformed(_ reason: String, at position: Int) -> MzMLError {
        MzMLError(
            .malformedXML, path: path, byteOffset: position, spectrumIndex: spectraRead, reason: reason,
            hint: "the file is damaged; convert it again")
    }

    /// Appends the next spectrum to the chunk; false behind the last one.
    ///
    /// A raw `<` opens a tag, a comment, CDATA or a processing instruction, and nothing else: attribute values cannot
    /// hold one. So the scan jumps from `<` to `<`.
    mutating func nextSpectrum(into chunk: inout RawChunk) throws(MzMLError) -> Bool {
        guard !isFinished else { return false }
        var start = -1
        var p = cursor
        while true {
            // "</spectrumList>" is the longest text that decides anything: never look at less unless the stream ends.
            guard let tag = find(UInt8(ascii: "<"), pointer(p), windowEnd), windowEnd - tag >= 16 || atEnd else {
                if let tag = find(UInt8(ascii: "<"), pointer(p), windowEnd) {
                    p = offset(of: tag)
                } else {
                    p = base + filled
                }
                if try !refillSpectra(keeping: start >= 0 ? start : p), p == base + filled {
                    throw truncated(start >= 0 ? "inside spectrum \(spectraRead)" : "inside the spectrum list")
                }
                continue
            }
            p = offset(of: tag)
            var next: UnsafePointer<UInt8>? = tag + 1
            switch windowEnd - tag > 1 ? tag[1] : 0 {
            case UInt8(ascii: "s")
            where matches("<spectrum", tag, windowEnd) && windowEnd - tag > 9 && endsName(tag[9]):
                if start >= 0 { throw malformed("a spectrum starts inside a spectrum", at: p) }
                next = tagEnd(tag + 9, windowEnd)
                if let close = next {
                    if close[-1] == UInt8(ascii: "/") {
                        return try deliver(from: p, to: offset(of: close) + 1, into: &chunk)
                    }
                    start = p
                } else if isBroken(tagAt: tag + 9, windowEnd) {
                    throw malformed("the tag of a spectrum does not end before the next one starts", at: p)
                }
            case UInt8(ascii: "/") where matches("</spectrum", tag, windowEnd) && windowEnd - tag > 10:
                if matches("</spectrumList", tag, windowEnd) {
                    if start >= 0 { throw malformed("the spectrum list ends inside a spectrum", at: p) }
                    isFinished = true
                    cursor = p
                    return false
                }
                guard endsName(tag[10]) else { break }
                if start < 0 { throw malformed("a spectrum ends that never started", at: p) }
                next = find(UInt8(ascii: ">"), tag + 10, windowEnd)
                if let close = next { return try deliver(from: start, to: offset(of: close) + 1, into: &chunk) }
            case UInt8(ascii: "!"), UInt8(ascii: "?"):
                switch skipMarkup(tag, windowEnd) {
                case .skipped(let behind): next = behind
                case .unfinished: next = nil
                case .declaration: throw malformed("a declaration (<!...) stands between the spectra", at: p)
                }
            default:
                break
            }
            if let next {
                p = offset(of: next)
            } else if try !refillSpectra(keeping: start >= 0 ? start : p) {
                throw truncated(start >= 0 ? "inside spectrum \(spectraRead)" : "inside the spectrum list")
            }
        }
    }

    private mutating func deliver(from start: Int, to end: Int, into chunk: inout RawChunk) throws(MzMLError) -> Bool {
        guard end - start <= limits.spectrumBytes else {
            throw tooLarge(.spectrumTooLarge, limits.spectrumBytes, start)
        }
        chunk.append(ByteRun(start: pointer(start), count: end - start), streamOffset: start)
        spectraRead += 1
        cursor = end
        return true
    }

    /// Reads on to the end of a compressed stream, so that its checksum is verified.
    mutating func verifyChecksum() throws(MzMLError) {
        guard stream != nil else { return }
        while try stream?.read(into: window, capacity: capacity) ?? 0 > 0 {}
    }
}
