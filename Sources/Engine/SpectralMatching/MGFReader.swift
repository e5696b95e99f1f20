/// Reads reference spectra in the MGF text format (GNPS, mzmine, matchms), plain or gzip-compressed, one at a time.
///
/// Between `BEGIN IONS` and `END IONS` stand `KEY=value` lines, then one peak a line: m/z and intensity, further columns
/// are ignored. Lines outside are ignored. GNPS puts the adduct behind the compound's name; it is taken from there
/// when the record has no adduct of its own. `TITLE` and `SCANS` name the spectrum, not the compound: they are only
/// the accession of a record without one.
public struct MGFReader {
    private var lines: MGFLineReader
    var byteOffset: Int { lines.byteOffset }
    public private(set) var report = SourceReport()
    private var draft = RecordDraft()
    private var title = ""

    /// - Throws: `LibraryFileError.unreadable`.
    public init(path: String) throws(LibraryFileError) { lines = try MGFLineReader(path: path) }

    /// The next usable spectrum, or `nil` at the end of the file.
    /// - Throws: `LibraryFileError` when the file cannot be read on; what is wrong inside a record never throws.
    public mutating func next() throws(LibraryFileError) -> LibrarySpectrum? {
        while let line = try lines.next() {
            switch line {
            case .begin: draft.open(line: lines.lineNumber)
            case .end:
                if let spectrum = finish() { return spectrum }
            case .field(let key, let value):
                if isKeyword(key, "TITLE") { title = String(decoding: value, as: UTF8.self) }
                note(draft.set(RecordField(key: key), value))
            case .peak(let mz, let intensity): note(draft.addPeak(mz: mz, intensity: intensity))
            case .tooLong: report.skipLongLine(lines.lineNumber)
            }
        }
        return nil
    }

    private mutating func note(_ found: (SourceProblem, String)?) {
        if let (problem, reason) = found {
            report.skipValue(line: lines.lineNumber, record: draft.record, reason, problem)
        }
    }

    private mutating func finish() -> LibrarySpectrum? {
        defer { title = "" }
        if draft.entry.accession.isEmpty { draft.entry.accession = title }
        draft.takeAdductFromName()
        return draft.finish(&report)
    }
}

extension RecordDraft {
    /// GNPS writes `Compound name M+H`: the last word is moved to the adduct when it looks like one.
    mutating func takeAdductFromName() {
        guard entry.adduct.isEmpty, let space = entry.name.lastIndex(of: " ") else { return }
        let word = entry.name[entry.name.index(after: space)...]
        let bare = word.drop { $0 == "[" || $0.isNumber }
        guard bare.hasPrefix("M+") || bare.hasPrefix("M-"), word.utf8.count <= 24 else { return }
        entry.adduct = String(word)
        entry.name = String(entry.name[..<space])
    }
}
