import Foundation
import TestSupport
import Testing

/// `lavoisier library` as a user runs it.
@Suite struct LibraryProgramTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func library(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run(
            "lavoisier", ["library"] + arguments,
            environment: [
                "LAVOISIER_DATA_DIR": TestData.repository + "/workloads", "XDG_CACHE_HOME": folder.file("cache"),
            ])
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private static let caffeine =
        "NAME: Caffeine\nACCESSION: A1\nPRECURSORMZ: 195.0877\nADDUCT: [M+H]+\nFORMULA: C8H10N4O2\n"
        + "INCHIKEY: RYYVLZVUVIJVGH-UHFFFAOYSA-N\nCOLLISIONENERGY: 35 eV\nINSTRUMENTTYPE: LC-ESI-QTOF\n"
        + "RETENTIONTIME: 2\nLICENSE: CC BY\nNum Peaks: 2\n110.0713 120\n138.0662 999\n\n"
    private static let rutin =
        "BEGIN IONS\nNAME=Rutin\nPEPMASS=609.1461\nCHARGE=1-\nSPECTRUMID=B1\n300.0275 100\nEND IONS\n"

    @Test func buildInfoSearchAdd() throws {
        let msp = try folder.write("a.msp", Self.caffeine + "NAME: empty\nPRECURSORMZ: 100\nNum Peaks: 0\n")
        let mgf = try folder.write("b.mgf", Self.rutin + Self.rutin)
        let out = folder.file("mine.lvsl")
        let built = try library(["build", msp, "--output", out])
        #expect(built.status == 0 && built.error.isEmpty, "\(built.error)")
        #expect(built.output.contains("holds    1 spectra of 1 compounds, 2 peaks"))
        #expect(built.output.contains("1 records without a usable peak"))
        #expect(built.output.contains("first    line 15 (record 2): the record has no usable peak"))
        #expect(built.output.contains("without  exact mass 1, SMILES 1"))
        #expect(built.output.contains("polarity told by adduct or charge: 1 spectra"))

        let added = try library(["add", out, mgf])
        #expect(added.status == 0 && added.output.contains("added    1 spectra"), "\(added.error)")
        #expect(added.output.contains("repeated 1 spectra"))

        let info = try object(library(["info", out, "--json", "--verify"]).output)
        #expect(
            info.keys.sorted() == ["bytes", "checksums", "cleaning", "contents", "formatVersion", "path", "sources"])
        let contents = try #require(info["contents"] as? [String: Any])
        #expect(contents["spectra"] as? Int == 2 && info["checksums"] as? String == "ok")
        #expect((info["sources"] as? [[String: String]])?.map { $0["name"] } == ["a.msp", "b.mgf"])
        let help = try library(["info", "--help"]).output.replacing("\n", with: " ")
        for key in Array(info.keys) + Array(contents.keys) { #expect(help.contains(key), "\(key)") }
        let text = try library(["info", out]).output
        #expect(text.contains("polarity positive 1, negative 1") && text.contains("checksums not checked"))

        let found = try object(library(["search", out, "--name", "CAFF", "--json"]).output)
        #expect(found["found"] as? Int == 1)
        let spectrum = try #require((found["spectra"] as? [[String: Any]])?.first)
        #expect(spectrum["precursorMZ"] as? Double == 195.0877 && spectrum["retentionTimeSeconds"] as? Double == 120)
        #expect((spectrum["peaks"] as? [[Double]])?.map { $0[0] } == [110.0713, 138.0662])
        func count(_ conditions: [String]) throws -> Int? {
            try object(library(["search", out, "--json"] + conditions).output)["found"] as? Int
        }
        #expect(try count(["--inchikey", "RYYVLZVUVIJVGH"]) == 1)
        #expect(try count(["--formula", "C8H10N4O2"]) == 1 && count(["--formula", "C8H10"]) == 0)
        #expect(try count(["--mz", "195.0887"]) == 1 && count(["--mz", "195.0887", "--tolerance", "1ppm"]) == 0)
        #expect(try count(["--mz", "400", "--tolerance", "250Da"]) == 2)
        #expect(try count(["--mz", "195.0877", "--name", "rutin"]) == 0)
        let limited = try library(["search", out, "--mz", "400", "--tolerance", "250Da", "--limit", "1"]).output
        #expect(limited.contains("Caffeine") && !limited.contains("Rutin") && limited.contains("2 spectra found"))
        // A source is read without a build step of the user's.
        let direct = try library(["search", mgf, "--name", "rutin"])
        // As published: duplicates stay.
        #expect(direct.status == 0 && direct.output.contains("609.1461") && direct.output.contains("2 spectra found"))
    }

    @Test func optionsOfBuildAct() throws {
        let msp = try folder.write("a.msp", Self.caffeine.replacing("110.0713 120", with: "110.0713 5"))
        func peaks(_ options: [String]) throws -> Int? {
            let out = folder.file("x.lvsl")
            #expect(try library(["build", msp, "--output", out, "--force"] + options).status == 0)
            return (try object(library(["info", out, "--json"]).output)["contents"] as? [String: Any])?["peaks"] as? Int
        }
        #expect(try peaks([]) == 1 && peaks(["--noise-fraction", "0"]) == 2)
        #expect(try peaks(["--noise-fraction", "0", "--max-peaks", "1"]) == 1)
        let twice = try folder.write("twice.msp", Self.caffeine + Self.caffeine)
        for (options, spectra) in [([], "1 spectra of"), (["--keep-duplicates"], "2 spectra of")] {
            let built = try library(["build", twice, "--output", folder.file("t.lvsl"), "--force"] + options)
            #expect(built.output.contains("holds    \(spectra)") && built.output.contains("repeated 1 spectra"))
        }
        let bad = try folder.write("bad.msp", Self.caffeine + "NAME: x\n\nNAME: y\n")
        let shown = try library(["build", bad, "--output", folder.file("y.lvsl"), "--show", "1"]).output
        #expect(shown.contains("(record 2)") && !shown.contains("(record 3)"))
    }

    @Test func badLibrariesAreRefused() throws {
        let msp = try folder.write("a.msp", Self.caffeine)
        let out = folder.file("mine.lvsl")
        #expect(try library(["build", msp, "--output", out]).status == 0)
        let good = try folder.read("mine.lvsl")
        // Nothing is overwritten unasked, and never a source.
        #expect(try library(["build", msp, "--output", out]).status == 73)
        #expect(try library(["build", out, "--output", out, "--force"]).status == 73)
        #expect(try library(["build", msp, "--output", folder.file("name.msp")]).status == 64)

        var bytes = good
        bytes[12] &+= 1
        let version = try folder.write("version.lvsl", bytes)
        bytes = good
        // The lowest byte of an m/z: only the checksum can tell.
        let needle = withUnsafeBytes(of: 110.0713) { Array($0) }
        let place = try #require(bytes.indices.dropLast(8).first { Array(bytes[$0..<($0 + 8)]) == needle })
        bytes[place] ^= 1
        let damaged = try folder.write("damaged.lvsl", bytes)
        let cut = try folder.write("cut.lvsl", good.dropLast(100))
        let empty = try folder.write("empty.lvsl", "")
        for (path, word) in [(version, "[incompatible]"), (cut, "[truncated]"), (empty, "[truncated]")] {
            for command in [["info", path], ["search", path, "--name", "x"], ["add", path, msp]] {
                let outcome = try library(command)
                #expect(outcome.status == 65 && outcome.error.contains(path), "\(command): \(outcome.error)")
                #expect(outcome.error.contains(word) && outcome.output.isEmpty, "\(outcome.error)")
            }
        }
        let refused = try library(["info", damaged, "--verify"])
        #expect(refused.status == 65 && refused.error.contains("checksum"))
        // Adding to a damaged library would give the damage fresh checksums.
        #expect(try library(["add", damaged, msp]).status == 65)
        #expect(try folder.read("damaged.lvsl") == bytes)

        let deep = try folder.write("deep.json", String(repeating: "[", count: 100_000))
        let outcome = try library(["add", out, deep])
        #expect(outcome.status == 65 && outcome.error.contains("deep.json") && outcome.error.contains("nested"))
        #expect(try folder.read("mine.lvsl") == good)
        for source in [try folder.write("none.msp", ""), try folder.write("binary.mgf", [0, 1, 2, 255] as [UInt8])] {
            let outcome = try library(["build", source, "--output", folder.file("z.lvsl")])
            #expect(outcome.status == 65 && outcome.error.contains(source), "\(outcome.error)")
        }
        // A folder is made into a file once, not at every run.
        try folder.write("records/a.msp", Self.caffeine)
        let unbuilt = try library(["search", folder.file("records"), "--name", "x"])
        #expect(unbuilt.status == 65 && unbuilt.error.contains("library build"), "\(unbuilt.error)")
        #expect(try library(["search", out]).status == 64)
        #expect(try library(["search", out, "--mz", "100", "--tolerance", "10"]).status == 64)
    }
}
