import ContentHash

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes sections as one `SectionedFile`, to a temporary name that `finish` renames.
///
/// Every section goes to the file as it comes, so that nobody has to hold it; several may be open at a time, because their
/// lengths are known. Only the table at the front, with the checksums, is written at the end: a file that was left is no
/// sectioned file. The first failure is kept, what follows it is not written, and `check` or `finish` throws it. A writer
/// that goes without having finished removes its file.
/// - Determinism: the same sections give the same bytes; no time, path or host name is stored.
package final class SectionedFileWriter {
    private struct Entry {
        let id: UInt32
        let elementSize: Int
        let count: Int
        let offset: Int
        let hash = SHA256Hash()
        var written = 0
        var byteCount: Int { count * elementSize }
    }

    private let kind: SectionedFileKind
    private let path: String
    private let temporary: String
    private let sectionCount: Int
    private var descriptor: Int32
    private var entries: [Entry] = []
    private var failure: LibraryFileError?
    private var headLength: Int { SectionedLayout.headerLength + sectionCount * SectionedLayout.entryLength }

    /// - Parameter sections: how many there will be: their table comes first.
    /// - Throws: `LibraryFileError.unwritable`.
    package init(kind: SectionedFileKind, path: String, sections: Int) throws(LibraryFileError) {
        precondition(sections <= SectionedLayout.maximumSections, "too many sections")
        self.kind = kind
        self.path = path
        temporary = "\(path).\(getpid()).partial"
        sectionCount = sections
        descriptor = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw Self.failure(path) }
    }

    deinit { discard() }

    private func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
        descriptor = -1
    }

    package func add<Element: BitwiseCopyable>(_ id: UInt32, _ elements: [Element]) {
        elements.withUnsafeBufferPointer { add(id, $0) }
    }

    package func add<Element: BitwiseCopyable>(_ id: UInt32, _ elements: UnsafeBufferPointer<Element>) {
        begin(id, Element.self, count: elements.count).append(elements)
    }

    /// A section whose elements are made as they are written.
    package func add<Element: BitwiseCopyable>(_ id: UInt32, count: Int, _ element: (Int) -> Element) {
        let section = begin(id, Element.self, count: count)
        withUnsafeTemporaryAllocation(of: Element.self, capacity: SectionStream<Element>.pieceCount) { piece in
            var done = 0
            while done < count {
                let length = min(piece.count, count - done)
                for place in 0..<length { piece.initializeElement(at: place, to: element(done + place)) }
                section.append(UnsafeBufferPointer(rebasing: piece[..<length]))
                done += length
            }
        }
    }

    /// Opens a section of `count` elements, which must all have come before `finish`.
    package func begin<Element: BitwiseCopyable>(_ id: UInt32, _ type: Element.Type, count: Int) -> SectionStream<
        Element
    > {
        precondition(entries.count < sectionCount, "more sections than were announced")
        let end = entries.last.map { $0.offset + $0.byteCount } ?? headLength
        let offset = (end + SectionedLayout.alignment - 1) / SectionedLayout.alignment * SectionedLayout.alignment
        entries.append(Entry(id: id, elementSize: MemoryLayout<Element>.stride, count: count, offset: offset))
        return SectionStream(writer: self, number: entries.count - 1)
    }

    fileprivate func append(_ bytes: UnsafeRawBufferPointer, section: Int) {
        let place = entries[section].offset + entries[section].written
        entries[section].written += bytes.count
        precondition(entries[section].written <= entries[section].byteCount, "more elements than were announced")
        if failure != nil { return }
        entries[section].hash.update(bytes)
        put(bytes, at: place)
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        var done = 0
        while failure == nil, done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                if count == 0 { errno = ENOSPC }
                failure = Self.failure(path)
            }
        }
    }

    /// - Throws: `LibraryFileError.unwritable` when something could not be written so far.
    package func check() throws(LibraryFileError) {
        if let failure { throw failure }
    }

    /// The file as far as it was written, to read complete sections again; they lie in the page cache, not in this process.
    func mapped() throws(LibraryFileError) -> MappedFile {
        try check()
        return try MappedFile(path: temporary)
    }

    /// A complete section of `mapped()`.
    func elements<Element: BitwiseCopyable>(
        _ id: UInt32, as type: Element.Type, in file: MappedFile
    ) -> UnsafeBufferPointer<Element> {
        guard let entry = entries.first(where: { $0.id == id }), entry.written == entry.byteCount,
            entry.elementSize == MemoryLayout<Element>.stride
        else { preconditionFailure("section \(id) is not complete") }
        // One without elements may lie behind the end.
        if entry.count == 0 { return UnsafeBufferPointer(start: nil, count: 0) }
        let raw = UnsafeRawBufferPointer(rebasing: file.bytes[entry.offset..<(entry.offset + entry.byteCount)])
        return raw.assumingMemoryBound(to: Element.self)
    }

    /// Writes the table of sections and gives the file its name.
    /// - Throws: `LibraryFileError.unwritable`; the temporary file is removed then.
    package func finish() throws(LibraryFileError) {
        precondition(entries.count == sectionCount, "fewer sections than were announced")
        precondition(entries.allSatisfy { $0.written == $0.byteCount }, "a section is not complete")
        defer { discard() }
        let length = entries.last.map { $0.offset + $0.byteCount } ?? headLength
        header(length: length).withUnsafeBytes { put($0, at: 0) }
        try check()
        // Errors of a full disk may appear only here: every step counts.
        guard ftruncate(descriptor, off_t(length)) == 0, fsync(descriptor) == 0 else { throw Self.failure(path) }
        let open = descriptor
        descriptor = -1
        guard close(open) == 0, rename(temporary, path) == 0 else {
            let failure = Self.failure(path)
            unlink(temporary)
            throw failure
        }
    }

    private func header(length: Int) -> [UInt8] {
        var table: [UInt8] = []
        for entry in entries {
            append(entry.id, to: &table)
            append(UInt32(entry.elementSize), to: &table)
            append(UInt64(entry.count), to: &table)
            append(UInt64(entry.offset), to: &table)
            append(UInt64(0), to: &table)
            table.append(contentsOf: entry.hash.finish().utf8)
        }
        var head = kind.magicBytes
        append(SectionedLayout.byteOrderMark, to: &head)
        append(kind.version, to: &head)
        append(UInt64(length), to: &head)
        append(UInt32(entries.count), to: &head)
        append(UInt32(0), to: &head)
        head.append(contentsOf: sha256(head + table).utf8)
        return head + table
    }

    private func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    private static func failure(_ path: String) -> LibraryFileError {
        LibraryFileError(.unwritable, path: path, reason: "cannot write: " + String(cString: strerror(errno)))
    }
}

/// A section that is being written, from its start to its end.
package struct SectionStream<Element: BitwiseCopyable> {
    /// Elements that are worth a call of the system.
    static var pieceCount: Int { (128 << 10) / MemoryLayout<Element>.stride }

    fileprivate let writer: SectionedFileWriter
    fileprivate let number: Int

    package func append(_ elements: UnsafeBufferPointer<Element>) {
        writer.append(UnsafeRawBufferPointer(elements), section: number)
    }
}

/// Elements that come one at a time, on their way to a section.
struct SectionBuffer<Element: BitwiseCopyable> {
    private let section: SectionStream<Element>
    private let piece = FlatArray<Element>(count: SectionStream<Element>.pieceCount)
    private var count = 0

    init(_ section: SectionStream<Element>) { self.section = section }

    @inline(__always) mutating func append(_ element: Element) {
        piece.buffer[count] = element
        count += 1
        if count == piece.buffer.count { flush() }
    }

    /// To be called after the last element.
    mutating func flush() {
        section.append(UnsafeBufferPointer(rebasing: piece.elements[..<count]))
        count = 0
    }
}
