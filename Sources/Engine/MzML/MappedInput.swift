import CMappedRegions
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bytes of a file in memory: mapped, or the caller's own.
///
/// Pages behind the readers are given back as they finish, so that the resident part of a mapping stays near
/// `buffersKept` buffers and what is in work, whatever the file's size. A page that cannot be had, because the file shrank or
/// its disk failed, reads as zeros, and `isBroken` tells.
final class MappedInput: @unchecked Sendable {
    // @unchecked: the bytes are only read, and all that changes is behind `progress`.

    private struct Progress: Sendable {
        /// All before this offset is done with.
        var finished = 0
        /// Stretches that were done before an earlier one, ascending.
        var early: [Range<Int>] = []
        var released = 0
        /// The kernel was asked for all before this offset.
        var asked = 0
    }

    /// Never empty.
    let bytes: UnsafeBufferPointer<UInt8>
    var start: UnsafePointer<UInt8> { bytes.baseAddress! }
    /// Of the file that was mapped, when it was.
    let identity: FileIdentity?
    /// Of the mapping's watch; `nil` for the caller's own bytes.
    private let watch: Int32?
    private let bufferBytes: Int
    /// What the kernel was told and took; `nil` where it was told nothing.
    let advice: ReadingOptions.Advice?
    /// Brings pages in ahead of the readers; `nil` where that is left to the kernel.
    let prefetch: MappedPrefetch?
    private let progress = Mutex(Progress())

    /// Buffers whose pages are given back at once: each time the kernel interrupts every other worker, which at one buffer
    /// costs two workers 12 % of their CPU time, at four 4 % and at eight 3 %.
    static let buffersKept = 8
    /// With `willneed` the kernel is asked for so many bytes beyond those that readers have taken, so many at a time at least. It
    /// keeps one place per open file to see an order by, and workers are at several: by itself it reads around what is missing.
    static let bytesAskedAhead = 4 << 20
    static let smallestRequest = 1 << 20
    private static let pageBytes = max(Int(sysconf(Int32(_SC_PAGESIZE))), 4096)

    /// Bytes that stay valid while the input lives.
    init(memory: UnsafeBufferPointer<UInt8>) {
        bytes = memory
        watch = nil
        bufferBytes = 0
        advice = nil
        prefetch = nil
        identity = nil
    }

    private init(
        mapping: UnsafeBufferPointer<UInt8>, watch: Int32, bufferBytes: Int, advice: ReadingOptions.Advice?,
        prefetch: FilePrefetch?, identity: FileIdentity?
    ) {
        self.advice = advice
        bytes = mapping
        self.watch = watch
        self.bufferBytes = bufferBytes
        self.prefetch = prefetch.map { MappedPrefetch($0) }
        self.identity = identity
    }

