import SpectrumModel
import TextNumbers

/// Reads reference spectra in the MGF text format (GNPS, mzmine, matchms), plain or gzip-compressed, one at a time.
///
/// Between `BEGIN IONS` and `END IONS` stand `KEY=value` lines, then one peak a line: m/z and intensity, further columns
/// are ignored. Lines outside are ignored. GNPS puts the adduct behind the compound's name; it is taken from there
/// when the record has no adduct of its own. `TITLE` and `SCANS` name the spectrum, not the compound: they are only
/// the accession of a record without one.
public struct MGFReader {
    private let lines: TextLineReader
    public private(set) var report = SourceReport()
    private var draft = RecordDraft()
    private var title = ""

    /// - Throws: `LibraryFileError.unreadable`.
    public init(path: String) throws(LibraryFileError) {
        lines = try TextLineReader(path: path)
    }

    /// The next usable spectrum, or `nil` at the end of the file.
    /// - Throws: `LibraryFileError` when the file cannot be read on; what is wrong inside a record never throws.
    public mutating func next() throws(LibraryFileError) -> LibrarySpectrum? {
        while let line = try lines.next() {
            let number = lines.lineNumber
            if lines.lineWasCut {
                report.skipValue(
                    line: number, "the line is longer than \(TextLineReader.maximumLineLength) bytes", .longText)
                continue
            }
            let text = trimmed(number == 1 ? withoutByteOrderMark(line) : line)
            if isKeyword(text, "BEGIN IONS") {
                // An `END IONS` that is missing costs nothing.
                let unfinished = finish()
                draft.open(line: number)
                if let unfinished { return unfinished }
            } else if isKeyword(text, "END IONS") {
                if let spectrum = finish() { return spectrum }
            } else if draft.isOpen, !text.isEmpty, text[0] != 0x23 {
                read(text, line: number)
            }
        }
        return finish()
    }

    private mutating func read(_ text: UnsafeBufferPointer<UInt8>, line: Int) {
        let isNumber = (text[0] >= 0x30 && text[0] <= 0x39) || text[0] == 0x2B || text[0] == 0x2D || text[0] == 0x2E
        if !isNumber, let equals = text.firstIndex(of: 0x3D), equals > 0, equals <= 40 {
            let key = UnsafeBufferPointer(rebasing: text[..<equals])
            let value = trimmed(UnsafeBufferPointer(rebasing: text[(equals + 1)...]))
            if isKeyword(key, "TITLE") { title = String(decoding: value, as: UTF8.self) }
            set(RecordField(key: key), value, line: line)
            return
        }
        let words = text.split(maxSplits: 2) { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
        guard let first = words.first else { return }
        let problem = draft.addPeak(
            mz: UnsafeBufferPointer(rebasing: first),
            intensity: words.count >= 2 ? UnsafeBufferPointer(rebasing: words[1]) : nil)
        if let (problem, reason) = problem { report.skipValue(line: line, record: draft.record, reason, problem) }
    }

    private mutating func set(_ field: RecordField, _ value: UnsafeBufferPointer<UInt8>, line: Int) {
        if let (problem, reason) = draft.set(field, value) {
            report.skipValue(line: line, record: draft.record, reason, problem)
        }
    }

    private mutating func finish() -> LibrarySpectrum? {
        defer { title = "" }
        if draft.entry.accession.isEmpty { draft.entry.accession = title }
        draft.takeAdductFromName()
        return draft.finish(&report)
    }
}

/// Whether the text is this keyword, in any case of letters.
func isKeyword(_ text: UnsafeBufferPointer<UInt8>, _ keyword: StaticString) -> Bool {
    guard text.count == keyword.utf8CodeUnitCount else { return false }
    for index in 0..<text.count {
        let byte = text[index]
        guard (byte >= 0x61 && byte <= 0x7A ? byte - 32 : byte) == keyword.utf8Start[index] else { return false }
    }
    return true
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
