import Foundation
import TestSupport
import Testing

/// `lavoisier match` as a user runs it.
@Suite struct MatchProgramTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try write("library.msp", Self.library)
        try write("queries.mgf", Self.queries)
    }

    /// A compound, the same with 14 Da more on some fragments, and one that shares nothing.
    private static let library = """
        NAME: Alpha
        ACCESSION: A-1
        PRECURSORMZ: 200.1
        PRECURSORTYPE: [M+H]+
        FORMULA: C10H10
        INCHIKEY: AAAAAAAAAAAAAA-BBBBBBBBBB-N
        IONMODE: POSITIVE
        LICENSE: CC0
        Num Peaks: 4
        50.05 30
        90.09 100
        120.12 60
        150.15 40

        NAME: Beta
        ACCESSION: B-1
        PRECURSORMZ: 214.1
        IONMODE: POSITIVE
        Num Peaks: 4
        50.05 30
        90.09 100
        134.12 60
        164.15 40

        NAME: Gamma
        ACCESSION: C-1
        PRECURSORMZ: 200.1
        IONMODE: POSITIVE
        Num Peaks: 2
        61.01 10
        77.07 100

        """

    private static let queries = """
        # a comment
        BEGIN IONS
        TITLE=first
        PEPMASS=200.1 1234.5
        CHARGE=1+
        RTINSECONDS=12.5
        50.05 30
        90.09 100
        120.12 60
        150.15 40
        END IONS
        BEGIN IONS
        SCANS=17
        50.05 30
        90.09 100
        120.12 60
        150.15 40 label
        nonsense
        END IONS
        BEGIN IONS
        TITLE=empty
        PEPMASS=200.1
        END IONS

        """

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
    }

    private func match(_ queries: String, _ arguments: [String] = [], output: String = "out.tsv") throws
        -> Program.Outcome
    {
        try Program.run(
            "lavoisier",
            ["match", folder.file(queries), "--library", folder.file("library.msp"), "--output", folder.file(output)]
                + arguments,
            environment: ["LAVOISIER_CACHE_DIR": folder.file("cache"), "XDG_CACHE_HOME": folder.file("cache")])
    }

    /// The cells of a table, header first.
    private func rows(_ name: String = "out.tsv") throws -> [[String]] {
        try String(contentsOfFile: folder.file(name), encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) } }
    }

    @Test func writesATable() throws {
        let outcome = try match("queries.mgf")
        #expect(outcome.status == 0, "\(outcome.error)")
        let rows = try rows()
        #expect(
            rows == [
                [
                    "query_id", "precursor_mz", "retention_time_seconds", "rank", "score", "matched_peaks",
                    "precursor_difference", "name", "accession", "formula", "adduct", "inchikey", "licence",
                    "q_value",
                ],
                [
                    "first", "200.100000", "12.500", "1", "1.000000", "4", "0.000000", "Alpha", "A-1", "C10H10",
                    "[M+H]+", "AAAAAAAAAAAAAA-BBBBBBBBBB-N", "CC0", "1.000000",
                ],
            ])
        for notice in [
            "records left out: 1", "values left out: 1", "without a precursor m/z: 1", "without a retention time: 1",
        ] {
            #expect(outcome.error.contains(notice), "\(notice)")
        }
        #expect(outcome.error.contains("1 of 2 spectra matched in 3 library spectra"))
        #expect(try match("queries.mgf", ["--quiet"]).error.isEmpty)
    }

    @Test func searchesInFourWays() throws {
        func found(_ arguments: [String]) throws -> [[String]] {
            let outcome = try match(
                "queries.mgf", ["--min-score", "0", "--min-matched-peaks", "1", "--quiet"] + arguments)
            #expect(outcome.status == 0, "\(outcome.error)")
            return try rows().dropFirst().map { [$0[0], $0[8], $0[5]] }
        }
        #expect(try found([]) == [["first", "A-1", "4"]])
        // Without a precursor only an open search by fragments is possible.
        #expect(
            try found(["--search", "open"]) == [
                ["first", "A-1", "4"], ["first", "B-1", "2"], ["17", "A-1", "4"], ["17", "B-1", "2"],
            ])
        #expect(try found(["--search", "neutral-loss"]) == [["first", "A-1", "4"], ["first", "B-1", "2"]])
        #expect(try found(["--search", "hybrid"]) == [["first", "A-1", "4"], ["first", "B-1", "4"]])
        #expect(try found(["--search", "hybrid", "--top", "1"]) == [["first", "A-1", "4"]])
        #expect(try found(["--search", "open", "--min-matched-peaks", "3"]).count == 2)
        #expect(try found(["--search", "open", "--min-score", "0.9"]).count == 2)
        #expect(
            try found(["--similarity", "modified_cosine", "--search", "open"]) == [
                ["first", "A-1", "4"], ["first", "B-1", "4"],
            ])
        #expect(
            try found(["--precursor-tolerance-ppm", "100000"]) == [["first", "A-1", "4"], ["first", "B-1", "2"]])
        #expect(try found(["--fragment-tolerance", "15", "--search", "open"]) != found(["--search", "open"]))
        #expect(
            try found(["--fragment-tolerance", "200000", "--fragment-tolerance-unit", "ppm", "--search", "open"])
                != found(["--search", "open"]))
        #expect(try found(["--noise-fraction", "0.35"]) == [["first", "A-1", "3"]])
        try write("library.msp", Self.library.replacingOccurrences(of: "150.15 40", with: "200.1 40"))
        #expect(try found(["--remove-precursor"]) == [["first", "A-1", "3"]])
    }

    /// Twelve compounds that find themselves and no decoy: the least rate that twelve matches can show.
    @Test func qValues() throws {
        var library = ""
        for number in 0..<12 {
            let mz = (0..<5).map { 60 + Double($0) * 20 + Double(number) * 1.1 }
            library += "NAME: c\(number)\nACCESSION: c-\(number)\nIONMODE: POSITIVE\nPRECURSORMZ: \(300 + number)\n"
            library += "Num Peaks: 5\n" + mz.map { "\($0) 50\n" }.joined() + "\n"
        }
        try write("library.msp", library)
        try write("queries.msp", library)
        func values(_ arguments: [String]) throws -> [String] {
            let outcome = try match("queries.msp", arguments)
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(
                outcome.error.contains("matched spectra: 12, so q-values cannot fall below 0.083")
                    == !arguments.contains("none"))
            return try rows().dropFirst().map { $0[13] }
        }
        #expect(try values([]) == Array(repeating: "0.083333", count: 12))
        #expect(try values(["--workers", "3", "--batch-size", "5"]) == Array(repeating: "0.083333", count: 12))
        #expect(try values(["--decoys", "none"]) == Array(repeating: "", count: 12))
        #expect(try values(["--max-q-value", "0.1"]).count == 12)
        #expect(try values(["--max-q-value", "0.05"]).isEmpty)
    }

    @Test func powerAndMeasureChangeTheScore() throws {
        func score(_ arguments: [String]) throws -> String {
            _ = try match(
                "queries.mgf", ["--search", "open", "--min-score", "0", "--min-matched-peaks", "1"] + arguments)
            return try rows()[2][4]
        }
        let scores = try [
            score([]), score(["--similarity", "cosine"]), score(["--similarity", "cosine", "--intensity-power", "1"]),
        ]
        #expect(Set(scores).count == 3)
    }

    @Test func workersBatchesAndFormatsAgree() throws {
        let arguments = ["--search", "hybrid", "--min-score", "0", "--min-matched-peaks", "1"]
        _ = try match("queries.mgf", arguments + ["--workers", "1", "--batch-size", "1"])
        let one = try rows()
        _ = try match("queries.mgf", arguments + ["--workers", "3", "--batch-size", "2"])
        #expect(try rows() == one)
        let library = try String(contentsOfFile: folder.file("library.msp"), encoding: .utf8)
        try write("queries.msp", library)
        #expect(try match("queries.msp", arguments, output: "out.json").status == 0)
        let objects = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder.file("out.json"))))
                as? [[String: Any]])
        let first = try #require(objects.first)
        #expect(first["query_id"] as? String == "A-1" && first["accession"] as? String == "A-1")
        #expect(first["score"] as? Double ?? 0 > 0.999_999 && first["matched_peaks"] as? Int == 4)
        #expect(first["retention_time_seconds"] == nil && first["rank"] as? Int == 1)
        let toOutput = try Program.run(
            "lavoisier",
            ["match", folder.file("queries.mgf"), "--library", folder.file("library.msp"), "--output", "-", "--quiet"],
            environment: ["LAVOISIER_CACHE_DIR": folder.file("cache"), "XDG_CACHE_HOME": folder.file("cache")])
        #expect(toOutput.output.split(separator: "\n").count == 2)
    }

    /// Queries in the formats of libraries: the content decides, whatever the name.
    @Test func readsLibraryFormats() throws {
        try write("queries.msp", Self.library.components(separatedBy: "\n\n")[0])
        try write(
            "queries.json",
            """
            [{"spectrum_id": "A-1", "Precursor_MZ": "200.1", "Ion_Mode": "Positive",
              "peaks_json": "[[50.05,30],[90.09,100],[120.12,60],[150.15,40]]"}]
            """)
        try write(
            "queries.txt",
            """
            ACCESSION: A-1
            AC$MASS_SPECTROMETRY: MS_TYPE MS2
            AC$MASS_SPECTROMETRY: ION_MODE POSITIVE
            MS$FOCUSED_ION: PRECURSOR_M/Z 200.1
            PK$NUM_PEAK: 4
            PK$PEAK: m/z int. rel.int.
              50.05 30 300
              90.09 100 999
              120.12 60 600
              150.15 40 400
            //
            """)
        for name in ["queries.msp", "queries.json", "queries.txt"] {
            let outcome = try match(name)
            #expect(outcome.status == 0, "\(name): \(outcome.error)")
            #expect(try rows().dropFirst().map { [$0[0], $0[4], $0[8]] } == [["A-1", "1.000000", "A-1"]], "\(name)")
        }
    }

    /// The fragment spectra of a run find themselves in a library that was made of them.
    @Test func readsMzML() throws {
        let folderOfRuns = TestData.repository + "/workloads/medium/"
        let run =
            try folderOfRuns + #require(
                FileManager.default.contentsOfDirectory(atPath: folderOfRuns).filter { $0.hasSuffix(".mzML") }.min())
        let analysed = try Program.run(
            "lavoisier",
            [
                "analyze", run, "--output", folder.file("results"), "--quiet", "--profile", "none", "--set",
                "matching.enabled=false", "--set", "annotation.enabled=false",
            ])
        #expect(analysed.status == 0, "\(analysed.error)")
        var records = ""
        let text = try String(contentsOfFile: folder.file("results/spectra.mgf"), encoding: .utf8)
        for (number, block) in text.components(separatedBy: "BEGIN IONS\n").dropFirst().enumerated() {
            let lines = block.split(separator: "\n")
            let precursor = try #require(lines.first { $0.hasPrefix("PEPMASS=") }).dropFirst(8).split(separator: " ")[0]
            let peaks = lines.filter { $0.first?.isNumber == true }
            records += "NAME: \(number)\nACCESSION: own-\(number)\nIONMODE: POSITIVE\nPRECURSORMZ: \(precursor)\n"
            records += "Num Peaks: \(peaks.count)\n\(peaks.joined(separator: "\n"))\n\n"
        }
        try write("library.msp", records)
        try FileManager.default.copyItem(atPath: run, toPath: folder.file("run.mzML"))
        let outcome = try match("run.mzML", ["--min-matched-peaks", "1", "--min-score", "0.999", "--top", "50"])
        #expect(outcome.status == 0, "\(outcome.error)")
        let rows = try rows().dropFirst()
        #expect(rows.allSatisfy { $0[0].contains("scan=") && abs(Double($0[6]) ?? 1) < 0.02 })
        let themselves = Set(rows.map { $0[8] })
        let count = text.components(separatedBy: "BEGIN IONS\n").count - 1
        #expect(count > 50 && themselves == Set((0..<count).map { "own-\($0)" }))
    }

    /// Two peaks that compete: the greedy pairing takes the largest product and loses both others.
    @Test func assignmentAndMZPowerChangeTheScore() throws {
        try write(
            "library.msp",
            "NAME: A\nACCESSION: A\nIONMODE: POSITIVE\nPRECURSORMZ: 300\nNum Peaks: 3\n100.01 100\n100.025 60\n200 5\n")
        try write(
            "queries.msp",
            "NAME: Q\nIONMODE: POSITIVE\nPRECURSORMZ: 300\nNum Peaks: 3\n100 60\n100.015 100\n200 50\n")
        func found(_ arguments: [String]) throws -> (score: Double, peaks: String) {
            let outcome = try match("queries.msp", ["--min-score", "0", "--min-matched-peaks", "1"] + arguments)
            #expect(outcome.status == 0, "\(outcome.error)")
            let row = try #require(try rows().dropFirst().first)
            return (Double(row[4]) ?? 0, row[5])
        }
        let optimal = try found(["--similarity", "cosine"])
        let greedy = try found(["--similarity", "cosine", "--assignment", "greedy"])
        #expect(optimal.peaks == "3" && greedy.peaks == "2" && optimal.score > greedy.score)
        let weighted = try found(["--similarity", "enhanced_dot_product"])
        let unweighted = try found(["--similarity", "enhanced_dot_product", "--mz-power", "0"])
        #expect(weighted.score != unweighted.score)
    }

    /// What is read is never replaced by the result, and a place that cannot be written to is found before the search.
    @Test func neverWritesOverItsInput() throws {
        for name in ["queries.mgf", "library.msp"] {
            let before = try String(contentsOfFile: folder.file(name), encoding: .utf8)
            let outcome = try match("queries.mgf", output: name)
            #expect(
                outcome.status == 73 && outcome.error.contains("the same file as one that is read"), "\(outcome.error)")
            #expect(try String(contentsOfFile: folder.file(name), encoding: .utf8) == before)
        }
        let nowhere = try match("queries.mgf", output: "no/such/folder/out.tsv")
        #expect(nowhere.status == 73 && nowhere.error.contains("there is no folder"))
        #expect(!nowhere.error.contains("matched"))
        #expect(try match("queries.mgf").status == 0)
        #expect(try match("queries.mgf").status == 0, "a result may be replaced")
    }

    /// m/z that no ion has would overflow where peaks are merged.
    @Test func absurdQueriesFindNothing() throws {
        try write(
            "absurd.mgf",
            "BEGIN IONS\nPEPMASS=300\nCHARGE=1+\n1.7e308 100\n1.7e308 100\n50.05 1e308\n90.09 1e308\nEND IONS\n")
        var library = ""
        for number in 0..<400 {
            library += "NAME: c\(number)\nIONMODE: POSITIVE\nPRECURSORMZ: \(300 + number)\nNum Peaks: 2\n"
            library += "50.05 \(number + 1)\n\(60 + number) 50\n\n"
        }
        try write("library.msp", library)
        for search in ["identity", "open", "neutral-loss", "hybrid"] {
            let outcome = try match("absurd.mgf", ["--search", search, "--min-score", "0", "--min-matched-peaks", "1"])
            #expect(outcome.status == 0, "\(search): \(outcome.error)")
        }
        // A peak whose weight is nothing beside the other's must not keep the search from ending.
        try write("absurd.mgf", "BEGIN IONS\nPEPMASS=300\nCHARGE=1+\n50.05 1\n90 1e-6\nEND IONS\n")
        let outcome = try match(
            "absurd.mgf",
            [
                "--search", "open", "--similarity", "cosine", "--intensity-power", "3", "--noise-fraction", "0",
                "--min-score", "0", "--min-matched-peaks", "1",
            ])
        #expect(outcome.status == 0, "\(outcome.error)")
    }

    @Test func refusesWhatItCannotDo() throws {
        try write("nothing.mgf", "BEGIN IONS\nTITLE=a\nEND IONS\n")
        let nothing = try match("nothing.mgf")
        #expect(nothing.status == 65 && nothing.error.contains("no usable fragment spectrum"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("out.tsv")))
        #expect(try match("missing.mgf").status == 65)
        try write("text.mzML", "this is no mzML")
        #expect(try match("text.mzML").status == 65)
        #expect(try match("queries.mgf", output: "no/such/folder/out.tsv").status == 73)
        try write("library.msp", "nothing here")
        let empty = try match("queries.mgf")
        #expect(empty.status == 65 && empty.error.contains("[foreign]"))
        for arguments in [
            ["--search", "near"], ["--similarity", "dot"], ["--top", "0"], ["--min-score", "2"], ["--workers", "0"],
            ["--batch-size", "0"], ["--fragment-tolerance", "0"], ["--min-matched-peaks", "0"],
            ["--precursor-tolerance-ppm", "0"], ["--noise-fraction", "1"], ["--intensity-power", "0"],
            ["--max-q-value", "2"], ["--mz-power", "4"], ["--assignment", "best"],
            ["--decoys", "none", "--max-q-value", "0.5"], ["--decoys", "naive"],
        ] {
            #expect(try match("queries.mgf", arguments).status == 64, "\(arguments)")
        }
    }
}
