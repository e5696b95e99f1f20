import SpectrumModel
import Statistics
import Testing

@testable import Annotation

@Suite("Molecular formulas")
struct FormulaTests {
    /// Monoisotopic masses as PubChem and ChEBI state them.
    @Test(
        "masses of known molecules",
        arguments: [
            ("H2O", 18.010565), ("C10H13N5O4", 267.096754), ("C6H12O6", 180.063388), ("C8H10N4O2", 194.080376),
            ("C27H46O", 386.354866), ("C10H16N5O13P3", 506.995745), ("C6H5Cl", 112.007978), ("C12H27O4P", 266.164696),
            ("C5H9NO2S", 147.035400), ("CHBr3", 249.762836), ("C6H8O7.H2O", 210.037567), ("(CH3)2CO", 58.041865),
            ("Ca(OH)2", 73.968070), ("C34H32FeN4O4", 616.177295),
        ])
    func knownMasses(formula: String, mass: Double) throws {
        #expect(abs(try MolecularFormula(formula).monoisotopicMass - mass) < 2e-6)
    }

    @Test(
        "ions lack or carry electrons",
        arguments: [
            ("[C5H14NO]+", 104.106990, 1), ("Na+", 22.989221, 1), ("[C6H5O7]3-", 189.005173, -3),
            ("Cl-", 34.969402, -1),
            ("[C6H5O7]-3", 189.005173, -3),
        ])
    func ions(formula: String, mass: Double, charge: Int) throws {
        let parsed = try MolecularFormula(formula)
        #expect(parsed.charge == charge)
        #expect(abs(parsed.monoisotopicMass - mass) < 2e-6)
    }

    @Test(
        "writes Hill order and reads it back",
        arguments: [
            ("C10O4N5H13", "C10H13N5O4"), ("OH2", "H2O"), ("NaCl", "ClNa"), ("HC", "CH"), ("C5H14NO+", "[C5H14NO]+"),
            ("2H2O", "H4O2"), ("C6H8O7.2H2O", "C6H12O9"), ("((CH2)2O)3", "C6H12O3"), ("D2O", "D2O"),
        ])
    func hillOrder(text: String, hill: String) throws {
        let formula = try MolecularFormula(text)
        #expect(formula.description == hill)
        #expect(try MolecularFormula(hill) == formula)
    }

    @Test(
        "what is no formula is an error with its place",
        arguments: [
            "", "R", "C4H6O4R2", "(C5H8)nC6H6O", "C10X", "c6h6", "C6H12O6)", "(C6H12", "[C6H12", "C-2-",
            "C6H999999999999999",
            "C37[13]CH70O5", "C6 H6", "((((((((((C))))))))))", "C1e5", "💥", "C6H12O6++", "C50000C50001",
        ])
    func malformed(text: String) throws {
        let error = try #require(throws: FormulaError.self) { try MolecularFormula(text) }
        #expect(error.description.contains("position"))
    }

    @Test("random formulas survive writing and reading, and masses add up")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 51)
        let elements = ["C", "H", "N", "O", "P", "S", "Cl", "Br", "Na", "Fe"]
        for round in 0..<300 {
            var text = ""
            var mass = 0.0
            for element in elements where random.uniform() < 0.5 {
                let count = 1 + random.integer(below: 30)
                text += "\(element)\(count)"
                let index = try #require(ChemicalElement.index(of: element))
                mass += Double(count) * ChemicalElement.table[index].principal.mass
            }
            guard !text.isEmpty else { continue }
            let formula = try MolecularFormula(text)
            #expect(abs(formula.monoisotopicMass - mass) < 1e-6, "seed 51, round \(round)")
            #expect(try MolecularFormula(formula.description) == formula, "seed 51, round \(round)")
            let water = try MolecularFormula("H2O")
            #expect((formula + water).removing(water) == formula, "seed 51, round \(round)")
            #expect(formula.multiplied(by: 3) == formula + formula + formula, "seed 51, round \(round)")
        }
        #expect(try MolecularFormula("CH4").removing(MolecularFormula("H2O")) == nil)
    }

    @Test("every element has one principal isotope and abundances that sum to one")
    func elementTable() {
        for element in ChemicalElement.table {
            let sum = element.isotopes.reduce(0) { $0 + $1.abundance }
            #expect(abs(sum - 1) < 2e-3, "\(element.symbol)")
            #expect(element.isotopes == element.isotopes.sorted { $0.mass < $1.mass }, "\(element.symbol)")
            for isotope in element.isotopes {
                #expect(abs(isotope.mass - Double(isotope.massNumber)) < 0.2, "\(element.symbol)")
            }
        }
        #expect(Set(ChemicalElement.table.map { $0.symbol }).count == ChemicalElement.table.count)
    }
}

