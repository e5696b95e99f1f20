import SpectrumModel
import TextNumbers

/// The fields of an MSP record that are used; the names differ between libraries.
enum MSPField {
    case name, accession, precursorMZ, adduct, formula, exactMass, inchiKey, smiles, polarity, instrument
    case instrumentType, collisionEnergy, license, peakCount, other

    init(key: UnsafeBufferPointer<UInt8>) {
        // Upper case without blanks, underscores and hyphens: `Precursor_type`, `PRECURSORTYPE`, `Num Peaks`.
        var normal = ""
        for byte in key where byte != 0x20 && byte != 0x5F && byte != 0x2D {
            normal.unicodeScalars.append(Unicode.Scalar(byte >= 0x61 && byte <= 0x7A ? byte - 32 : byte))
        }
        switch normal {
        case "NAME": self = .name
        case "ACCESSION", "DB#", "SPECTRUMID": self = .accession
        case "PRECURSORMZ": self = .precursorMZ
        case "PRECURSORTYPE", "ADDUCT": self = .adduct
        case "FORMULA": self = .formula
        case "EXACTMASS", "MONOISOTOPICMASS": self = .exactMass
        case "INCHIKEY": self = .inchiKey
        case "SMILES": self = .smiles
        case "IONMODE", "POLARITY": self = .polarity
        case "INSTRUMENT": self = .instrument
        case "INSTRUMENTTYPE": self = .instrumentType
        case "COLLISIONENERGY": self = .collisionEnergy
        case "LICENSE", "LICENCE": self = .license
        case "NUMPEAKS": self = .peakCount
        default: self = .other
        }
    }
}

/// The record that is being read.
struct MSPDraft {
    var entry = LibraryEntry()
    var peaks = PeakList()
    var declaredPeaks: Int?
    var skippedPeaks = 0
    /// Line on which the record starts.
    private(set) var line = 0
    private(set) var isOpen = false
    /// Set by the peak count: what follows are peaks.
    private(set) var readsPeaks = false

    mutating func open(line: Int) {
        isOpen = true
        self.line = line
    }

    /// Stores a field and returns what was wrong with its value, if anything.
    mutating func set(_ field: MSPField, _ value: UnsafeBufferPointer<UInt8>) -> String? {
        var text: String { String(decoding: value, as: UTF8.self) }
        switch field {
        case .name: entry.name = text
        case .accession: entry.accession = text
        case .adduct: entry.adduct = text
        case .formula: entry.formula = text
        case .inchiKey: entry.inchiKey = text
        case .smiles: entry.smiles = text
        case .instrument: entry.instrument = text
        case .instrumentType: entry.instrumentType = text
        case .collisionEnergy: entry.collisionEnergy = text
        case .license: entry.license = text
        case .polarity: entry.polarity = Polarity(text: text)
        case .precursorMZ:
            guard let number = decimalNumber(value), number > 0 else {
                return "the precursor m/z is not a positive number"
            }
            entry.precursorMZ = number
        case .exactMass:
            if value.isEmpty { return nil }
            guard let number = decimalNumber(value), number > 0 else {
                return "the exact mass is not a positive number"
            }
            entry.exactMass = number
        case .peakCount:
            readsPeaks = true
            guard let number = decimalNumber(value), number >= 0, number < 1e9 else {
                return "the peak count is not a number"
            }
            declaredPeaks = Int(number)
        case .other: return nil
        }
        return nil
    }
}

extension Polarity {
    /// Polarity from the charge sign at the end of an adduct such as `[M+H]+` or `[M-2H]2-`.
    init(adductText: String) {
        switch adductText.last(where: { $0 != "*" && $0 != "." }) {
        case "+": self = .positive
        case "-": self = .negative
        default: self = .unknown
        }
    }
}
