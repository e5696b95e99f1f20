import SpectrumModel
import TextNumbers

/// A fragment spectrum to be searched, with the name by which its file knows it.
public struct QuerySpectrum: Sendable, Hashable {
    public var id: String
    public var spectrum: FragmentSpectrum

    public init(id: String, spectrum: FragmentSpectrum) {
        self.id = id
        self.spectrum = spectrum
    }
}

/// Reads fragment spectra in Mascot generic format (MGF), plain or gzip-compressed, one at a time.
///
/// `PEPMASS` may have an intensity behind the m/z, `CHARGE` a sign before or behind its number (`2+`, `-1`), peaks a third
/// column. Unknown fields are ignored; values and peaks that are no numbers are skipped and counted. A block without peaks, or
/// of another MS level than 2, is skipped and counted; one without a precursor m/z is handed out with none.
public struct MGFQueryReader {
    /// More peaks of one block than this are dropped and counted.
    public static let maximumPeaks = 100_000

    private struct Draft {
        var line: Int
        var fields: [String: String] = [:]
        var precursor = Precursor()
        var polarity = Polarity.unknown
        var retentionTimeSeconds = Double.nan
        var level = 2
        var peaks = PeakList()
    }

    private let lines: TextLineReader
    public private(set) var report = SourceReport()
    /// Blocks that were handed out without a precursor m/z, and without a retention time.
    public private(set) var withoutPrecursor = 0
    public private(set) var withoutRetentionTime = 0
    private var blocks = 0

    /// - Throws: `LibraryFileError.unreadable`.
    public init(path: String) throws(LibraryFileError) { lines = try TextLineReader(path: path) }

    /// The next usable spectrum, or `nil` at the end of the file.
    /// - Throws: `LibraryFileError` when the file cannot be read on; what is wrong inside a block never throws.
    public mutating func next() throws(LibraryFileError) -> QuerySpectrum? {
        var draft: Draft?
        while let line = try lines.next() {
            let number = lines.lineNumber
            if lines.lineWasCut {
                report.skipValue(line: number, "the line is longer than \(TextLineReader.maximumLineLength) bytes")
                continue
            }
            let text = trimmed(line)
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            if isWord(text, "BEGIN IONS") {
                if let open = draft { report.skipRecord(line: open.line, "the block does not end") }
                draft = Draft(line: number)
            } else if isWord(text, "END IONS") {
                guard let open = draft else {
                    report.skipValue(line: number, "END IONS without BEGIN IONS")
                    continue
                }
                draft = nil
                if let query = finish(open) { return query }
            } else if draft != nil {
                read(text, line: number, into: &draft!)
            }
        }
        if let open = draft { report.skipRecord(line: open.line, "the block does not end") }
        return nil
    }

    private func isWord(_ text: UnsafeBufferPointer<UInt8>, _ word: String) -> Bool {
        text.count == word.utf8.count && zip(text, word.utf8).allSatisfy { $0 & 0xDF == $1 & 0xDF }
    }

    private mutating func read(_ text: UnsafeBufferPointer<UInt8>, line: Int, into draft: inout Draft) {
        if let equals = text.firstIndex(of: 0x3D), text[0] >= 0x41 {
            let key = String(decoding: text[..<equals], as: UTF8.self).uppercased()
            let value = trimmed(UnsafeBufferPointer(rebasing: text[(equals + 1)...]))
            if let problem = set(key, value, in: &draft) { report.skipValue(line: line, problem) }
            return
        }
        let words = text.split(maxSplits: 2) { $0 == 0x20 || $0 == 0x09 }
        guard words.count >= 2, let mz = decimalNumber(UnsafeBufferPointer(rebasing: words[0])),
            let intensity = decimalNumber(UnsafeBufferPointer(rebasing: words[1])), mz > 0, intensity >= 0
        else {
            report.skipValue(line: line, "neither a field nor a peak of positive m/z and intensity")
            return
        }
        guard draft.peaks.count < Self.maximumPeaks else {
            report.skipValue(line: line, "more than \(Self.maximumPeaks) peaks")
            return
        }
        if intensity > 0 { draft.peaks.append(mz: mz, intensity: intensity) }
    }

    /// Stores a field and returns what was wrong with its value, if anything.
    private func set(_ key: String, _ value: UnsafeBufferPointer<UInt8>, in draft: inout Draft) -> String? {
        func number(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
            decimalNumber(UnsafeBufferPointer(rebasing: text))
        }
        switch key {
        case "TITLE", "FEATURE_ID", "SPECTRUMID", "SCANS":
            draft.fields[key] = String(decoding: value, as: UTF8.self)
        case "PEPMASS":
            let words = value.split { $0 == 0x20 || $0 == 0x09 }
            guard let mz = words.first.flatMap(number), mz > 0 else {
                return "the precursor m/z is not a positive number"
            }
            draft.precursor.selectedIonMZ = mz
            if words.count > 1 {
                guard let intensity = number(words[1]), intensity >= 0 else {
                    return "the intensity of the precursor is not a number"
                }
                draft.precursor.intensity = intensity
            }
        case "CHARGE":
            let digits = value.filter { $0 >= 0x30 && $0 <= 0x39 }.prefix(4).reduce(0) { $0 * 10 + Int($1) - 0x30 }
            guard value.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) else { return "the charge is not a number" }
            draft.precursor.charge = digits > 0 ? digits : nil
            if value.contains(0x2D) {
                draft.polarity = .negative
            } else if value.contains(0x2B) {
                draft.polarity = .positive
            }
        case "IONMODE", "POLARITY":
            draft.polarity = Polarity(text: String(decoding: value, as: UTF8.self))
        case "RTINSECONDS":
            // A range has its start before a hyphen.
            guard let start = value.split(separator: 0x2D).first, let seconds = number(start) else {
                return "the retention time is not a number"
            }
            draft.retentionTimeSeconds = seconds
        case "MSLEVEL":
            guard let level = decimalNumber(value), level >= 1, level < 100 else {
                return "the MS level is not a number"
            }
            draft.level = Int(level)
        default: break
        }
        return nil
    }

    private mutating func finish(_ draft: Draft) -> QuerySpectrum? {
        blocks += 1
        guard draft.level == 2 else {
            report.skipRecord(line: draft.line, "the block is of MS level \(draft.level)")
            return nil
        }
        guard draft.peaks.count > 0 else {
            report.skipRecord(line: draft.line, "the block has no usable peak")
            return nil
        }
        if draft.precursor.selectedIonMZ == nil { withoutPrecursor += 1 }
        if draft.retentionTimeSeconds.isNaN { withoutRetentionTime += 1 }
        report.accepted += 1
        var peaks = draft.peaks
        peaks.sortByMZ()
        let id = ["TITLE", "FEATURE_ID", "SPECTRUMID", "SCANS"].lazy.compactMap { draft.fields[$0] }.first {
            !$0.isEmpty
        }
        let scan = draft.fields["SCANS"].flatMap { Int($0) } ?? blocks
        return QuerySpectrum(
            id: id ?? "spectrum \(blocks)",
            spectrum: FragmentSpectrum(
                header: SpectrumHeader(
                    index: blocks - 1, scanNumber: scan, msLevel: 2, polarity: draft.polarity,
                    representation: .centroid, retentionTimeSeconds: draft.retentionTimeSeconds,
                    precursor: draft.precursor),
                mz: peaks.mz, intensity: peaks.intensity.map { Float($0) }))
    }
}
