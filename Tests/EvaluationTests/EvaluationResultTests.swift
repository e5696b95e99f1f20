import Testing

@testable import Evaluation

private func feature(
    _ mz: Double, _ seconds: Double, charge: Int = 0, area: Double = 1, file: String = "a.mzML"
) -> ResultFeature {
    ResultFeature(
        mz: mz, retentionTimeSeconds: seconds, startSeconds: seconds - 3, endSeconds: seconds + 3, charge: charge,
        area: area, file: file)
}

private func evaluate(_ rows: [TruthRow], _ features: [ResultFeature], rule: MatchingRule = MatchingRule())
    -> EvaluationResult
{
    EvaluationResult(truth: TruthTable(rows: rows), features: FeatureTable(features: features), rule: rule)
}

@Suite struct EvaluationResultTests {
    @Test func countsAndErrorsOfASmallCase() {
        let rows = [
            TruthRow(mz: 100, tolerancePPM: 10, retentionTimeSeconds: 50, windowSeconds: 45...55, charge: 1, area: 10),
            TruthRow(mz: 200, tolerancePPM: 10, retentionTimeSeconds: 60, windowSeconds: 55...65, charge: 2, area: 100),
            TruthRow(mz: 300, tolerancePPM: 10, retentionTimeSeconds: 70, windowSeconds: 65...75, area: 1000),
            TruthRow(mz: 400, tolerancePPM: 10, retentionTimeSeconds: 80, windowSeconds: 75...85, name: "lost"),
        ]
        let result = evaluate(
            rows,
            [
                feature(100.0002, 51, charge: 1, area: 20), feature(200.0008, 58, charge: 1, area: 200),
                feature(300, 70, area: 2000), feature(555, 10),
            ])
        #expect(result.expected == 4)
        #expect(result.found == 3)
        #expect(result.recall == 0.75)
        #expect(result.resultFeatures == 4)
        #expect(result.extraFeatures == 1)
        #expect(abs((result.medianAbsoluteMZErrorPPM ?? .nan) - 2) < 1e-6)
        #expect(abs((result.percentile95AbsoluteMZErrorPPM ?? .nan) - 3.8) < 1e-6)
        #expect(result.medianAbsoluteRetentionTimeErrorSeconds == 1)
        #expect(abs((result.percentile95AbsoluteRetentionTimeErrorSeconds ?? .nan) - 1.9) < 1e-9)
        #expect(abs((result.logAreaCorrelation ?? .nan) - 1) < 1e-12)
        #expect(result.areaPairs == 3)
        #expect(result.chargesCompared == 2)
        #expect(result.chargesAgreed == 1)
        #expect(result.missed.map(\.name) == ["lost"])
        #expect(result.missed.first?.reason == .noFeatureAtMZ)
        #expect(result.description.hasPrefix("found 3/4 (recall 0.750)\n"))
    }

    @Test func bothEndsOfToleranceAndWindowAreInside() {
        let row = TruthRow(mz: 500, tolerancePPM: 10, retentionTimeSeconds: 50, windowSeconds: 40...60)
        let half = 500 * 10 * 1e-6
        #expect(evaluate([row], [feature(500 + half, 60)]).found == 1)
        #expect(evaluate([row], [feature(500 - half, 40)]).found == 1)
        #expect(evaluate([row], [feature((500 + half).nextUp, 50)]).found == 0)
        #expect(evaluate([row], [feature(500, 60.0.nextUp)]).found == 0)
    }

    @Test func oneFeatureStandsForOneRow() {
        let row = TruthRow(mz: 500, tolerancePPM: 10, retentionTimeSeconds: 50)
        let result = evaluate([row, row], [feature(500, 50)])
        #expect(result.found == 1)
        #expect(result.missed.first?.reason == .featureTakenByAnotherRow)
    }

    @Test func theDefaultWindowServesRowsThatStateNone() {
        let row = TruthRow(mz: 500, tolerancePPM: 10, retentionTimeSeconds: 50)
        #expect(evaluate([row], [feature(500, 56)]).found == 1)
        let outside = evaluate([row], [feature(500, 57)])
        #expect(outside.found == 0)
        #expect(outside.missed.first?.reason == .outsideWindow(nearestSeconds: 1))
        #expect(evaluate([row], [feature(500, 57)], rule: MatchingRule(halfWindowSeconds: 8)).found == 1)
        let withWindow = TruthRow(mz: 500, tolerancePPM: 10, retentionTimeSeconds: 50, windowSeconds: 49...51)
        #expect(evaluate([withWindow], [feature(500, 55)], rule: MatchingRule(halfWindowSeconds: 8)).found == 0)
    }

    @Test func aRowWithoutRetentionTimeNeedsOnlyItsMZ() {
        let result = evaluate([TruthRow(mz: 500, tolerancePPM: 10)], [feature(500.004, 9), feature(500.001, 900)])
        #expect(result.matches.map(\.feature) == [1])
        #expect(result.matches.first?.retentionTimeErrorSeconds == nil)
        #expect(result.medianAbsoluteRetentionTimeErrorSeconds == nil)
    }

