import Testing

@testable import Evaluation

/// The truth tables of the repository: this file lies three levels below its root.
private let workloads =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/workloads"

@Suite struct PublishedTruthTests {
    @Test(arguments: [
        ("small", 6, 1), ("medium", 240, 2), ("large", 120, 1), ("gnps", 193, 1), ("ident", 6, 1), ("metabo", 190, 1),
        ("traces", 449, 1),
    ])
    func holdsWhatWasPublished(workload: String, rows: Int, files: Int) throws {
        let truth = try TruthTable(path: "\(workloads)/\(workload)/truth.tsv")
        #expect(truth.rows.count == rows)
        #expect(Set(truth.rows.map(\.file)).count == files)
        for row in truth.rows {
            let time = try #require(row.retentionTimeSeconds)
            #expect(row.windowSeconds?.contains(time) ?? true, "\(row.name)")
        }
    }

    /// Features made of the truth itself find every row, at no error: rows that are near each other do not get lost.
    @Test(arguments: ["small", "medium", "large", "gnps", "ident", "metabo", "traces"])
    func isFoundByItself(workload: String) throws {
        let truth = try TruthTable(path: "\(workloads)/\(workload)/truth.tsv")
        let features = truth.rows.compactMap { row -> ResultFeature? in
            guard let time = row.retentionTimeSeconds else { return nil }
            return ResultFeature(
                mz: row.mz, retentionTimeSeconds: time, startSeconds: time, endSeconds: time, charge: row.charge,
                area: row.area ?? 1, file: row.file ?? "")
        }
        let result = EvaluationResult(truth: truth, features: FeatureTable(features: features.reversed()))
        #expect(result.found == truth.rows.count)
        #expect(result.extraFeatures == 0)
        #expect(result.percentile95AbsoluteMZErrorPPM == 0)
        #expect(result.chargesAgreed == result.chargesCompared)
    }

    @Test func identificationsNameCompoundsByKey() throws {
        let truth = try IdentificationTruthTable(path: "\(workloads)/medium/truth_identifications.tsv")
        #expect(
            truth.rows.map(\.inchiKey) == [
                "QGCUAFIULMNFPJ-UHFFFAOYSA-O", "QXNYALKSDQNMBV-JLHYYAGUSA-N", "QXNYALKSDQNMBV-JLHYYAGUSA-N",
                "HRKAMJBPFPHCSD-UHFFFAOYSA-N", "WTLBZVNBAKMVDP-UHFFFAOYSA-N",
            ])
    }
}
