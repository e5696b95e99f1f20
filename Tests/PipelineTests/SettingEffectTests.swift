import Evaluation
import Foundation
import Instrumentation
import MzML
import SignalKernels
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// Every documented setting changes behaviour.
@Suite struct SettingEffectTests {
    static let dda = try? EngineRun([EngineRun.dda], ["execution.workers=2"])
    static let profile = try? EngineRun([EngineRun.profile], ["execution.workers=2"])
    static let wavelet = try? EngineRun(
        [EngineRun.profile], ["execution.workers=2", "centroiding.method=wavelet"])

    /// Settings that change results: each value must change the tables of a run that has what the setting acts on.
    @Test(arguments: [
        ["analysis.preset=tof"], ["analysis.preset=unit-resolution"], ["analysis.preset=hplc-orbitrap"],
        ["analysis.preset=uhplc-orbitrap"], ["analysis.preset=hplc-qtof"], ["analysis.preset=uhplc-qtof"],
        ["traces.method=seeded"], ["traces.min_sample_rate=1"], ["traces.tolerance=2"],
        ["traces.tolerance_unit=Da"], ["traces.merge_distance=0.5"],
        ["traces.noise_threshold=1e5"],
        ["traces.noise_quantile=0.5"], ["traces.max_missed_scans=0"], ["traces.min_points=9"],
        ["traces.min_duration=10"],
        ["traces.apex_factor=30"], ["peaks.min_width=6"], ["peaks.max_width=4"], ["peaks.signal_to_noise=20"],
        ["peaks.isotope_signal_to_noise=50"], ["peaks.min_quality=0.95"], ["peaks.min_autocorrelation=0.9"],
        ["peaks.max_false_rate=1"], ["peaks.max_false_rate=0.0001"], ["peaks.min_points=12"],
        ["peaks.valley_ratio=0.1"], ["peaks.edge_fraction=0.3"], ["isotopes.max_charge=1"], ["isotopes.tolerance=0.5"],
        ["isotopes.tolerance_unit=Da"], ["isotopes.min_cosine=0.999"], ["isotopes.max_apex_shift=0.01"],
        ["isotopes.max_isotopes=1"], ["adducts.enabled=false"],
        ["adducts.min_correlation=0.97"], ["adducts.max_apex_shift=0.02"], ["adducts.min_evidence=8"],
        ["fragments.precursor_tolerance=0.5"], ["matching.enabled=false"],
        ["matching.similarity=cosine"], ["matching.similarity=modified_cosine"],
        ["matching.similarity=unweighted_entropy"], ["matching.similarity=neutral_loss"],
        ["matching.similarity=enhanced_dot_product"],
        ["matching.precursor_tolerance_ppm=0.5"],
        ["matching.fragment_tolerance=0.001"], ["matching.fragment_tolerance_unit=ppm"],
        ["matching.min_matched_peaks=9"],
        ["matching.min_score=0.95"], ["matching.top=1", "matching.min_score=0.3"], ["matching.noise_fraction=0.3"],
        ["matching.decoys=none"], ["matching.max_q_value=0.001"],
        ["matching.remove_precursor=true"], ["matching.analog=true", "matching.analog_max_shift=5"],
        ["annotation.enabled=false"],
        ["annotation.tolerance_ppm=1"], ["annotation.top=1"], ["annotation.library_score_threshold=1"],
        ["annotation.isotope_score_threshold=0.99"], ["annotation.adducts=all"],
        ["annotation.adducts=[M+H]+ [M+Na]+"], ["annotation.adducts=[M+H]+:0.2,[M+Li]+"],
    ])
    func changesTheResult(assignments: [String]) throws {
        let reference = try #require(Self.dda)
        let changed = try EngineRun([EngineRun.dda], ["execution.workers=2"] + assignments)
        #expect(changed.record.digest != reference.record.digest)
    }

    /// Settings that act only together with another one.
    @Test(arguments: [
        (["matching.min_score=0.3"], ["matching.top=1"]),
        (["matching.similarity=cosine"], ["matching.intensity_power=1"]),
        (["matching.similarity=enhanced_dot_product", "matching.min_score=0.3"], ["matching.mz_power=0"]),
        (
            [
                "matching.similarity=cosine", "matching.min_score=0.1", "matching.fragment_tolerance=5",
                "matching.min_matched_peaks=1",
            ], ["matching.assignment=greedy"]
        ),
        (["matching.min_score=0.3"], ["matching.search=open"]),
        (["matching.min_score=0.3", "matching.search=open"], ["matching.search=hybrid"]),
        (["matching.min_score=0.3", "matching.search=open"], ["matching.search=neutral-loss"]),
        (["matching.analog=true", "matching.analog_max_shift=5"], ["matching.analog_max_shift=1"]),
    ])
    func changesTheResultInContext(context: [String], assignments: [String]) throws {
        let reference = try EngineRun([EngineRun.dda], ["execution.workers=2"] + context)
        let changed = try EngineRun([EngineRun.dda], ["execution.workers=2"] + context + assignments)
        #expect(changed.record.digest != reference.record.digest)
    }

