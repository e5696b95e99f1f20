/// Section numbers of the binary spectral library. n spectra, p peaks.
///
/// Spectra are sorted by polarity, precursor m/z, accession (bytes), order in the source. Version 2 adds the indices, whose
/// sections `FragmentIndexSections` numbers.
enum SpectralLibraryFormat {
    static let kind = SectionedFileKind(magic: "LVSPECTR", version: 2, noun: "spectral library")

    /// [n] Double, Da per charge.
    static let precursorMZ: UInt32 = 1
    /// [n] Double, Da; NaN when unknown.
    static let exactMass: UInt32 = 2
    /// [4] UInt32: where the spectra of polarity 0, 1, 2 start, and n.
    static let polarityStart: UInt32 = 3
    /// [n + 1] UInt32 into the peak arrays.
    static let peakOffset: UInt32 = 4
    /// [n] UInt32: the same for spectra of the same skeleton (first block of the InChIKey).
    static let compound: UInt32 = 5
    /// [n * TextField.count] UInt32 into the string table.
    static let texts: UInt32 = 6
    /// [p] Double, ascending within a spectrum.
    static let peakMZ: UInt32 = 7
    /// [p] Float, base peak 1.
    static let peakIntensity: UInt32 = 8
    /// [p] Float, entropy weights with sum 1.
    static let peakEntropyWeight: UInt32 = 9
    static let stringOffsets: UInt32 = 10
    static let stringBytes: UInt32 = 11
    /// [3] Double: noise fraction, most peaks per spectrum, number of compounds.
    static let settings: UInt32 = 12
    /// [2 s] UInt32 into the string table: SHA-256 and name of each of the s sources.
    static let provenance: UInt32 = 13
    /// [n] Float, retention time in seconds; NaN when unknown.
    static let retentionTime: UInt32 = 40
}

/// Texts stored for each spectrum, in this order.
enum TextField: Int, CaseIterable {
    case name, accession, adduct, formula, inchiKey, smiles, instrument, instrumentType, collisionEnergy, license

    static var count: Int { allCases.count }

    var keyPath: WritableKeyPath<LibraryEntry, String> {
        switch self {
        case .name: \.name
        case .accession: \.accession
        case .adduct: \.adduct
        case .formula: \.formula
        case .inchiKey: \.inchiKey
        case .smiles: \.smiles
        case .instrument: \.instrument
        case .instrumentType: \.instrumentType
        case .collisionEnergy: \.collisionEnergy
        case .license: \.license
        }
    }

    /// What `keyPath` reads, without its cost: a library has half a million of these texts.
    func text(of entry: LibraryEntry) -> String {
        switch self {
        case .name: entry.name
        case .accession: entry.accession
        case .adduct: entry.adduct
        case .formula: entry.formula
        case .inchiKey: entry.inchiKey
        case .smiles: entry.smiles
        case .instrument: entry.instrument
        case .instrumentType: entry.instrumentType
        case .collisionEnergy: entry.collisionEnergy
        case .license: entry.license
        }
    }
}
