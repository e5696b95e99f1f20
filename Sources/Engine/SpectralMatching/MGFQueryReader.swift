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

/// Reads fragment spectra to be searched in Mascot generic format (MGF), plain or gzip-compressed, one at a time.
///
/// Fields and peaks are those of `MGFReader`. Beyond them `PEPMASS` may have an intensity behind the m/z, `CHARGE` a sign before
/// or behind its number (`2+`, `-1`; without one it says nothing about the polarity), `RTINSECONDS` a range, of which the start
/// counts. Values and peaks that are no numbers are skipped and counted. A block without peaks, or of another MS level than 2,
/// is skipped and counted; one without a precursor m/z is handed out with none.
public struct MGFQueryReader {
    /// More peaks of one block than this are dropped and counted.
    public static let maximumPeaks = RecordDraft.maximumPeaks

    /// What a query has and a reference record has not.
    private struct Block {
        var names: [String: String] = [:]
        var precursorIntensity: Double?
        var charge: Int?
        var chargePolarity = Polarity.unknown
    }

    private var lines: MGFLineReader
    public private(set) var report = SourceReport()
    /// Blocks that were handed out without a precursor m/z, and without a retention time.
    public private(set) var withoutPrecursor = 0
    public private(set) var withoutRetentionTime = 0
    private var draft = RecordDraft()
    private var block = Block()

    /// - Throws: `LibraryFileError.unreadable`.
    public init(path: String) throws(LibraryFileError) { lines = try MGFLineReader(path: path) }

    /// The next usable spectrum, or `nil` at the end of the file.
    /// - Throws: `LibraryFileError` when the file cannot be read on; what is wrong inside a block never throws.
    public mutating func next() throws(LibraryFileError) -> QuerySpectrum? {
        while let line = try lines.next() {
            switch line {
            case .begin:
                draft.open(line: lines.lineNumber)
                block = Block()
            case .end:
                defer { draft.close() }
                if let query = finish() { return query }
            case .field(let key, let value): set(key, value)
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

    private mutating func set(_ key: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        let field = RecordField(key: key)
        switch field {
        case .precursorMZ:
            let words = value.split { $0 == 0x20 || $0 == 0x09 }
            if words.count > 1 {
                let intensity = decimalNumber(UnsafeBufferPointer(rebasing: words[1])).flatMap { $0 >= 0 ? $0 : nil }
                if intensity == nil { note((.badNumber, "the intensity of the precursor is not a number")) }
                block.precursorIntensity = intensity
            }
            note(draft.set(field, value))
        case .charge:
            let digits = value.filter { $0 >= 0x30 && $0 <= 0x39 }
            if digits.isEmpty { note((.badNumber, "the charge is not a number")) }
            let charge = digits.prefix(4).reduce(0) { $0 * 10 + Int($1) - 0x30 }
            block.charge = charge > 0 ? charge : nil
            if value.contains(0x2D) {
                block.chargePolarity = .negative
            } else if value.contains(0x2B) {
                block.chargePolarity = .positive
            }
        case .retentionSeconds:
            // A range has its start before a hyphen.
            let end = value.dropFirst().firstIndex(of: 0x2D) ?? value.count
            note(draft.set(field, UnsafeBufferPointer(rebasing: value[..<end])))
        default: note(draft.set(field, value))
        }
        for name in Self.names where isKeyword(key, name) {
            block.names[name.description] = String(decoding: value, as: UTF8.self)
        }
    }

    /// The first of them names the query.
    private static let names: [StaticString] = ["TITLE", "FEATURE_ID", "SPECTRUMID", "SCANS"]

    private mutating func finish() -> QuerySpectrum? {
        func skip(_ reason: String, _ problem: SourceProblem) -> QuerySpectrum? {
            report.skipRecord(line: draft.line, record: draft.record, reason, problem)
            return nil
        }
        if let level = draft.level, level != 2 { return skip("the block is of MS level \(level)", .notFragments) }
        var peaks = draft.peaks
        guard peaks.count > 0 else { return skip("the block has no usable peak", .noPeaks) }
        peaks.sortByMZ()
        let entry = draft.entry
        if entry.precursorMZ.isNaN { withoutPrecursor += 1 }
        if entry.retentionTimeSeconds == nil { withoutRetentionTime += 1 }
        report.accepted += 1
        var polarity = entry.polarity == .unknown ? block.chargePolarity : entry.polarity
        if polarity == .unknown { polarity = Polarity(adductText: entry.adduct) }
        let names = block.names
        let id = Self.names.lazy.compactMap { names[$0.description] }.first { !$0.isEmpty }
        return QuerySpectrum(
            id: id ?? "spectrum \(draft.record)",
            spectrum: FragmentSpectrum(
                header: SpectrumHeader(
                    index: draft.record - 1, scanNumber: names["SCANS"].flatMap { Int($0) } ?? draft.record,
                    msLevel: 2, polarity: polarity, representation: .centroid,
                    retentionTimeSeconds: entry.retentionTimeSeconds ?? .nan,
                    precursor: Precursor(
                        selectedIonMZ: entry.precursorMZ.isNaN ? nil : entry.precursorMZ,
                        charge: block.charge, intensity: block.precursorIntensity)),
                mz: peaks.mz, intensity: peaks.intensity.map { Float($0) }))
    }
}
