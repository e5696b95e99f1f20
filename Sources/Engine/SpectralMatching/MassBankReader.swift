import SpectrumModel
import TextNumbers

/// Reads MassBank records, one or many in a file, plain or gzip-compressed.
///
/// A record is `TAG: value` lines and peaks indented below `PK$PEAK`, ended by `//`. Peaks take the absolute intensity
/// (second column). Annotations of peaks, comments and spectra of the first stage are not used.
/// - Source: MassBank record format 2.6, github.com/MassBank/MassBank-web.
public struct MassBankReader {
    private let lines: TextLineReader
    var byteOffset: Int { lines.byteOffset }
    public private(set) var report = SourceReport()
    private var draft = RecordDraft()

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
                report.skipLongLine(number)
                continue
            }
            let whole = number == 1 ? withoutByteOrderMark(line) : line
            let text = trimmed(whole)
            if text.isEmpty || text[0] == 0x23 { continue }
            if text.count == 2, text[0] == 0x2F, text[1] == 0x2F {
                if let spectrum = draft.finish(&report) { return spectrum }
            } else if whole[0] == 0x20 || whole[0] == 0x09 {
                if draft.readsPeaks { readPeak(text, line: number) }
            } else if let colon = text.firstIndex(of: 0x3A) {
                // A record whose `//` is missing ends where the next one names itself.
                var completed: LibrarySpectrum?
                let tag = UnsafeBufferPointer(rebasing: text[..<colon])
                if isKeyword(tag, "ACCESSION"), draft.isOpen { completed = draft.finish(&report) }
                if !draft.isOpen { draft.open(line: number) }
                readTag(tag, trimmed(UnsafeBufferPointer(rebasing: text[(colon + 1)...])), line: number)
                if let completed { return completed }
            } else {
                if !draft.isOpen { draft.open(line: number) }
                report.skipValue(line: number, record: draft.record, "neither a field nor a peak", .strayText)
            }
        }
        return draft.finish(&report)
    }

    private mutating func readTag(_ tag: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>, line: Int) {
        let (field, value) = RecordField.massBank(tag: tag, value: text)
        let problem = draft.set(field, value, retentionUnit: 60)
        // Only what is indented below this tag is a peak; `PK$ANNOTATION` has indented lines of its own.
        draft.readsPeaks = isKeyword(tag, "PK$PEAK")
        if let (problem, reason) = problem { report.skipValue(line: line, record: draft.record, reason, problem) }
    }

    private mutating func readPeak(_ text: UnsafeBufferPointer<UInt8>, line: Int) {
        let words = text.split(maxSplits: 2) { $0 == 0x20 || $0 == 0x09 }
        guard let first = words.first else { return }
        let problem = draft.addPeak(
            mz: UnsafeBufferPointer(rebasing: first),
            intensity: words.count >= 2 ? UnsafeBufferPointer(rebasing: words[1]) : nil)
        if let (problem, reason) = problem { report.skipValue(line: line, record: draft.record, reason, problem) }
    }
}
