/// The fields of a reference record that are used, whatever the format; the names differ between libraries.
enum RecordField {
    case name, accession, precursorMZ, adduct, formula, exactMass, inchiKey, smiles, polarity, charge, instrument
    case instrumentType, collisionEnergy, license, peakCount, level, comment, other
    /// In seconds, in minutes, or in whatever the value says.
    case retentionSeconds, retentionMinutes, retention

    /// The field of a `KEY: value` (MSP), `KEY=value` (MGF) or `"key": value` (JSON).
    init(key: UnsafeBufferPointer<UInt8>) {
        // Upper case without blanks, underscores and hyphens: `Precursor_type`, `PRECURSORTYPE`, `Num Peaks`.
        var normal = ""
        for byte in key where byte != 0x20 && byte != 0x5F && byte != 0x2D {
            normal.unicodeScalars.append(Unicode.Scalar(byte >= 0x61 && byte <= 0x7A ? byte - 32 : byte))
        }
        switch normal {
        case "NAME", "COMPOUNDNAME": self = .name
        case "ACCESSION", "DB#", "SPECTRUMID": self = .accession
        case "PRECURSORMZ", "PRECURSORM/Z", "PEPMASS": self = .precursorMZ
        case "PRECURSORTYPE", "ADDUCT": self = .adduct
        case "FORMULA", "MOLECULARFORMULA", "FORMULASMILES", "FORMULAINCHI": self = .formula
        case "EXACTMASS", "TOTALEXACTMASS", "MONOISOTOPICMASS", "PARENTMASS": self = .exactMass
        case "INCHIKEY", "INCHIKEYSMILES", "INCHIKEYINCHI": self = .inchiKey
        case "SMILES": self = .smiles
        case "IONMODE", "IONIZATIONMODE", "POLARITY": self = .polarity
        case "CHARGE": self = .charge
        case "INSTRUMENT", "SOURCEINSTRUMENT": self = .instrument
        case "INSTRUMENTTYPE", "IONSOURCE": self = .instrumentType
        case "COLLISIONENERGY": self = .collisionEnergy
        case "LICENSE", "LICENCE": self = .license
        case "NUMPEAKS": self = .peakCount
        case "MSLEVEL", "SPECTRUMTYPE": self = .level
        case "RTINSECONDS": self = .retentionSeconds
        case "RTINMINUTES": self = .retentionMinutes
        case "RETENTIONTIME", "RT": self = .retention
        case "COMMENT", "COMMENTS": self = .comment
        default: self = .other
        }
    }

    /// The field of a MassBank tag and what follows it: `AC$MASS_SPECTROMETRY: ION_MODE POSITIVE` is a tag with a
    /// subtag, `CH$NAME: Mellein` is not. Returns the value without its subtag.
    /// - Source: MassBank record format 2.6, github.com/MassBank/MassBank-web.
    static func massBank(
        tag: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
    ) -> (field: RecordField, value: UnsafeBufferPointer<UInt8>) {
        func withoutSubtag() -> (subtag: String, rest: UnsafeBufferPointer<UInt8>) {
            let end = value.firstIndex(of: 0x20) ?? value.count
            return (
                String(decoding: value[..<end], as: UTF8.self),
                trimmed(UnsafeBufferPointer(rebasing: value[end...]))
            )
        }
        switch String(decoding: tag, as: UTF8.self) {
        case "ACCESSION": return (.accession, value)
        case "LICENSE": return (.license, value)
        case "CH$NAME": return (.name, value)
        case "CH$FORMULA": return (.formula, value)
        case "CH$EXACT_MASS": return (.exactMass, value)
        case "CH$SMILES": return (.smiles, value)
        case "AC$INSTRUMENT": return (.instrument, value)
        case "AC$INSTRUMENT_TYPE": return (.instrumentType, value)
        case "PK$NUM_PEAK": return (.peakCount, value)
        case "CH$LINK":
            let (subtag, rest) = withoutSubtag()
            return (subtag == "INCHIKEY" ? .inchiKey : .other, rest)
        case "AC$MASS_SPECTROMETRY":
            let (subtag, rest) = withoutSubtag()
            switch subtag {
            case "MS_TYPE": return (.level, rest)
            case "ION_MODE": return (.polarity, rest)
            case "COLLISION_ENERGY": return (.collisionEnergy, rest)
            default: return (.other, rest)
            }
        case "AC$CHROMATOGRAPHY":
            let (subtag, rest) = withoutSubtag()
            return (subtag == "RETENTION_TIME" ? .retention : .other, rest)
        case "MS$FOCUSED_ION":
            let (subtag, rest) = withoutSubtag()
            return (
                subtag == "PRECURSOR_M/Z" ? .precursorMZ : subtag == "PRECURSOR_TYPE" ? .adduct : .other, rest
            )
        default: return (.other, value)
        }
    }
}
