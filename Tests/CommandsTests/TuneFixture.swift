import Foundation
import TestSupport

/// A folder with a fake engine (a shell script), its own store, lock, reports and configuration.
final class TuneFixture {
    let folder: TemporaryDirectory
    var engine: String { folder.file("engine") }

    /// - Parameter body: shell commands between reading `$workers`, `$chunk`, `$precision` and all `$settings`, and writing the
    ///   results.
    init(_ body: String = "") throws {
        folder = try TemporaryDirectory()
        // Shell builtins only: a study runs this some forty times.
        try folder.write(
            "engine",
            """
            #!/bin/sh
            while [ $# -gt 0 ]; do
                case "$1" in --output) out=$2 ;; --config) config=$2 ;; esac
                shift
            done
            while read -r key value rest; do
                case "$key" in "#"*) continue ;; esac
                settings="$settings$key$value "
                case "$key" in
                    workers:) workers=$value ;; chunk_size:) chunk=$value ;; precision:) precision=$value ;;
                esac
            done < "$config"
            digest=aaaa
            memory=50000000
            spectra=100
            features='x\\t100\\t10\\t9\\t11\\t1\\t5\\n'
            \(body)
            mkdir -p "$out"
            printf 'file\\tmz\\trt_seconds\\trt_start_seconds\\trt_end_seconds\\tcharge\\tarea\\n'"$features" > "$out/features.tsv"
            printf 'mz\\trt_seconds\\tname\\tinchikey\\n' > "$out/identifications.tsv"
            printf '%s' '\(Self.record.0)'"$digest"'\(Self.record.1)'"$memory"'}' > "$out/run.json"
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
        ["--engine", engine, "--rows", "6", "--budget", "4"] + places + arguments
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

    /// A run record before and after the digest.
    private static let record = (
        """
        {"schema": "lavoisier-run/1", "versions": {"lavoisier": "0", "libraries": []}, "startedAt": "now",
         "machine": {"id": "m", "fields": []}, "configuration": [], "configurationHash": "h", "inputs": [
          {"path": "p", "name": "n", "bytes": 1, "status": "analysed", "spectra": '"$spectra"', "surveyScans": 100, "fragmentSpectra": 0,
           "otherSpectra": 0, "surveyPoints": 1, "chromatographicPeaks": 1, "features": 1, "featuresWithFragments": 0,
           "identifiedFeatures": 0, "annotatedFeatures": 0, "notices": []}],
         "stages": [{"name": "read", "wallSeconds": 0.01, "cpuSeconds": 0.01}], "detectionJobs": [], "wallSeconds": 0.01,
         "cpuSeconds": 0.01, "digest": "
        """,
        """
        ", "outputs": [], "warnings": [], "peakMemoryBytes":
        """
    )
}
