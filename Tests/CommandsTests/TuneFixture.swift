import Foundation
import TestSupport

/// A folder with a fake engine (a shell script), its own store, lock, reports and configuration.
final class TuneFixture {
    let folder: TemporaryDirectory
    var engine: String { folder.file("engine") }

    /// - Parameter body: shell commands between reading `$workers`, `$chunk`, `$precision` and writing the results.
    init(_ body: String = "") throws {
        folder = try TemporaryDirectory()
        let columns = ["file", "mz", "rt_seconds", "rt_start_seconds", "rt_end_seconds", "charge", "area"]
        try folder.write("features.tsv", columns.joined(separator: "\t") + "\nx\t100\t10\t9\t11\t1\t5\n")
        try folder.write("identifications.tsv", Self.identificationHeader)
        try folder.write("run.json", Self.record)
        try folder.write(
            "engine",
            """
            #!/bin/sh
            here='\(folder.path)'
            while [ $# -gt 0 ]; do
                case "$1" in --output) out=$2 ;; --config) config=$2 ;; esac
                shift
            done
            workers=$(sed -n 's/^  workers: \\([0-9]*\\).*/\\1/p' "$config")
            chunk=$(sed -n 's/^  chunk_size: \\([0-9]*\\).*/\\1/p' "$config")
            precision=$(sed -n 's/^  precision: \\([a-z0-9]*\\).*/\\1/p' "$config")
            digest=aaaa
            \(body)
            mkdir -p "$out"
            cp "$here/features.tsv" "$here/identifications.tsv" "$out"
            sed "s/DIGEST/$digest/" "$here/run.json" > "$out/run.json"
            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: engine)
    }

    /// Options that keep a study apart from everything else on this machine, and short.
    var places: [String] {
        [
            "--store", folder.file("trials.sqlite"), "--reports-dir", folder.file("reports"), "--config-dir",
            folder.file("config"), "--lock", folder.file("lock"),
        ]
    }

    var environment: [String: String] {
        ["LAVOISIER_DATA_DIR": "\(TestData.repository)/workloads", "TMPDIR": folder.path]
    }

    func study(_ arguments: [String]) -> [String] {
        ["--engine", engine, "--budget", "6", "--rows", "6"] + places + arguments
    }

    @discardableResult
    func run(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run("lavoisier-tune", arguments, environment: environment, directory: folder.path)
    }

    /// The result object of `show --json`.
    func result(_ study: String = "latest") throws -> [String: Any] {
        let outcome = try run(["show", study, "--json", "--store", folder.file("trials.sqlite")])
        return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
    }

    func start(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path("lavoisier-tune"))
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        var variables = environment
        for key in ["PATH", "HOME", "LD_LIBRARY_PATH", "XDG_CACHE_HOME"] {
            variables[key] = ProcessInfo.processInfo.environment[key]
        }
        process.environment = variables
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Processes whose command line names this fixture's folder.
    func processes() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
            return String(decoding: line, as: UTF8.self).contains(folder.path)
        }
    }

    /// Engines that run now.
    func engines() -> [Int32] {
        processes().filter { pid in
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            return String(decoding: line, as: UTF8.self).contains("analyze")
        }
    }

    private static let identificationHeader = "feature\tfile\tmz\trt_seconds\tname\tinchikey\n"

    private static let record = """
        {"schema": "lavoisier-run/1", "versions": {"lavoisier": "0", "libraries": []}, "startedAt": "now",
         "machine": {"id": "m", "fields": []}, "configuration": [], "configurationHash": "h", "inputs": [],
         "stages": [{"name": "read", "wallSeconds": 0.01, "cpuSeconds": 0.01}], "detectionJobs": [], "wallSeconds": 0.01,
         "cpuSeconds": 0.01, "peakMemoryBytes": 50000000, "digest": "DIGEST", "outputs": [], "warnings": []}
        """
}
