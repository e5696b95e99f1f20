import Testing

@testable import SpectrumModel

/// Adducts as they are written, and their masses as others list them.
@Suite struct AdductNotationTests {
    /// Shifts per molecule as the adduct table of the Fiehn laboratory lists them: mz = M * multiplicity / charge + shift.
    /// Its own rounding goes to some 1e-5. Left out: M+IsoProp+H (61.06534) and M-H2O-H (-19.01839), where the table forgets an
    /// electron, or takes one atom of hydrogen for a proton.
    @Test(arguments: [
        ("[M+3H]3+", 1.007276), ("[M+2H+Na]3+", 8.334590), ("[M+2H]2+", 1.007276), ("[M+H+NH4]2+", 9.520550),
        ("[M+H+Na]2+", 11.998247), ("[M+H+K]2+", 19.985217), ("[M+CH3CN+2H]2+", 21.520550), ("[M+2Na]2+", 22.989218),
        ("[M+H]+", 1.007276), ("[M+NH4]+", 18.033823), ("[M+Na]+", 22.989218), ("[M+CH3OH+H]+", 33.033489),
        ("[M+K]+", 38.963158), ("[M+CH3CN+H]+", 42.033823), ("[M-H+2Na]+", 44.971160),
        ("[M+CH3CN+Na]+", 64.015765), ("[M-H+2K]+", 76.919040), ("[M+C2H6OS+H]+", 79.02122),
        ("[M+2CH3CN+H]+", 83.060370), ("[2M+H]+", 1.007276), ("[2M+NH4]+", 18.033823), ("[2M+Na]+", 22.989218),
        ("[2M+K]+", 38.963158), ("[2M+CH3CN+H]+", 42.033823), ("[M-3H]3-", -1.007276), ("[M-2H]2-", -1.007276),
        ("[M-H]-", -1.007276), ("[M-2H+Na]-", 20.974666), ("[M+Cl]-", 34.969402), ("[M-2H+K]-", 36.948606),
        ("[M+FA-H]-", 44.998201), ("[M+Hac-H]-", 59.013851), ("[M+Br]-", 78.918885), ("[M+TFA-H]-", 112.985586),
        ("[2M-H]-", -1.007276), ("[2M+FA-H]-", 44.998201), ("[2M+Hac-H]-", 59.013851), ("[3M-H]-", -1.007276),
    ]) func publishedMasses(name: String, shift: Double) throws {
        let adduct = try #require(AdductTable.species(named: name)).adduct
        #expect(abs(adduct.massShift / Double(adduct.charge) - shift) < 2e-5)
        #expect(try AdductSpecies(name).adduct == adduct)
    }

    @Test func tablesAreComplete() {
        #expect(AdductTable.common(.positive).species.count == 14)
        #expect(AdductTable.common(.negative).species.count == 12)
        #expect(AdductTable.all(.positive).species.count == 35)
        #expect(AdductTable.all(.negative).species.count == 25)
        #expect(Set(AdductTable.names).count == 60)
        let notations = AdductTable.names.compactMap { try? AdductNotation($0) }
        #expect(Set(notations).count == 60, "no ion is there twice")
        for species in AdductTable.all(.unknown).species {
            #expect(species.adduct.name.hasSuffix(species.adduct.polarity.symbol))
            #expect(species.prior > 0 && species.prior <= 1)
            #expect(abs(species.adduct.neutralMass(mz: species.adduct.mz(neutralMass: 500)) - 500) < 1e-9)
        }
        #expect(
            AdductTable.named(["[M+Na]+", "[M+H]+", "?"], polarity: .positive).species.map { $0.adduct.name }
                == ["[M+H]+", "[M+Na]+"])
    }

    @Test(arguments: [
        ("[M-H2O+H]+", "[M+H-H2O]+"), ("[M+HCOO]-", "[M+FA-H]-"), ("[M+HCOOH-H]-", "[M+FA-H]-"),
        ("[M+CH3COO]-", "[M+Hac-H]-"), ("[M-2H]--", "[M-2H]2-"), ("[M+K-2H]-", "[M-2H+K]-"), ("[M+H]1+", "[M+H]+"),
        ("[M+ACN+H]+", "[M+CH3CN+H]+"), ("[M+2H]++", "[M+2H]2+"), ("[M+DMSO+H]+", "[M+C2H6OS+H]+"),
        ("[M+H-2H2O]+", "[M+H-2H2O]+"), ("[M-H2O-H]-", "[M-H-H2O]-"), ("[M+2Na-H]+", "[M-H+2Na]+"),
        ("[M-NH3+H]+", "[M+H-NH3]+"), ("[M-H-CO2]-", "[M-H-CO2]-"),
    ]) func otherNotations(text: String, name: String) {
        #expect(AdductTable.species(named: text)?.adduct.name == name)
    }

    @Test func partsAreRead() throws {
        let notation = try AdductNotation("[2M+Na-2H]-")
        #expect(notation.multiplicity == 2 && notation.charge == -1)
        #expect(notation.gain?.description == "Na" && notation.loss?.description == "H2")
        let bare = try AdductNotation("[M]+*")
        #expect(bare.gain == nil && bare.loss == nil && bare.charge == 1)
        #expect(AdductTable.species(named: "[M]+*") == nil)
        let own = try AdductSpecies("[M+H-C6H10O4]+:0.25")
        #expect(own.prior == 0.25 && own.loss?.description == "C6H9O4" && own.gain == nil)
        #expect(abs(own.adduct.massShift - (1.007276 - 146.057909)) < 1e-5)
    }

    @Test(arguments: [
        "", "M+H", "[M+H]", "[M+H]0+", "[M+H]+-", "[X+H]+", "[M+]+", "[M+H+]+", "[M+Xx]+", "[0M+H]+", "[10M+H]+",
        "[M+0H]+", "[M+9999H]+", "[MH]+", "[M+H]21+", "[M+H]2", "]M[+", "[M+Na+]+", "[M+💥]+",
        "[M+" + String(repeating: "H+", count: 60) + "H]+",
    ]) func whatIsNoAdduct(text: String) throws {
        let error = try #require(throws: AdductError.self) { try AdductNotation(text) }
        #expect(error.description.contains("is not an adduct"))
    }
}
