import ContentHash

/// What a sectioned file holds: eight ASCII letters, a format version, and the words for messages.
package struct SectionedFileKind: Sendable {
    package let magic: StaticString
    package let version: UInt32
    package let noun: String

    package init(magic: StaticString, version: UInt32, noun: String) {
        precondition(magic.utf8CodeUnitCount == 8, "a magic has eight bytes")
        self.magic = magic
        self.version = version
        self.noun = noun
    }

    var magicBytes: [UInt8] { magic.withUTF8Buffer { Array($0) } }
}

/// Fixed positions of the format. All integers are in the writer's byte order, which `byteOrderMark` reveals.
enum SectionedLayout {
    static let byteOrderMark: UInt32 = 0x0102_0304
    static let digestLength = 64
    /// magic 8, byte order 4, version 4, file length 8, section count 4, reserved 4, digest 64.
    static let headerLength = 32 + digestLength
    /// id 4, element size 4, count 8, offset 8, reserved 8, digest 64.
    static let entryLength = 32 + digestLength
    static let alignment = 64
    static let maximumSections = 64
}

/// A binary file of typed flat arrays ("sections"), mapped and not parsed.
///
/// Opening checks the magic, the byte order, the version, the length, the header's own SHA-256 and that every section
/// lies inside the file. The sections' checksums are only looked at by `verify()`.
/// - Complexity: `open` is O(sections), `verify` reads the whole file.
package struct SectionedFile: Sendable {
    struct Section: Sendable {
        let id: UInt32
        let elementSize: Int
        let count: Int
        let offset: Int
        let digest: [UInt8]
    }

    package let mapped: MappedFile
    private let kind: SectionedFileKind
    private let sections: [Section]

    package init(path: String, kind: SectionedFileKind) throws(LibraryFileError) {
        let mapped = try MappedFile(path: path)
        self.mapped = mapped
        self.kind = kind
        let bytes = mapped.bytes
        let noun = kind.noun
        guard bytes.count >= 16, Array(bytes[0..<8]) == kind.magicBytes else {
            throw LibraryFileError(.foreign, path: path, byteOffset: 0, reason: "this is not a \(noun)")
        }
        let mark = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        guard mark == SectionedLayout.byteOrderMark else {
            throw LibraryFileError(
                .incompatible, path: path, byteOffset: 8,
                reason: mark == SectionedLayout.byteOrderMark.byteSwapped
                    ? "the \(noun) was written on a machine of other byte order; build it again here"
                    : "the byte order mark of the \(noun) is damaged; build it again")
        }
        let version = bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
        guard version == kind.version else {
            throw LibraryFileError(
                .incompatible, path: path, byteOffset: 12,
                reason: "the \(noun) has format version \(version), this program reads \(kind.version); build it again")
        }
        guard bytes.count >= SectionedLayout.headerLength,
            bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self) == UInt64(bytes.count)
        else {
            throw LibraryFileError(
                .truncated, path: path, byteOffset: bytes.count,
                reason: "the \(noun) has \(bytes.count) bytes and its header states another length; build it again")
        }
        sections = try Self.readTable(mapped, noun: noun)
    }

    private static func readTable(_ mapped: MappedFile, noun: String) throws(LibraryFileError) -> [Section] {
        let bytes = mapped.bytes
        func corrupt(_ offset: Int, _ reason: String) -> LibraryFileError {
            LibraryFileError(
                .corrupt, path: mapped.path, byteOffset: offset, reason: "\(reason); build the \(noun) again")
        }
        let count = Int(bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
        let tableEnd = SectionedLayout.headerLength + count * SectionedLayout.entryLength
        guard count <= SectionedLayout.maximumSections, tableEnd <= bytes.count else {
            throw corrupt(24, "the header states \(count) sections, which do not fit")
        }
        let hash = SHA256Hash()
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[0..<32]))
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[SectionedLayout.headerLength..<tableEnd]))
        guard Array(hash.finish().utf8) == Array(bytes[32..<SectionedLayout.headerLength]) else {
            throw corrupt(32, "the header does not match its checksum")
        }
        var sections: [Section] = []
        for index in 0..<count {
            let base = SectionedLayout.headerLength + index * SectionedLayout.entryLength
            let elementSize = Int(bytes.loadUnaligned(fromByteOffset: base + 4, as: UInt32.self))
            let elements = bytes.loadUnaligned(fromByteOffset: base + 8, as: UInt64.self)
            let offset = bytes.loadUnaligned(fromByteOffset: base + 16, as: UInt64.self)
            let (size, overflow) = elements.multipliedReportingOverflow(by: UInt64(elementSize))
            let (end, overflow2) = offset.addingReportingOverflow(size)
            guard !overflow, !overflow2, elementSize > 0, end <= UInt64(bytes.count),
                offset % UInt64(SectionedLayout.alignment) == 0
            else { throw corrupt(base, "section \(index) lies outside of the file") }
            sections.append(
                Section(
                    id: bytes.loadUnaligned(fromByteOffset: base, as: UInt32.self), elementSize: elementSize,
                    count: Int(elements), offset: Int(offset), digest: Array(bytes[(base + 32)..<(base + 96)])))
        }
        return sections
    }

    /// Whether there is a section of this number.
    package func has(_ id: UInt32) -> Bool { sections.contains { $0.id == id } }

    /// The elements of a section, in place. Valid as long as `mapped` lives.
    package func elements<Element: BitwiseCopyable>(
        _ id: UInt32, as type: Element.Type
    ) throws(LibraryFileError) -> UnsafeBufferPointer<Element> {
        guard let section = sections.first(where: { $0.id == id }) else {
            throw corrupt("section \(id) is missing")
        }
        guard section.elementSize == MemoryLayout<Element>.stride else {
            throw corrupt("section \(id) has elements of \(section.elementSize) bytes")
        }
        let size = section.count * section.elementSize
        let raw = UnsafeRawBufferPointer(rebasing: mapped.bytes[section.offset..<(section.offset + size)])
        return raw.assumingMemoryBound(to: Element.self)
    }

    /// Compares every section with its SHA-256.
    /// - Throws: `LibraryFileError.corrupt` that names the first damaged section.
    package func verify() throws(LibraryFileError) {
        for section in sections {
            let hash = SHA256Hash()
            let end = section.offset + section.count * section.elementSize
            hash.update(UnsafeRawBufferPointer(rebasing: mapped.bytes[section.offset..<end]))
            guard Array(hash.finish().utf8) == section.digest else {
                throw LibraryFileError(
                    .corrupt, path: mapped.path, byteOffset: section.offset,
                    reason: "section \(section.id) does not match its checksum; build the \(kind.noun) again")
            }
        }
    }

    package func corrupt(_ reason: String) -> LibraryFileError {
        LibraryFileError(.corrupt, path: mapped.path, reason: "\(reason); build the \(kind.noun) again")
    }
}
