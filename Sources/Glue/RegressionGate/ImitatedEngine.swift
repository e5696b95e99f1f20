import Foundation

/// A shell script in the place of `lavoisier analyze`, so that a gate can be shown to fire without waiting for a slow program.
///
/// It takes the options of `analyze`, writes tables and a run record of its own making, and behaves as it is told. Only the
/// self-test and tests run it; what it writes is never shown as a measurement of the engine.
public struct ImitatedEngine: Sendable {
    /// Decides the digest and the features of the result table.
    public var result = "as agreed"
    /// Features in the table, out of 20 that are the same for every engine.
    public var features = 20
    /// Spectra that it claims to have read.
    public var spectra = 100
    /// Peak memory that it claims, in bytes.
    public var peakMemoryBytes = 50_000_000
    /// Shell commands before results are written: `sleep 0.1`, `exit 3`, `kill -SEGV $$`.
    public var body = ""

    public init() {}

    /// The script's text.
    public var script: String {
        let rows = (0..<features).map { index in
            let mz = 150 + index * 10
            let seconds = 60 + index * 5
            return "x\\t\(mz)\\t\(seconds)\\t\(seconds - 2)\\t\(seconds + 2)\\t1\\t1000\\n"
        }.joined()
        return """
            #!/bin/sh
            while [ $# -gt 0 ]; do
                case "$1" in --output) out=$2 ;; esac
                shift
            done
            \(body)
            mkdir -p "$out"
            printf 'file\\tmz\\trt_seconds\\trt_start_seconds\\trt_end_seconds\\tcharge\\tarea\\n\(rows)' > "$out/features.tsv"
            printf 'mz\\trt_seconds\\tname\\tinchikey\\n' > "$out/identifications.tsv"
            printf '%s' '\(record)' > "$out/run.json"

            """
    }

    private var record: String {
        let digest = result.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return """
            {"schema": "lavoisier-run/1", "versions": {"lavoisier": "imitated", "libraries": []}, "startedAt": "now", \
            "machine": {"id": "m", "fields": []}, "configuration": [], "configurationHash": "h", "inputs": [{"path": "p", \
            "name": "n", "bytes": 1, "status": "analysed", "spectra": \(spectra), "surveyScans": \(spectra), \
            "fragmentSpectra": 0, "otherSpectra": 0, "surveyPoints": 1, "chromatographicPeaks": \(features), \
            "features": \(features), "featuresWithFragments": 0, "identifiedFeatures": 0, "annotatedFeatures": 0, \
            "notices": []}], "stages": [{"name": "read", "wallSeconds": 0.01, "cpuSeconds": 0.01}], "detectionJobs": [], \
            "wallSeconds": 0.01, "cpuSeconds": 0.01, "digest": "\(String(digest, radix: 16))", "outputs": [], \
            "warnings": [], "peakMemoryBytes": \(peakMemoryBytes)}
            """
    }

    /// Writes the script, ready to run. - Returns: its path. - Throws: `GateError(.outputFailed)`.
    @discardableResult
    public func write(to path: String) throws(GateError) -> String {
        try BaselineFiles.write(script, to: path)
        do {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        } catch {
            throw GateError(.outputFailed, "cannot make \(path) executable: \(error.localizedDescription)")
        }
        return path
    }
}
