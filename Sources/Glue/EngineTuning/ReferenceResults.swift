import Evaluation
import Foundation
import Pipeline
import StudyRunner

/// A workload that is ready to run, with what is known to be in it.
public struct EngineWorkload: Sendable {
    public var name: String
    /// Absolute paths.
    public var files: [String]
    public var bytes: Int
    public var truth: TruthTable?
    public var identificationTruth: IdentificationTruthTable?

    public init(
        name: String, files: [String], bytes: Int, truth: TruthTable?, identificationTruth: IdentificationTruthTable?
    ) {
        self.name = name
        self.files = files
        self.bytes = bytes
        self.truth = truth
        self.identificationTruth = identificationTruth
    }
}

/// What one run wrote, as far as it is judged.
struct WorkloadResults {
    let record: RunRecord
    let digest: String
    let features: FeatureTable
    /// Positions of the truth rows that were found.
    let foundTruth: Set<Int>
    let expectedTruth: Int
    let foundIdentifications: Int
    let expectedIdentifications: Int

    static func read(_ folder: String, workload: EngineWorkload) -> Result<WorkloadResults, RunFailure> {
        do {
            let record = try RunRecord(json: String(contentsOfFile: "\(folder)/run.json", encoding: .utf8))
            guard let digest = record.digest else {
                return .failure(RunFailure(.crashed, "run.json of \(workload.name) has no digest"))
            }
            let features = try FeatureTable(path: "\(folder)/features.tsv")
            let evaluation = workload.truth.map { EvaluationResult(truth: $0, features: features) }
            let identification = try workload.identificationTruth.map {
                IdentificationEvaluation(
                    truth: $0, identifications: try ResultIdentification.read(path: "\(folder)/identifications.tsv"))
            }
            return .success(
                WorkloadResults(
                    record: record, digest: digest, features: features,
                    foundTruth: Set(evaluation?.matches.map(\.truth) ?? []), expectedTruth: evaluation?.expected ?? 0,
                    foundIdentifications: identification?.found ?? 0,
                    expectedIdentifications: identification?.expected ?? 0))
        } catch {
            return .failure(RunFailure(.crashed, "the results of \(workload.name) cannot be read: \(error)"))
        }
    }
}

/// Results of the default configuration, and what was found about others.
struct ReferenceResults {
    private let workloads: [WorkloadResults]
    private let digests: [String]
    /// By the settings that may change results: the digests that this kind gives, and how accurate they are.
    private var kinds: [String: (digests: [String], accuracy: ResultAccuracy, failure: RunFailure?)] = [:]

    init(_ results: [WorkloadResults]) {
        workloads = results
        digests = results.map(\.digest)
    }

    /// - Parameter kind: text of the settings that may change results; equal texts must give equal digests.
    mutating func judge(
        _ results: [WorkloadResults], kind: String, minimumAccuracy: Double
    ) -> (ResultAccuracy, RunFailure?) {
        let found = results.map(\.digest)
        if let known = kinds[kind] {
            if known.digests == found { return (known.accuracy, known.failure) }
            let accuracy = compare(results).accuracy
            let changed = zip(zip(known.digests, found), results).first { $0.0.0 != $0.0.1 }
            let digest = changed.map { "\($0.0.1.prefix(12)) instead of \($0.0.0.prefix(12))" } ?? "other digests"
            return (accuracy, RunFailure(.wrongResult, "execution settings changed the results: digest \(digest)"))
        }
        let (accuracy, lost) = compare(results)
        var failure: RunFailure?
        if accuracy.f1 < minimumAccuracy {
            failure = RunFailure(
                .inaccurate, "F1 \(accuracy.f1) against the default's results is below the floor of \(minimumAccuracy)")
        } else if let lost {
            failure = RunFailure(.inaccurate, lost)
        }
        kinds[kind] = (found, accuracy, failure)
        return (accuracy, failure)
    }

    private func compare(_ results: [WorkloadResults]) -> (accuracy: ResultAccuracy, lost: String?) {
        var f1 = 1.0
        var lost: String?
        for (reference, candidate) in zip(workloads, results) {
            if reference.digest != candidate.digest {
                f1 = min(f1, TableAgreement(reference: reference.features, candidate: candidate.features).f1)
            }
            let missing = reference.foundTruth.subtracting(candidate.foundTruth).count
            if missing > 0 {
                lost = "\(missing) of \(reference.foundTruth.count) truth rows that the default finds are lost"
            }
            if candidate.foundIdentifications < reference.foundIdentifications {
                lost =
                    "\(reference.foundIdentifications - candidate.foundIdentifications) known identifications are lost"
            }
        }
        let accuracy = ResultAccuracy(
            f1: f1, truthFound: results.reduce(0) { $0 + $1.foundTruth.count + $1.foundIdentifications },
            truthExpected: results.reduce(0) { $0 + $1.expectedTruth + $1.expectedIdentifications },
            digestEqual: results.map(\.digest) == digests)
        return (accuracy, lost)
    }
}
