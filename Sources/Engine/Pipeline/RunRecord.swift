import Caching
import Foundation
import Instrumentation
import MzML
import SignalKernels
import SpectralMatching

/// What an analysis did, as written to `run.json`: everything that is needed to repeat and to judge it.
public struct RunRecord: Sendable, Codable, Hashable {
    public static let currentSchema = "lavoisier-run/1"

    public struct Setting: Sendable, Codable, Hashable {
        public var name: String
        public var value: String
        /// The layer that decided: `default`, `machine profile`, `default of this process`, `--config`, `environment`, `command line`.
        public var source: String
    }

    /// One input file and what came of it.
    public struct Input: Sendable, Codable, Hashable {
        public enum Status: String, Sendable, Codable { case analysed, failed }
        public var path: String
        public var name: String
        public var bytes: Int
        public var status: Status
        /// Why it failed; `nil` when it did not.
        public var error: String?
        public var instrument: String?
        public var preset: String?
        /// Reader, access and cutting as they were in the end: `fast, mapped, index`.
        public var reading: String?
        /// What the kernel was told of the order of reading, and took; `nil` where it was told nothing.
        public var advice: ReadingOptions.Advice?
        /// What was read ahead of its use; `nil` where nothing was.
        public var prefetch: PrefetchCounts?
        public var spectra = 0
        public var surveyScans = 0
        public var fragmentSpectra = 0
        public var otherSpectra = 0
        public var surveyPoints = 0
        public var chromatographicPeaks = 0
        public var features = 0
        public var featuresWithFragments = 0
        public var identifiedFeatures = 0
        public var annotatedFeatures = 0
        /// Oddities of the file, each with what was done about it.
        public var notices: [String] = []
    }

    public struct Job: Sendable, Codable, Hashable {
        public var name: String
        public var cpuSeconds: Double
    }

    public struct Output: Sendable, Codable, Hashable {
        public var path: String
        public var bytes: Int
    }

    /// How the outputs were written: all but this record, which is written when it is known.
    public struct Writing: Sendable, Codable, Hashable {
        public var synchronization: OutputSynchronization
        public var bufferBytes: Int
        /// Calls of write, and their bytes; sections of mzTab that wait for others are written twice.
        public var writes: Int
        public var bytes: Int
        /// Files, or buffers of them, that were put on the disk.
        public var fileSyncs: Int
    }

    /// The innermost loops: which instructions were in use, and what the wavelet transforms did.
    public struct Kernels: Sendable, Codable, Hashable {
        /// `avx512`, `avx2` or `portable`.
        public var reading: String
        public var signals: String
        /// The same, or `branching`.
        public var selections: String
        public var matching: String
        /// `wide`, `narrow` or `paired`; `one by one` where no more than a row is kept.
        public var waveletRows: String
        public var fourierBackend: String
        public var transforms: TransformCounts
    }

    /// What files that were opened again found remembered.
    public struct Caches: Sendable, Codable, Hashable {
        public var metadata: CacheCounts
        public var directory: CacheCounts
    }

    public struct Machine: Sendable, Codable, Hashable {
        public var id: String
        public var fields: [String]
    }

    public struct Versions: Sendable, Codable, Hashable {
        public var lavoisier: String
        public var libraries: [String]
    }

    public var schema = RunRecord.currentSchema
    public var versions: Versions
    public var startedAt: String
    public var machine: Machine
    /// Path and name of the machine profile in use, `nil` when none was.
    public var machineProfile: String?
    public var configuration: [Setting]
    public var configurationHash: String
    public var inputs: [Input]
    /// Stages do not overlap; their wall times add up to nearly `wallSeconds`.
    public var stages: [StageTime]
    /// CPU seconds by kind of job inside the overlapping stage `read and detect`.
    public var detectionJobs: [Job]
    public var wallSeconds: Double
    public var cpuSeconds: Double
    /// Highest resident memory of the process (VmHWM), bytes; `nil` where the system does not tell.
    public var peakMemoryBytes: Int?
    /// Resident bytes of mapped files (library, compound table) at the end; part of the peak.
    public var mappedFileBytes: Int?
    /// SHA-256 over the result tables; equal for every execution setting.
    public var digest: String?
    public var outputs: [Output]
    /// How the library was searched, where that was measured; `nil` when exact search was asked for.
    public var searchPlan: SearchPlan?
    /// What was done with the memory; `nil` in records of versions that did not tell.
    public var memory: MemoryRecord?
    /// What was read ahead of its use, of all files; `nil` where nothing was.
    public var prefetch: PrefetchCounts?
    public var caches: Caches?
    public var writing: Writing?
    public var kernels: Kernels?
    /// `nil` without a cache of matches.
    public var matchCache: MatchCache.Counts?
    /// `nil` in records of earlier versions.
    public var scheduling: Scheduling?
    /// `nil` in records of earlier versions.
    public var placement: Placement?
    public var warnings: [String]

    /// The record as JSON with sorted keys, ending in a line break.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// Reads a `run.json`.
    /// - Throws: `AnalysisError(.badInput)` for another schema, the decoder's error for malformed JSON.
    public init(json: String) throws {
        let decoded = try JSONDecoder().decode(RunRecord.self, from: Data(json.utf8))
        guard decoded.schema == Self.currentSchema else {
            throw AnalysisError(
                .badInput, "run.json has schema \(decoded.schema), this program reads \(Self.currentSchema)")
        }
        self = decoded
    }
}

extension RunRecord {
    init(versions: Versions, startedAt: String, machine: Machine, configuration: [Setting], configurationHash: String) {
        self.versions = versions
        self.startedAt = startedAt
        self.machine = machine
        self.configuration = configuration
        self.configurationHash = configurationHash
        inputs = []
        stages = []
        detectionJobs = []
        wallSeconds = 0
        cpuSeconds = 0
        outputs = []
        warnings = []
    }

    public var totalFeatures: Int { inputs.reduce(0) { $0 + $1.features } }
    public var failedInputs: [Input] { inputs.filter { $0.status == .failed } }
}

/// Peak and file-backed resident memory of this process from `/proc/self/status`, bytes.
func residentMemory() -> (peak: Int?, mappedFiles: Int?) {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return (nil, nil) }
    func bytes(_ key: String) -> Int? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else { return nil }
        return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1_024 }
    }
    return (bytes("VmHWM:"), bytes("RssFile:"))
}
