import SpectralMatching

/// Section numbers of the binary compound table. n compounds.
///
/// Compounds are sorted by charge (neutral ones first, then ascending), mass, InChIKey, id.
enum CompoundTableFormat {
    static let kind = SectionedFileKind(magic: "LVCOMPND", version: 1, noun: "compound table")

    /// [n] Double: sum of the atoms' masses in Da, electrons not counted.
    static let mass: UInt32 = 1
    /// [2 n] Float: intensity of M+1 and M+2 relative to M; NaN where lighter isotopes exist.
    static let isotopeRatios: UInt32 = 2
    /// [n * CompoundText.count] UInt32 into the string table.
    static let texts: UInt32 = 3
    /// [g] Int32: charge of each group, and [g + 1] UInt32: where it starts.
    static let groupCharge: UInt32 = 4
    static let groupStart: UInt32 = 5
    static let stringOffsets: UInt32 = 6
    static let stringBytes: UInt32 = 7
    /// [s] UInt32 into the string table: "SHA-256 name" of each source.
    static let provenance: UInt32 = 8
}

/// Texts stored for each compound, in this order.
enum CompoundText: Int, CaseIterable {
    case identifiers, name, formula, inchiKey, source

    static var count: Int { allCases.count }
}
