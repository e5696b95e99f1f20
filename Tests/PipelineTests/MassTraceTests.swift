import Evaluation
import Foundation
import Pipeline
import TestSupport
import Testing

/// Mass traces as a table, and the two ways of joining them.
@Suite struct MassTraceTests {
    private static let run = TestData.repository + "/workloads/traces/MassTraceExtractor_1_input.mzML"
    private static let quick = ["matching.enabled=false", "annotation.enabled=false", "output.traces=true"]
    /// The defaults of OpenMS's MassTraceDetection: its tolerance is a standard deviation, of which it takes three.
    private static let openMS =
        quick + [
            "traces.method=seeded", "traces.tolerance=60", "traces.noise_threshold=10", "traces.noise_quantile=0",
            "traces.apex_factor=3", "traces.min_sample_rate=0.5", "traces.max_missed_scans=5", "traces.min_duration=5",
            "traces.min_points=2",
        ]

    private func rows(_ run: EngineRun) throws -> [[String]] {
        try run.text("traces.tsv").split(separator: "\n").dropFirst().map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    @Test func seededTracesAreThoseOfOpenMS() throws {
        let found = try rows(EngineRun([Self.run], Self.openMS)).map {
            (points: $0[7], start: Double($0[5])!, end: Double($0[6])!, mz: Double($0[2])!)
        }
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/openms_mass_traces.tsv").path
        var expected = try String(contentsOfFile: fixture, encoding: .utf8).split(separator: "\n").dropFirst(2).map {
            $0.split(separator: "\t").map { Double($0)! }
        }
        #expect(expected.count == 447 && found.count == 447)
        for trace in found {
            let place = expected.firstIndex {
                Int($0[0]) == Int(trace.points) && abs($0[1] - trace.start) < 0.01 && abs($0[2] - trace.end) < 0.01
                    && abs($0[3] - trace.mz) < 2e-6
            }
            if let place { expected.remove(at: place) } else { Issue.record("OpenMS has no trace \(trace)") }
        }
        #expect(expected.isEmpty)
    }

    @Test func publishedTracesAndFeaturesAreFound() throws {
        let folder = TestData.repository + "/workloads/"
        let traces = try EngineRun([Self.run], Self.openMS)
        let found = EvaluationResult(
            truth: try TruthTable(path: folder + "traces/truth.tsv"),
            features: try FeatureTable(path: traces.folder.file("traces.tsv")))
        #expect(found.found >= 427, "95 % of 449")
        let settings = try String(contentsOfFile: TestData.repository + "/config/scattered_mz.yaml", encoding: .utf8)
        let features = try EngineRun(
            [folder + "metabo/FeatureFinderMetabo_1_input.mzML"], Self.quick + Self.assignments(settings))
        let recall = EvaluationResult(
            truth: try TruthTable(path: folder + "metabo/truth.tsv"),
            features: try FeatureTable(path: features.folder.file("features.tsv")))
        #expect(recall.found >= 181, "95 % of 190")
        #expect(features.record.totalFeatures <= 285, "1.5 times what OpenMS writes")
    }

    /// The settings of a small YAML file of groups and values.
    private static func assignments(_ yaml: String) -> [String] {
        var group = ""
        return yaml.split(separator: "\n").compactMap { line in
            if line.hasPrefix("#") { return nil }
            let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
            if !line.hasPrefix(" ") {
                group = parts[0]
                return nil
            }
            return "\(group).\(parts[0])=\(parts[1])"
        }
    }

    @Test(arguments: ["streaming", "seeded"]) func tracesDoNotDependOnTheExecution(method: String) throws {
        let base = Self.quick + ["traces.method=\(method)", "traces.noise_threshold=10"]
        let reference = try rows(EngineRun([Self.run], base + ["execution.workers=1"]))
        #expect(reference.count > 10)
        for settings in [["execution.workers=3", "execution.chunk_size=1"], ["execution.chunk_size=512"]] {
            #expect(try rows(EngineRun([Self.run], base + settings)) == reference)
        }
    }

    /// Written on request, beside the tables that make up the digest.
    @Test func tracesAreWrittenOnRequest() throws {
        let without = try EngineRun([Self.run], Array(Self.quick.dropLast()))
        let with = try EngineRun([Self.run], Self.quick)
        #expect(!FileManager.default.fileExists(atPath: without.folder.file("traces.tsv")))
        #expect(with.record.digest == without.record.digest)
        #expect(with.record.outputs.contains { $0.path.hasSuffix("traces.tsv") })
    }
}
