/// An adduct with the atoms that it adds and removes, from which its mass follows.
public struct AdductSpecies: Sendable, Hashable {
    public let adduct: Adduct
    public let gain: MolecularFormula?
    public let loss: MolecularFormula?
    /// How readily the ion is believed before any evidence, 0 ... 1: a convention that orders candidates (protonated and
    /// deprotonated molecules first), not a measured frequency.
    public let prior: Double
    /// Whether the ion forms by itself; any other is only believed beside one that does.
    public let isPrimary: Bool
    /// Least M+2 over M that the gained atoms alone cause: 0.32 for chlorine, 0.97 for bromine.
    public let secondIsotopeRatio: Double
}

/// The ion species that are considered, by polarity. Masses come from the element table and the electron mass.
public struct AdductTable: Sendable {
    /// In the order in which ties are broken.
    public let species: [AdductSpecies]

    /// All species of a polarity; both polarities for `.unknown`.
    public static func all(_ polarity: Polarity) -> AdductTable {
        AdductTable(species: everything.filter { polarity == .unknown || $0.adduct.polarity == polarity })
    }

    /// The species of a polarity with these names, in the table's order; unknown names are left out.
    public static func named(_ names: [String], polarity: Polarity) -> AdductTable {
        AdductTable(species: all(polarity).species.filter { names.contains($0.adduct.name) })
    }

    /// Every name, for validation and help.
    public static var names: [String] { everything.map { $0.adduct.name } }

    /// The species of a library's adduct notation, `nil` when the notation is not known.
    ///
    /// Libraries write the same ion in several ways: `[M-H2O+H]+`, `[M+HCOO]-`, `[M-2H]--`, `[M]+*`.
    public static func species(named name: String) -> AdductSpecies? {
        let canonical = synonyms[name] ?? name
        return everything.first { $0.adduct.name == canonical }
    }

    private static let synonyms = [
        "[M-H2O+H]+": "[M+H-H2O]+", "[M-2H2O+H]+": "[M+H-2H2O]+", "[M-NH3+H]+": "[M+H-NH3]+", "[M+HCOO]-": "[M+FA-H]-",
        "[M+HCO2]-": "[M+FA-H]-", "[M+HCOOH-H]-": "[M+FA-H]-", "[M+H2CO2-H]-": "[M+FA-H]-",
        "[M+CH3COO]-": "[M+Hac-H]-", "[M+CH3COOH-H]-": "[M+Hac-H]-", "[M-2H]--": "[M-2H]2-", "[M-H2O-H]-": "[M-H-H2O]-",
        "[M+K-2H]-": "[M-2H+K]-", "[M+Na-2H]-": "[M-2H+Na]-",
    ]

    /// Name, molecules, atoms gained, atoms lost, charge, prior, whether it is primary.
    private static let everything: [AdductSpecies] =
        [
            make("[M+H]+", 1, "H", nil, 1, 1.0, isPrimary: true),
            make("[M+Na]+", 1, "Na", nil, 1, 0.6, isPrimary: true),
            make("[M+NH4]+", 1, "NH4", nil, 1, 0.5, isPrimary: true),
            make("[M+H-H2O]+", 1, "H", "H2O", 1, 0.5),
            make("[M+K]+", 1, "K", nil, 1, 0.4),
            make("[M+2H]2+", 1, "H2", nil, 2, 0.4),
            make("[2M+H]+", 2, "H", nil, 1, 0.3),
            make("[M+H-NH3]+", 1, "H", "NH3", 1, 0.3),
            make("[M+H-2H2O]+", 1, "H", "H4O2", 1, 0.2),
            make("[M+H+Na]2+", 1, "HNa", nil, 2, 0.2),
            make("[2M+Na]+", 2, "Na", nil, 1, 0.2),
            make("[M+CH3CN+H]+", 1, "C2H4N", nil, 1, 0.2),
            make("[M+CH3OH+H]+", 1, "CH5O", nil, 1, 0.1),
            make("[M-H+2Na]+", 1, "Na2", "H", 1, 0.1),
            make("[M-H]-", 1, nil, "H", -1, 1.0, isPrimary: true),
            make("[M+FA-H]-", 1, "CHO2", nil, -1, 0.5, isPrimary: true),
            make("[M+Cl]-", 1, "Cl", nil, -1, 0.5, isPrimary: true),
            make("[M-H-H2O]-", 1, nil, "H3O", -1, 0.4),
            make("[M-2H]2-", 1, nil, "H2", -2, 0.4),
            make("[M+Hac-H]-", 1, "C2H3O2", nil, -1, 0.3),
            make("[2M-H]-", 2, nil, "H", -1, 0.3),
            make("[M-2H+Na]-", 1, "Na", "H2", -1, 0.2),
            make("[M-2H+K]-", 1, "K", "H2", -1, 0.2),
            make("[M+Br]-", 1, "Br", nil, -1, 0.1),
            make("[M+TFA-H]-", 1, "C2F3O2", nil, -1, 0.1),
            make("[2M+FA-H]-", 2, "CHO2", nil, -1, 0.1),
        ].compactMap { $0 }

    /// `nil` for a formula that does not parse; a test counts the table, so a typing error cannot hide.
    private static func make(
        _ name: String, _ multiplicity: Int, _ gain: String?, _ loss: String?, _ charge: Int, _ prior: Double,
        isPrimary: Bool = false
    ) -> AdductSpecies? {
        let gained = gain.flatMap { try? MolecularFormula($0) }
        let lost = loss.flatMap { try? MolecularFormula($0) }
        guard (gain == nil) == (gained == nil), (loss == nil) == (lost == nil) else { return nil }
        let shift =
            (gained?.monoisotopicMass ?? 0) - (lost?.monoisotopicMass ?? 0) - Double(charge) * Mass.electron
        return AdductSpecies(
            adduct: Adduct(
                name: name, multiplicity: multiplicity, massShift: shift, charge: abs(charge),
                polarity: charge > 0 ? .positive : .negative),
            gain: gained, loss: lost, prior: prior, isPrimary: isPrimary,
            secondIsotopeRatio: gained?.leastSecondIsotopeRatio ?? 0)
    }
}