    @Test func rowsBelongToTheirFile() {
        let rows = ["a.mzML", "b.mzML"].map {
            TruthRow(mz: 500, tolerancePPM: 10, retentionTimeSeconds: 50, file: $0)
        }
        let result = evaluate(
            rows,
            [feature(500, 50, file: "/x/a.mzML.gz"), feature(400, 50, file: "a.mzML"), feature(500, 50, file: "c")])
        #expect(result.found == 1)
        #expect(result.resultFeatures == 2, "file c is not in the truth")
        #expect(
            result.files == [
                EvaluationResult.FileCount(file: "a.mzML", expected: 1, found: 1, features: 2),
                EvaluationResult.FileCount(file: "b.mzML", expected: 1, found: 0, features: 0),
            ])
    }

    @Test func theOrderOfFeaturesDoesNotMatter() {
        let rows = (0..<40).map {
            TruthRow(mz: 500 + 0.001 * Double($0), tolerancePPM: 6, retentionTimeSeconds: 50 + Double($0 % 7))
        }
        let features = (0..<50).map { feature(500 + 0.0009 * Double($0), 50 + Double($0 % 5)) }
        let forwards = evaluate(rows, features)
        let backwards = evaluate(rows, features.reversed())
        #expect(forwards.found == backwards.found)
        #expect(forwards.medianAbsoluteMZErrorPPM == backwards.medianAbsoluteMZErrorPPM)
        #expect(forwards.matches.map { features[$0.feature] } == backwards.matches.map { features[49 - $0.feature] })
    }

    @Test func nothingExpectedAndNothingFound() {
        let none = evaluate([], [])
        #expect(none.recall == 1)
        #expect(none.logAreaCorrelation == nil)
        let lost = evaluate([TruthRow(mz: 500, tolerancePPM: 10)], [])
        #expect(lost.recall == 0)
        #expect(lost.description.contains("unavailable"))
    }
}

@Suite struct TableAgreementTests {
    private let reference = (0..<20).map { feature(100 + 10 * Double($0), 30 + Double($0)) }

    @Test func identicalTablesAgreeFully() {
        let table = FeatureTable(features: reference)
        let agreement = TableAgreement(reference: table, candidate: FeatureTable(features: reference.reversed()))
        #expect(agreement.f1 == 1)
        #expect(agreement.agreeing == 20)
    }

    @Test func lostAndExtraFeaturesLowerF1() {
        let candidate = FeatureTable(features: Array(reference.dropLast(5)) + [feature(999, 1)])
        let agreement = TableAgreement(reference: FeatureTable(features: reference), candidate: candidate)
        #expect(agreement.agreeing == 15)
        #expect(agreement.recall == 0.75)
        #expect(agreement.precision == 15.0 / 16)
        #expect(agreement.f1 == 30.0 / 36)
    }

    @Test func bothTolerancesCount() {
        let one = FeatureTable(features: [feature(500, 50)])
        let moved = FeatureTable(features: [feature(500.003, 53)])
        #expect(TableAgreement(reference: one, candidate: moved).agreeing == 0)
        #expect(TableAgreement(reference: one, candidate: moved, retentionTimeToleranceSeconds: 3).agreeing == 0)
        #expect(TableAgreement(reference: one, candidate: moved, mzTolerancePPM: 7).agreeing == 0)
        let wide = TableAgreement(
            reference: one, candidate: moved, mzTolerancePPM: 7, retentionTimeToleranceSeconds: 3)
        #expect(wide.agreeing == 1)
    }

    @Test func filesAreKeptApart() {
        let a = FeatureTable(features: [feature(500, 50, file: "a")])
        let b = FeatureTable(features: [feature(500, 50, file: "b")])
        #expect(TableAgreement(reference: a, candidate: b).f1 == 0)
    }

    @Test func emptyTablesAgree() {
        let none = FeatureTable(features: [])
        #expect(TableAgreement(reference: none, candidate: none).f1 == 1)
        #expect(TableAgreement(reference: none, candidate: FeatureTable(features: reference)).f1 == 0)
    }
}

@Suite struct IdentificationEvaluationTests {
    private let header = "mz\tmz_tolerance_ppm\trt_window_start\trt_window_end\tname\tinchikey\n"

    private func found(_ row: String, _ mz: Double, _ seconds: Double, _ name: String, _ key: String) throws -> Int {
        let truth = try IdentificationTruthTable(text: header + row, file: "t")
        let identification = ResultIdentification(mz: mz, retentionTimeSeconds: seconds, name: name, inchiKey: key)
        return IdentificationEvaluation(truth: truth, identifications: [identification]).found
    }

    @Test func theFirstBlockOfTheKeyDecides() throws {
        let row = "300\t10\t50\t60\tX\tQXNYALKSDQNMBV-JLHYYAGUSA-N\n"
        #expect(try found(row, 300, 55, "other", "QXNYALKSDQNMBV-UHFFFAOYSA-N") == 1)
        #expect(try found(row, 300, 55, "X", "HRKAMJBPFPHCSD-UHFFFAOYSA-N") == 0)
        #expect(try found(row, 300, 61, "X", "QXNYALKSDQNMBV-JLHYYAGUSA-N") == 0)
        #expect(try found(row, 300.01, 55, "X", "QXNYALKSDQNMBV-JLHYYAGUSA-N") == 0)
    }

    @Test func theNameDecidesWhereAKeyIsMissing() throws {
        #expect(try found("300\t10\t\t\tCaffeine\t\n", 300, 9, "CAFFEINE", "RYYVLZVUVIJVGH-UHFFFAOYSA-N") == 1)
        #expect(try found("300\t10\t\t\tCaffeine\tRYYVLZVUVIJVGH-UHFFFAOYSA-N\n", 300, 9, "tea", "") == 0)
    }

    @Test func readsIdentificationsByColumnName() throws {
        let table = "rank\tinchikey\tname\trt_seconds\tmz\n1\tK\tN\t5\t100\n"
        #expect(
            try ResultIdentification.read(text: table, file: "i") == [
                ResultIdentification(mz: 100, retentionTimeSeconds: 5, name: "N", inchiKey: "K")
            ])
    }
}
