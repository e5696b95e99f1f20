import SpectralMatching
import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import Annotation

@Suite("Annotation of features")
struct MassAnnotatorTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// Random compounds, some of them ions, some isomers, some stereoisomers.
    private func randomTable(count: Int, seed: UInt64) throws -> CompoundTable {
        var random = SeededGenerator(seed: seed)
        var text = "id\tmolecular_formula\tname\tinchi_key\texact_mass\tcharge\n"
        for number in 0..<count {
            let formula = MolecularFormula(
                counts: [
                    5: 1 + random.integer(below: 12), 0: random.integer(below: 24), 7: random.integer(below: 4),
                    6: random.integer(below: 3),
                ], charge: 0)
            let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            let block = String((0..<14).map { _ in letters[random.integer(below: number % 5 == 0 ? 1 : 26)] })
            let charge = random.uniform() < 0.1 ? (random.uniform() < 0.5 ? 1 : -1) : 0
            text +=
                "C\(number)\t\(formula)\tcompound \(number)\t\(block)-\(number)-N\t\(formula.monoisotopicMass)\t\(charge)\n"
        }
        let source = CompoundSource(path: try folder.write("random.tsv", text), label: "R")
        _ = try CompoundTableBuilder.build(sources: [source], destination: folder.file("random.bin"))
        return try CompoundTable.open(folder.file("random.bin"))
    }

    @Test("candidates equal brute force over all compounds and adducts")
    func bruteForce() throws {
        let table = try randomTable(count: 400, seed: 61)
        var random = SeededGenerator(seed: 62)
        var parameters = AnnotationParameters()
        parameters.top = 1000
        parameters.massTolerance = .ppm(20)
        parameters.adducts = AdductTable.all(.unknown).species
        var annotator = MassAnnotator(table: table, parameters: parameters)
        var total = 0
        for round in 0..<400 {
            let polarity: Polarity = [.positive, .negative][round % 2]
            let source = table.compound(at: random.integer(below: table.count))
            let adducts = AdductTable.all(polarity).species
            let adduct = adducts[random.integer(below: adducts.count)].adduct
            let mz = adduct.mz(neutralMass: source.mass) * (1 + 30e-6 * (random.uniform() - 0.5))
            let charge = random.integer(below: 3)
            var expected: Set<String> = []
            for index in 0..<table.count {
                let compound = table.compound(at: index)
                let formula = try MolecularFormula(compound.formula)
                var ions = adducts.filter { species in
                    let molecules = formula.multiplied(by: species.adduct.multiplicity)
                    return compound.charge == 0 && species.loss.map { molecules.removing($0) != nil } ?? true
                }.map(\.adduct)
                if compound.charge != 0, (compound.charge > 0) == (polarity == .positive) {
                    ions.append(
                        Adduct(
                            name: compound.charge > 0 ? "[M]+" : "[M]-", multiplicity: 1,
                            massShift: -Double(compound.charge) * Mass.electron, charge: 1, polarity: polarity))
                }
                for ion in ions where charge == 0 || ion.charge == charge {
                    let theoretical = ion.mz(neutralMass: compound.mass)
                    guard theoretical > 0, abs(mz - theoretical) <= theoretical * 20e-6 else { continue }
                    expected.insert(compound.formula + compound.inchiKeyBlock + ion.name)
                }
            }
            let result = annotator.annotate(feature(mz: mz, polarity: polarity, charge: charge, areas: [10, 1]))
            let found = result.candidates.map { $0.compound.formula + $0.compound.inchiKeyBlock + $0.adduct }
            #expect(Set(found) == expected, "seed 62, round \(round)")
            #expect(found.count == expected.count && result.candidateCount == expected.count, "seed 62, round \(round)")
            for (a, b) in zip(result.candidates, result.candidates.dropFirst()) { #expect(a.score >= b.score) }
            total += found.count
        }
        #expect(total > 300)
    }

    private func smallTable() throws -> CompoundTable {
        let text = """
            id\tmolecular_formula\tname\tinchi_key\texact_mass\tcharge
            1\tC10H13N5O4\tadenosine\tOIRDTQYFTABQOQ-KQYNXXCUSA-N\t267.096754\t0
            2\tC10H13N5O4\tvidarabine\tOIRDTQYFTABQOQ-UHTZMRCNSA-N\t267.096754\t0
            3\tC10H13N5O4\tdeoxyguanosine\tYKBGVTZYEHREMT-KVQBGUIXSA-N\t267.096754\t0
            4\tC12H9N7O\tother formula\tZZZZZZZZZZZZZZ-UHFFFAOYSA-N\t267.086858\t0
            5\tC5H14NO\tcholine\tOEYIOHPDSNJKLS-UHFFFAOYSA-N\t104.107539\t1
            """
        let source = CompoundSource(path: try folder.write("small.tsv", text), label: "S")
        _ = try CompoundTableBuilder.build(sources: [source], destination: folder.file("small.bin"))
        return try CompoundTable.open(folder.file("small.bin"))
    }

    @Test("both edges of the mass tolerance are inside")
    func edges() throws {
        let table = try smallTable()
        var parameters = AnnotationParameters()
        let theoretical = 104.107539 - Mass.electron
        let exact =
            try #require((0..<table.count).map { table.compound(at: $0) }.first { $0.charge == 1 }).mass
            - Mass.electron
        #expect(abs(exact - theoretical) < 1e-5)
        for offset in [-0.25, 0.25] {
            let measured = exact + offset
            parameters.massTolerance = .dalton(abs(measured - exact))
            var annotator = MassAnnotator(table: table, parameters: parameters)
            #expect(annotator.annotate(feature(mz: measured, polarity: .positive)).candidateCount == 1)
            parameters.massTolerance = .dalton(abs(measured - exact).nextDown)
            annotator = MassAnnotator(table: table, parameters: parameters)
            #expect(annotator.annotate(feature(mz: measured, polarity: .positive)).candidateCount == 0)
        }
    }

    @Test("every parameter changes the result")
    func parameters() throws {
        let table = try smallTable()
        func names(_ change: (inout AnnotationParameters) -> Void, charge: Int = 1) -> [String] {
            var parameters = AnnotationParameters()
            change(&parameters)
            var annotator = MassAnnotator(table: table, parameters: parameters)
            return annotator.annotate(feature(mz: 268.10403, polarity: .positive, charge: charge))
                .candidates.map { $0.compound.name }
        }
        #expect(names { _ in } == ["adenosine", "deoxyguanosine"])
        #expect(names { $0.top = 1 } == ["adenosine"])
        #expect(names { $0.massTolerance = .ppm(50) } == ["adenosine", "deoxyguanosine", "other formula"])
        #expect(names { $0.adducts = AdductTable.named(["[M+Na]+"], polarity: .positive).species } == [])
        #expect(names({ _ in }, charge: 2) == [])
        #expect(names({ _ in }, charge: 0) == ["adenosine", "deoxyguanosine"])
        var annotator = MassAnnotator(table: table)
        #expect(annotator.annotate(feature(mz: 268.10403, polarity: .negative)).candidates.isEmpty)
        let result = annotator.annotate(feature(mz: 268.10403, polarity: .positive))
        #expect(result.candidates[0].otherStereoisomers == 1)
        #expect(result.candidateCount == 2 && result.formulaCount == 1)
        #expect(abs(result.candidates[0].errorPPM) < 0.1)
    }

    /// 290.08598 is the sodium adduct of adenosine and, within the tolerance, the protonated ion of another compound.
    @Test("an adduct that co-eluting features told is preferred")
    func toldAdduct() throws {
        let text = """
            id\tmolecular_formula\tname\tinchi_key\texact_mass\tcharge
            1\tC10H13N5O4\tadenosine\tOIRDTQYFTABQOQ-KQYNXXCUSA-N\t267.096754\t0
            2\tC10H12N5NaO4\tsodium salt\tYYYYYYYYYYYYYY-UHFFFAOYSA-N\t289.078699\t0
            """
        let source = CompoundSource(path: try folder.write("told.tsv", text), label: "T")
        _ = try CompoundTableBuilder.build(sources: [source], destination: folder.file("told.bin"))
        var annotator = MassAnnotator(table: try CompoundTable.open(folder.file("told.bin")))
        func adducts(_ told: String?) -> [String] {
            var feature = feature(mz: 290.085975, polarity: .positive, charge: 1)
            feature.adduct = told
            return annotator.annotate(feature).candidates.map(\.adduct)
        }
        #expect(adducts(nil) == ["[M+H]+", "[M+Na]+"])
        #expect(adducts("[M+H]+") == ["[M+H]+", "[M+Na]+"])
        #expect(adducts("[M+Na]+") == ["[M+Na]+", "[M+H]+"])
    }

    @Test("the isotope pattern of the ion is compared: the adduct's and the dimer's atoms count")
    func isotopes() throws {
        let table = try smallTable()
        var annotator = MassAnnotator(table: table)
        let adenosine = try MolecularFormula("C10H13N5O4")
        for (name, ion) in [
            ("[M+H]+", adenosine + (try MolecularFormula("H"))), ("[M+Na]+", adenosine + (try MolecularFormula("Na"))),
            ("[2M+H]+", adenosine.multiplied(by: 2) + (try MolecularFormula("H"))),
            ("[M+Cl]-", adenosine + (try MolecularFormula("Cl"))),
            ("[M+H-H2O]+", adenosine + (try MolecularFormula("H"))),
        ] {
            let species = try #require(AdductTable.species(named: name))
            let whole = try name == "[M+H-H2O]+" ? #require(ion.removing(MolecularFormula("H2O"))) : ion
            let pattern = try #require(IsotopePattern(whole, count: 2))
            let mass = adenosine.monoisotopicMass
            let result = annotator.annotate(
                feature(
                    mz: species.adduct.mz(neutralMass: mass), polarity: species.adduct.polarity, charge: 1,
                    areas: pattern.ratios.map { $0 * 1e5 }))
            let candidate = try #require(result.candidates.first { $0.adduct == name })
            #expect(abs(try #require(candidate.isotopeScore) - 1) < 1e-4, "\(name)")
        }
        let wrong = annotator.annotate(feature(mz: 268.10403, polarity: .positive, areas: [1, 0.9]))
        #expect(try #require(wrong.candidates.first?.isotopeScore) < 0.1)
        #expect(annotator.annotate(feature(mz: 268.10403, polarity: .positive)).candidates[0].isotopeScore == nil)
    }

    private func match(
        score: Double, kind: LibraryMatch.Kind = .identity, key: String = "YKBGVTZYEHREMT-KVQBGUIXSA-N",
        precursor: Double = 268.104, adduct: String = "[M+H]+"
    ) -> LibraryMatch {
        LibraryMatch(
            kind: kind, score: score, measure: .spectralEntropy, matchedPeaks: 5, spectralEntropy: score,
            modifiedCosine: score,
            precursorErrorDalton: 0, precursorErrorPPM: 0, libraryIndex: 0,
            entry: LibraryEntry(
                accession: "X", adduct: adduct, inchiKey: key, precursorMZ: precursor, exactMass: 267.096754),
            otherSpectraOfCompound: 0)
    }

    @Test("levels and confidence follow the rules")
    func levels() throws {
        let table = try smallTable()
        var annotator = MassAnnotator(table: table)
        let good = feature(mz: 268.10403, polarity: .positive, charge: 1, areas: [100, 13, 1.5])
        let bare = feature(mz: 268.10403, polarity: .positive, charge: 1)

        let probable = annotator.annotate(bare, libraryMatches: [match(score: 0.9)])
        #expect(probable.level == .level2a)
        #expect(abs(probable.confidence - (0.75 + 0.25 * 0.5)) < 1e-9)
        #expect(probable.candidates.first?.compound.name == "deoxyguanosine", "the library's compound comes first")
        #expect(probable.candidates.first?.supportedByLibrary == true)
        #expect(probable.evidence.contains("library X spectral_entropy 0.900 with 5 peaks, identity"))

        let contested = annotator.annotate(bare, libraryMatches: [match(score: 0.9), match(score: 0.88, key: "")])
        #expect(contested.level == .level2a && contested.confidence < probable.confidence)
        #expect(annotator.annotate(bare, libraryMatches: [match(score: 0.8)]).level == .level2a)
        #expect(annotator.annotate(bare, libraryMatches: [match(score: 0.799)]).level == .level3)
        #expect(annotator.annotate(bare, libraryMatches: [match(score: 0.95, kind: .analog)]).level == .level3)
        let elsewhere = match(score: 0.95, precursor: 268.2, adduct: "")
        #expect(annotator.annotate(bare, libraryMatches: [elsewhere]).level == .level3, "another mass")
        let roundedPrecursor = match(score: 0.95, precursor: 268.11)
        #expect(annotator.annotate(bare, libraryMatches: [roundedPrecursor]).level == .level2a, "by mass and adduct")

        let formula = annotator.annotate(good)
        #expect(formula.level == .level4)
        #expect(formula.confidence > 0.25 && formula.confidence <= 0.5)
        let mass = annotator.annotate(bare)
        #expect(mass.level == .level5)
        #expect(mass.confidence > 0 && mass.confidence <= 0.25)
        let nothing = annotator.annotate(feature(mz: 999.9, polarity: .positive))
        #expect(nothing.level == .level5 && nothing.confidence == 0 && nothing.candidates.isEmpty)
        #expect(nothing.evidence == "no compound within 5.0 ppm; level 5: mass alone")
        #expect(probable.evidence.hasSuffix("level 2a: same precursor within 10.0 ppm and score of at least 0.80"))
        #expect(formula.evidence.hasSuffix("level 4: its formula alone fits mass and isotope pattern"))
        #expect(mass.evidence.hasSuffix("level 5: mass alone"))
        #expect([probable, formula, mass, nothing].map(\.level.msiLevel) == [2, 4, 4, 4])
        #expect(ConfidenceLevel.level3.msiLevel == 3)

        var parameters = AnnotationParameters()
        parameters.libraryScoreThreshold = 0.95
        annotator = MassAnnotator(table: table, parameters: parameters)
        #expect(annotator.annotate(bare, libraryMatches: [match(score: 0.9)]).level == .level3)
        parameters = AnnotationParameters()
        parameters.libraryMassTolerance = .dalton(0.2)
        annotator = MassAnnotator(table: table, parameters: parameters)
        #expect(annotator.annotate(bare, libraryMatches: [elsewhere]).level == .level2a)
        parameters = AnnotationParameters()
        parameters.isotopeScoreThreshold = 0.999_99
        annotator = MassAnnotator(table: table, parameters: parameters)
        #expect(annotator.annotate(good).level == .level5)
    }

    @Test("two formulas that both fit are no unequivocal formula")
    func ambiguousFormula() throws {
        let table = try smallTable()
        var parameters = AnnotationParameters()
        parameters.massTolerance = .ppm(50)
        var annotator = MassAnnotator(table: table, parameters: parameters)
        let result = annotator.annotate(feature(mz: 268.10403, polarity: .positive, charge: 1, areas: [100, 14.5]))
        #expect(result.formulaCount == 2)
        #expect(result.level == .level5)
        #expect(result.evidence.hasSuffix("several formulas fit mass and isotope pattern"))
    }

    @Test("values that are no numbers are annotated with nothing")
    func noNumbers() throws {
        var annotator = MassAnnotator(table: try smallTable())
        for mz in [Double.nan, .infinity, -1, 0] {
            #expect(annotator.annotate(feature(mz: mz, polarity: .positive)).candidates.isEmpty)
        }
        let result = annotator.annotate(feature(mz: 268.10403, polarity: .unknown, areas: [.nan, 1]))
        #expect(result.candidates.first?.isotopeScore == nil)
    }
}
