import Caching

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What tells one state of a file from any other: where it is, which file that is, how large, and when its bytes and its
/// entry changed last.
struct FileIdentity: Sendable, Hashable {
    let path: String
    let device: UInt64
    let inode: UInt64
    let size: Int
    private let modified: Moment
    private let changed: Moment

    private struct Moment: Sendable, Hashable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }
    }

    /// - Parameter status: of the open file, so that it is that of the bytes that are read.
    init(_ path: String, _ status: stat) {
        self.path = path
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        size = Int(status.st_size)
        #if canImport(Glibc)
            modified = Moment(status.st_mtim)
            changed = Moment(status.st_ctim)
        #else
            modified = Moment(status.st_mtimespec)
            changed = Moment(status.st_ctimespec)
        #endif
    }

    /// Whether another change would show in it: file systems write times in steps of up to two seconds (FAT).
    func isSettled(now: Int) -> Bool { max(modified.seconds, changed.seconds) + 2 < now }
}

/// Headers and indices of runs that were opened before, for files that are opened again: to look at the instrument first, to
/// read with more care, or to analyse once more with other settings in the same process.
///
/// A file that changed is another one (`FileIdentity`), and one that changed less than three seconds ago is not remembered, so
/// nothing stale is ever given out. Pipes and compressed files have no index; pipes are not remembered at all.
public final class RunCaches: Sendable, Hashable {
    struct Header: Sendable {
        var header: RunHeader
        /// Where the first spectrum stands, or whatever ended the header.
        var end: Int
        var hasSpectrumList: Bool
        /// There is no spectrum.
        var isFinished: Bool
    }

    struct Index: Sendable {
        var index: SpectrumIndex?
        var state: IndexState
        /// What it was checked against.
        var firstSpectrum: Int
        var declaredCount: Int?
    }

    let headers: LRUCache<FileIdentity, Header>
    let indices: LRUCache<FileIdentity, Index>
    private let now: @Sendable () -> Int

    /// - Parameters:
    ///   - metadataBytes: of headers.
    ///   - directoryBytes: of indices, 8 bytes per spectrum.
    public convenience init(metadataBytes: Int, directoryBytes: Int) {
        self.init(metadataBytes: metadataBytes, directoryBytes: directoryBytes) { time(nil) }
    }

    init(metadataBytes: Int, directoryBytes: Int, now: @escaping @Sendable () -> Int) {
        headers = LRUCache(budget: metadataBytes)
        indices = LRUCache(budget: directoryBytes)
        self.now = now
    }

    public static func == (left: RunCaches, right: RunCaches) -> Bool { left === right }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

    public var metadataCounts: CacheCounts { headers.counts }
    public var directoryCounts: CacheCounts { indices.counts }

    /// Other budgets from now on.
    public func setBudgets(metadataBytes: Int, directoryBytes: Int) {
        headers.setBudget(metadataBytes)
        indices.setBudget(directoryBytes)
    }

    /// Forgets everything; the budgets stay.
    public func clear() {
        headers.shrink(to: 0)
        indices.shrink(to: 0)
    }

    /// What a header takes beside its text, and an index beside its offsets: keys, nodes, strings.
    private static let overhead = 1024

    func header(of identity: FileIdentity?) -> Header? { identity.flatMap { headers.value(of: $0) } }

    func keep(_ header: Header, of identity: FileIdentity?) {
        guard let identity, identity.isSettled(now: now()) else { return }
        // Parsed, it holds parts of its text.
        headers.insert(header, for: identity, bytes: header.end + Self.overhead)
    }

    func index(of identity: FileIdentity?) -> Index? { identity.flatMap { indices.value(of: $0) } }

    func keep(_ index: Index, of identity: FileIdentity?) {
        guard let identity, identity.isSettled(now: now()) else { return }
        let bytes = (index.index?.offsets.count ?? 0) * MemoryLayout<Int>.stride
        indices.insert(index, for: identity, bytes: bytes + Self.overhead)
    }

    /// It turned out to be wrong.
    func forgetIndex(of identity: FileIdentity?) {
        if let identity { indices.remove(identity) }
    }
}

extension SpectrumIndex {
    /// `read`, with the index of a file that `caches` holds taken from there.
    static func read(
        _ bytes: Bytes, firstSpectrum: Int, declaredCount: Int?, identity: FileIdentity?, caches: RunCaches?
    ) -> (index: SpectrumIndex?, state: IndexState) {
        if let known = caches?.index(of: identity), known.firstSpectrum == firstSpectrum,
            known.declaredCount == declaredCount
        {
            return (known.index, known.state)
        }
        let (index, state) = read(bytes, firstSpectrum: firstSpectrum, declaredCount: declaredCount)
        caches?.keep(
            RunCaches.Index(index: index, state: state, firstSpectrum: firstSpectrum, declaredCount: declaredCount),
            of: identity)
        return (index, state)
    }
}

extension SpectrumScanner {
    /// `readHeader`, with the header of a file that `caches` holds taken from there.
    mutating func readHeader(
        caches: RunCaches?
    ) throws(MzMLError) -> (header: RunHeader, hasSpectrumList: Bool) {
        let identity = identity
        if let known = caches?.header(of: identity) {
            try pass(to: known.end)
            isFinished = known.isFinished
            return (known.header, known.hasSpectrumList)
        }
        let (header, hasSpectrumList) = try readHeader()
        caches?.keep(
            RunCaches.Header(
                header: header, end: cursor, hasSpectrumList: hasSpectrumList, isFinished: isFinished),
            of: identity)
        return (header, hasSpectrumList)
    }

    /// Starts behind bytes that need no look.
    /// - Throws: `truncated`, and what reading throws.
    private mutating func pass(to end: Int) throws(MzMLError) {
        while base + filled < end {
            let kept = base + filled
            guard try refill(keeping: kept, limit: max(bufferSize, 4096), orThrow: .headerTooLarge) else {
                throw truncated("before its first spectrum")
            }
        }
        startSpectra(at: end)
    }
}
