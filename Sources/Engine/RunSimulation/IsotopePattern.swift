import SpectrumModel

/// The isotopologues of an ion by its number of carbon atoms.
///
/// Carbon 13 alone makes them: binomial abundances with the natural share of carbon 13, 1.07 % (Meija et al. 2016,
/// Pure Appl. Chem. 88:293), spaced by the mass difference of the two carbons over the charge.
struct IsotopePattern: Sendable, Hashable {
    static let carbon13Abundance = 0.0107
    /// Carbon atoms per Da between which an ion's carbon count is drawn; averagine (Senko et al. 1995, J. Am. Soc.
    /// Mass Spectrom. 6:229) has 0.044, glucose 0.033, palmitic acid 0.062.
    static let carbonsPerDalton = 0.03...0.065

    let carbons: Int
    /// Abundances of M, M+1, M+2 ... over that of M.
    let ratios: [Double]

    /// - Parameter limit: isotopologues to keep at most, M included; none has more carbon 13 than carbon.
    init(carbons: Int, limit: Int) {
        precondition(carbons >= 1 && limit >= 1, "at least one carbon and the monoisotopic ion")
        self.carbons = carbons
        let odds = Self.carbon13Abundance / (1 - Self.carbon13Abundance)
        var ratios = [1.0]
        for k in 1..<max(limit, 1) where k <= carbons {
            ratios.append(ratios[k - 1] * Double(carbons - k + 1) / Double(k) * odds)
        }
        self.ratios = ratios
    }

    static func offset(_ isotope: Int, charge: Int) -> Double {
        Double(isotope) * Mass.carbon13Spacing / Double(charge)
    }
}
