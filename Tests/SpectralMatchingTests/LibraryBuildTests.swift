import Foundation
import SpectrumModel
import TestSupport
import Testing

@testable import SpectralMatching

/// Libraries of several sources: duplicates, additions, what is stored, what is looked up.
@Suite("Building libraries from sources")
struct LibraryBuildTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private static func msp(
        _ name: String, _ accession: String, mz: Double = 100.5, key: String = "", peaks: String = "50 10\n60 100",
        extra: String = ""
    ) -> String {
        "NAME: \(name)\nACCESSION: \(accession)\nPRECURSORMZ: \(mz)\nINCHIKEY: \(key)\nADDUCT: [M+H]+\nEXACTMASS: 99.5\n\(extra)Num Peaks: 2\n"
            + "\(peaks)\n\n"
    }

    private func build(
        _ sources: [String], _ name: String = "out.lvsl", base: SpectralLibrary? = nil
    ) throws -> (library: SpectralLibrary, report: SpectralLibraryBuilder.Report) {
        let path = folder.file(name)
        let report = try SpectralLibraryBuilder.build(
            sources: sources, destination: path, cleaning: base?.cleaning ?? PeakCleaning(), base: base)
        let library = try SpectralLibrary.open(path)
        try library.verify()
        #expect(library.count == report.spectra && library.compoundCount == report.compounds)
        return (library, report)
    }

    private func content(_ library: SpectralLibrary) -> [LibrarySpectrum] {
        (0..<library.count).map { LibrarySpectrum(entry: library.entry(at: $0), peaks: library.peaks(at: $0)) }
    }

    @Test("duplicates within one compound are left out and counted with their line; others stay")
    func duplicates() throws {
        let key = "AAAAAAAAAAAAAA-UHFFFAOYSA-N"
        let other = "BBBBBBBBBBBBBB-UHFFFAOYSA-N"
        let path = try folder.write(
            "a.msp",
            Self.msp("One", "A1", key: key)
                + Self.msp("One again", "A1", key: key, peaks: "50 20\n61 100")  // same accession
                + Self.msp("One", "A2", key: key, peaks: "60 1000\n50 100")  // same spectrum on another scale
                + Self.msp("One", "A3", key: key, peaks: "50 10\n60.0001 100")  // another spectrum
                + Self.msp("Two", "A1", key: other)  // accession of another compound
                + Self.msp("nameless key", "A5") + Self.msp("NAMELESS KEY", "A6")  // the name stands for the compound
                + Self.msp("One", "A7", mz: 101.5, key: key))  // another precursor
        let (library, report) = try build([path])
        #expect(report.duplicates == 3 && report.spectra == 5)
        #expect(
            report.source.problems == [.duplicateAccession: 1, .duplicateSpectrum: 2, .sharedAccession: 1])
        #expect(report.source.issues.map(\.line) == [11, 21, 41, 61])
        #expect(Set(content(library).map(\.entry.accession)) == ["A1", "A3", "A5", "A7"])
        #expect(library.compoundCount == 3)
    }

    @Test("several sources of several formats, a folder, and a built library")
    func sources() throws {
        let msp = try folder.write("a.msp", Self.msp("One", "A1", extra: "RETENTIONTIME: 2\n"))
        let mgf = try folder.write("b.mgf", "BEGIN IONS\nPEPMASS=200\nNAME=Two\nEXACTMASS=199\n70 1\nEND IONS\n")
        try folder.write(
            "records/x/3.txt",
            "ACCESSION: R3\nRECORD_TITLE: t\nMS$FOCUSED_ION: PRECURSOR_M/Z 300\nCH$EXACT_MASS: 299\nPK$PEAK: m\n  80 1 1\n//\n"
        )
        try folder.write("records/2.json", #"{"name":"Four","precursor_mz":400,"exact_mass":399,"peaks":[[90,1]]}"#)
        try folder.write("records/README.txt", "not a record")
        try folder.write("records/LICENSE", "NAME: none")
        try folder.write("records/.hidden.msp", Self.msp("Hidden", "H"))
        let (library, report) = try build([msp, mgf, folder.file("records")])
        #expect(content(library).map(\.entry.precursorMZ).sorted() == [100.5, 200, 300, 400])
        #expect(report.source.problems == [.foreignFile: 1])
        #expect(report.source.issues.first?.description.hasPrefix("README.txt, line 0") == true)
        #expect(library.sources.map(\.name) == ["a.msp", "b.mgf", "records"])
        #expect(Set(library.sources.map(\.hash)).count == 3 && library.sourceHash.count == 64)
        let timed = try #require(content(library).first { $0.entry.name == "One" })
        #expect(timed.entry.retentionTimeSeconds == 120)
        // A built library among the sources counts with its own sources.
        let (again, second) = try build([folder.file("out.lvsl"), mgf], "again.lvsl")
        #expect(content(again) == content(library) && second.duplicates == 1)
        #expect(again.sources == library.sources)
    }

    @Test("adding keeps what is there, to the bit, and equals a build of both")
    func add() throws {
        let source = RandomLibrary(count: 120, seed: 61)
        func text(_ spectra: ArraySlice<LibrarySpectrum>) -> String {
            spectra.map { spectrum in
                let entry = spectrum.entry
                return "NAME: \(entry.name)\nACCESSION: \(entry.accession)\nPRECURSORMZ: \(entry.precursorMZ)\n"
                    + "INCHIKEY: \(entry.inchiKey)\nEXACTMASS: 180.0634\nIONMODE: \(entry.polarity == .negative ? "N" : "P")\nNum Peaks: 1\n"
                    + zip(spectrum.peaks.mz, spectrum.peaks.intensity).map { "\($0) \($1)\n" }.joined()
            }.joined(separator: "\n")
        }
        let first = try folder.write("first.msp", text(source.spectra[..<70]))
        let second = try folder.write("second.msp", text(source.spectra[50...]))
        let (base, _) = try build([first], "base.lvsl")
        let before = content(base)
        let (grown, report) = try build([second], "base.lvsl", base: base)
        // The open library is still the old one.
        #expect(content(base) == before)
        #expect(report.duplicates >= 20 && grown.count > base.count)
        let after = Set(content(grown))
        #expect(before.allSatisfy { after.contains($0) })
        let (both, _) = try build([first, second], "both.lvsl")
        #expect(content(both) == content(grown))
        #expect(both.sources == grown.sources && both.compoundCount == grown.compoundCount)
        // Cleaning is the library's own, also when it differs from the default.
        _ = try SpectralLibraryBuilder.build(
            sources: [first], destination: folder.file("few.lvsl"),
            cleaning: PeakCleaning(noiseFraction: 0, maximumPeakCount: 2))
        let few = try SpectralLibrary.open(folder.file("few.lvsl"))
        let (fewMore, _) = try build([second], "few.lvsl", base: few)
        #expect(content(fewMore).allSatisfy { $0.peaks.count <= 2 } && fewMore.cleaning == few.cleaning)
    }

    @Test("a failed build leaves what was there")
    func failure() throws {
        let good = try folder.write("good.msp", Self.msp("One", "A1"))
        let bad = try folder.write("bad.json", "[{\"precursor_mz\":1")
        let (base, _) = try build([good])
        let bytes = try folder.read("out.lvsl")
        #expect(throws: LibraryFileError.self) { try build([bad], base: base) }
        #expect(throws: LibraryFileError.self) { try build([good, bad]) }
        #expect(try folder.read("out.lvsl") == bytes)
        #expect(try folder.contents.sorted() == ["bad.json", "good.msp", "out.lvsl"])
    }

    @Test("contents are counted and looked up as a plain scan does")
    func contents() throws {
        let library = try RandomLibrary(count: 200, seed: 63).write(to: folder.file("library.bin"))
        let all = content(library).map(\.entry)
        let contents = library.contents()
        #expect(contents.spectra == 200 && contents.peaks == content(library).reduce(0) { $0 + $1.peaks.count })
        #expect(
            contents.polarities.map(\.spectra)
                == [Polarity.unknown, .positive, .negative].map { polarity in
                    all.filter { $0.polarity == polarity }.count
                })
        #expect(contents.licences == [LibraryContents.Count(value: "CC0", spectra: 200)])
        #expect(contents.withInChIKey == all.filter { !$0.inchiKeyBlock.isEmpty }.count)
        #expect(contents.precursorMZ == [all.map(\.precursorMZ).min(), all.map(\.precursorMZ).max()])
        func positions(_ change: (inout LibraryQuery) -> Void) -> [Int] {
            var query = LibraryQuery()
            change(&query)
            return library.positions(of: query)
        }
        func scan(_ holds: (LibraryEntry) -> Bool) -> [Int] { all.indices.filter { holds(all[$0]) } }
        #expect(positions { $0.name = "COMPOUND 1" } == scan { $0.name.contains("compound 1") })
        let key = try #require(all.first { !$0.inchiKey.isEmpty }).inchiKey
        #expect(positions { $0.inchiKey = key.lowercased() } == scan { $0.inchiKey == key })
        #expect(positions { $0.inchiKey = String(key.prefix(14)) } == scan { $0.inchiKeyBlock == key.prefix(14) })
        #expect(positions { $0.formula = "C6H12O6" }.count == 200 && positions { $0.formula = "C6H12" }.isEmpty)
        let center = all[17].precursorMZ
        for tolerance in [Tolerance.ppm(10), .dalton(0.6), .dalton(0)] {
            let found = positions {
                $0.precursorMZ = center
                $0.tolerance = tolerance
            }
            #expect(found == scan { abs($0.precursorMZ - center) <= tolerance.halfWidth(at: center) })
            #expect(found.contains(17))
        }
        let both = positions {
            $0.precursorMZ = center
            $0.tolerance = .dalton(1)
            $0.name = "1"
        }
        #expect(both == scan { abs($0.precursorMZ - center) <= 1 && $0.name.contains("1") })
    }
}
