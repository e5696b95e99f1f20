import ContentHash

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Collects sections and writes them as one `SectionedFile`, to a temporary name that is then renamed.
///
/// - Determinism: the same sections give the same bytes; no time, path or host name is stored.
package struct SectionedFileWriter {
    private struct Pending {
        let id: UInt32
        let elementSize: Int
        let count: Int
        /// Valid as long as `owner` is.
        let bytes: UnsafeRawBufferPointer
        let owner: AnyObject
    }

    private let kind: SectionedFileKind
    private var sections: [Pending] = []

    package init(kind: SectionedFileKind) { self.kind = kind }

    package mutating func add<Element: BitwiseCopyable>(_ id: UInt32, _ elements: [Element]) {
        elements.withUnsafeBufferPointer { add(id, $0) }
    }

    /// Copies the elements.
    package mutating func add<Element: BitwiseCopyable>(_ id: UInt32, _ elements: UnsafeBufferPointer<Element>) {
        let copy = FlatArray<Element>(count: elements.count)
        _ = copy.buffer.update(fromContentsOf: elements)
        add(id, copy.elements, owner: copy)
    }

    /// Keeps the elements where they are, and `owner` with them.
    mutating func add<Element: BitwiseCopyable>(
        _ id: UInt32, _ elements: UnsafeBufferPointer<Element>, owner: AnyObject
    ) {
        precondition(sections.count < SectionedLayout.maximumSections, "too many sections")
        sections.append(
            Pending(
                id: id, elementSize: MemoryLayout<Element>.stride, count: elements.count,
                bytes: UnsafeRawBufferPointer(elements), owner: owner))
    }

    /// - Throws: `LibraryFileError.unwritable`; the temporary file is removed then.
    package func write(to path: String) throws(LibraryFileError) {
        let temporary = "\(path).\(getpid()).partial"
        guard let file = fopen(temporary, "wb") else { throw Self.failure(path) }
        var written = true
        func put(_ bytes: UnsafeRawBufferPointer) {
            guard written, !bytes.isEmpty else { return }
            written = fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count
        }
        let (head, offsets) = header()
        head.withUnsafeBytes { put($0) }
        var position = head.count
        for (section, offset) in zip(sections, offsets) {
            [UInt8](repeating: 0, count: offset - position).withUnsafeBytes { put($0) }
            put(section.bytes)
            position = offset + section.bytes.count
        }
        withExtendedLifetime(sections) {}
        // Errors of a full disk appear only when the buffer is flushed: every step counts.
        let flushed = fflush(file) == 0 && fsync(fileno(file)) == 0
        let flushError = errno
        let closed = fclose(file) == 0
        guard written, flushed, closed, rename(temporary, path) == 0 else {
            if !flushed { errno = flushError }
            let failure = Self.failure(path)
            unlink(temporary)
            throw failure
        }
    }

    private func header() -> (bytes: [UInt8], offsets: [Int]) {
        func align(_ value: Int) -> Int {
            (value + SectionedLayout.alignment - 1) / SectionedLayout.alignment * SectionedLayout.alignment
        }
        var table: [UInt8] = []
        var offsets: [Int] = []
        var position = align(SectionedLayout.headerLength + sections.count * SectionedLayout.entryLength)
        var end = position
        for section in sections {
            offsets.append(position)
            append(section.id, to: &table)
            append(UInt32(section.elementSize), to: &table)
            append(UInt64(section.count), to: &table)
            append(UInt64(position), to: &table)
            append(UInt64(0), to: &table)
            let hash = SHA256Hash()
            hash.update(section.bytes)
            table.append(contentsOf: hash.finish().utf8)
            end = position + section.bytes.count
            position = align(end)
        }
        var head = kind.magicBytes
        append(SectionedLayout.byteOrderMark, to: &head)
        append(kind.version, to: &head)
        append(UInt64(max(end, head.count)), to: &head)
        append(UInt32(sections.count), to: &head)
        append(UInt32(0), to: &head)
        head.append(contentsOf: sha256(head + table).utf8)
        return (head + table, offsets)
    }

    private func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    private static func failure(_ path: String) -> LibraryFileError {
        LibraryFileError(.unwritable, path: path, reason: "cannot write: " + String(cString: strerror(errno)))
    }
}
