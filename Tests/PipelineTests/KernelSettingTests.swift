import Evaluation
import Foundation
import Parameters
import SignalKernels
import TestSupport
import Testing

@testable import Pipeline

/// Switches of the innermost loops: each can be seen, and none changes a result.
@Suite struct KernelSettingTests {
    static let plain = try? EngineRun([EngineRun.dda], ["execution.workers=2"])

    private func kernels(_ assignments: [String]) throws -> RunRecord.Kernels {
        let run = try EngineRun([EngineRun.dda], ["execution.workers=2"] + assignments)
        #expect(run.record.digest == Self.plain?.record.digest, "\(assignments)")
        return try #require(run.record.kernels)
    }

    @Test func rowsAreComputedAsIsSet() throws {
        let plain = try kernels([])
        #expect(plain.waveletRows == "wide" && plain.fourierBackend == "fftw")
        let paired = try kernels(["peak_detection.parallel_scales=true"])
        let narrow = try kernels(["peak_detection.loop_unrolling=false"])
        #expect(paired.waveletRows == "paired" && narrow.waveletRows == "narrow")
        // Two scales in one walk over the samples, and a quarter of the columns in one.
        let walks = plain.transforms.passes
        #expect(walks > 0 && paired.transforms.passes < walks && 2 * paired.transforms.passes >= walks)
        #expect(narrow.transforms.passes > walks && narrow.transforms.passes <= 4 * walks)
        #expect(plain.transforms.single == 0)
        let frugal = try kernels(["peak_detection.memory_efficient=true"])
        #expect(frugal.waveletRows == "one by one, wide")
        #expect(frugal.transforms.largestCoefficientBytes * 4 < plain.transforms.largestCoefficientBytes)
        #expect(frugal.transforms.direct == plain.transforms.direct && plain.transforms.direct > 0)
    }

    /// In a process of its own, because instructions are set for all of one.
    @Test func instructionsAreThoseThatAreSet() throws {
        func record(_ assignments: [String]) throws -> RunRecord {
            try EngineRun.recordOfProgram(["--set", "execution.workers=2"] + assignments.flatMap { ["--set", $0] })
        }
        let plain = try record([])
        let best = try #require(plain.kernels)
        #expect(best.signals == SignalInstructions.machineName && best.selections == best.signals)
        let portable = try record(["peak_detection.vectorized_operations=false"])
        #expect(portable.digest == plain.digest)
        let names = try #require(portable.kernels)
        #expect([names.reading, names.signals, names.selections, names.matching].allSatisfy { $0 == "portable" })
        let branching = try record(["peak_detection.branch_prediction=false"])
        #expect(branching.digest == plain.digest)
        #expect(branching.kernels?.selections == "branching" && branching.kernels?.signals == best.signals)
        // A list of switches: those that it does not name are off.
        let listed = try record(["peak_detection.optimizations=[vectorized_operations, cache_friendly_access]"])
        #expect(listed.digest == plain.digest)
        #expect(listed.kernels?.waveletRows == "narrow" && listed.kernels?.selections == "branching")
        #expect(listed.kernels?.signals == best.signals)
    }

    @Test func namesThatAreNoneAreErrors() throws {
        func resolve(_ assignment: String) throws(ParameterError) -> [String] {
            var request = ConfigurationRequest()
            request.assignments = [assignment]
            request.profile = "none"
            return try request.resolve(host: EngineRun.host).notices
        }
        let error = #expect(throws: ParameterError.self) { try resolve("peak_detection.optimizations=[vectorised]") }
        #expect("\(error as Any)".contains("vectorized_operations"))
        // Nothing is no list; none of them is.
        #expect(throws: ParameterError.self) { try resolve("peak_detection.optimizations=") }
        for list in ["[]", "[loop_unrolling]", "[cache_friendly_access]"] {
            #expect(
                try resolve("peak_detection.optimizations=\(list)").contains {
                    $0.contains("cache_friendly_access is built in")
                },
                "\(list)")
        }
        #expect(try resolve("peak_detection.optimizations=auto").isEmpty)
        #expect(throws: ParameterError.self) { try resolve("peak_detection.unrolling=true") }
        #expect(throws: ParameterError.self) { try resolve("peak_detection.cache_friendly_access=false") }
        #expect(try resolve("peak_detection.cache_friendly_access=true").contains { $0.contains("built in") })
        #expect(try resolve("peak_detection.wavelet_backend=pywt-fast").contains { $0.contains("built in") })
        for known in [
            "parallel.backend=multiprocessing", "storage.read_optimization.compression_aware=true",
            "parallel.synchronization=minimal",
        ] {
            #expect(try resolve(known).contains { $0.contains("built in") }, "\(known)")
        }
        for (unknown, reason) in [
            ("parallel.backend=ray", "threads of one process"),
            ("storage.read_optimization.compression_aware=false", "first bytes"),
        ] {
            let error = #expect(throws: ParameterError.self) { try resolve(unknown) }
            #expect("\(error as Any)".contains(reason), "\(error as Any)")
        }
        #expect(
            try resolve("numeric.wavelet_transform=direct").contains {
                $0.contains("peak_detection.fft_backend: direct")
            })
        #expect(throws: ParameterError.self) { try resolve("numeric.wavelet_transform=fastest") }
    }

    /// Measured once, stored, and then the same for ever; results agree with those of estimated plans.
    @Test func measuredPlansAreStored() throws {
        let cache = try TemporaryDirectory()
        func run() throws -> (record: RunRecord, features: FeatureTable, notes: [String]) {
            let output = try TemporaryDirectory()
            let run = AnalysisRun(
                files: [EngineRun.dda], outputDirectory: output.path,
                configuration: try EngineRun.configuration([
                    "execution.workers=2", "peak_detection.fft_backend=fftw_wisdom", "numeric.wavelet_transform=fft",
                    "matching.enabled=false", "annotation.enabled=false",
                ]), host: EngineRun.host, machineProfile: nil, references: .bundled(EngineRun.locations),
                cache: cache.path)
            let record = try run.run()
            return (record, try FeatureTable(path: output.file("features.tsv")), record.warnings)
        }
        let first = try run()
        let files = try FileManager.default.contentsOfDirectory(atPath: cache.path)
        let plans = try #require(files.first { $0.hasPrefix("fourier-plans-") })
        let text = try String(contentsOfFile: cache.file(plans), encoding: .utf8)
        let second = try run()
        #expect(first.record.digest == second.record.digest)
        #expect(try String(contentsOfFile: cache.file(plans), encoding: .utf8) == text)
        let transforms = try #require(first.record.kernels?.transforms)
        #expect(transforms.fourierByWisdom > 0 && transforms.direct == 0)
        let plain = try EngineRun(
            [EngineRun.dda],
            [
                "execution.workers=2", "numeric.wavelet_transform=fft", "matching.enabled=false",
                "annotation.enabled=false",
            ])
        #expect(plain.record.kernels?.transforms.fourierByWisdom == 0)
        let agreement = TableAgreement(
            reference: try FeatureTable(path: plain.folder.file("features.tsv")), candidate: first.features)
        #expect(agreement.f1 >= 0.999)
        // What is no wisdom is measured again.
        try "broken".write(toFile: cache.file(plans), atomically: true, encoding: .utf8)
        _ = try run()
        #expect(try String(contentsOfFile: cache.file(plans), encoding: .utf8).hasPrefix("lavoisier-fftw-wisdom/1"))
    }
}
