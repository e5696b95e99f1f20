import SpectrumModel
import TextNumbers

/// The reference record that is being read, in any format.
struct RecordDraft {
    /// More peaks of one record than this are dropped and counted.
    static let maximumPeaks = 100_000
    static let longestSeconds = 1e9

    var entry = LibraryEntry()
    var peaks = PeakList()
    private(set) var declaredPeaks: Int?
    private(set) var skippedPeaks = 0
    /// Stage of mass spectrometry; `nil` when the record does not say.
    private(set) var level: Int?
    private var chargePolarity: Polarity = .unknown
    /// Line on which the record starts, and its number in the file.
    private(set) var line = 0
    private(set) var record = 0
    private(set) var isOpen = false
    /// Set by the peak count: what follows are peaks.
    var readsPeaks = false

    mutating func open(line: Int) {
        isOpen = true
        self.line = line
        record += 1
    }

    /// Makes room for the next record of the file.
    mutating func close() {
        let count = record
        self = RecordDraft()
        record = count
    }

    /// Takes an opened record back: it was none.
    mutating func forget() {
        record -= 1
        close()
    }

    /// Stores a field and returns what was wrong with its value, if anything. The first text that says something stays.
    mutating func set(
        _ field: RecordField, _ bytes: UnsafeBufferPointer<UInt8>, retentionUnit: Double? = nil
    ) -> (SourceProblem, String)? {
        let value = trimmed(bytes)
        if isAbsent(value) { return nil }
        func keep(_ path: WritableKeyPath<LibraryEntry, String>) {
            if entry[keyPath: path].isEmpty { entry[keyPath: path] = String(decoding: value, as: UTF8.self) }
        }
        switch field {
        case .name: keep(\.name)
        case .accession: keep(\.accession)
        case .adduct: keep(\.adduct)
        case .formula: keep(\.formula)
        case .inchiKey: keep(\.inchiKey)
        case .smiles: keep(\.smiles)
        case .instrument: keep(\.instrument)
        case .instrumentType: keep(\.instrumentType)
        case .collisionEnergy: keep(\.collisionEnergy)
        case .license: keep(\.license)
        case .polarity: setPolarity(value)
        case .charge: chargePolarity = Polarity(chargeText: value)
        case .level:
            level = value.first(where: { $0 >= 0x30 && $0 <= 0x39 }).map { Int($0) - 0x30 } ?? (isMS(value) ? 1 : nil)
        case .precursorMZ: return setPrecursor(value)
        case .exactMass:
            guard let number = decimalNumber(value) else {
                return (.badNumber, "the exact mass is not a positive number")
            }
            // 0 stands for "unknown" in GNPS.
            if number < 0 { return (.badNumber, "the exact mass is not a positive number") }
            if number > 0, entry.exactMass.isNaN { entry.exactMass = number }
        case .peakCount:
            readsPeaks = true
            guard let number = decimalNumber(value), number >= 0, number < 1e9 else {
                return (.badNumber, "the peak count is not a number")
            }
            declaredPeaks = Int(number)
        case .retentionSeconds: return setRetention(value, unit: 1)
        case .retentionMinutes: return setRetention(value, unit: 60)
        case .retention: return setRetention(value, unit: retentionUnit)
        case .comment, .other: return nil
        }
        return nil
    }

    private mutating func setPolarity(_ value: UnsafeBufferPointer<UInt8>) {
        let polarity = Polarity(text: String(decoding: value, as: UTF8.self))
        // Some files give the charge where the ion mode belongs.
        if polarity != .unknown { entry.polarity = polarity } else { chargePolarity = Polarity(chargeText: value) }
    }

    /// A number, alone or followed by a unit or, in MGF, by the intensity. 0 stands for "unknown".
    private mutating func setPrecursor(_ value: UnsafeBufferPointer<UInt8>) -> (SourceProblem, String)? {
        let words = value.split(maxSplits: 1) { $0 == 0x20 || $0 == 0x09 }
        guard let first = words.first, let number = decimalNumber(UnsafeBufferPointer(rebasing: first)), number >= 0
        else { return (.badNumber, "the precursor m/z is not a positive number") }
        if number > 0, entry.precursorMZ.isNaN { entry.precursorMZ = number }
        return nil
    }

    /// - Parameter unit: seconds in the unit that a number without one has; `nil` when nobody knows.
    private mutating func setRetention(_ value: UnsafeBufferPointer<UInt8>, unit: Double?) -> (SourceProblem, String)? {
        let end =
            value.firstIndex { !($0 >= 0x30 && $0 <= 0x39) && $0 != 0x2E && $0 != 0x2D && $0 != 0x2B } ?? value.count
        // MassBank has `N/A min`.
        if end == 0, value.starts(with: "N/A".utf8) { return nil }
        guard let number = decimalNumber(UnsafeBufferPointer(rebasing: value[..<end])) else {
            return (.badNumber, "the retention time is not a number")
        }
        // A remark in parentheses is no unit.
        let behind = value[end...]
        let unitText = trimmed(UnsafeBufferPointer(rebasing: behind[..<(behind.firstIndex(of: 0x28) ?? value.count)]))
        let suffix = String(decoding: unitText, as: UTF8.self).lowercased()
        let seconds: Double?
        switch suffix {
        case "": seconds = unit
        case "s", "sec", "sec.", "seconds", "second": seconds = 1
        case "m", "min", "min.", "minutes", "minute": seconds = 60
        case "ms": seconds = 0.001
        default: seconds = nil
        }
        // Zero and less stand for "none".
        guard number > 0 else { return nil }
        guard let seconds else {
            return (.unknownUnit, "the unit of the retention time is \(suffix.isEmpty ? "not stated" : "unknown")")
        }
        guard number * seconds < Self.longestSeconds else {
            return (.badNumber, "the retention time is longer than thirty years")
        }
        if entry.retentionTimeSeconds == nil { entry.retentionTimeSeconds = number * seconds }
        return nil
    }

