import SpectralMatching
import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import Annotation

/// Ranking and settings of the annotation against a search through everything.
@Suite("Ranking of candidates")
struct AnnotationRankingTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func table(_ rows: String) throws -> CompoundTable {
        let header = "id\tmolecular_formula\tname\tinchi_key\n"
        let source = CompoundSource(path: try folder.write("rows.tsv", header + rows), label: "R")
        _ = try CompoundTableBuilder.build(sources: [source], destination: folder.file("rows.bin"))
        return try CompoundTable.open(folder.file("rows.bin"))
    }

    private static func key(_ block: String) -> String { "\(block)-UHFFFAOYSA-N" }

    /// The whole list is sorted first and cut afterwards.
    @Test("the best few are those of the whole list")
    func prefix() throws {
        var random = SeededGenerator(seed: 91)
        let letters = Array("ABCDEFGH")
        var rows = ""
        for number in 0..<300 {
            let block = String((0..<14).map { _ in letters[random.integer(below: 8)] })
            rows += "C\(number)\tC\(6 + random.integer(below: 3))H12O6\tn\(number % 40)\t\(Self.key(block))\n"
        }
        let table = try table(rows)
        let species = AdductTable.all(.positive).species
        var total = 0
        for round in 0..<100 {
            let compound = table.compound(at: random.integer(below: table.count))
            let mz = species[random.integer(below: species.count)].adduct.mz(neutralMass: compound.mass)
            let library = LibraryMatch(
                kind: .identity, score: 0.9, measure: .cosine, matchedPeaks: 4, spectralEntropy: 0.9,
                modifiedCosine: 0.9, precursorErrorDalton: 0, precursorErrorPPM: 0, libraryIndex: 0,
                entry: LibraryEntry(accession: "X", inchiKey: compound.inchiKey, precursorMZ: mz),
                otherSpectraOfCompound: 0)
            let matches = round % 2 == 0 ? [library] : []
            let measured = feature(mz: mz * (1 + 4e-6 * random.uniform()), polarity: .positive, areas: [1, 0.07])
            func names(_ top: Int) -> [String] {
                var parameters = AnnotationParameters()
                parameters.top = top
                parameters.adducts = species
                var annotator = MassAnnotator(table: table, parameters: parameters)
                return annotator.annotate(measured, libraryMatches: matches).candidates
                    .map { "\($0.compound.identifiers) \($0.adduct)" }
            }
            let all = names(10_000)
            // None where the compound does not hold what the ion would have lost.
            total += all.count
            for top in [1, 2, 7, 50] { #expect(names(top) == Array(all.prefix(top)), "seed 91, round \(round)") }
            if let first = matches.first, let best = all.first {
                let supported = best.split(separator: " ").first.map(String.init)
                let found = (0..<table.count).map { table.compound(at: $0) }.first { $0.identifiers == supported }
                #expect(found?.inchiKeyBlock == first.entry.inchiKeyBlock)
            }
        }
        #expect(total > 1_000)
    }

    @Test("a molecule cannot lose what it does not hold")
    func losses() throws {
        let table = try table(
            "1\tC10H16\tmonoterpene\t\(Self.key("AAAAAAAAAAAAAA"))\n2\tC10H18O\talcohol\t\(Self.key("BBBBBBBBBBBBBB"))\n"
        )
        var annotator = MassAnnotator(table: table)
        func found(_ adduct: String, _ formula: String) throws -> [String] {
            let species = try #require(AdductTable.species(named: adduct))
            let mz = species.adduct.mz(neutralMass: try MolecularFormula(formula).monoisotopicMass)
            return annotator.annotate(feature(mz: mz, polarity: .positive)).candidates.map(\.adduct)
        }
        #expect(
            try found("[M+H-H2O]+", "C10H18O") == ["[M+H]+", "[M+H-H2O]+"], "the terpene's ion has the same formula")
        #expect(try found("[M+H-H2O]+", "C10H16").isEmpty)
        #expect(try found("[M+H-NH3]+", "C10H18O").isEmpty)
    }

    @Test("several charges count half where no isotope told the charge")
    func untoldCharge() throws {
        let table = try table("1\tC20H30N4O6\tx\t\(Self.key("AAAAAAAAAAAAAA"))\n")
        var annotator = MassAnnotator(table: table)
        let mass = try MolecularFormula("C20H30N4O6").monoisotopicMass
        let mz = try #require(AdductTable.species(named: "[M+2H]2+")).adduct.mz(neutralMass: mass)
        let told = try #require(annotator.annotate(feature(mz: mz, polarity: .positive, charge: 2)).candidates.first)
        let untold = try #require(annotator.annotate(feature(mz: mz, polarity: .positive)).candidates.first)
        #expect(abs(told.score - (0.5 + 0.2 * 0.4) / 0.7) < 1e-6 && told.charge == 2)
        #expect(abs(untold.score - (0.5 + 0.2 * 0.2) / 0.7) < 1e-6)
    }

    @Test("lists of adducts")
    func adductLists() throws {
        let common = try AnnotationParameters.adducts("common")
        #expect(common == nil)
        let all = try AnnotationParameters.adducts("all")
        #expect(all?.count == AdductTable.names.count)
        let own = try AnnotationParameters.adducts("[[M+H]+, [M+Li]+:0.3 [M+H-C5H8O4]+]")
        #expect(own?.map(\.adduct.name) == ["[M+H]+", "[M+Li]+", "[M+H-C5H8O4]+"])
        #expect(own?.map(\.prior) == [1, 0.3, AdductSpecies.priorOfOwn])
        let twice = try AnnotationParameters.adducts("[M-H2O+H]+,[M+H-H2O]+")
        #expect(twice?.map(\.adduct.name) == ["[M+H-H2O]+"])
        for bad in ["[M+H]", ",", "[M+H]+:2", "[M+H]+:", "common,[M+H]+", "[M+H-Si]+"] {
            #expect(throws: AdductError.self, "\(bad)") { try AnnotationParameters.adducts(bad) }
        }
    }

    @Test("lithium has a lighter isotope: no isotope evidence instead of a wrong one")
    func lithium() throws {
        let table = try table("1\tC10H12O5\tx\t\(Self.key("AAAAAAAAAAAAAA"))\n")
        var parameters = AnnotationParameters()
        parameters.adducts = try AnnotationParameters.adducts("[M+Li]+")
        var annotator = MassAnnotator(table: table, parameters: parameters)
        let mass = try MolecularFormula("C10H12O5").monoisotopicMass
        let mz = try AdductSpecies("[M+Li]+").adduct.mz(neutralMass: mass)
        let candidate = try #require(
            annotator.annotate(feature(mz: mz, polarity: .positive, areas: [1, 0.11])).candidates.first)
        #expect(candidate.isotopeScore == nil)
    }
}
