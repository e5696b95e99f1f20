import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import Pipeline
import Statistics

/// A result file of `lavoisier benchmark`: every raw run, and all that is needed to judge whether another one is comparable.
public struct BenchmarkRecord: Sendable, Codable, Hashable {
    public static let currentSchema = "lavoisier-benchmark/1"

    public struct Workload: Sendable, Codable, Hashable {
        public var name: String
        /// Names the data: equal hashes are equal work.
        public var sha256: String
        public var bytes: Int

        public init(_ workload: EngineWorkload) {
            name = workload.name
            sha256 = workload.sha256
            bytes = workload.bytes
        }
    }

    /// When there were enough runs.
    public struct Rule: Sendable, Codable, Hashable {
        /// Half the interval's width relative to the median, at most.
        public var precision = 0.02
        public var minimumRuns = 6
        public var maximumRuns = 40
        public var timeBudgetSeconds: Double?

        public init() {}
    }

    /// Why no further run was made.
    public enum End: String, Sendable, Codable, Hashable {
        case tight
        case maximumRuns
        case outOfTime
        case interrupted
        /// The engine failed; the last run says how.
        case failed
    }

    /// The median of a figure with its interval, or why there is none. Follows from the runs.
    public struct Summary: Sendable, Codable, Hashable {
        public var workload: String
        public var metric: Metric
        public var interval: Measured<MedianInterval>
    }

    public var schema = BenchmarkRecord.currentSchema
    /// `2026-11-28 03:30:00 UTC`.
    public var created: String
    public var version: String
    public var engine: EngineBinary
    public var configuration: [Setting]
    public var algorithms: [EngineAlgorithm]
    public var metrics: [BenchmarkMetric]
    public var workloads: [Workload]
    /// Stable: what makes two machines comparable.
    public var machine: MachineIdentity
    /// Volatile: what may have changed on the same machine, before the first and after the last run.
    public var conditionsBefore: HostConditions
    public var conditionsAfter: HostConditions
    /// What could be measured, how, and why the rest could not; `nil` in files of older versions.
    public var sources: MeasurementSources?
    public var rule: Rule
    public var end: End
    /// One arm; every run is a pair of its own.
    public var record: InterleavedRecord
    public var summary: [Summary]
}

extension BenchmarkRecord {
    /// Runs that count, in time order.
    public var runs: [ProgramRun] { record.completePairs.flatMap { $0.runs(of: 0) } }

    /// Figures of one workload, in the order of a table.
    public var figures: [Metric] { BenchmarkMetric.figures(metrics, algorithms: algorithms) }

    /// A figure of every run that counts and has it, and the reason why one is missing.
    public func sample(_ metric: Metric, workload: String) -> (values: [Double], reason: String?) {
        let measured = runs.compactMap { $0.part(workload) }.map { $0.value(of: metric) }
        let values = measured.compactMap(\.value).filter { $0.isFinite && $0 > 0 }
        let reason = measured.lazy.compactMap(\.reason).first
        return (values, values.isEmpty ? reason ?? "nothing ran" : nil)
    }

    /// Median and interval of every figure of every workload.
    static func summary(_ record: BenchmarkRecord) -> [Summary] {
        record.workloads.flatMap { workload in
            record.figures.map { metric in
                let (values, reason) = record.sample(metric, workload: workload.name)
                return Summary(
                    workload: workload.name, metric: metric,
                    interval: values.isEmpty
                        ? .unavailable(reason: reason ?? "nothing ran") : .available(MedianInterval(values)))
            }
        }
    }

    /// Reads a result file. The summary is made again from the runs: a figure in a file is not taken for measured.
    /// - Throws: `AnalysisError(.badInput)` naming the file and what is wrong with it.
    public init(path: String) throws(AnalysisError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AnalysisError(.badInput, "cannot read \(path): there is no such file, or it may not be read")
        }
        self = try Self.decode(data, path: path)
        if let fault = fault { throw AnalysisError(.badInput, "\(path) \(fault)") }
        summary = Self.summary(self)
    }

    private struct SchemaOnly: Codable { var schema: String }

    private static func decode(_ data: Data, path: String) throws(AnalysisError) -> BenchmarkRecord {
        let decoder = JSONDecoder()
        do {
            let schema = try decoder.decode(SchemaOnly.self, from: data).schema
            guard schema == currentSchema else {
                throw AnalysisError(
                    .badInput, "\(path) has schema '\(schema)', this program reads '\(currentSchema)'")
            }
            return try decoder.decode(BenchmarkRecord.self, from: data)
        } catch let error as AnalysisError {
            throw error
        } catch let error as DecodingError {
            throw AnalysisError(.badInput, "\(path) is not a result of 'lavoisier benchmark': \(describe(error))")
        } catch {
            throw AnalysisError(.badInput, "\(path) is not a result of 'lavoisier benchmark': \(error)")
        }
    }

    /// Where in the file, and what.
    private static func describe(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? "" : " at \(path)"
        }
        return switch error {
        case .keyNotFound(let key, let context): "'\(key.stringValue)' is missing\(place(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(context.debugDescription)\(place(context))"
        case .dataCorrupted(let context): "\(context.debugDescription)\(place(context))"
        @unknown default: "\(error)"
        }
    }

    /// What contradicts itself; `nil` for a sound record.
    private var fault: String? {
        let names = workloads.map(\.name)
        if names.isEmpty { return "names no workload" }
        if Set(names).count != names.count { return "names a workload twice" }
        if record.arms != 1 || record.runsPerPair != 1 { return "holds runs of several programs" }
        for run in runs {
            if run.parts.map(\.workload) != names { return "holds a run over other workloads than it names" }
            for part in run.parts where part.measurement.wallSeconds.value.map({ !($0 > 0 && $0.isFinite) }) ?? false {
                return "holds a run of \(part.workload) that took no time"
            }
        }
        return nil
    }
}
