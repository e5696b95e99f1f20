import SpectralMatching
import SpectrumModel
import TestSupport
import Testing

@testable import Annotation

@Suite("Compound table")
struct CompoundTableTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }
    private static let header = "id\tmolecular_formula\tname\tinchi_key\texact_mass\tcharge\n"

    private func build(_ rows: String..., labels: [String] = ["A", "B"]) throws -> (
        CompoundTable, CompoundTableBuilder.Report
    ) {
        let sources = try rows.enumerated().map { index, text in
            CompoundSource(path: try folder.write("source\(index).tsv", Self.header + text), label: labels[index])
        }
        let report = try CompoundTableBuilder.build(sources: sources, destination: folder.file("table.bin"))
        return (try CompoundTable.open(folder.file("table.bin")), report)
    }

    @Test("keeps what is usable, sorted by charge and mass, and merges equal InChIKeys with all ids")
    func content() throws {
        let (table, report) = try build(
            """
            1\tC6H12O6\tglucose\tWQZGKKKJIJFFOK-GASJEMHNSA-N\t180.063388\t0
            2\tC5H14NO\tcholine\tOEYIOHPDSNJKLS-UHFFFAOYSA-N\t104.107539\t1
            3\tC4H6O4R2\tgroup\t\t\t
            4\tC4H6O4R2\twith mass\tKEY\t118.0\t
            5\tH2O\twater\tXLYOFNOQVPJJNP-UHFFFAOYSA-N\t18.010565\t
            6\tH2O\tresidue\t\t18.010565\t
            7\tH2O\twrong\tXXXXXXXXXXXXXX-UHFFFAOYSA-N\t19.5\t0

            """,
            """
            L1\tC6H12O6\tD-glucose\tWQZGKKKJIJFFOK-GASJEMHNSA-N\t180.063388\t0
            L2\tC6H6O7\tcitrate\tKRKNYBCHXYNGOX-UHFFFAOYSA-M\t190.01\t-1
            broken row
            L3\tH2O\tbad charge\tYYYYYYYYYYYYYY-UHFFFAOYSA-N\t18.010565\ttwo
            L4\tH2O\tbad mass\tYYYYYYYYYYYYYY-UHFFFAOYSA-N\tmuch\t0
            """)
        try table.verify()
        #expect(table.count == 4)
        #expect(report.compounds == 4)
        #expect(report.merged == 1)
        #expect(report.withoutMass == 1)
        #expect(report.badFormula == 1)
        #expect(report.withoutStructure == 1)
        #expect(report.massMismatch == 1)
        #expect(report.source.skippedRecords == 3)
        #expect(report.source.issues.map { $0.line } == [4, 5, 6])
        let compounds = (0..<4).map { table.compound(at: $0) }
        #expect(compounds.map { $0.name } == ["water", "glucose", "citrate", "choline"])
        #expect(compounds.map { $0.charge } == [0, 0, -1, 1])
        #expect(compounds[1].identifiers == "1;L1")
        #expect(compounds[1].source == "A;B")
        #expect(compounds[1].inchiKeyBlock == "WQZGKKKJIJFFOK")
        #expect(abs(compounds[1].mass - 180.063388) < 1e-6)
        #expect(table.sources.count == 2)
        #expect(table.sources[0].hasSuffix(" source0.tsv"))
    }

    @Test("columns go by their names in any order; mass and InChIKey may be missing")
    func ownTable() throws {
        let text = """
            Compound Name\tFormula\tAccession
            first\tC6H12O6\tX1
            second\tC6H12O6\tX2
            ion\tC5H14NO+\tX3
            bad\tC6Hq\tX4
            """
        let source = CompoundSource(path: try folder.write("own.tsv", text), label: "own")
        let report = try CompoundTableBuilder.build(sources: [source], destination: folder.file("own.bin"))
        #expect(report.compounds == 3 && report.leftOut == 1)
        #expect(report.firstProblem?.hasPrefix("own, line 5: \"C6Hq\" is not a molecular formula") == true)
        let table = try CompoundTable.open(folder.file("own.bin"))
        #expect(table.formulaCount == 2)
        #expect((0..<3).map { table.compound(at: $0).identifiers } == ["X1", "X2", "X3"])
        #expect((0..<3).map { table.compound(at: $0).charge } == [0, 0, 1])
        #expect(abs(table.compound(at: 0).mass - 180.063388) < 1e-6)
        var annotator = MassAnnotator(table: table)
        let result = annotator.annotate(feature(mz: 181.070665, polarity: .positive))
        #expect(result.candidateCount == 2, "without an InChIKey every row is a compound of its own")
        #expect(result.candidates.map(\.compound.name) == ["first", "second"])
    }

    @Test("errors name the line and what is there")
    func columnErrors() throws {
        func reason(_ text: String) throws -> String {
            let source = CompoundSource(path: try folder.write("bad.tsv", text), label: "bad")
            let error = try #require(throws: LibraryFileError.self) {
                try CompoundTableBuilder.build(sources: [source], destination: folder.file("bad.bin"))
            }
            return "\(error)"
        }
        let noFormula = try reason("id\tname\n1\twater\n")
        #expect(noFormula.contains("line 1") && noFormula.contains("\"id\", \"name\""))
        #expect(try reason("formula\nH2O\n").contains("no column \"name\" or \"id\""))
        let noRow = try reason("name\tformula\texact_mass\nwater\tH2O\t20\n")
        #expect(noRow.contains("bad, line 2: the mass 20.0 is not that of H2O"))
    }

    @Test("a table without its columns, without rows, or that is missing is an error")
    func badSources() throws {
        func code(_ path: String) -> LibraryFileError.Code? {
            do {
                let source = CompoundSource(path: path, label: "A")
                _ = try CompoundTableBuilder.build(sources: [source], destination: folder.file("bad.bin"))
                return nil
            } catch { return error.code }
        }
        #expect(try code(folder.write("columns.tsv", "id\tname\n1\twater\n")) == .foreign)
        #expect(try code(folder.write("rows.tsv", Self.header)) == .empty)
        #expect(try code(folder.write("nothing.tsv", "")) == .empty)
        #expect(code(folder.file("missing.tsv")) == .unreadable)
        #expect(try !folder.contents.contains("bad.bin"))
    }

    @Test("a memory limit that is too small is an error with one that does, and leaves nothing")
    func memoryLimit() throws {
        let row = "\tC6H12O6\tglucose\tWQZGKKKJIJFFOK-GASJEMHNSA-"
        let path = try folder.write(
            "rows.tsv", Self.header + (0..<500).map { "\($0)\(row)\($0)\t180.063388\t0\n" }.joined())
        let source = CompoundSource(path: path, label: "A")
        func build(_ limit: Int?, _ name: String) throws {
            let memory = PreparationMemory(limit: limit, source: path, resident: { 40_000_000 })
            _ = try CompoundTableBuilder.build(sources: [source], destination: folder.file(name), memory: memory)
        }
        let refused = try #require(throws: LibraryFileError.self) { try build(40_000_000, "a.bin") }
        #expect(refused.code == .memoryLimit && refused.reason.contains("memory limit of 40 MB"))
        #expect(try folder.contents == ["rows.tsv"])
        try build(refused.smallestLimit, "a.bin")
        _ = try CompoundTableBuilder.build(sources: [source], destination: folder.file("b.bin"))
        #expect(try folder.read("a.bin") == folder.read("b.bin"))
        #expect(try folder.contents == ["a.bin", "b.bin", "rows.tsv"])
    }

    @Test("cut or damaged: an error or a table whose entries can all be read")
    func damage() throws {
        _ = try build("1\tC6H12O6\tglucose\tWQZGKKKJIJFFOK-GASJEMHNSA-N\t180.063388\t0\n")
        let good = try folder.read("table.bin")
        for length in stride(from: 0, to: good.count, by: 31) {
            let path = try folder.write("cut.bin", Array(good[..<length]))
            #expect(throws: LibraryFileError.self, "length \(length)") { try CompoundTable.open(path) }
        }
        for place in good.indices {
            var bytes = good
            bytes[place] ^= 0xFF
            guard let table = try? CompoundTable.open(folder.write("damaged.bin", bytes)) else { continue }
            for index in 0..<table.count { _ = table.compound(at: index) }
            var annotator = MassAnnotator(table: table)
            _ = annotator.annotate(feature(mz: 181.0707, polarity: .positive, areas: [1, 0.1]))
        }
        let library = try folder.write("library.bin", Array("LVSPECTR".utf8) + good[8...])
        let error = try #require(throws: LibraryFileError.self) { try CompoundTable.open(library) }
        #expect(error.code == .foreign)
    }

    @Test("the bundled tables build", .enabled(if: bundledTables != nil))
    func bundled() throws {
        let sources = try #require(bundledTables)
        let report = try CompoundTableBuilder.build(sources: sources, destination: folder.file("bundled.bin"))
        #expect(report.compounds == 81_181)
        #expect(report.merged == 5_115)
        #expect(report.badFormula == 0 && report.massMismatch == 0 && report.source.skippedRecords == 0)
        let table = try CompoundTable.open(folder.file("bundled.bin"))
        try table.verify()
        var annotator = MassAnnotator(table: table)
        let result = annotator.annotate(feature(mz: 268.10403, polarity: .positive, charge: 1, areas: [100, 13]))
        #expect(result.candidates.contains { $0.compound.name == "adenosine" && $0.adduct == "[M+H]+" })
    }
}
