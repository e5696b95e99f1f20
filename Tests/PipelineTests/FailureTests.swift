import Foundation
import Instrumentation
import Pipeline
import Synchronization
import TestSupport
import Testing

/// Bundled runs with defects at known places.
private enum Damaged {
    static func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: EngineRun.dda)) }

    /// The run cut off behind a share of its bytes.
    static func truncated(at share: Double) throws -> Data {
        let whole = try bytes()
        return whole.prefix(Int(share * Double(whole.count)))
    }

    /// Base64 broken in the first array that starts behind each share of the bytes.
    static func undecodable(_ data: Data, at shares: [Double]) throws -> Data {
        var data = data
        for share in shares {
            let start = Int(share * Double(data.count))
            let array = try #require(data.range(of: Data("<binary>".utf8), in: start..<data.count))
            data[array.upperBound + 4] = UInt8(ascii: "!")
        }
        return data
    }

    static func write(_ data: Data, _ name: String, in folder: TemporaryDirectory) throws -> String {
        try folder.write(name, data)
    }
}

/// What a failure in one file, at any place and with any number of workers, does to the rest: nothing.
@Suite struct FailureTests {
    static let workerCounts = [1, 4]

    @Test(arguments: workerCounts, [1, 1_000]) func badFilesLeaveTheOthersAsTheyAre(workers: Int, chunk: Int) throws {
        let folder = try TemporaryDirectory()
        let cut = try Damaged.write(try Damaged.truncated(at: 0.6), "cut.mzML", in: folder)
        let broken = try Damaged.write(
            try Damaged.undecodable(Damaged.bytes(), at: [0.5]), "broken.mzML", in: folder)
        let settings = ["execution.workers=\(workers)", "execution.chunk_size=\(chunk)"]
        let good = try EngineRun([EngineRun.dda, EngineRun.profile], settings)
        let mixed = try EngineRun(
            [cut, EngineRun.dda, broken, EngineRun.profile, folder.file("absent.mzML")], settings)
        #expect(mixed.record.digest == good.record.digest)
        #expect(mixed.record.inputs.map(\.status) == [.failed, .analysed, .failed, .analysed, .failed])
        #expect(mixed.record.inputs[0].error?.contains("the file ends inside") == true)
        #expect(mixed.record.inputs[2].error?.contains("broken.mzML") == true)
        #expect(try mixed.folder.contents == ["features.tsv", "identifications.tsv", "run.json", "spectra.mgf"])
    }

    /// Several defects: the first one in the file is reported, whichever worker met which one first.
    @Test func theFirstDefectIsTheOneThatIsReported() throws {
        let folder = try TemporaryDirectory()
        let damaged = try Damaged.undecodable(Damaged.truncated(at: 0.55), at: [0.5, 0.501, 0.502, 0.503, 0.504, 0.51])
        let path = try Damaged.write(damaged, "run.mzML", in: folder)
        func report(workers: Int, chunk: Int) throws -> String? {
            try EngineRun([path], ["execution.workers=\(workers)", "execution.chunk_size=\(chunk)"])
                .record.inputs.first?.error
        }
        let first = try #require(try report(workers: 1, chunk: 1))
        #expect(first.contains("scan="))
        for round in 0..<10 {
            #expect(try report(workers: 4, chunk: 1) == first, "round \(round)")
        }
        #expect(try report(workers: 4, chunk: 1_000) == first)
    }

    @Test func withoutAnyGoodFileNothingIsWritten() throws {
        let folder = try TemporaryDirectory()
        let cut = try Damaged.write(try Damaged.truncated(at: 0.3), "cut.mzML", in: folder)
        let output = folder.file("new/results")
        let record = try EngineRun.run([cut], ["execution.workers=4"], output: output)
        #expect(record.digest == nil)
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test(arguments: workerCounts) func cancellationInTheMiddleLeavesNothing(workers: Int) throws {
        let folder = try TemporaryDirectory()
        let cancellation = CancellationFlag()
        let error = #expect(throws: AnalysisError.self) {
            try EngineRun.run(
                [EngineRun.dda, EngineRun.profile], ["execution.workers=\(workers)", "execution.chunk_size=1"],
                output: folder.path, cancellation: cancellation
            ) { event in
                if case .progress(let report, _) = event, report.fraction > 0.3 { cancellation.cancel() }
            }
        }
        #expect(error?.code == .interrupted)
        #expect(try folder.contents.isEmpty)
    }

    @Test func progressNeverGoesBack() throws {
        let folder = try TemporaryDirectory()
        let fractions = Mutex<[Double]>([])
        try EngineRun.run(
            [EngineRun.dda, EngineRun.profile],
            ["execution.workers=4", "execution.chunk_size=1", "matching.enabled=false"], output: folder.path
        ) { event in
            if case .progress(let report, _) = event { fractions.withLock { $0.append(report.fraction) } }
        }
        let seen = fractions.withLock { $0 }
        #expect(seen.count > 100)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(seen.allSatisfy { $0 >= 0 && $0 <= 1 })
    }

    /// A result that cannot get its name: the run fails and no temporary file stays.
    @Test func aTakenNameLeavesNoTemporaryFiles() throws {
        let folder = try TemporaryDirectory()
        try folder.write("features.tsv/inside", "a folder in the way")
        let error = #expect(throws: AnalysisError.self) {
            try EngineRun.run([EngineRun.dda], ["matching.enabled=false"], output: folder.path)
        }
        #expect(error?.code == .outputFailed)
        #expect(try folder.contents == ["features.tsv"])
    }
}
