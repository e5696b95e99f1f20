import Foundation
import HostEnvironment
import Parameters
import Pipeline
import TestSupport
import Testing

/// The smaller commands of `lavoisier`.
@Suite struct SmallCommandTests {
    static let data = ["LAVOISIER_DATA_DIR": TestData.repository + "/workloads"]

    private func run(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run("lavoisier", arguments, environment: Self.data)
    }

    @Test(arguments: [
        [], ["analyze"], ["optimize"], ["workload"], ["workload", "list"], ["workload", "prepare"],
        ["workload", "verify"],
        ["evaluate"],
        ["convert"], ["simulate"], ["library"], ["library", "prepare"], ["library", "info"],
        ["library", "build"], ["library", "add"], ["library", "search"], ["config"],
        ["config", "show"],
        ["config", "docs"],
    ])
    func helpTeaches(command: [String]) throws {
        let outcome = try run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("OVERVIEW:") && outcome.output.contains("USAGE: lavoisier"))
    }

    @Test func workloadList() throws {
        let outcome = try run(["workload", "list"])
        #expect(outcome.status == 0)
        for name in ["small", "medium", "large", "gnps", "ident"] { #expect(outcome.output.contains(name)) }
    }

    @Test func workloadVerifyFindsDamage() throws {
        #expect(try run(["workload", "verify", "ident"]).output == "ident\tok\n")
        let folder = try TemporaryDirectory()
        try FileManager.default.copyItem(
            atPath: TestData.repository + "/workloads/ident", toPath: folder.file("ident"))
        let path = folder.file("ident/FeatureFinderMetaboIdent_1_input.mzML")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[1_000] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let outcome = try run(["workload", "verify", "--workloads", folder.path])
        #expect(outcome.status == 65 && outcome.output == "ident\tdamaged\n" && outcome.error.contains(path))
    }

    @Test func unknownWorkloadSuggestsTheNearest() throws {
        let outcome = try run(["workload", "prepare", "meduim"])
        #expect(outcome.status == 65 && outcome.error.contains("did you mean 'medium'?"))
    }

    @Test func evaluateCountsTheTruth() throws {
        let folder = try TemporaryDirectory()
        let ident = TestData.repository + "/workloads/ident"
        #expect(try run(["analyze", ident, "--output", folder.path, "--profile", "none", "--quiet"]).status == 0)
        let outcome = try run(["evaluate", folder.path, "--truth", ident + "/truth.tsv", "--json"])
        let found = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(found["expected"] as? Int == 6)
        #expect(found["found"] as? Int == 6)
        #expect((found["shared"] as? [String: Any])?["covered"] as? Int == 6)
        // A row without a window takes the apex within --window.
        let features = try String(contentsOfFile: folder.file("features.tsv"), encoding: .utf8).split(separator: "\n")
        let cells = features[1].split(separator: "\t")
        let seconds = try #require(Double(cells[3])) + 3
        let truth = try folder.write(
            "truth.tsv",
            "mz\tmz_tolerance_ppm\trt_seconds\trt_window_start\trt_window_end\tcharge\tarea\tname\tsource\tfile\n"
                + "\(cells[2])\t5\t\(seconds)\t\t\t0\t\tone\ttest\t\n")
        #expect(try run(["evaluate", folder.path, "--truth", truth, "--window", "4"]).output.contains("found 1/1"))
        #expect(try run(["evaluate", folder.path, "--truth", truth, "--window", "2"]).output.contains("found 0/1"))
        let missing = try run(["evaluate", folder.file("no.tsv"), "--truth", ident + "/truth.tsv"])
        #expect(missing.status == 65)
    }

    @Test func configShowIsReadBack() throws {
        let folder = try TemporaryDirectory()
        let shown = try run(["config", "show", "--profile", "none", "--set", "execution.chunk_size=48"])
        #expect(shown.output.contains("chunk_size: 48  # spectra, default 32"))
        let path = try folder.write("c.yaml", shown.output)
        func withoutOrigins(_ text: String) -> String { text.replacing(/, from .*/, with: "") }
        let again = try run(["config", "show", "--profile", "none", "--config", path])
        #expect(withoutOrigins(again.output) == withoutOrigins(shown.output))
        #expect(again.output.contains("chunk_size: 48  # spectra, default 32, from --config \(path):"))
    }

    @Test func configDocsNameEverySetting() throws {
        let docs = try run(["config", "docs"]).output
        for description in EngineParameters.descriptions(host: HostReader().read()) {
            #expect(docs.contains("**`\(description.name)`**"), "\(description.name)")
        }
    }

    @Test func libraryInfoVerifies() throws {
        let outcome = try run(["library", "info", "--verify"])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("checksums  ok") && outcome.output.contains("chebi_complete"))
    }

    @Test func damagedLibraryIsRefused() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("bad.lvsl", "not a library")
        let dda = TestData.repository + "/workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML"
        let outcome = try run(["analyze", dda, "--output", folder.file("out"), "--library", path])
        #expect(outcome.status == 65 && outcome.error.contains(path))
        #expect(try folder.contents == ["bad.lvsl"])
    }

    @Test func ownLibraryAndCompoundsAreUsed() throws {
        let folder = try TemporaryDirectory()
        let dda = TestData.repository + "/workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML"
        let msp = try folder.write(
            "own.msp",
            "NAME: nothing\nPRECURSORMZ: 999.9\nIONMODE: POSITIVE\nNum Peaks: 3\n50 1\n60 2\n70 3\n\n")
        let tsv = try folder.write(
            "own.tsv",
            "id\tmolecular_formula\tname\tinchi_key\texact_mass\nX:1\tC6H12O6\tglucose\tWQZGKKKJIJFFOK-GASJEMHNSA-N\t180.063388\n"
        )
        let outcome = try Program.run(
            "lavoisier",
            [
                "analyze", dda, "--output", folder.file("out"), "--library", msp, "--compounds", tsv, "--json",
                "--profile",
                "none",
            ], environment: Self.data.merging(["LAVOISIER_CACHE_DIR": folder.file("cache")]) { $1 })
        #expect(outcome.status == 0, "\(outcome.error)")
        let record = try RunRecord(json: outcome.output)
        #expect(record.inputs[0].identifiedFeatures == 0)
        #expect(record.inputs[0].annotatedFeatures < 50)
    }
}
