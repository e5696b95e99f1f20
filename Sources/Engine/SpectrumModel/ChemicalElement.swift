/// One stable (or naturally present) isotope of an element.
public struct Isotope: Sendable, Hashable {
    public let massNumber: Int
    /// Mass of the neutral atom in Da.
    public let mass: Double
    /// Fraction of the atoms in nature.
    public let abundance: Double

    init(_ massNumber: Int, _ mass: Double, _ abundance: Double) {
        self.massNumber = massNumber
        self.mass = mass
        self.abundance = abundance
    }
}

/// A chemical element with its natural isotopes.
public struct ChemicalElement: Sendable, Hashable {
    public let symbol: String
    /// In order of mass.
    public let isotopes: [Isotope]
    /// The most abundant isotope: what "monoisotopic" means here, as in ChEBI and LIPID MAPS.
    public let principal: Isotope

    init(_ symbol: String, _ isotopes: [Isotope]) {
        precondition(!isotopes.isEmpty, "\(symbol) has no isotope")
        self.symbol = symbol
        self.isotopes = isotopes
        principal = isotopes.dropFirst().reduce(isotopes[0]) { $1.abundance > $0.abundance ? $1 : $0 }
    }

    /// Whether nature has isotopes lighter than the principal one, as for B, Fe or Se.
    public var hasLighterIsotopes: Bool { isotopes[0].massNumber < principal.massNumber }

    /// Position in `table`, or `nil` for a symbol that is no element here (`R`, `X`, `n`).
    package static func index(of symbol: String) -> Int? { positions[symbol] }

    private static let positions: [String: Int] = Dictionary(
        uniqueKeysWithValues: table.enumerated().map { ($1.symbol, $0) })
}
