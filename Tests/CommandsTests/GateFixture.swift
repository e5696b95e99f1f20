import Benchmarking
import Foundation
import RegressionGate
import TestSupport

/// A folder with scripts in the place of engines, baselines of them, and a cache of its own.
final class GateFixture {
    let folder: TemporaryDirectory
    var reference: String { folder.file("reference") }
    var candidate: String { folder.file("candidate") }
    var baseline: String { folder.file("baselines/main.json") }
    /// PATH of the programs; `nil` is that of the tests.
    var path: String?

    init(_ change: (inout ImitatedEngine) -> Void = { _ in }) throws {
        folder = try TemporaryDirectory()
        var engine = ImitatedEngine()
        change(&engine)
        try engine.write(to: reference)
        try ImitatedEngine().write(to: candidate)
        try Self.shareCache(with: folder.file("cache"))
    }

    /// What takes long to prepare is linked; noise and references of the user's own cache are not seen and not changed.
    private static func shareCache(with folder: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let environment = ProcessInfo.processInfo.environment
        let home = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        let cache = environment["LAVOISIER_CACHE_DIR"] ?? home + "/lavoisier"
        for name in (try? files.contentsOfDirectory(atPath: cache)) ?? []
        where name.hasSuffix(".lvct") || name.hasSuffix(".lvsl") {
            try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: "\(cache)/\(name)")
        }
    }

    var environment: [String: String] {
        var variables = [
            "LAVOISIER_DATA_DIR": "\(TestData.repository)/workloads", "LAVOISIER_CACHE_DIR": folder.file("cache"),
            "TMPDIR": folder.path,
        ]
        variables["PATH"] = path
        return variables
    }

    @discardableResult
    func run(_ arguments: [String], shellLimits: String? = nil) throws -> Program.Outcome {
        try Program.run(
            "lavoisier-tune", arguments, environment: environment, directory: folder.path, shellLimits: shellLimits)
    }

    /// Measures the reference as the baseline `main`; of no repository, so it is never built.
    @discardableResult
    func create(_ arguments: [String] = []) throws -> Program.Outcome {
        try run(
            [
                "baseline", "create", "main", "--workload", "ident", "--engine", reference, "--runs", "2",
                "--no-instructions", "--lock", folder.file("lock"),
            ] + arguments)
    }

    /// Options of a gate whose tolerances are wide, so that only what a test is about decides.
    func gate(_ arguments: [String], wide: [String] = ["wall", "cpu", "peak_memory"]) -> [String] {
        ["gate", "--baseline", baseline, "--candidate", candidate, "--lock", folder.file("lock")]
            + wide.flatMap { ["--tolerance", "\($0)=10000%"] } + arguments
    }

    /// A gate of both scripts in turn: one run of each in a pair, eight pairs.
    func interleaved(_ arguments: [String] = [], wide: [String] = ["wall", "cpu", "peak_memory"]) -> [String] {
        gate(
            ["--reference-binary", reference, "--pairs", "8", "--runs-per-pair", "1", "--no-instructions"] + arguments,
            wide: wide)
    }

    func write(_ change: (inout ImitatedEngine) -> Void, to path: String) throws {
        var engine = ImitatedEngine()
        change(&engine)
        try engine.write(to: path)
    }

    /// Changes the baseline's file as another machine or another hand would have.
    func edit(_ change: (inout Baseline) -> Void) throws {
        let files = BaselineFiles(folder: folder.file("baselines"))
        var baseline = try files.read("main")
        change(&baseline)
        try files.write(baseline, to: "main")
    }
}