@Suite("Isotope patterns")
struct IsotopePatternTests {
    @Test("carbon alone is binomial")
    func binomial() throws {
        let pattern = try #require(IsotopePattern(MolecularFormula("C60"), count: 3))
        let ratio = 0.0107 / 0.9893
        #expect(abs(pattern.ratios[1] - 60 * ratio) < 1e-12)
        #expect(abs(pattern.ratios[2] - 60 * 59 / 2 * ratio * ratio) < 1e-12)
        #expect(abs(pattern.ratios[3] - 60 * 59 * 58 / 6 * ratio * ratio * ratio) < 1e-12)
    }

    /// All combinations of isotopes of a few atoms, one by one.
    @Test("equals the sum over all isotopologues", arguments: ["C2H4O2", "CCl4", "CHBr3", "S3", "BF3", "C2Fe", "SeO2"])
    func bruteForce(text: String) throws {
        let formula = try MolecularFormula(text)
        var byMassNumber: [Int: Double] = [0: 1]
        var principal = 0
        for term in formula.terms {
            let element = ChemicalElement.table[term.element]
            for _ in 0..<term.count {
                principal += element.principal.massNumber
                var next: [Int: Double] = [:]
                for (number, probability) in byMassNumber {
                    for isotope in element.isotopes {
                        next[number + isotope.massNumber, default: 0] += probability * isotope.abundance
                    }
                }
                byMassNumber = next
            }
        }
        let pattern = try #require(IsotopePattern(formula, count: 4))
        let base = try #require(byMassNumber[principal])
        for offset in 0...4 {
            #expect(abs(pattern.ratios[offset] - (byMassNumber[principal + offset] ?? 0) / base) < 1e-9)
        }
    }

    @Test("clusters of metals give no pattern instead of a slow one")
    func clusters() throws {
        #expect(try IsotopePattern(MolecularFormula("Sn5000"), count: 2) == nil)
    }
}

@Suite("Adducts")
struct AdductTests {
    /// Shifts as the literature lists them (Fiehn laboratory adduct table and atomic masses), Da.
    @Test(
        "mass shifts of the usual ions",
        arguments: [
            ("[M+H]+", 1.007276), ("[M+Na]+", 22.989218), ("[M+NH4]+", 18.033823), ("[M+K]+", 38.963158),
            ("[M+H-H2O]+", -17.003288), ("[M+2H]2+", 2.014552), ("[2M+H]+", 1.007276), ("[M+CH3CN+H]+", 42.033823),
            ("[M-H]-", -1.007276), ("[M+Cl]-", 34.969402), ("[M+FA-H]-", 44.998201), ("[M-H-H2O]-", -19.017841),
            ("[2M-H]-", -1.007276), ("[M-2H]2-", -2.014552), ("[M+Hac-H]-", 59.013851), ("[M-2H+Na]-", 20.974666),
        ])
    func shifts(name: String, shift: Double) throws {
        let species = try #require(AdductTable.species(named: name))
        #expect(abs(species.adduct.massShift - shift) < 5e-6)
    }

    @Test(
        "m/z of adenosine's ions",
        arguments: [
            ("[M+H]+", 268.104031), ("[M+2H]2+", 134.555653), ("[2M+H]+", 535.200785), ("[M-H]-", 266.089478),
            ("[M+FA-H]-", 312.094957), ("[2M-H]-", 533.186232),
        ])
    func adenosine(name: String, mz: Double) throws {
        let species = try #require(AdductTable.species(named: name))
        let mass = try MolecularFormula("C10H13N5O4").monoisotopicMass
        #expect(abs(species.adduct.mz(neutralMass: mass) - mz) < 5e-6)
        #expect(abs(species.adduct.neutralMass(mz: mz) - mass) < 1e-5)
    }
}
