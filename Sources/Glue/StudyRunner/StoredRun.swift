import Benchmarking
import Foundation
import HostEnvironment
import ResultStore

/// Which runs of a trial belong together: rows of the store carry it as `arm`.
enum RunArm {
    /// Decides the trial; its index is the pair's.
    static let candidate = "candidate"
    /// The default beside it, with the same index.
    static let reference = "reference"
    /// Ended by a signal from outside and repeated.
    static let lost = "lost"
    /// Of the default beside a configuration; failed and repeated.
    static let lostReference = "lost reference"
    /// First run of a process, or of an arm of the confirmation.
    static let warmUp = "warm-up"
}

/// What a run's results say, as stored beside each of its measurements.
private struct StoredVerdict: Codable {
    var failure: RunFailure?
    var accuracy: ResultAccuracy?
}

/// What the program says of its own run.
private struct StoredDetails: Codable {
    var inputBytes: Int
    var itemCount: Int?
    var peakMemoryBytes: Measured<Int>
    var stages: [StageSeconds]
}

extension ProgramRun {
    /// One record per workload. - Parameter index: of the run among those of its arm; arm and index name the run.
    func records(arm: String, index: Int, order: Int) throws -> [MeasurementRecord] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let verdict = try encoder.encode(StoredVerdict(failure: failure, accuracy: accuracy))
        return try parts.map { part in
            let details = StoredDetails(
                inputBytes: part.inputBytes, itemCount: part.itemCount, peakMemoryBytes: part.peakMemoryBytes,
                stages: part.stages)
            return MeasurementRecord(
                repeatIndex: index, arm: arm, order: order, workload: part.workload, run: part.measurement,
                digest: part.digest, accuracyJSON: String(decoding: verdict, as: UTF8.self),
                stagesJSON: String(decoding: try encoder.encode(details), as: UTF8.self))
        }
    }
}

/// A run as it was stored.
public struct StoredRun: Sendable {
    public let arm: String
    public let index: Int
    /// Position in time within the trial.
    public let order: Int
    public let run: ProgramRun

    /// The runs of a trial in the order in which they were stored.
    static func runs(_ records: [MeasurementRecord]) throws -> [StoredRun] {
        let decoder = JSONDecoder()
        var runs: [StoredRun] = []
        for record in records {
            let verdict = try decoder.decode(StoredVerdict.self, from: Data((record.accuracyJSON ?? "{}").utf8))
            guard let text = record.stagesJSON else {
                throw StudyError(.corruptStudy, "a measurement of \(record.workload) has no details")
            }
            let details = try decoder.decode(StoredDetails.self, from: Data(text.utf8))
            let part = WorkloadRun(
                workload: record.workload, measurement: record.run, inputBytes: details.inputBytes,
                itemCount: details.itemCount, peakMemoryBytes: details.peakMemoryBytes, digest: record.digest,
                stages: details.stages)
            if let last = runs.last, last.arm == record.arm, last.index == record.repeatIndex,
                last.order == record.order
            {
                var run = last.run
                run.parts.append(part)
                runs[runs.count - 1] = StoredRun(arm: last.arm, index: last.index, order: last.order, run: run)
            } else {
                let run = ProgramRun(parts: [part], failure: verdict.failure, accuracy: verdict.accuracy)
                runs.append(StoredRun(arm: record.arm, index: record.repeatIndex, order: record.order, run: run))
            }
        }
        return runs
    }
}
