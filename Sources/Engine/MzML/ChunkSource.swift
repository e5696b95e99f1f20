import SpectrumModel
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Chunks of a file in order, for a `SpectrumDecoder`. Safe to use from several threads; calls are served one at a time.
public protocol ChunkSource: AnyObject, Sendable {
    var header: RunHeader { get }
    /// Size of the file as stored, in bytes; 0 for a pipe.
    var fileSize: Int { get }
    /// Bytes of the file read so far (compressed bytes of a gzip file): for progress.
    var bytesConsumed: Int { get }
    /// What was odd but did not stop the reading. Complete once `next()` has returned `nil`.
    var warnings: [String] { get }
    /// What was read ahead of its use, as if the reading ended now; `nil` where nothing is.
    var prefetchCounts: PrefetchCounts? { get }
    /// How the file is read in the end, for a record: `fast, mapped, index`. Final once `next()` has returned `nil`.
    var manner: String { get }
    /// What the kernel was told of the order in which the file is read, and took; `nil` where it was told nothing.
    var advice: ReadingOptions.Advice? { get }
    /// The next spectra; `nil` behind the last one.
    func next() throws(MzMLError) -> RawChunk?
    /// Takes back a chunk that is no longer needed.
    func recycle(_ chunk: consuming RawChunk)
    /// Takes the pages of a mapped file out of memory; what is still needed comes from the page cache.
    func releasePages()
}

extension ChunkSource {
    public func releasePages() {}
}

/// A file through the reference reader: its chunks are decoded already.
public final class ReferenceChunkSource: ChunkSource {
    public let header: RunHeader
    public let fileSize: Int
    private let spectraPerChunk: Int
    private let reader: Mutex<ReferenceSpectrumReader>

    /// - Throws: as `ReferenceSpectrumReader`.
    public init(
        path: String, options: ReadingOptions, maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
    ) throws(MzMLError) {
        let reader = try ReferenceSpectrumReader(path: path, options: options, maximumPoints: maximumPoints)
        header = reader.header
        fileSize = reader.fileSize
        spectraPerChunk = options.spectraPerChunk
        reader.keepsNativeIDs = true
        self.reader = Mutex(reader)
    }

    public var manner: String { ReadingOptions.Reader.reference.rawValue }
    public var prefetchCounts: PrefetchCounts? { nil }
    public var advice: ReadingOptions.Advice? { nil }
    public var bytesConsumed: Int { reader.withLock { $0.bytesConsumed } }
    public var warnings: [String] { reader.withLock { $0.warnings } }

    public func next() throws(MzMLError) -> RawChunk? {
        let limit = spectraPerChunk
        return try reader.withLock { reader throws(MzMLError) -> RawChunk? in
            var block = SpectrumBlock()
            guard try reader.next(into: &block, limit: limit) else {
                // What was left out behind the last one still has to be counted.
                let counts = reader.takeCounts()
                guard counts != DecodeCounts() else { return nil }
                return RawChunk(decoded: block, nativeIDs: [], counts: counts)
            }
            return RawChunk(decoded: block, nativeIDs: reader.nativeIDs, counts: reader.takeCounts())
        }
    }

    public func recycle(_ chunk: consuming RawChunk) {}
}

/// Whether a path leads to something that gives the same bytes each time it is opened; a pipe does not.
public func canBeReadAgain(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

/// - Throws: `cannotRead` for what `canBeReadAgain` says no to; opening a pipe again would wait for ever.
func requireRereadable(_ path: String, _ what: String) throws(MzMLError) {
    guard !canBeReadAgain(path) else { return }
    throw MzMLError(
        .cannotRead, path: path, reason: "\(what) would need a second reading, and a pipe is read once",
        hint: "save it as a file first")
}

/// Opens a file with the reader that the options name, or with the reference reader where the scanner does not follow.
/// - Throws: as `MzMLChunkSource`.
public func openChunkSource(
    path: String, options: ReadingOptions, maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
) throws(MzMLError) -> any ChunkSource {
    if options.reader == .fast {
        do throws(MzMLError) {
            return try MzMLChunkSource(path: path, options: options)
        } catch {
            guard error.code == .beyondScanner else { throw error }
            try requireRereadable(path, error.reason + ": the reference reader")
        }
    }
    return try ReferenceChunkSource(path: path, options: options, maximumPoints: maximumPoints)
}
