import SpectrumModel

/// An ion species as the search for adducts uses it: `mz = (multiplicity * M + shift) / charge`.
struct AdductRule {
    let name: String
    let multiplicity: Double
    /// Da.
    let shift: Double
    let charge: Int
    let prior: Double
    let isPrimary: Bool
    /// Whether the ion may be the strongest of its molecule: dimers and rarities may not.
    let mayDominate: Bool
    let secondIsotopeRatio: Double

    /// Species less common than this are never the strongest.
    private static let rare = 0.2
    /// What a feature is worth for a multiply charged ion when its isotopes told no charge.
    private static let untoldCharge = 0.5
    /// Part of the expected M+2 that has to be there: what measurement error may take.
    private static let leastOfExpected = 0.5

    init(_ species: AdductSpecies) {
        let adduct = species.adduct
        name = adduct.name
        multiplicity = Double(adduct.multiplicity)
        shift = adduct.massShift
        charge = adduct.charge
        prior = species.prior
        isPrimary = species.isPrimary
        mayDominate = adduct.multiplicity == 1 && species.prior > Self.rare
        secondIsotopeRatio = species.secondIsotopeRatio
    }

    /// The rules of a polarity, the likeliest first; none for an unknown one.
    static func rules(_ polarity: Polarity) -> [AdductRule] {
        guard polarity != .unknown else { return [] }
        let species = AdductTable.common(polarity).species
        return species.indices.sorted { (species[$1].prior, $0) < (species[$0].prior, $1) }
            .map { AdductRule(species[$0]) }
    }

    func mz(neutralMass: Double) -> Double { (multiplicity * neutralMass + shift) / Double(charge) }

    func neutralMass(mz: Double) -> Double { (mz * Double(charge) - shift) / multiplicity }

    /// What a feature that takes this rule adds to the evidence at a correlation of 1; 0 when its isotopes contradict.
    func weight(_ feature: Feature) -> Double {
        guard feature.charge == 0 || feature.charge == charge, hasSecondIsotope(feature) else { return 0 }
        return feature.charge == 0 && charge > 1 ? Self.untoldCharge * prior : prior
    }

    /// Whether the isotopes leave room for the heavy isotope of what was gained (37Cl, 81Br). The ladder of isotopes is
    /// without gaps, so it says nothing about M+2 where M+1 is missing.
    private func hasSecondIsotope(_ feature: Feature) -> Bool {
        guard secondIsotopeRatio > 0.2, feature.isotopeCount >= 2 else { return true }
        let areas = feature.isotopeAreas
        let expected = Self.leastOfExpected * secondIsotopeRatio
        return areas.count > 2 ? areas[2] >= expected * areas[0] : areas[1] >= secondIsotopeRatio * areas[0]
    }
}
