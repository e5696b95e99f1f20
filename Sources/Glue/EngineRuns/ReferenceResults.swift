import Benchmarking
import Evaluation
import Foundation
import Pipeline

/// What one run wrote, as far as it is judged.
public struct WorkloadResults: Sendable {
    let record: RunRecord
    let digest: String
    let features: FeatureTable
    /// Positions of the truth rows that were found; `nil` for a workload without a truth.
    let foundTruth: Set<Int>?
    let truth: TruthCount?
    let identifications: TruthCount?

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
                    foundTruth: evaluation.map { Set($0.matches.map(\.truth)) },
                    truth: evaluation.map { TruthCount(found: $0.matches.count, expected: $0.expected) },
                    identifications: identification.map { TruthCount(found: $0.found, expected: $0.expected) }))
        } catch {
            return .failure(RunFailure(.crashed, "the results of \(workload.name) cannot be read: \(error)"))
        }
    }
}

/// Results that others are compared with (a study's: the default configuration's), and what was found about others.
public struct ReferenceResults: Sendable {
    private let workloads: [WorkloadResults]
    private let digests: [String]
    /// By the settings that may change results: the digests that this kind gives, and how accurate they are.
    private var kinds: [String: (digests: [String], agreement: Agreement, failure: RunFailure?)] = [:]

    /// How the results of a run compare with the reference.
    private struct Agreement {
        var accuracy: ResultAccuracy
        /// F1 of the feature table by workload.
        var byWorkload: [Double]
        /// What is known to be in the data and was lost; `nil` when nothing was.
        var lost: String?
    }

    public init(_ results: [WorkloadResults]) {
        workloads = results
        digests = results.map(\.digest)
    }

    /// Puts accuracy and failure into a run.
    ///
    /// - Parameters:
    ///   - kind: names what gives these results; equal kinds must give equal digests, else the run has failed.
    ///   - minimumAccuracy: F1 below which a run has failed, as has one that lost truth; `nil`: accuracy is only stated.
    ///   - change: what it means when a kind gives other digests than before.
    /// - Complexity: tables are compared once per kind and digest.
    public mutating func judge(
        _ run: inout ProgramRun, _ results: [WorkloadResults], kind: String, minimumAccuracy: Double?,
        change: String = "execution settings changed the results"
    ) {
        let found = results.map(\.digest)
        let agreement: Agreement
        if let known = kinds[kind], known.digests == found {
            agreement = known.agreement
            run.failure = known.failure
        } else if let known = kinds[kind] {
            agreement = compare(results)
            let changed = zip(known.digests, found).first { $0 != $1 }
            let digest = changed.map { "\($0.1.prefix(12)) instead of \($0.0.prefix(12))" } ?? "other digests"
            run.failure = RunFailure(.wrongResult, "\(change): digest \(digest)")
        } else {
            agreement = compare(results)
            if let minimumAccuracy {
                if agreement.accuracy.f1 < minimumAccuracy {
                    run.failure = RunFailure(
                        .inaccurate,
                        "F1 \(agreement.accuracy.f1) against the default's results is below the floor of \(minimumAccuracy)"
                    )
                } else if let lost = agreement.lost {
                    run.failure = RunFailure(.inaccurate, lost)
                }
            }
            kinds[kind] = (found, agreement, run.failure)
        }
        run.accuracy = agreement.accuracy
        for (position, f1) in agreement.byWorkload.enumerated() where position < run.parts.count {
            run.parts[position].agreement = f1
        }
    }

    private func compare(_ results: [WorkloadResults]) -> Agreement {
        var lost: String?
        var f1: [Double] = []
        for (reference, candidate) in zip(workloads, results) {
            f1.append(
                reference.digest == candidate.digest
                    ? 1 : TableAgreement(reference: reference.features, candidate: candidate.features).f1)
            if let known = reference.foundTruth, let found = candidate.foundTruth {
                let missing = known.subtracting(found).count
                if missing > 0 { lost = "\(missing) of \(known.count) truth rows that the default finds are lost" }
            }
            if let known = reference.identifications?.found, let found = candidate.identifications?.found, found < known
            {
                lost = "\(known - found) known identifications are lost"
            }
        }
        let counts = results.flatMap { [$0.truth, $0.identifications].compactMap { $0 } }
        return Agreement(
            accuracy: ResultAccuracy(
                f1: f1.min() ?? 1, truthFound: counts.reduce(0) { $0 + $1.found },
                truthExpected: counts.reduce(0) { $0 + $1.expected }, digestEqual: results.map(\.digest) == digests),
            byWorkload: f1, lost: lost)
    }
}
