import SpectrumModel

/// An ion species with what its adduct does to the isotope pattern and what a molecule needs to form it.
struct CandidateIon: Sendable {
    let name: String
    let adduct: Adduct
    let prior: Double
    /// pattern(gain) / pattern(loss); `nil` where one has isotopes lighter than its principal ones (lithium).
    let isotopeChange: SIMD4<Double>?
    /// The table's formulas that can form it.
    let formulas: Range<Int>
    /// Atoms that are lost from `multiplicity` molecules, of the elements that the table counts.
    private let lostAtoms: [(element: Int, count: Int)]

    /// Prior of compounds that are ions by themselves.
    private static let priorOfDrawnIons = 0.6

    /// The ions of a polarity in the order in which ties are broken.
    /// - Parameter species: what to consider; `nil` for what is common.
    static func all(_ polarity: Polarity, species: [AdductSpecies]?, table: CompoundTable) -> [CandidateIon] {
        let wanted =
            species?.filter { polarity == .unknown || $0.adduct.polarity == polarity }
            ?? AdductTable.common(polarity).species
        let neutral = table.groups.first { $0.charge == 0 }
        return (neutral.map { group in wanted.map { CandidateIon($0, formulas: group.formulas) } } ?? [])
            + drawnIons(polarity, table)
    }

    private init(_ species: AdductSpecies, formulas: Range<Int>) {
        name = species.adduct.name
        adduct = species.adduct
        prior = species.prior
        self.formulas = formulas
        let gain = Self.series(species.gain)
        let loss = Self.series(species.loss)
        isotopeChange = gain.flatMap { gain in loss.map { IsotopeSeries.quotient(gain, $0) } }
        lostAtoms = CompoundTableFormat.countedElements.enumerated().compactMap { element, symbol in
            let count = species.loss?.count(of: symbol) ?? 0
            return count > 0 ? (element, count) : nil
        }
    }

    /// The first element that a species loses and whose atoms compound tables do not count.
    static func uncountedLoss(_ species: AdductSpecies) -> String? {
        species.loss?.terms.map { ChemicalElement.table[$0.element].symbol }
            .first { !CompoundTableFormat.countedElements.contains($0) }
    }

    /// A compound that is an ion by itself.
    private init(charge: Int, formulas: Range<Int>) {
        name = "[M]\(abs(charge) == 1 ? "" : String(abs(charge)))\(charge > 0 ? "+" : "-")"
        adduct = Adduct(
            name: name, multiplicity: 1, massShift: -Double(charge) * Mass.electron, charge: abs(charge),
            polarity: charge > 0 ? .positive : .negative)
        prior = Self.priorOfDrawnIons
        isotopeChange = SIMD4()
        self.formulas = formulas
        lostAtoms = []
    }

    /// The compounds that are ions by themselves, up to three charges.
    private static func drawnIons(_ polarity: Polarity, _ table: CompoundTable) -> [CandidateIon] {
        table.groups.compactMap { group in
            let sign: Polarity = group.charge > 0 ? .positive : .negative
            guard group.charge != 0, abs(group.charge) <= 3, polarity == .unknown || polarity == sign else {
                return nil
            }
            return CandidateIon(charge: group.charge, formulas: group.formulas)
        }
    }

    private static func series(_ formula: MolecularFormula?) -> SIMD4<Double>? {
        guard let formula else { return SIMD4() }
        let isLowest = !formula.terms.contains { ChemicalElement.table[$0.element].hasLighterIsotopes }
        guard isLowest, let pattern = IsotopePattern(formula, count: 4) else { return nil }
        return SIMD4(pattern.ratios[1], pattern.ratios[2], pattern.ratios[3], pattern.ratios[4])
    }

    /// Whether the molecules hold the atoms that the ion has lost. hot
    func canForm(from formula: Int, in table: CompoundTable) -> Bool {
        let start = formula * CompoundTableFormat.countedElements.count
        for (element, count) in lostAtoms where adduct.multiplicity * Int(table.atoms[start + element]) < count {
            return false
        }
        return true
    }
}
