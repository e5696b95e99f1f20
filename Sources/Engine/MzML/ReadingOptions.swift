/// What of a run is wanted. Spectra that are left out are neither decoded nor delivered; those that are delivered do not
/// depend on the others.
public struct SpectrumSelection: Sendable, Hashable {
    /// Levels that are wanted; `nil` for all, spectra that are not mass spectra (level 0) included.
    public var msLevels: Set<Int>?
    /// Seconds, ends included; a spectrum without a retention time is left out when a range is set.
    public var retentionTimeSeconds: ClosedRange<Double>?
    /// m/z, ends included: points outside are left out, and so are spectra that state a range of m/z apart from it.
    public var mz: ClosedRange<Double>?

    public init(
        msLevels: Set<Int>? = nil, retentionTimeSeconds: ClosedRange<Double>? = nil, mz: ClosedRange<Double>? = nil
    ) {
        self.msLevels = msLevels
        self.retentionTimeSeconds = retentionTimeSeconds
        self.mz = mz
    }

    public static let everything = SpectrumSelection()
}

/// How a file is read. None of it changes what the spectra hold.
public struct ReadingOptions: Sendable, Hashable {
    /// The scanner over raw bytes, or libxml2.
    public enum Reader: String, Sendable, Hashable, CaseIterable, Codable { case fast, reference }
    /// How bytes get into memory.
    public enum Access: String, Sendable, Hashable, CaseIterable, Codable { case mapped, buffered }
    /// Where chunks are cut: at the offsets of the file's index, where a scan finds the ends of spectra, or where a scan
    /// that looks at every tag does. A file without a right index is scanned.
    public enum Cutting: String, Sendable, Hashable, CaseIterable, Codable { case index, scan, careful }
    /// What the kernel is told (posix_fadvise, madvise): nothing, that a file is read in order, or what will be read next.
    public enum Advice: String, Sendable, Hashable, CaseIterable, Codable { case normal, sequential, willneed }

    public var reader = Reader.fast
    public var access = Access.mapped
    public var cutting = Cutting.index
    public var advice = Advice.willneed
    /// Bytes of the reading window. Of a mapped file, the pages of eight times as many stay resident behind the reader.
    public var bufferSize = 1 << 20
    /// Threads that inflate a gzip file of several members (bgzip), the reading one included.
    public var inflateThreads = 1
    /// Reads ahead, for all files that have it; without one what is needed is read when it is needed.
    public var prefetcher: Prefetcher?
    /// Remembers headers and indices of files that are opened again.
    public var caches: RunCaches?
    /// Spectra in every chunk but the last, and those that `maximumChunkBytes` ends before.
    public var spectraPerChunk = 64
    /// A larger `<spectrum>` element is an error.
    public var maximumSpectrumBytes = 1 << 30
    /// A chunk takes no further spectrum once it holds this much.
    public var maximumChunkBytes = Int.max
    public var selection = SpectrumSelection.everything
    /// A file that ends too early counts as one that ends there, with a warning that says what is missing.
    public var recoversTruncation = false

    public init() {}

    /// Bytes of a file of `fileBytes` that are in memory while it is read.
    public func residentBytes(ofFile fileBytes: Int) -> Int {
        let buffers = access == .mapped ? MappedInput.buffersKept : 2
        return min(buffers * min(bufferSize, fileBytes), fileBytes)
    }
}
