/// An adduct with the atoms that it adds and removes, from which its mass follows.
public struct AdductSpecies: Sendable, Hashable {
    public let adduct: Adduct
    /// Atoms that the ion has and the molecules have not, and the other way round.
    public let gain: MolecularFormula?
    public let loss: MolecularFormula?
    /// How readily the ion is believed before any evidence, 0 ... 1: a convention that orders candidates (protonated and
    /// deprotonated molecules first), not a measured frequency.
    public let prior: Double
    /// Whether it is considered without being asked for: every further species adds candidates by chance.
    public let isCommon: Bool
    /// Whether the ion forms by itself; any other is only believed beside one that does.
    public let isPrimary: Bool
    /// Least M+2 over M that the gained atoms alone cause: 0.32 for chlorine, 0.97 for bromine.
    public let secondIsotopeRatio: Double

    /// Prior of a species that the table does not hold, unless its user states one.
    public static let priorOfOwn = 0.1

    init(name: String, notation: AdductNotation, prior: Double, isCommon: Bool, isPrimary: Bool) {
        let shift =
            (notation.gain?.monoisotopicMass ?? 0) - (notation.loss?.monoisotopicMass ?? 0)
            - Double(notation.charge) * Mass.electron
        adduct = Adduct(
            name: name, multiplicity: notation.multiplicity, massShift: shift, charge: abs(notation.charge),
            polarity: notation.charge > 0 ? .positive : .negative)
        gain = notation.gain
        loss = notation.loss
        self.prior = prior
        self.isCommon = isCommon
        self.isPrimary = isPrimary
        secondIsotopeRatio = notation.gain?.leastSecondIsotopeRatio ?? 0
    }

    /// Reads a species as a user writes it: a notation, with a prior after a colon where the table's is not wanted
    /// (`[M+Li]+:0.3`).
    /// - Throws: `AdductError` with what is wrong.
    public init(_ text: String) throws(AdductError) {
        var name = text
        var prior: Double?
        if let colon = text.lastIndex(of: ":") {
            name = String(text[..<colon])
            prior = Double(text[text.index(after: colon)...])
            guard let prior, prior > 0, prior <= 1 else {
                throw AdductError(text: text, reason: "after the colon comes a prior above 0, at most 1")
            }
        }
        let notation = try AdductNotation(name)
        let known = AdductTable.species(named: name)
        self.init(
            name: known?.adduct.name ?? name, notation: notation, prior: prior ?? known?.prior ?? Self.priorOfOwn,
            isCommon: known?.isCommon ?? false, isPrimary: known?.isPrimary ?? false)
    }
}

/// The ion species that are considered, by polarity. Masses come from the element table and the electron mass.
public struct AdductTable: Sendable {
    /// In the order in which ties are broken.
    public let species: [AdductSpecies]

    /// All species of a polarity; both polarities for `.unknown`.
    public static func all(_ polarity: Polarity) -> AdductTable {
        AdductTable(species: everything.filter { polarity == .unknown || $0.adduct.polarity == polarity })
    }

    /// The species that are common enough to be believed without being asked for.
    public static func common(_ polarity: Polarity) -> AdductTable {
        AdductTable(species: all(polarity).species.filter(\.isCommon))
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
        if let number = positionOfName[name] { return everything[number] }
        guard let notation = try? AdductNotation(name) else { return nil }
        return positionOfNotation[notation].map { everything[$0] }
    }

    private static let positionOfName = Dictionary(
        uniqueKeysWithValues: everything.enumerated().map { ($1.adduct.name, $0) })
    private static let positionOfNotation = Dictionary(
        everything.enumerated().compactMap { number, species in
            (try? AdductNotation(species.adduct.name)).map { ($0, number) }
        }, uniquingKeysWith: { first, _ in first })