    /// Adds a peak given as two texts and returns what was wrong with it.
    mutating func addPeak(
        mz mzText: UnsafeBufferPointer<UInt8>?, intensity intensityText: UnsafeBufferPointer<UInt8>?
    ) -> (SourceProblem, String)? {
        guard let mzText, let intensityText, let mz = decimalNumber(mzText),
            let intensity = decimalNumber(intensityText), mz > 0, intensity >= 0
        else {
            skippedPeaks += 1
            return (.badPeak, "a peak that is not a positive m/z and an intensity")
        }
        // A peak of intensity zero is no error and says nothing.
        if intensity == 0 || peaks.count >= Self.maximumPeaks {
            skippedPeaks += 1
            return intensity > 0 ? (.tooManyPeaks, "more than \(Self.maximumPeaks) peaks") : nil
        }
        peaks.append(mz: mz, intensity: intensity)
        return nil
    }

    /// Closes the open record: a usable one is returned, another is counted.
    mutating func finish(_ report: inout SourceReport) -> LibrarySpectrum? {
        guard isOpen else { return nil }
        defer { close() }
        func skip(_ reason: String, _ problem: SourceProblem) -> LibrarySpectrum? {
            report.skipRecord(line: line, record: record, reason, problem)
            return nil
        }
        if let level, level < 2 { return skip("the record is no fragment spectrum (MS level \(level))", .notFragments) }
        if peaks.count == 0 { return skip("the record has no usable peak", .noPeaks) }
        guard entry.precursorMZ.isFinite else { return skip("the record has no usable precursor m/z", .noPrecursor) }
        if let declared = declaredPeaks, declared != peaks.count + skippedPeaks {
            report.skipValue(
                line: line, record: record,
                "\(declared) peaks are declared and \(peaks.count + skippedPeaks) are there", .wrongPeakCount)
        }
        if entry.polarity == .unknown {
            entry.polarity = Polarity(adductText: entry.adduct)
            if entry.polarity == .unknown { entry.polarity = chargePolarity }
            if entry.polarity != .unknown { report.derivedPolarities += 1 }
        }
        report.accept(entry)
        var spectrum = LibrarySpectrum(entry: entry, peaks: peaks)
        spectrum.line = line
        spectrum.record = record
        return spectrum
    }
}

/// Whether a text says that there is nothing to say.
func isAbsent(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count <= 13 else { return false }
    switch String(decoding: text, as: UTF8.self) {
    case "", "N/A", "n/a", "NA", "N.A.", "null", "NULL", "None", "none", "-", "--", "?", "Unknown", "unknown",
        "not available":
        return true
    default: return false
    }
}

/// Whether the text is `MS` alone: MassBank's name for a spectrum of the first stage.
private func isMS(_ text: UnsafeBufferPointer<UInt8>) -> Bool { String(decoding: text, as: UTF8.self) == "MS" }

extension Polarity {
    /// Polarity from the charge sign at the end of an adduct such as `[M+H]+` or `[M-2H]2-`, or from the ion that is
    /// gained last where there is none (`M+H`, `M+Cl`, as GNPS writes).
    init(adductText: String) {
        switch adductText.last(where: { $0 != "*" && $0 != "." }) {
        case "+": self = .positive
        case "-": self = .negative
        default:
            guard !adductText.contains("]"), let sign = adductText.lastIndex(where: { $0 == "+" || $0 == "-" }) else {
                self = .unknown
                return
            }
            let ion = adductText[adductText.index(after: sign)...].drop { $0.isNumber }
            switch (adductText[sign], ion) {
            case ("+", "H"), ("+", "Na"), ("+", "K"), ("+", "NH4"), ("+", "Li"): self = .positive
            case ("-", "H"), ("+", "Cl"), ("+", "Br"), ("+", "FA"), ("+", "HCOO"), ("+", "CH3COO"), ("+", "OAc"):
                self = .negative
            default: self = .unknown
            }
        }
    }

    /// Polarity of `2+`, `+1`, `1-`, `-1` or `1`; 0 and anything else is unknown. A number without a sign is a positive
    /// charge, as MGF has it.
    init(chargeText text: UnsafeBufferPointer<UInt8>) {
        let digits = text.filter { $0 >= 0x30 && $0 <= 0x39 }
        let signs = text.filter { $0 == 0x2B || $0 == 0x2D }
        guard digits.count + signs.count == text.count, signs.count <= 1, digits.contains(where: { $0 != 0x30 }) else {
            self = .unknown
            return
        }
        self = signs.first == 0x2D ? .negative : .positive
    }
}
