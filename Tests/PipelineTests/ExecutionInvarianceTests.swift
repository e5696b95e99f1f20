import Evaluation
import Foundation
import Instrumentation
import Pipeline
import TestSupport
import Testing

/// Execution settings never change results: the tables are the same, byte for byte.
@Suite struct ExecutionInvarianceTests {
    static let inputs = [EngineRun.dda, EngineRun.profile]
    static let reference = try? EngineRun(inputs, ["execution.workers=1"]).record.digest

    static let settings: [[String]] = ["1", "2", "4"].flatMap { workers in
        ["1", "24", "1000", "auto"].flatMap { chunk in
            ["16KiB", "1MiB", "32MiB"].map { buffer in
                [
                    "execution.workers=\(workers)", "execution.chunk_size=\(chunk)", "execution.buffer_size=\(buffer)",
                ]
            }
        }
    }

    @Test(arguments: settings) func digestIsTheSame(settings: [String]) throws {
        let reference = try #require(Self.reference ?? nil)
        #expect(try EngineRun(Self.inputs, settings).record.digest == reference)
    }

    /// Every way to get at the bytes, alone and with several workers and files at a time.
    static let readingSettings: [[String]] = ["mapped", "buffered"].flatMap { access in
        ["index", "scan", "careful"].flatMap { cutting in
            [("none", "1", "1"), ("sequential", "2", "2"), ("aggressive", "1", "2"), ("predictive", "3", "1")].map {
                strategy, threads, files in
                [
                    "execution.file_access=\(access)", "execution.cutting=\(cutting)",
                    "storage.read_optimization.prefetch_strategy=\(strategy)",
                    "storage.read_optimization.prefetch_size=256KiB",
                    "execution.io_workers=\(threads)", "execution.concurrent_files=\(files)", "execution.workers=2",
                    "execution.buffer_size=64KiB",
                ]
            }
        }
    }

    @Test(arguments: readingSettings) func everyWayOfReadingKeepsTheDigest(settings: [String]) throws {
        let reference = try #require(Self.reference ?? nil)
        #expect(try EngineRun(Self.inputs, settings).record.digest == reference)
    }

    @Test(arguments: ["normal", "sequential", "willneed"]) func adviceKeepsTheDigest(advice: String) throws {
        let reference = try #require(Self.reference ?? nil)
        #expect(try EngineRun(Self.inputs, ["execution.readahead=\(advice)"]).record.digest == reference)
    }

    @Test(arguments: ["1", "2"]) func theReferenceReaderKeepsTheDigest(workers: String) throws {
        let reference = try #require(Self.reference ?? nil)
        let run = try EngineRun(Self.inputs, ["execution.reader=reference", "execution.workers=\(workers)"])
        #expect(run.record.digest == reference && run.record.inputs.allSatisfy { $0.reading == "reference" })
    }

    /// More files than turns, bad ones among them: the order and the failures are those of one file at a time.
    @Test func filesAtATimeKeepOrderAndFailures() throws {
        let folder = try TemporaryDirectory()
        let bad = folder.file("bad.mzML")
        try "<mzML><run>".write(toFile: bad, atomically: true, encoding: .utf8)
        let files = [EngineRun.profile, bad, EngineRun.dda, EngineRun.profile, bad]
        let expected = try EngineRun(files, ["execution.workers=4"]).record
        for count in [2, 3, 4] {
            let record = try EngineRun(
                files, ["execution.workers=4", "execution.concurrent_files=\(count)"]
            ).record
            #expect(record.digest == expected.digest && record.inputs.map(\.status) == expected.inputs.map(\.status))
            #expect(record.inputs.map(\.error) == expected.inputs.map(\.error))
            #expect(record.stages.contains { $0.name == "analyse files" })
        }
    }

    /// A limit near the smallest one ends chunks early and lets fewer wait; the result stays.
    @Test func memoryLimitKeepsTheDigest() throws {
        let reference = try #require(Self.reference ?? nil)
        let run = try EngineRun(
            Self.inputs, ["execution.workers=2", "execution.memory_limit=96MiB", "execution.chunk_size=1000"])
        #expect(run.record.digest == reference)
    }

    @Test(arguments: ["1", "4"]) func releasedPagesKeepTheDigest(workers: String) throws {
        let reference = try #require(Self.reference ?? nil)
        let run = try EngineRun(
            Self.inputs,
            ["execution.workers=\(workers)", "execution.reference_pages=release", "execution.chunk_size=1"])
        #expect(run.record.digest == reference)
    }

    @Test(arguments: ["true", "false"]) func batchesOfQueriesKeepTheDigest(together: String) throws {
        let reference = try #require(Self.reference ?? nil)
        let run = try EngineRun(
            Self.inputs, ["matching.batch_processing=\(together)", "execution.workers=2", "execution.chunk_size=7"])
        #expect(run.record.digest == reference)
    }

    @Test func repeatedRunsAgree() throws {
        let digests = try (0..<20).map { _ in try EngineRun([EngineRun.dda], ["execution.workers=4"]).record.digest }
        #expect(Set(digests).count == 1)
    }

    /// Precision may change results, within the bound that its description states.
    @Test(arguments: ["float32", "mixed"]) func precisionIsBounded(precision: String) throws {
        let exact = try EngineRun(Self.inputs)
        let other = try EngineRun(Self.inputs, ["numeric.precision=\(precision)"])
        let reference = try FeatureTable(path: exact.folder.file("features.tsv"))
        let candidate = try FeatureTable(path: other.folder.file("features.tsv"))
        #expect(TableAgreement(reference: reference, candidate: candidate).f1 >= 0.999)
        var largest = 0.0
        for feature in candidate.features {
            guard
                let twin = reference.features.first(where: {
                    $0.file == feature.file && abs($0.mz - feature.mz) < 1e-6
                        && abs($0.retentionTimeSeconds - feature.retentionTimeSeconds) < 0.01
                        && $0.startSeconds == feature.startSeconds && $0.endSeconds == feature.endSeconds
                })
            else { continue }
            largest = max(largest, abs(twin.area / feature.area - 1))
        }
        #expect(largest <= 1e-5, "largest relative difference of an area: \(largest)")
    }
}