    @Test(arguments: [
        ["centroiding.min_samples=9"], ["centroiding.max_spacing_ratio=1.01"], ["centroiding.method=wavelet"],
        ["centroiding.method=none"], ["centroiding.apex=parabola"], ["centroiding.apex=spline"],
        ["centroiding.signal_to_noise=20"],
    ])
    func changesProfileResults(assignments: [String]) throws {
        let reference = try #require(Self.profile)
        let changed = try EngineRun([EngineRun.profile], ["execution.workers=2"] + assignments)
        #expect(changed.record.digest != reference.record.digest)
    }

    /// Settings of one method of centroiding.
    @Test(arguments: [
        "centroiding.max_width=3", "centroiding.min_ridge_length=11", "centroiding.signal_to_noise=30",
        "centroiding.apex=spline", "centroiding.min_samples=9", "centroiding.max_spacing_ratio=1.01",
    ])
    func changesWaveletResults(assignment: String) throws {
        let wavelet = ["execution.workers=2", "centroiding.method=wavelet"]
        let reference = try #require(Self.wavelet)
        let changed = try EngineRun([EngineRun.profile], wavelet + [assignment])
        #expect(changed.record.digest != reference.record.digest)
    }

    /// What the record says of how a file was read follows the settings, and what the file allows.
    @Test func readerAccessAndCuttingAreWhatIsSet() throws {
        func reading(_ file: String, _ assignments: [String]) throws -> String? {
            try EngineRun([file], assignments + ["matching.enabled=false", "annotation.enabled=false"])
                .record.inputs.first?.reading
        }
        #expect(try reading(EngineRun.dda, []) == "fast, mapped, index")
        #expect(try reading(EngineRun.dda, ["execution.file_access=buffered"]) == "fast, buffered, index")
        #expect(try reading(EngineRun.dda, ["execution.cutting=scan"]) == "fast, mapped, scan")
        #expect(try reading(EngineRun.dda, ["execution.cutting=careful"]) == "fast, mapped, careful")
        #expect(try reading(EngineRun.dda, ["execution.reader=reference"]) == "reference")
        let ahead = "storage.read_optimization.prefetch_strategy=sequential"
        let buffered = ["execution.file_access=buffered", ahead]
        #expect(try reading(EngineRun.dda, buffered) == "fast, buffered, index, read ahead")
        #expect(
            try reading(EngineRun.profile, buffered + ["execution.io_workers=3"]) == "fast, buffered, scan, read ahead")
        #expect(try reading(EngineRun.dda, [ahead]) == "fast, mapped, index, read ahead")
        // This one has no index.
        #expect(try reading(EngineRun.profile, []) == "fast, mapped, scan")
    }

    /// The kernel is told what is set, of mapped, buffered and compressed files, and took it.
    @Test(arguments: ["mapped", "buffered"]) func theKernelIsToldTheOrderOfReading(access: String) throws {
        let folder = try TemporaryDirectory()
        let packed = folder.file("packed.mzML.gz")
        let outcome = try Program.run("/bin/sh", ["-c", "gzip -c \(EngineRun.dda) > \(packed)"])
        #expect(outcome.status == 0)
        for (word, expected) in [
            ("normal", nil), ("sequential", .sequential), ("willneed", .willneed),
        ] as [(String, ReadingOptions.Advice?)] {
            for file in [EngineRun.dda, packed] {
                let record = try EngineRun(
                    [file],
                    [
                        "execution.file_access=\(access)", "execution.readahead=\(word)", "matching.enabled=false",
                        "annotation.enabled=false",
                    ]
                ).record
                #expect(record.inputs.first?.advice == expected, "\(word)")
            }
        }
    }

    /// Each selection leaves out what it names, and as much in both readers.
    @Test(arguments: [
        ["selection.first_second=270"], ["selection.last_second=250"], ["selection.lowest_mz=400"],
        ["selection.highest_mz=300"], ["selection.first_second=250", "selection.last_second=280"],
    ])
    func selectionsLeaveOut(assignments: [String]) throws {
        let whole = try #require(Self.dda).record
        let part = try EngineRun([EngineRun.dda], ["execution.workers=2"] + assignments).record
        let slow = try EngineRun(
            [EngineRun.dda], ["execution.workers=2", "execution.reader=reference"] + assignments
        ).record
        #expect(part.digest != whole.digest && part.digest == slow.digest)
        let (all, some) = (try #require(whole.inputs.first), try #require(part.inputs.first))
        #expect(some.surveyPoints < all.surveyPoints && some.surveyPoints > 0)
        #expect(some.spectra < all.spectra || assignments[0].contains("mz"))
    }

    @Test func contradictingSelectionsAreRefused() {
        let error = #expect(throws: AnalysisError.self) {
            _ = try EngineRun([EngineRun.dda], ["selection.lowest_mz=500", "selection.highest_mz=100"])
        }
        #expect(error?.code == .badConfiguration && "\(error as Any)".contains("selection.lowest_mz"))
    }

    /// A file that ends too early is an error, or analysed as far as it goes, with a notice.
    @Test func recoveryKeepsWhatIsThere() throws {
        let folder = try TemporaryDirectory()
        let cut = folder.file("cut.mzML")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: EngineRun.dda))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: cut))
        let refused = try EngineRun([cut], []).record
        #expect(refused.inputs.first?.status == .failed && refused.digest == nil)
        let kept = try EngineRun([cut], ["selection.recover=true"]).record
        let input = try #require(kept.inputs.first)
        #expect(input.status == .analysed && input.spectra > 100)
        #expect(
            input.notices.contains { $0.contains("is missing") && $0.contains("of 507 declared") }, "\(input.notices)")
    }

    /// Smaller chunks are more chunks: one report of progress for each.
    @Test func chunkSizeSetsTheNumberOfChunks() throws {
        #expect(try chunks("1") > 500)
        #expect(try chunks("1000") <= 2)
    }

    /// Chunks of so many bytes that every worker has several, and no more than its share of the memory.
    @Test func automaticChunksFollowFileAndBudget() throws {
        let automatic = try chunks("auto")
        #expect(automatic > 20 && automatic < 500)
        #expect(try chunks("auto", workers: 4) > automatic)
        let configuration = try EngineRun.configuration(["execution.chunk_size=auto", "execution.workers=2"])
        let roomy = try MemoryBudget(configuration: configuration)
        func bytes(_ budget: MemoryBudget, file: Int) -> Int {
            configuration.reading(budget, fileBytes: file).maximumChunkBytes
        }
        let sizes = [0, 1, 4, 16, 64, 1_024].map { bytes(roomy, file: $0 << 20) }
        #expect(Array(sizes.dropFirst()) == sizes.dropFirst().sorted() && sizes[1] < sizes[3])
        #expect(sizes.first == sizes.last, "an unknown size is a large one")
        let tight = try MemoryBudget(
            configuration: try EngineRun.configuration([
                "execution.chunk_size=auto", "execution.workers=2", "execution.memory_limit=96MiB",
            ]))
        #expect(bytes(tight, file: 1 << 30) == tight.maximumChunkBytes && tight.maximumChunkBytes < sizes[5])
        let counted = try EngineRun.configuration(["execution.chunk_size=40"])
        #expect(counted.reading(roomy, fileBytes: 1 << 20).spectraPerChunk == 40)
        #expect(counted.reading(roomy, fileBytes: 1 << 20).maximumChunkBytes == roomy.maximumChunkBytes)
    }

    private func chunks(_ size: String, workers: Int = 1) throws -> Int {
        let seen = Mutex(0)
        let folder = try EngineRun([EngineRun.dda], []).folder
        try EngineRun.run(
            [EngineRun.dda],
            [
                "execution.chunk_size=\(size)", "execution.workers=\(workers)", "matching.enabled=false",
                "annotation.enabled=false",
            ], output: folder.path
        ) { event in
            if case .progress(let report, _) = event, report.stage == "reading and detecting" {
                seen.withLock { $0 += 1 }
            }
        }
        return seen.withLock { $0 }
    }

    /// A smaller buffer means more read calls of the process.
    @Test func bufferSizeSetsTheReads() throws {
        func readCalls(_ size: String) throws -> Int {
            let outcome = try EngineRun.readCallsOfProgram([
                "--set", "execution.file_access=buffered", "--set", "execution.buffer_size=\(size)",
            ])
            return outcome
        }
        let small = try readCalls("16KiB")
        let large = try readCalls("16MiB")
        #expect(small > large + 100, "16KiB: \(small) calls, 16MiB: \(large)")
    }

    /// Released pages of the library and the compound table do not count at the highest point, and give the same results.
    @Test func referencePagesSetThePeak() throws {
        func record(_ pages: String) throws -> RunRecord {
            try EngineRun.recordOfProgram([
                "--set", "execution.reference_pages=\(pages)", "--set", "execution.workers=1",
                "--set", "execution.chunk_size=4",
            ])
        }
        let kept = try record("keep")
        let released = try record("release")
        #expect(released.digest == kept.digest)
        let (keptPeak, releasedPeak) = (try #require(kept.peakMemoryBytes), try #require(released.peakMemoryBytes))
        #expect(releasedPeak < keptPeak - (4 << 20), "released: \(releasedPeak), kept: \(keptPeak)")
        let (keptFiles, releasedFiles) = (try #require(kept.mappedFileBytes), try #require(released.mappedFileBytes))
        #expect(releasedFiles < keptFiles - (4 << 20), "released: \(releasedFiles), kept: \(keptFiles)")
    }

    /// The threads of the process while it runs, as the kernel counts them.
    @Test func workersSetTheThreads() throws {
        func threads(_ workers: Int) throws -> Int {
            try EngineRun.mostThreadsOfProgram(["execution.workers=\(workers)"])
        }
        let two = try threads(2)
        // A sanitizer's own thread may come with the first one.
        #expect(try threads(1) == (Program.isSanitized ? 1 : two - 1))
        #expect(try threads(4) == two + 2)
    }

    /// Threads that read ahead are there when, and only when, something is read ahead.
    @Test func readingAheadTakesItsOwnThreads() throws {
        func threads(_ assignments: [String]) throws -> Int {
            try EngineRun.mostThreadsOfProgram(["execution.workers=1"] + assignments)
        }
        let plain = try threads([])
        for access in ["buffered", "mapped"] {
            let ahead = ["storage.read_optimization.prefetch_strategy=aggressive", "execution.file_access=\(access)"]
            // A sanitizer's own thread may come with the first one.
            let one = try threads(ahead)
            #expect(one > plain && one <= plain + (Program.isSanitized ? 2 : 1))
            #expect(try threads(ahead + ["execution.io_workers=3"]) == one + 2)
        }
        #expect(try threads(["execution.file_access=buffered", "execution.io_workers=3"]) == plain)
    }

    @Test func precisionIsUsed() throws {
        let exact = try #require(Self.dda)
        let single = try EngineRun([EngineRun.dda], ["execution.workers=2", "numeric.precision=float32"])
        let mixed = try EngineRun([EngineRun.dda], ["execution.workers=2", "numeric.precision=mixed"])
        // Areas are written with one decimal: single precision shows in some of them.
        #expect(single.record.digest != exact.record.digest && single.record.digest != mixed.record.digest)
        for (run, isSingle) in [(exact, false), (single, true), (mixed, true)] {
            let transforms = try #require(run.record.kernels?.transforms)
            #expect(transforms.direct + transforms.fourier > 0)
            #expect(transforms.single == (isSingle ? transforms.direct + transforms.fourier : 0))
        }
    }

    /// The two ways differ by rounding, which may decide a tie between two coefficients. Without Fourier transforms there are
    /// none, also where they are asked for.
    @Test(arguments: [
        ["numeric.wavelet_transform=fft"], ["numeric.wavelet_transform=fft", "peak_detection.fft_backend=direct"],
    ])
    func waveletTransformChangesNoFeature(assignments: [String]) throws {
        let byLength = try #require(Self.dda)
        let other = try EngineRun([EngineRun.dda], ["execution.workers=2"] + assignments)
        let transforms = try #require(other.record.kernels?.transforms)
        #expect((assignments.count == 1 ? transforms.direct : transforms.fourier) == 0)
        #expect(transforms.direct + transforms.fourier > 0)
        let agreement = TableAgreement(
            reference: try FeatureTable(path: byLength.folder.file("features.tsv")),
            candidate: try FeatureTable(path: other.folder.file("features.tsv")))
        #expect(agreement.f1 >= 0.999)
    }

    @Test func tooSmallAMemoryLimitNamesTheSmallest() throws {
        let error = #expect(throws: AnalysisError.self) {
            try EngineRun([EngineRun.dda], ["execution.memory_limit=64MiB", "execution.buffer_size=64MiB"])
        }
        let needed = try #require(
            error?.description.split(separator: " ").compactMap { word -> Int? in
                word.hasSuffix("MiB,") ? Int(word.dropLast(4)) : nil
            }.last)
        let run = try EngineRun(
            [EngineRun.dda], ["execution.memory_limit=\(needed)MiB", "execution.buffer_size=64MiB"])
        #expect(run.record.totalFeatures > 0)
    }
}
