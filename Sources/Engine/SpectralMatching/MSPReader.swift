import SpectrumModel
import TextNumbers

/// What a reader skipped and why: counts by reason, and the first cases with their line.
public struct SourceReport: Sendable, Hashable {
    /// One thing that was wrong in a source file.
    public struct Issue: Sendable, Hashable, CustomStringConvertible {
        public let line: Int
        public let reason: String
        public var description: String { "line \(line): \(reason)" }
    }

    /// Records that were handed out.
    public var accepted = 0
    /// Records that could not be used.
    public var skippedRecords = 0
    /// Single values or peaks that could not be used while their record was kept.
    public var skippedValues = 0
    /// The first cases, in the order of the file.
    public private(set) var issues: [Issue] = []
    /// At most this many cases are kept; the counts go on.
    public static let maximumIssues = 100

    public init() {}

    package mutating func skipRecord(line: Int, _ reason: String) {
        skippedRecords += 1
        note(line: line, reason)
    }

    package mutating func skipValue(line: Int, _ reason: String) {
        skippedValues += 1
        note(line: line, reason)
    }

    private mutating func note(line: Int, _ reason: String) {
        if issues.count < Self.maximumIssues { issues.append(Issue(line: line, reason: reason)) }
    }
}

/// Reads reference spectra in the MSP text format (NIST, MassBank, MoNA), plain or gzip-compressed, one at a time.
///
/// Tolerant: unknown fields are ignored, field names match without regard to case, blanks and underscores, values and
/// peaks that are no numbers are skipped and counted. A record ends at an empty line or at the next `NAME`. A record
/// without peaks or without a usable precursor m/z is skipped and counted, because no search can reach it.
public struct MSPReader {
    /// More peaks of one record than this are dropped and counted.
    public static let maximumPeaks = 100_000

    private let lines: TextLineReader
    public private(set) var report = SourceReport()
    private var draft = MSPDraft()

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
                report.skipValue(line: number, "the line is longer than \(TextLineReader.maximumLineLength) bytes")
                continue
            }
            let text = trimmed(line)
            if text.isEmpty {
                if let spectrum = finish() { return spectrum }
            } else if draft.readsPeaks, isPeakLine(text) {
                readPeaks(text, line: number)
            } else if let (field, value) = splitField(text) {
                var completed: LibrarySpectrum?
                if field == .name, draft.isOpen { completed = finish() }
                if !draft.isOpen { draft.open(line: number) }
                if let problem = draft.set(field, value) { report.skipValue(line: number, problem) }
                if let completed { return completed }
            } else {
                if !draft.isOpen { draft.open(line: number) }
                report.skipValue(line: number, "neither a field nor a peak")
            }
        }
        return finish()
    }

    /// Closes the open record: a usable one is returned, another is counted.
    private mutating func finish() -> LibrarySpectrum? {
        guard draft.isOpen else { return nil }
        defer { draft = MSPDraft() }
        if draft.peaks.count == 0 {
            report.skipRecord(line: draft.line, "the record has no usable peak")
            return nil
        }
        guard draft.entry.precursorMZ.isFinite else {
            report.skipRecord(line: draft.line, "the record has no usable precursor m/z")
            return nil
        }
        if let declared = draft.declaredPeaks, declared != draft.peaks.count + draft.skippedPeaks {
            report.skipValue(
                line: draft.line,
                "\(declared) peaks are declared and \(draft.peaks.count + draft.skippedPeaks) are there")
        }
        if draft.entry.polarity == .unknown { draft.entry.polarity = Polarity(adductText: draft.entry.adduct) }
        report.accepted += 1
        return LibrarySpectrum(entry: draft.entry, peaks: draft.peaks)
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
            guard words.count >= 2, let mz = decimalNumber(UnsafeBufferPointer(rebasing: words[0])),
                let intensity = decimalNumber(UnsafeBufferPointer(rebasing: words[1])), mz > 0, intensity >= 0
            else {
                draft.skippedPeaks += 1
                report.skipValue(line: line, "a peak that is not a positive m/z and an intensity")
                continue
            }
            // A peak of intensity zero is no error and says nothing.
            if intensity == 0 || draft.peaks.count >= Self.maximumPeaks {
                if intensity > 0 { report.skipValue(line: line, "more than \(Self.maximumPeaks) peaks") }
                draft.skippedPeaks += 1
                continue
            }
            draft.peaks.append(mz: mz, intensity: intensity)
        }
    }

    private func splitField(
        _ text: UnsafeBufferPointer<UInt8>
    ) -> (field: MSPField, value: UnsafeBufferPointer<UInt8>)? {
        guard let colon = text.firstIndex(of: 0x3A), colon > 0, colon <= 40 else { return nil }
        let key = UnsafeBufferPointer(rebasing: text[..<colon])
        return (MSPField(key: key), trimmed(UnsafeBufferPointer(rebasing: text[(colon + 1)...])))
    }
}