    /// Name, prior, whether it is common and whether it is primary. The ions of Huang et al. 1999
    /// (doi:10.1016/S1044-0305(99)00089-6) in the compilation of the Fiehn laboratory, and frequent losses.
    private static let everything: [AdductSpecies] =
        [
            make("[M+H]+", 1.0, isCommon: true, isPrimary: true),
            make("[M+Na]+", 0.6, isCommon: true, isPrimary: true),
            make("[M+NH4]+", 0.5, isCommon: true, isPrimary: true),
            make("[M+H-H2O]+", 0.5, isCommon: true),
            make("[M+K]+", 0.4, isCommon: true),
            make("[M+2H]2+", 0.4, isCommon: true),
            make("[2M+H]+", 0.3, isCommon: true),
            make("[M+H-NH3]+", 0.3, isCommon: true),
            make("[M+H-2H2O]+", 0.2, isCommon: true),
            make("[M+H+Na]2+", 0.2, isCommon: true),
            make("[2M+Na]+", 0.2, isCommon: true),
            make("[M+CH3CN+H]+", 0.2, isCommon: true),
            make("[M+CH3OH+H]+", 0.1, isCommon: true),
            make("[M-H+2Na]+", 0.1, isCommon: true),
            make("[2M+NH4]+", 0.1),
            make("[2M+K]+", 0.1),
            make("[M+H+K]2+", 0.05),
            make("[M+H+NH4]2+", 0.05),
            make("[M+2Na]2+", 0.05),
            make("[M+3H]3+", 0.1),
            make("[M+2H+Na]3+", 0.05),
            make("[M+CH3CN+Na]+", 0.05),
            make("[M+CH3CN+2H]2+", 0.05),
            make("[M+2CH3CN+H]+", 0.05),
            make("[M-H+2K]+", 0.05),
            make("[M-H+Na+K]+", 0.05),
            make("[M+Li]+", 0.05),
            make("[M+C2H6OS+H]+", 0.05),
            make("[M+C3H8O+H]+", 0.05),
            make("[2M+CH3CN+H]+", 0.05),
            make("[3M+H]+", 0.05),
            make("[M+H-3H2O]+", 0.1),
            make("[M+H-CO2]+", 0.05),
            make("[M+H-CH2O2]+", 0.1),
            make("[M+H-C6H10O5]+", 0.1),
            make("[M-H]-", 1.0, isCommon: true, isPrimary: true),
            make("[M+FA-H]-", 0.5, isCommon: true, isPrimary: true),
            make("[M+Cl]-", 0.5, isCommon: true, isPrimary: true),
            make("[M-H-H2O]-", 0.4, isCommon: true),
            make("[M-2H]2-", 0.4, isCommon: true),
            make("[M+Hac-H]-", 0.3, isCommon: true),
            make("[2M-H]-", 0.3, isCommon: true),
            make("[M-2H+Na]-", 0.2, isCommon: true),
            make("[M-2H+K]-", 0.2, isCommon: true),
            make("[M+Br]-", 0.1, isCommon: true),
            make("[M+TFA-H]-", 0.1, isCommon: true),
            make("[2M+FA-H]-", 0.1, isCommon: true),
            make("[2M+Hac-H]-", 0.05),
            make("[3M-H]-", 0.05),
            make("[M-3H]3-", 0.1),
            make("[2M+Cl]-", 0.05),
            make("[2M-2H+Na]-", 0.05),
            make("[M-3H+2Na]-", 0.05),
            make("[M+FA-2H+Na]-", 0.05),
            make("[M+NO3]-", 0.05),
            make("[M+H2PO4]-", 0.02),
            make("[M-H-CO2]-", 0.2),
            make("[M-H-NH3]-", 0.05),
            make("[M-H-2H2O]-", 0.05),
            make("[M-H-C6H10O5]-", 0.1),
        ].compactMap { $0 }

    /// `nil` for a notation that does not parse; a test counts the table, so a typing error cannot hide.
    private static func make(
        _ name: String, _ prior: Double, isCommon: Bool = false, isPrimary: Bool = false
    ) -> AdductSpecies? {
        guard let notation = try? AdductNotation(name) else { return nil }
        return AdductSpecies(name: name, notation: notation, prior: prior, isCommon: isCommon, isPrimary: isPrimary)
    }
}
