import ContentHash
import SpectrumModel

/// One of the files that a library was built from.
public struct LibraryProvenance: Sendable, Hashable, Codable {
    /// Name of the file or folder, without its path.
    public let name: String
    /// SHA-256 in hexadecimal; of a folder: over its files' hashes and paths.
    public let hash: String

    public init(name: String, hash: String) {
        self.name = name
        self.hash = hash
    }
}

extension SpectralLibraryBuilder {
    /// Reads one file of reference spectra and writes the library of all its usable spectra, as published: duplicates are
    /// counted and kept.
    /// - Parameter memoryLimit: bytes of resident memory that the whole process may take; `nil` for no limit.
    /// - Throws: `LibraryFileError`: the source is unreadable or holds no usable spectrum, the result cannot be written, it
    ///   would take more than the limit (`.memoryLimit`).
    public static func build(
        source: String, destination: String, cleaning: PeakCleaning = PeakCleaning(), memoryLimit: Int? = nil
    ) throws(LibraryFileError) -> Report {
        try build(
            sources: [source], destination: destination, cleaning: cleaning, keepsDuplicates: true,
            memoryLimit: memoryLimit)
    }

    /// Reads files of any format, folders of them and built libraries, and writes one library.
    ///
    /// Of spectra that came before (`DuplicateFinder`) the first stays, unless all are wanted. Spectra of a built library are taken as they are
    /// stored; all others are cleaned. In a folder, files of another kind are counted and left out.
    /// - Parameters:
    ///   - base: a library whose spectra come first; its cleaning should be given too.
    ///   - memoryLimit: bytes of resident memory that the whole process may take; `nil` for no limit.
    /// - Throws: `LibraryFileError`: a source is unreadable, none holds a usable spectrum, the result cannot be written, it
    ///   would take more than the limit (`.memoryLimit`). The destination is only replaced by a whole file.
    public static func build(
        sources: [String], destination: String, cleaning: PeakCleaning = PeakCleaning(), base: SpectralLibrary? = nil,
        keepsDuplicates: Bool = false, memoryLimit: Int? = nil
    ) throws(LibraryFileError) -> Report {
        try build(
            sources: sources, destination: destination, cleaning: cleaning, base: base,
            keepsDuplicates: keepsDuplicates,
            memory: PreparationMemory(limit: memoryLimit, source: sources.joined(separator: ", ")))
    }

    static func build(
        sources: [String], destination: String, cleaning: PeakCleaning, base: SpectralLibrary?, keepsDuplicates: Bool,
        memory: PreparationMemory
    ) throws(LibraryFileError) -> Report {
        // Small pieces that were freed would stay with the heap of whoever comes next.
        defer { releaseFreedMemory() }
        var builder = SpectralLibraryBuilder(cleaning: cleaning)
        builder.keepsDuplicates = keepsDuplicates
        var progress = ReadingProgress(memory, bytes: base?.byteCount ?? 0)
        for source in sources {
            for file in try LibrarySourceFormat.files(at: source).files { progress.total += fileLength(file) }
        }
        if let base { try builder.addStored(base, &progress) }
        for source in sources { try builder.addSource(source, isOnly: sources.count == 1, &progress) }
        let report = builder.report
        guard report.spectra > 0 else {
            let source = report.source
            throw LibraryFileError(
                .empty, path: sources.joined(separator: ", "),
                reason: "no usable spectrum (\(source.skippedRecords) records skipped"
                    + (source.issues.first.map { ", first at \($0)" } ?? "") + ")")
        }
        try (consume builder).write(to: destination, sources: report.sources, memory: memory)
        return report
    }

    /// How much of all sources has been read, and when memory is looked at next.
    private struct ReadingProgress {
        let memory: PreparationMemory
        /// Bytes of all sources, as they lie on the disk.
        var total: Int
        /// Bytes of the sources before the one that is being read.
        var before = 0
        private var records = 0
        private var peaksAtLook = 0

        init(_ memory: PreparationMemory, bytes: Int) {
            self.memory = memory
            total = bytes
        }

        /// After each record.
        mutating func isDue(peaks: Int) -> Bool {
            records += 1
            guard
                records == PreparationMemory.recordsBetweenLooks
                    || peaks - peaksAtLook >= PreparationMemory.peaksBetweenLooks
            else { return false }
            (records, peaksAtLook) = (0, peaks)
            return true
        }

