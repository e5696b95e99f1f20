import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Memory that is a file: what was written stays there when its pages are given back, and comes back when it is touched.
public final class PagedRegion: @unchecked Sendable {
    // @unchecked: whoever has it sees to it that nobody reads what another thread writes at that time; giving pages back
    // changes no content.

    let start: UnsafeMutableRawPointer
    public let byteCount: Int

    /// Zeros.
    /// - Parameter byteCount: above 0.
    init(folder: String, byteCount: Int) throws(ScratchError) {
        let file = try ScratchFile(folder: folder)
        try file.allocate(byteCount)
        guard let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0),
            start != MAP_FAILED
        else { throw ScratchError("map temporary data in", folder: folder, errorNumber: errno) }
        self.start = start
        self.byteCount = byteCount
        // Neighbours in the file are not neighbours in use.
        madvise(start, byteCount, Int32(MADV_RANDOM))
    }

    deinit { munmap(start, byteCount) }

    /// Takes the pages out of the process; the kernel keeps the content in its page cache or writes it to the disk.
    func releasePages() { madvise(start, byteCount, Int32(MADV_DONTNEED)) }
}

/// Hands out regions of memory that are files in one folder, and gives all their pages back on request.
public final class PageStore: Sendable {
    private struct Weak: Sendable { weak var region: PagedRegion? }

    /// Where the files lie.
    public let folder: String
    private let regions = Mutex<[Weak]>([])
    private let allocated = Atomic<Int>(0)

    public init(folder: String) { self.folder = folder }

    /// Bytes of all regions that were handed out so far, gone ones too.
    public var allocatedBytes: Int { allocated.load(ordering: .relaxed) }

    /// A region of zeros; its file is gone with the last reference to it.
    /// - Throws: `ScratchError`, also when the disk has no room for it.
    public func region(byteCount: Int) throws(ScratchError) -> PagedRegion {
        let region = try PagedRegion(folder: folder, byteCount: max(byteCount, 1))
        allocated.add(byteCount, ordering: .relaxed)
        regions.withLock { regions in
            regions.removeAll { $0.region == nil }
            regions.append(Weak(region: region))
        }
        return region
    }

    /// Gives the pages of all regions back. O(resident pages).
    public func releasePages() {
        for region in regions.withLock({ $0.compactMap(\.region) }) { region.releasePages() }
    }
}
