import CReadingKernels
import ContentHash

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the bytes of a file tell beside its spectra: how it is packed, and whether its index and checksum are right.
struct FileChecks: ~Copyable {
    let path: String
    let container: RunInspection.Container
    /// Size as stored; 0 for a pipe.
    let size: Int
    private let descriptor: Int32

    /// - Throws: `cannotRead`.
    init(path: String) throws(MzMLError) {
        self.path = path
        // A pipe would be waited for here, and what is read from it is gone.
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            descriptor = -1
            size = 0
            container = .pipe
            return
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        size = Int(status.st_size)
        guard descriptor >= 0 else {
            container = .plain
            throw MzMLError(.cannotRead, path: path, reason: "cannot open: \(String(cString: strerror(errno)))")
        }
        container = SpectrumIndex.Bytes.file(descriptor: descriptor, size: size).withBytes(0, 18) { start in
            guard start.count >= 4, start[0] == 0x1F, start[1] == 0x8B else { return .plain }
            let hasBlockSize =
                start.count >= 14 && start[3] & 4 != 0 && start[12] == UInt8(ascii: "B")
                && start[13] == UInt8(ascii: "C")
            return hasBlockSize ? .bgzip : .gzip
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Compares the index with where the spectra were found; `offsets` is `nil` where that is not known to the byte.
    func index(spectraAt offsets: [Int]?, header: RunHeader) -> RunInspection.Check {
        guard container != .pipe else {
            return RunInspection.Check(state: .notChecked, reason: "a pipe is read once")
        }
        guard container == .plain else {
            return RunInspection.Check(state: .notChecked, reason: "it counts bytes of the file without compression")
        }
        let bytes = SpectrumIndex.Bytes.file(descriptor: descriptor, size: size)
        let (index, state) = SpectrumIndex.read(
            bytes, firstSpectrum: offsets?.first ?? 0, declaredCount: nil)
        if state == .absent {
            guard header.isIndexed else { return RunInspection.Check(state: .absent) }
            return RunInspection.Check(state: .wrong, reason: "the file ends without the index that it promises")
        }
        guard let offsets else {
            return RunInspection.Check(state: .notChecked, reason: "the reference reader does not know byte offsets")
        }
        guard let index else {
            guard case .wrong(let reason) = state, !offsets.isEmpty else {
                return RunInspection.Check(state: .notChecked, reason: "there are no spectra")
            }
            return RunInspection.Check(state: .wrong, reason: reason)
        }
        let count = index.offsets.count
        if let i = zip(index.offsets, offsets).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
            return RunInspection.Check(
                state: .wrong,
                reason: "it places spectrum \(i + 1) at byte \(index.offsets[i]), which is at byte \(offsets[i])",
                spectra: count)
        }
        guard count == offsets.count else {
            return RunInspection.Check(
                state: .wrong, reason: "it names \(count) spectra, and there are \(offsets.count)", spectra: count)
        }
        return RunInspection.Check(state: .right, spectra: count)
    }

    // MARK: Checksum

    private static let pieceBytes = 1 << 18
    /// What follows the tag of the checksum fits in here.
    private static let tailBytes = 4096

    /// Compares the SHA-1 of the XML up to `<fileChecksum>` with what stands behind it.
    /// - Complexity: O(size of the XML).
    /// - Throws: `cannotRead`, `corruptGzip`.
    func checksum() throws(MzMLError) -> RunInspection.Check {
        guard container != .pipe else {
            return RunInspection.Check(state: .notChecked, reason: "a pipe is read once")
        }
        if container == .plain {
            // No tag, no need to read all of it.
            let bytes = SpectrumIndex.Bytes.file(descriptor: descriptor, size: size)
            let isThere = bytes.withBytes(max(0, size - Self.tailBytes), Self.tailBytes) { Self.tagEnd(in: $0) != nil }
            if !isThere { return RunInspection.Check(state: .absent) }
        }
        guard let hash = SHA1Hash() else {
            return RunInspection.Check(state: .notChecked, reason: "SHA-1 is not available here")
        }
        var stream = try ByteStream(path: path)
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.pieceBytes + Self.tailBytes)
        defer { buffer.deallocate() }
        var held = 0
        while true {
            let count = try stream.read(into: buffer + held, capacity: Self.pieceBytes)
            if count == 0 { break }
            held += count
            guard held > Self.tailBytes else { continue }
            let done = held - Self.tailBytes
            hash.update(UnsafeRawBufferPointer(start: buffer, count: done))
            memmove(buffer, buffer + done, Self.tailBytes)
            held = Self.tailBytes
        }
        let tail = ByteRun(start: buffer, count: held)
        guard let end = Self.tagEnd(in: tail) else { return RunInspection.Check(state: .absent) }
        hash.update(UnsafeRawBufferPointer(start: buffer, count: end))
        let text = tail[end...].prefix { $0 != UInt8(ascii: "<") }
        let stated = String(decoding: trimmed(ByteRun(rebasing: text)), as: UTF8.self)
        let found = hash.finish()
        if stated.lowercased() == found { return RunInspection.Check(state: .right) }
        let isHash = stated.utf8.count == 40 && stated.allSatisfy(\.isHexDigit)
        // Some writers leave a placeholder.
        guard isHash else {
            return RunInspection.Check(
                state: .absent, reason: "\"\(String(stated.prefix(40)))\" stands in its place")
        }
        return RunInspection.Check(state: .wrong, reason: "the file states \(stated) and has \(found)")
    }

    /// Where the last `<fileChecksum>` of the bytes ends.
    private static func tagEnd(in bytes: ByteRun) -> Int? {
        let tag: StaticString = "<fileChecksum>"
        let length = tag.utf8CodeUnitCount
        guard let base = bytes.baseAddress else { return nil }
        var end: Int?
        while let raw = bytes_find(base + (end ?? 0), bytes.count - (end ?? 0), tag.utf8Start, length) {
            end = UnsafePointer(raw.assumingMemoryBound(to: UInt8.self)) - base + length
        }
        return end
    }
}