        /// - Parameter read: bytes of the source that is being read.
        func check(read: Int, _ builder: SpectralLibraryBuilder) throws(LibraryFileError) {
            let needed = builder.bytesToWrite
            try memory.checkReading(
                share: total > 0 ? Double(before + read) / Double(total) : 1, next: needed.least, atMost: needed.most)
        }
    }

    private mutating func addSource(
        _ path: String, isOnly: Bool, _ progress: inout ReadingProgress
    ) throws(LibraryFileError) {
        let (files, isFolder) = try LibrarySourceFormat.files(at: path)
        var hashes: [String] = []
        for file in files {
            defer { progress.before += fileLength(file) }
            let name = isFolder ? String(file.dropFirst(path.count + 1)) : isOnly ? "" : Self.lastPart(path)
            do throws(LibraryFileError) {
                if try LibrarySourceFormat.detect(path: file) == .library {
                    try addStored(try SpectralLibrary.open(file), &progress)
                    if !isFolder { return }
                    continue
                }
                try addFile(file, name: name, &progress)
            } catch {
                guard isFolder, error.code == .foreign || error.code == .empty else { throw error }
                var skipped = SourceReport()
                skipped.skipRecord(line: 0, error.reason, .foreignFile)
                report.source.merge(skipped, file: name)
                continue
            }
            do { hashes.append(try sha256(file: file)) } catch {
                throw LibraryFileError(.unreadable, path: file, reason: "\(error)")
            }
            if isFolder { hashes[hashes.count - 1] += "  \(name)\n" }
        }
        guard let first = hashes.first else { return }
        remember(LibraryProvenance(name: Self.lastPart(path), hash: isFolder ? sha256(hashes.joined().utf8) : first))
    }

    private static func lastPart(_ path: String) -> String {
        path.split(separator: "/").last.map { String($0) } ?? path
    }

    private mutating func addFile(
        _ path: String, name: String, _ progress: inout ReadingProgress
    ) throws(LibraryFileError) {
        var reader = try LibrarySourceReader(path: path)
        var found = SourceReport()
        while let spectrum = try reader.next() {
            if progress.isDue(peaks: peakMZ.count) { try progress.check(read: reader.byteOffset, self) }
            let peaks = cleaning.clean(spectrum.peaks)
            func note(_ reason: String, _ problem: SourceProblem) {
                found.note(line: spectrum.line, record: spectrum.record, reason, problem)
            }
            guard peaks.count > 0 else {
                report.emptySpectra += 1
                note("no peak is left after cleaning", .emptyAfterCleaning)
                continue
            }
            let accession = spectrum.entry.accession
            switch duplicates.classify(spectrum.entry, peaks) {
            case .duplicateAccession?:
                report.duplicates += 1
                note("accession \(accession) came before for the same compound", .duplicateAccession)
                if !keepsDuplicates { continue }
            case .duplicateSpectrum?:
                report.duplicates += 1
                note("the same spectrum of the same compound came before", .duplicateSpectrum)
                if !keepsDuplicates { continue }
            case .sharedAccession?: note("accession \(accession) stands for another compound too", .sharedAccession)
            default: break
            }
            addCleaned(spectrum.entry, peaks)
        }
        report.source.merge(reader.report, file: name)
        report.source.merge(found, file: name)
    }

    /// Takes all spectra of a built library; duplicates of what is there already stay out.
    private mutating func addStored(
        _ library: SpectralLibrary, _ progress: inout ReadingProgress
    ) throws(LibraryFileError) {
        defer { library.releasePages() }
        for index in 0..<library.count {
            if progress.isDue(peaks: peakMZ.count) {
                library.releasePages()
                try progress.check(read: library.byteCount / library.count * index, self)
            }
            let entry = library.entry(at: index)
            let peaks = library.peaks(at: index)
            switch duplicates.classify(entry, peaks) {
            case .duplicateAccession?, .duplicateSpectrum?:
                report.duplicates += 1
                if !keepsDuplicates { continue }
            default: break
            }
            addCleaned(entry, peaks)
        }
        for source in library.sources { remember(source) }
    }

    /// A source that comes twice is named once.
    private mutating func remember(_ source: LibraryProvenance) {
        if !report.sources.contains(where: { $0.hash == source.hash }) { report.sources.append(source) }
    }
}