    /// Maps a regular file that is neither empty nor compressed; `nil` for anything else and when it cannot be mapped.
    /// - Parameter prefetch: reads ahead, where that is wanted.
    static func map(
        path: String, bufferBytes: Int, advice: ReadingOptions.Advice, prefetch: FilePrefetch? = nil
    ) -> MappedInput? {
        guard let (descriptor, status) = openRegularFile(path) else { return nil }
        defer { close(descriptor) }
        guard status.st_size > 0 else { return nil }
        var magic: (UInt8, UInt8) = (0, 0)
        guard pread(descriptor, &magic, 2, 0) > 0, magic != (0x1F, 0x8B) else { return nil }
        let size = Int(status.st_size)
        guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
            return nil
        }
        let watch = mapped_region_watch(memory, size)
        guard watch >= 0 else {
            munmap(memory, size)
            return nil
        }
        let isTaken =
            switch advice {
            case .normal: false
            case .sequential: madvise(memory, size, Int32(MADV_SEQUENTIAL)) == 0
            case .willneed: madvise(memory, min(size, bytesAskedAhead), Int32(MADV_WILLNEED)) == 0
            }
        let input = MappedInput(
            mapping: UnsafeBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: size),
            watch: watch, bufferBytes: bufferBytes, advice: isTaken ? advice : nil, prefetch: prefetch,
            identity: FileIdentity(path, status))
        if input.advice == .willneed { input.progress.withLock { $0.asked = min(size, bytesAskedAhead) } }
        return input
    }

    deinit {
        prefetch?.close(at: progress.withLock { $0.finished })
        guard let watch else { return }
        mapped_region_forget(watch)
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }

    /// A part of the file could not be read; what was read of it since is void.
    var isBroken: Bool { watch.map { mapped_region_faults($0) > 0 } ?? false }

    /// - Throws: `cannotRead` when a part of the file could not be read.
    func checkIsWhole(path: String) throws(MzMLError) {
        guard isBroken else { return }
        throw MzMLError(
            .cannotRead, path: path, reason: "a part of the file could not be read: it shrank, or its disk failed",
            hint: "leave the file alone while it is read, or copy it again")
    }

    /// What was read ahead, as if the reading ended now; `nil` where nothing is.
    var prefetchCounts: PrefetchCounts? { prefetch?.counts(at: progress.withLock { $0.finished }) }

    /// Has read ahead what should be in flight when the readers have come to `offset`.
    func prefetch(from offset: Int) {
        prefetch?.advance(to: offset, input: self)
        guard advice == .willneed, let stretch = request(from: offset) else { return }
        madvise(UnsafeMutableRawPointer(mutating: start + stretch.lowerBound), stretch.count, Int32(MADV_WILLNEED))
    }

    /// All before this offset the kernel was asked for.
    var bytesAsked: Int { progress.withLock { $0.asked } }

    /// What the kernel is to be asked for now, from the start of a page on; `nil` while it was asked for enough.
    private func request(from offset: Int) -> Range<Int>? {
        let wanted = offset + Self.bytesAskedAhead
        let end = wanted < bytes.count ? wanted / Self.pageBytes * Self.pageBytes : bytes.count
        return progress.withLock { progress in
            guard end - progress.asked >= (end == bytes.count ? 1 : Self.smallestRequest) else { return nil }
            defer { progress.asked = end }
            return max(progress.asked, offset / Self.pageBytes * Self.pageBytes)..<end
        }
    }

    /// Brings the pages of a stretch in, and returns when they are there; which can take as long as the disk does.
    func populate(_ stretch: Range<Int>) { mapped_region_populate(start + stretch.lowerBound, stretch.count) }

    /// Takes all pages out of memory, those in use too: they come back when they are touched.
    func releasePages() {
        guard watch != nil else { return }
        madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, Int32(MADV_DONTNEED))
    }

    /// Notes that a stretch is done with. The stretches of a file follow each other without gaps, in any order.
    func finish(_ stretch: Range<Int>) {
        guard watch != nil else { return }
        let (finished, freed) = progress.withLock { progress -> (Int, Range<Int>?) in
            if stretch.lowerBound > progress.finished {
                let place = progress.early.firstIndex { $0.lowerBound > stretch.lowerBound } ?? progress.early.endIndex
                progress.early.insert(stretch, at: place)
                return (progress.finished, nil)
            }
            progress.finished = max(progress.finished, stretch.upperBound)
            while let next = progress.early.first, next.lowerBound <= progress.finished {
                progress.finished = max(progress.finished, next.upperBound)
                progress.early.removeFirst()
            }
            let end = progress.finished / Self.pageBytes * Self.pageBytes
            guard end - progress.released >= Self.buffersKept * bufferBytes else { return (progress.finished, nil) }
            defer { progress.released = end }
            return (progress.finished, progress.released..<end)
        }
        prefetch?.use(upTo: finished)
        guard let freed else { return }
        madvise(UnsafeMutableRawPointer(mutating: start + freed.lowerBound), freed.count, Int32(MADV_DONTNEED))
    }
}

/// A regular file, open for reading; `nil` for anything else. A named pipe must not even be opened by who does not read it:
/// its writer would take the closing for the end of the reader.
func openRegularFile(_ path: String) -> (descriptor: Int32, status: stat)? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        return nil
    }
    return (descriptor, status)
}
