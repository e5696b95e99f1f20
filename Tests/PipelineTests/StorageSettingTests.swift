import Caching
import Foundation
import MzML
import Parameters
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// Settings of reading ahead, of what is remembered, and of writing: each can be seen, and none changes a result.
@Suite struct StorageSettingTests {
    static let plain = try? EngineRun([EngineRun.dda], ["execution.workers=2"])

    private func run(_ assignments: [String]) throws -> EngineRun {
        let run = try EngineRun([EngineRun.dda], ["execution.workers=2"] + assignments)
        #expect(run.record.digest == Self.plain?.record.digest)
        return run
    }

    private func strategy(_ name: String) -> String { "storage.read_optimization.prefetch_strategy=\(name)" }

    /// A file of some four megabytes.
    @Test(arguments: ["mapped", "buffered"]) func strategiesReadAhead(access: String) throws {
        let settings = ["execution.file_access=\(access)", "execution.buffer_size=64KiB"]
        #expect(try run(settings + [strategy("none")]).record.inputs[0].prefetch == nil)
        let size = "storage.read_optimization.prefetch_size=512KiB"
        func counts(_ name: String, _ size: String) throws -> PrefetchCounts {
            let record = try run(settings + [strategy(name), size]).record
            let file = try #require(record.inputs[0].prefetch)
            let run = try #require(record.prefetch)
            #expect(file.largestBytesInFlight == run.largestBytesInFlight && file.bytesUsed == run.bytesUsed)
            #expect(file.bytesRequested == file.bytesUsed + file.bytesWasted && file.bytesUsed > 0)
            return file
        }
        let sequential = try counts("sequential", size)
        let aggressive = try counts("aggressive", size)
        let predictive = try counts("predictive", size)
        #expect(sequential.bytesBeforeFirstUse == 64 << 10 && predictive.bytesBeforeFirstUse == 64 << 10)
        #expect(aggressive.bytesBeforeFirstUse == 512 << 10)
        for found in [sequential, aggressive, predictive] { #expect(found.largestBytesInFlight <= 512 << 10) }
        let larger = try counts("aggressive", "storage.read_optimization.prefetch_size=1MiB")
        #expect(larger.bytesBeforeFirstUse == 1 << 20 && larger.largestBytesInFlight <= 1 << 20)
    }

    /// The same bounds by the names that a user may know from pools of tasks.
    @Test func tasksAndTheirBytesAreBounded() throws {
        let settings = ["execution.buffer_size=64KiB", strategy("aggressive")]
        let record = try run(settings + ["parallel.buffer_size=512KiB", "parallel.concurrent_tasks=3"]).record
        let counts = try #require(record.prefetch)
        #expect(counts.bytesBeforeFirstUse == 512 << 10 && counts.largestBytesInFlight <= 512 << 10)
        #expect(counts.bytesUsed > 512 << 10)
        #expect(record.configuration.first { $0.name == "execution.io_workers" }?.value == "3")
    }

    /// Several files at a time stay within one bound.
    @Test func filesShareTheBound() throws {
        let files = [EngineRun.dda, EngineRun.profile, EngineRun.dda]
        let settings = ["execution.workers=3", "execution.concurrent_files=3", "execution.buffer_size=64KiB"]
        let plain = try EngineRun(files, settings)
        for name in ["sequential", "aggressive", "predictive"] {
            let ahead = try EngineRun(
                files, settings + [strategy(name), "storage.read_optimization.prefetch_size=300KiB"])
            let counts = try #require(ahead.record.prefetch)
            #expect(ahead.record.digest == plain.record.digest)
            #expect(counts.largestBytesInFlight <= 300 << 10 && counts.bytesUsed > 0, "\(name): \(counts)")
        }
    }

    /// Where spectra are left out, only what is looked at is brought in.
    @Test func predictionLeavesOutWhatTheSelectionDoes() throws {
        let settings = [
            "execution.workers=2", "execution.buffer_size=64KiB", "selection.first_second=270",
            "storage.read_optimization.prefetch_size=512KiB",
        ]
        let order = try EngineRun([EngineRun.dda], settings + [strategy("sequential")]).record
        let predicted = try EngineRun([EngineRun.dda], settings + [strategy("predictive")]).record
        #expect(order.digest == predicted.digest)
        let (all, some) = (try #require(order.prefetch), try #require(predicted.prefetch))
        #expect(some.bytesRequested < all.bytesRequested * 9 / 10, "\(some.bytesRequested) of \(all.bytesRequested)")
    }

    /// It is taken from what pools and caches have, and at most an eighth of the limit.
    @Test func whatIsReadAheadIsPartOfTheLimit() throws {
        let settings = ["execution.workers=1", "execution.memory_limit=256MiB"]
        func pooled(_ more: [String]) throws -> Int {
            let budget = try MemoryBudget(configuration: try EngineRun.configuration(settings + more))
            #expect(budget.spectrumBytes + budget.featureBytes + budget.resultBytes == budget.poolBytes)
            return budget.poolBytes + budget.cacheBytes
        }
        func ahead(_ size: String) -> [String] {
            [strategy("sequential"), "storage.read_optimization.prefetch_size=\(size)"]
        }
        let without = try pooled([])
        #expect(try pooled(ahead("8MiB")) == without - (8 << 20))
        #expect(try pooled(ahead("1GiB")) == without - (32 << 20))
        #expect(try EngineRun([EngineRun.dda], settings + ahead("8MiB")).record.digest == Self.plain?.record.digest)
    }

    /// The old number of buffers, in files and profiles that still have it.
    @Test func theRetiredDepthKeepsItsMeaning() throws {
        func resolved(_ assignments: [String]) throws -> (StorageSettings, [String]) {
            var request = ConfigurationRequest()
            request.assignments = assignments
            request.profile = "none"
            let outcome = try request.resolve(host: EngineRun.host)
            return (StorageSettings(outcome.configuration), outcome.notices)
        }
        let (three, notices) = try resolved(["execution.prefetch_depth=3", "execution.buffer_size=1MiB"])
        #expect(three.prefetchStrategy == .sequential && three.prefetchSize == 3 << 20)
        #expect(notices.contains { $0.contains("execution.prefetch_depth: 3 was replaced") })
        #expect(try resolved(["execution.prefetch_depth=0"]).0.prefetchStrategy == .none)
        var request = ConfigurationRequest()
        request.environment = ["LAVOISIER_EXECUTION_PREFETCH_DEPTH": "2"]
        request.profile = "none"
        let outcome = try request.resolve(host: EngineRun.host)
        #expect(StorageSettings(outcome.configuration).prefetchStrategy == .sequential)
        #expect(outcome.notices.contains { $0.contains("prefetch_depth: 2 was replaced") }, "\(outcome.notices)")
        let (both, ignored) = try resolved(["execution.prefetch_depth=3", strategy("aggressive")])
        #expect(both.prefetchStrategy == .aggressive && ignored.contains { $0.contains("is ignored beside") })
        #expect(throws: ParameterError.self) { try resolved(["execution.prefetch_depth=65"]) }
        #expect(throws: ParameterError.self) { try resolved(["execution.prefetch_depth=many"]) }
    }

    @Test func buffersAreWrittenWhenTheyAreFull() throws {
        func writes(_ size: String) throws -> RunRecord.Writing {
            let run = try run(["storage.write_optimization.write_buffer_size=\(size)", "output.mztab=true"])
            return try #require(run.record.writing)
        }
        let small = try writes("4KiB")
        let large = try writes("64MiB")
        #expect(small.bytes == large.bytes && small.bufferBytes == 4096 && large.bufferBytes == 64 << 20)
        #expect(small.writes >= small.bytes / 4096 && small.writes <= small.bytes / 4096 + 8)
        // One for each of three tables, an mzTab file and its two spools.
        #expect(large.writes <= 6)
    }

    @Test func filesAreSyncedAsTheStrategySays() throws {
        func syncs(_ name: String) throws -> RunRecord.Writing {
            let run = try run([
                "storage.write_optimization.sync_strategy=\(name)",
                "storage.write_optimization.write_buffer_size=16KiB",
            ])
            return try #require(run.record.writing)
        }
        #expect(try syncs("none").fileSyncs == 0)
        #expect(try syncs("delayed").fileSyncs == 3)
        let immediate = try syncs("immediate")
        #expect(immediate.fileSyncs == immediate.writes + 3 && immediate.writes > 3)
    }

    @Test func headersAndIndicesAreRemembered() throws {
        let caches = RunCaches(metadataBytes: 0, directoryBytes: 0)
        func analyse(_ assignments: [String]) throws -> RunRecord.Caches {
            let folder = try TemporaryDirectory()
            let run = AnalysisRun(
                files: [EngineRun.dda], outputDirectory: folder.path,
                configuration: try EngineRun.configuration(["execution.workers=2"] + assignments),
                host: EngineRun.host, machineProfile: nil, references: .bundled(EngineRun.locations),
                cache: EngineRun.locations.cache, caches: caches)
            let record = try run.run()
            if assignments.isEmpty { #expect(record.digest == Self.plain?.record.digest) }
            return try #require(record.caches)
        }
        let first = try analyse([])
        let second = try analyse([])
        #expect(first.metadata.misses >= 1 && first.directory.misses >= 1)
        #expect(second.metadata.hits >= 1 && second.metadata.misses == 0)
        #expect(second.directory.hits >= 1 && second.directory.misses == 0)
        let headersAlone = try analyse(["storage.cache_optimization.directory_cache=0"])
        #expect(headersAlone.metadata.hits >= 1 && headersAlone.directory.hits == 0)
        #expect(headersAlone.directory.usedBytes == 0 && headersAlone.directory.budgetBytes == 0)
        let neither = try analyse(["storage.cache_optimization.metadata_cache=0"])
        #expect(neither.metadata.hits == 0 && neither.metadata.budgetBytes == 0)
    }
}

/// What the system refuses is said before anything has its name.
@Suite struct OutputWritingTests {
    private struct Refusal: Error {}

    @Test(arguments: OutputSynchronization.allCases) func aDiskThatFailsFailsTheOutput(
        synchronization: OutputSynchronization
    ) throws {
        let folder = try TemporaryDirectory()
        let calls = OutputWriting.SystemCalls(
            data: { _ in
                errno = EIO
                return -1
            },
            file: { _ in
                errno = EIO
                return -1
            })
        let writing = OutputWriting(bufferSize: 10, synchronization: synchronization, calls: calls)
        let path = folder.file("table.tsv")
        var text = TextBuffer()
        text.append("twelve bytes")
        func write() throws(AnalysisError) {
            let file = try OutputFile(path: path, writing: writing)
            try file.write(text)
            try file.commit()
        }
        if synchronization == .none {
            try write()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "twelve bytes")
            return
        }
        let error = #expect(throws: AnalysisError.self) { try write() }
        #expect(error?.code == .outputFailed && error?.exitStatus == 73 && error?.reason.contains(path) == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    /// Each buffer is on the disk before the next one is written, the file before it has its name, the folder after.
    @Test func theOrderIsThatOfTheStrategy() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("table.tsv")
        let seen = Mutex<[String]>([])
        @Sendable func note(_ what: String, _ descriptor: Int32) -> Int32 {
            var status = stat()
            let size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : -1
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            let isNamed = FileManager.default.fileExists(atPath: path)
            seen.withLock { $0.append("\(isFolder ? "folder" : "\(what) \(size)")\(isNamed ? ", named" : "")") }
            return 0
        }
        for (synchronization, expected) in [
            (OutputSynchronization.immediate, ["data 10", "data 20", "data 24", "file 24", "folder, named"]),
            (.delayed, ["file 24", "folder, named"]), (.none, []),
        ] {
            unlink(path)
            seen.withLock { $0 = [] }
            let writing = OutputWriting(
                bufferSize: 10, synchronization: synchronization,
                calls: OutputWriting.SystemCalls(data: { note("data", $0) }, file: { note("file", $0) }))
            let file = try OutputFile(path: path, writing: writing)
            for _ in 0..<6 {
                var text = TextBuffer()
                text.append("four")
                try file.write(text)
            }
            try file.commit()
            #expect(seen.withLock { $0 } == expected, "\(synchronization)")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == String(repeating: "four", count: 6))
            #expect(writing.record.writes == 3 && writing.record.bytes == 24)
        }
    }

    /// So that syncing at the end finds little left to do; who syncs each buffer, or nothing, has no use for it.
    @Test(arguments: OutputSynchronization.allCases) func theDiskIsSetToWorkEarly(
        synchronization: OutputSynchronization
    ) throws {
        let folder = try TemporaryDirectory()
        let starts = Mutex<[off_t]>([])
        let calls = OutputWriting.SystemCalls(
            data: { _ in 0 }, file: { _ in 0 },
            start: { descriptor in
                var status = stat()
                fstat(descriptor, &status)
                starts.withLock { $0.append(status.st_size) }
            })
        let writing = OutputWriting(bufferSize: 1 << 20, synchronization: synchronization, calls: calls)
        let file = try OutputFile(path: folder.file("t"), writing: writing)
        var text = TextBuffer()
        text.append(String(repeating: "x", count: 1 << 20))
        for _ in 0..<10 { try file.write(text) }
        try file.commit()
        #expect(starts.withLock { $0 } == (synchronization == .delayed ? [4 << 20, 8 << 20] : []))
    }

    /// One write per buffer, whatever the pieces; a larger piece is not held back.
    @Test func buffersHaveTheirSize() throws {
        let folder = try TemporaryDirectory()
        for (pieces, expected) in [([3, 3, 3], 1), ([10], 1), ([25], 3), ([5, 20, 5], 3), ([], 0), ([9, 1, 1], 2)] {
            let writing = OutputWriting(bufferSize: 10, synchronization: .none)
            let file = try OutputFile(path: folder.file("t"), writing: writing)
            for count in pieces {
                var text = TextBuffer()
                text.append(String(repeating: "x", count: count))
                try file.write(text)
            }
            try file.commit()
            #expect(writing.record.writes == expected && writing.record.bytes == pieces.reduce(0, +), "\(pieces)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("t"))).count == pieces.reduce(0, +))
        }
    }
}
