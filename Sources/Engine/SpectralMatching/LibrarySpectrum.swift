import SpectrumModel

/// What a reference library says about one spectrum, without the peaks. Absent texts are empty.
public struct LibraryEntry: Sendable, Hashable {
    public var name: String
    /// The library's own identifier of the spectrum.
    public var accession: String
    /// Adduct in the library's own notation, for example `[M+H]+`.
    public var adduct: String
    public var formula: String
    public var inchiKey: String
    public var smiles: String
    public var instrument: String
    public var instrumentType: String
    /// As written in the library: units and notations differ between contributors.
    public var collisionEnergy: String
    /// Terms under which the contributor published the record.
    public var license: String
    public var polarity: Polarity
    /// m/z of the fragmented ion.
    public var precursorMZ: Double
    /// Monoisotopic mass of the compound in Da; NaN when the library states none.
    public var exactMass: Double
    /// Retention time in seconds, where the library states one.
    public var retentionTimeSeconds: Double?

    public init(
        name: String = "", accession: String = "", adduct: String = "", formula: String = "", inchiKey: String = "",
        smiles: String = "", instrument: String = "", instrumentType: String = "", collisionEnergy: String = "",
        license: String = "", polarity: Polarity = .unknown, precursorMZ: Double = .nan, exactMass: Double = .nan,
        retentionTimeSeconds: Double? = nil
    ) {
        self.name = name
        self.accession = accession
        self.adduct = adduct
        self.formula = formula
        self.inchiKey = inchiKey
        self.smiles = smiles
        self.instrument = instrument
        self.instrumentType = instrumentType
        self.collisionEnergy = collisionEnergy
        self.license = license
        self.polarity = polarity
        self.precursorMZ = precursorMZ
        self.exactMass = exactMass
        self.retentionTimeSeconds = retentionTimeSeconds
    }

    /// The 14 letters of the InChIKey that stand for the skeleton (no stereochemistry, no isotopes), or empty.
    public var inchiKeyBlock: String {
        // By bytes: by characters this is a tenth of the time of a library's build.
        let block = inchiKey.utf8.prefix { $0 != UInt8(ascii: "-") }
        return block.count == 14 ? String(Substring(block)) : ""
    }
}

/// One reference spectrum as a library file states it.
public struct LibrarySpectrum: Sendable, Hashable {
    public var entry: LibraryEntry
    public var peaks: PeakList
    /// Where its record starts in the source, from 1; 0 when it came from no text.
    public internal(set) var line = 0
    public internal(set) var record = 0

    public init(entry: LibraryEntry, peaks: PeakList) {
        self.entry = entry
        self.peaks = peaks
    }
}
