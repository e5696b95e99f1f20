#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Formats of reference spectra that a library can be built from.
public enum LibrarySourceFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case msp = "MSP"
    case mgf = "MGF"
    case massBank = "MassBank records"
    case json = "JSON"
    /// A library that was built already.
    case library = "built library"

    /// How much of a file is looked at.
    private static let inspectedBytes = 1 << 16

    /// Tells the format by the content; the name of the file plays no part. Plain or gzip-compressed.
    ///
    /// A built library by its first bytes, JSON by its bracket, the others by the first line that only one of them has.
    /// - Throws: `LibraryFileError`: `.unreadable`, `.empty`, `.foreign`.
    public static func detect(path: String) throws(LibraryFileError) -> LibrarySourceFormat {
        let reader = try SourceByteReader(path: path)
        var bytes = [UInt8](repeating: 0, count: inspectedBytes)
        var filled = 0
        while filled < bytes.count {
            let room = bytes.count - filled
            let start = filled
            let result = bytes.withUnsafeMutableBufferPointer { buffer -> Result<Int, LibraryFileError> in
                guard let base = buffer.baseAddress else { return .success(0) }
                do throws(LibraryFileError) {
                    return .success(
                        try reader.read(into: base + start, count: room, place: "byte \(start) of the text"))
                } catch { return .failure(error) }
            }
            let count = try result.get()
            if count == 0 { break }
            filled += count
        }
        guard filled > 0 else { throw LibraryFileError(.empty, path: path, reason: "the file is empty") }
        let format = bytes.withUnsafeBufferPointer { detect(UnsafeBufferPointer(rebasing: $0[..<filled])) }
        if let format { return format }
        let isText = !bytes[..<filled].contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D && $0 != 0x0C }
        throw LibraryFileError(
            .foreign, path: path,
            reason: (isText
                ? "no line of the first \(filled) bytes is one of MSP, MGF, MassBank or JSON"
                : "a binary file that is no spectral library")
                + "; readable are MSP, MGF, MassBank records, GNPS JSON and libraries built by this program")
    }

    static func detect(_ bytes: UnsafeBufferPointer<UInt8>) -> LibrarySourceFormat? {
        if bytes.count >= 8, bytes[..<8].elementsEqual(SpectralLibraryFormat.kind.magicBytes) { return .library }
        if bytes.contains(0) { return nil }
        let text = withoutByteOrderMark(bytes)
        if let first = text.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }),
            first == 0x5B || first == 0x7B
        {
            return .json
        }
        for line in text.split(separator: 0x0A) {
            let content = trimmed(UnsafeBufferPointer(rebasing: line.last == 0x0D ? line.dropLast() : line))
            if isKeyword(content, "BEGIN IONS") { return .mgf }
            guard let colon = content.firstIndex(of: 0x3A), colon <= 40 else { continue }
            let key = UnsafeBufferPointer(rebasing: content[..<colon])
            if isKeyword(key, "RECORD_TITLE") || (key.count > 3 && key[2] == 0x24) { return .massBank }
            switch RecordField(key: key) {
            case .name, .peakCount, .precursorMZ: return .msp
            default: continue
            }
        }
        return nil
    }

    /// The files that a path stands for: itself, or everything below a folder that may be a library, in the order of
    /// their paths' bytes. Hidden files and folders are left out.
    /// - Throws: `LibraryFileError.unreadable`, or `.empty` for a folder without such files.
    public static func files(at path: String) throws(LibraryFileError) -> (files: [String], isFolder: Bool) {
        guard isFolder(path) else { return ([path], false) }
        var found: [String] = []
        var folders = [path]
        while let folder = folders.popLast() {
            for name in try names(in: folder) where !name.hasPrefix(".") {
                let entry = "\(folder)/\(name)"
                if isFolder(entry) {
                    // A link in a circle would otherwise never end.
                    if entry.utf8.count < Int(PATH_MAX), !isLink(entry) { folders.append(entry) }
                } else if suffixes.contains(where: { name.hasSuffix($0) || name.hasSuffix("\($0).gz") }) {
                    found.append(entry)
                }
            }
        }
        guard !found.isEmpty else {
            throw LibraryFileError(
                .empty, path: path,
                reason: "the folder holds no file that ends in " + suffixes.joined(separator: ", ") + " (or .gz)")
        }
        return (found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, true)
    }

    private static let suffixes = [".txt", ".msp", ".mgf", ".json"]

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private static func names(in folder: String) throws(LibraryFileError) -> [String] {
        guard let directory = opendir(folder) else {
            throw LibraryFileError(
                .unreadable, path: folder, reason: "cannot open: " + String(cString: strerror(errno)))
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }
}

/// Reads reference spectra of any text format, one at a time; the content decides which.
public struct LibrarySourceReader {
    public let format: LibrarySourceFormat
    // One of them is there. Values of an enum would be copied at every record.
    private var msp: MSPReader?
    private var mgf: MGFReader?
    private var massBank: MassBankReader?
    private var json: JSONLibraryReader?

    /// - Throws: `LibraryFileError`; `.foreign` for a built library, which `SpectralLibrary` opens.
    public init(path: String) throws(LibraryFileError) {
        format = try LibrarySourceFormat.detect(path: path)
        switch format {
        case .msp: msp = try MSPReader(path: path)
        case .mgf: mgf = try MGFReader(path: path)
        case .massBank: massBank = try MassBankReader(path: path)
        case .json: json = try JSONLibraryReader(path: path)
        case .library:
            throw LibraryFileError(.foreign, path: path, reason: "a built library, not a source of spectra")
        }
    }

    /// Bytes of the file, as it lies on the disk, that have been read.
    var byteOffset: Int {
        msp?.byteOffset ?? mgf?.byteOffset ?? massBank?.byteOffset ?? json?.byteOffset ?? 0
    }

    /// What was skipped so far.
    public var report: SourceReport {
        msp?.report ?? mgf?.report ?? massBank?.report ?? json?.report ?? SourceReport()
    }

    /// The next usable spectrum, or `nil` at the end of the file.
    /// - Throws: `LibraryFileError` when the file cannot be read on.
    public mutating func next() throws(LibraryFileError) -> LibrarySpectrum? {
        switch format {
        case .msp: try msp?.next()
        case .mgf: try mgf?.next()
        case .massBank: try massBank?.next()
        case .json: try json?.next()
        case .library: nil
        }
    }
}
