import SpectralMatching

/// Section numbers of the binary compound table: n compounds of f formulas with s skeletons.
///
/// Compounds are sorted by charge (neutral ones first, then ascending), mass, formula, InChIKey, id, so that those of one
/// formula, which no mass can tell apart, follow each other: a search scores formulas and looks at compounds afterwards.
enum CompoundTableFormat {
    static let kind = SectionedFileKind(magic: "LVCOMPND", version: 2, noun: "compound table")

    /// [f] Double: sum of the atoms' masses in Da, electrons not counted.
    static let mass: UInt32 = 1
    /// [4 f] Float: intensity of M+1 ... M+4 relative to M; NaN where lighter isotopes exist.
    static let isotopeRatios: UInt32 = 2
    /// [n * CompoundText.count] UInt32 into the string table.
    static let texts: UInt32 = 3
    /// [g] Int32: charge of each group, and [g + 1] UInt32: its first formula.
    static let groupCharge: UInt32 = 4
    static let groupStart: UInt32 = 5
    static let stringOffsets: UInt32 = 6
    static let stringBytes: UInt32 = 7
    /// [s] UInt32 into the string table: "SHA-256 name" of each source.
    static let provenance: UInt32 = 8
    /// [f + 1] UInt32: first compound of each formula.
    static let formulaStart: UInt32 = 9
    /// [f] UInt32: a number that the same formula has in every group of charge.
    static let formulaNumber: UInt32 = 10
    /// [f * countedElements.count] UInt16: how many atoms of each, at most 65,535.
    static let atoms: UInt32 = 11
    /// [f + 1] UInt32: first skeleton of each formula.
    static let skeletonStart: UInt32 = 12
    /// [s] UInt32: the compound that stands for a skeleton, and how many compounds it has. The representative has the
    /// shortest name; skeletons of one formula come by their representatives, shortest name first, then table order.
    static let skeletonRepresentative: UInt32 = 13
    static let skeletonCount: UInt32 = 14

    static let sectionCount = 14

    /// The elements whose atoms are counted, for adducts that take some away.
    static let countedElements = ["C", "H", "N", "O", "P", "S", "F", "Cl", "Br", "I"]

    /// Isotopologues above M that are stored.
    static let isotopologues = 4
}

/// Texts stored for each compound, in this order.
enum CompoundText: Int, CaseIterable {
    case identifiers, name, formula, inchiKey, source

    static var count: Int { allCases.count }
}
