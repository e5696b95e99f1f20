import SpectrumModel
import TextNumbers

/// Reads reference spectra in the MSP text format (NIST, MassBank, MoNA, MS-DIAL), plain or gzip-compressed, one at a
/// time.
///
/// Tolerant: unknown fields are ignored, field names match without regard to case, blanks and underscores, values and
/// peaks that are no numbers are skipped and counted. A record ends at an empty line or at the next `NAME`. A record
/// without peaks or without a usable precursor m/z is skipped and counted, because no search can reach it. What MoNA puts
/// between quotes in its comment (`"SMILES=..."`) fills the fields that the record lacks. Retention times without a unit
/// are minutes, as MS-DIAL writes them.
public struct MSPReader {
    /// More peaks of one record than this are dropped and counted.
    public static var maximumPeaks: Int { RecordDraft.maximumPeaks }

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
            let text = trimmed(number == 1 ? withoutByteOrderMark(line) : line)
            if text.isEmpty {
                if let spectrum = draft.finish(&report) { return spectrum }
            } else if draft.readsPeaks, isPeakLine(text) {
                readPeaks(text, line: number)
            } else if let (field, value) = splitField(text) {
                var completed: LibrarySpectrum?
                if case .name = field, draft.isOpen { completed = draft.finish(&report) }
                if !draft.isOpen { draft.open(line: number) }
                set(field, value, line: number)
                if let completed { return completed }
            } else {
                if !draft.isOpen { draft.open(line: number) }
                report.skipValue(line: number, record: draft.record, "neither a field nor a peak", .strayText)
            }
        }
        return draft.finish(&report)
    }

    private mutating func set(_ field: RecordField, _ value: UnsafeBufferPointer<UInt8>, line: Int) {
        if case .comment = field { return readComment(value, line: line) }
        if let (problem, reason) = draft.set(field, value, retentionUnit: 60) {
            report.skipValue(line: line, record: draft.record, reason, problem)
        }
    }

    /// `"key=value" "key=value"`: only quoted parts are taken, and only fields of that name.
    private mutating func readComment(_ text: UnsafeBufferPointer<UInt8>, line: Int) {
        var rest = text[...]
        while let open = rest.firstIndex(of: 0x22) {
            let inside = rest[(open + 1)...]
            guard let close = inside.firstIndex(of: 0x22) else { return }
            let part = UnsafeBufferPointer(rebasing: inside[..<close])
            rest = inside[(close + 1)...]
            guard let equals = part.firstIndex(of: 0x3D), equals > 0 else { continue }
            let field = RecordField(key: UnsafeBufferPointer(rebasing: part[..<equals]))
            switch field {
            // Words that say something else in a comment, and what only a field of its own may say.
            case .peakCount, .comment, .name, .level, .other: continue
            default: set(field, UnsafeBufferPointer(rebasing: part[(equals + 1)...]), line: line)
            }
        }
    }

    /// Peak lines start with a digit, a sign or a point, so a field can interrupt the peaks. `nan`, `inf` and other
    /// words without a colon stay here too, to be counted as bad peaks.
    private func isPeakLine(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let first = text[0]
        if (first >= 0x30 && first <= 0x39) || first == 0x2D || first == 0x2B || first == 0x2E { return true }
        return !text.contains(0x3A)
    }

    /// One or more `m/z intensity` pairs, separated by `;`; what follows a pair (an annotation) is ignored.
    private mutating func readPeaks(_ text: UnsafeBufferPointer<UInt8>, line: Int) {
        for part in text.split(separator: 0x3B, omittingEmptySubsequences: true) {
            let words = UnsafeBufferPointer(rebasing: part).split(maxSplits: 2) {
                $0 == 0x20 || $0 == 0x09 || $0 == 0x2C
            }
            if words.isEmpty { continue }
            let problem = draft.addPeak(
                mz: UnsafeBufferPointer(rebasing: words[0]),
                intensity: words.count >= 2 ? UnsafeBufferPointer(rebasing: words[1]) : nil)
            if let (problem, reason) = problem {
                report.skipValue(line: line, record: draft.record, reason, problem)
            }
        }
    }

    private func splitField(
        _ text: UnsafeBufferPointer<UInt8>
    ) -> (field: RecordField, value: UnsafeBufferPointer<UInt8>)? {
        guard let colon = text.firstIndex(of: 0x3A), colon > 0, colon <= 40 else { return nil }
        let key = UnsafeBufferPointer(rebasing: text[..<colon])
        return (RecordField(key: key), trimmed(UnsafeBufferPointer(rebasing: text[(colon + 1)...])))
    }
}

/// The text without the mark that some editors put at the start of UTF-8 files.
func withoutByteOrderMark(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
        ? UnsafeBufferPointer(rebasing: text[3...]) : text
}
