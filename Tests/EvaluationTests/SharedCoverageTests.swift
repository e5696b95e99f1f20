import Testing

@testable import Evaluation

private func feature(_ mz: Double, _ seconds: Double, charge: Int = 0, areas: [Double]) -> ResultFeature {
    ResultFeature(
        mz: mz, retentionTimeSeconds: seconds, startSeconds: seconds - 3, endSeconds: seconds + 3, charge: charge,
        area: areas[0], isotopeAreas: areas, file: "a.mzML")
}

private func row(_ mz: Double, _ seconds: Double, area: Double? = nil) -> TruthRow {
    TruthRow(mz: mz, tolerancePPM: 10, retentionTimeSeconds: seconds, area: area)
}

private func evaluate(_ rows: [TruthRow], _ features: [ResultFeature], rule: MatchingRule = MatchingRule())
    -> EvaluationResult
{
    EvaluationResult(truth: TruthTable(rows: rows), features: FeatureTable(features: features), rule: rule)
}

@Suite struct SharedCoverageTests {
    @Test func oneFeatureMayStandForSeveralRows() {
        let result = evaluate([row(500, 50), row(500.001, 52), row(500, 70)], [feature(500, 51, areas: [1])])
        #expect(result.found == 1)
        #expect(result.shared.covered == 2)
        #expect(result.shared.expected == 3)
        #expect(result.shared.recall == 2.0 / 3)
        #expect(result.description.contains("covered 2/3 (0.667)"))
    }

    @Test func isotopologuesCoverTheirRowsAtTheSpacingOfTheCharge() {
        let rows = [row(500, 50), row(501.00335, 50), row(502.00671, 50), row(500.50168, 50)]
        #expect(evaluate(rows, [feature(500, 50, areas: [9, 3, 1])]).shared.covered == 3)
        #expect(evaluate(rows, [feature(500, 50, areas: [9, 3])]).shared.covered == 2)
        #expect(evaluate(rows, [feature(500, 50, charge: 2, areas: [9, 3, 1])]).shared.covered == 3)
        #expect(evaluate(rows, [feature(500, 50, charge: 2, areas: [9, 3])]).shared.covered == 2)
        #expect(evaluate(rows, [feature(500, 50, areas: [9, 3, 1])]).found == 1)
    }

    @Test func theWindowOfTheRuleCounts() {
        let rows = [row(500, 50)]
        let features = [feature(500, 57, areas: [1])]
        #expect(evaluate(rows, features).shared.covered == 0)
        #expect(evaluate(rows, features, rule: MatchingRule(halfWindowSeconds: 8)).shared.covered == 1)
    }

    @Test func areasOfIsotopologuesAreComparedOneToOne() throws {
        let rows = [row(500, 50, area: 900), row(501.00335, 50, area: 300), row(502.00671, 50, area: 100)]
        let result = evaluate(rows, [feature(500, 50, areas: [9, 3, 1])])
        #expect(result.areaPairs == 1)
        #expect(result.logAreaCorrelation == nil)
        #expect(result.shared.areaPairs == 3)
        #expect(abs(try #require(result.shared.logAreaCorrelation) - 1) < 1e-12)
    }

    @Test func anEmptyTruthIsCovered() {
        #expect(evaluate([], [feature(500, 50, areas: [1])]).shared.recall == 1)
    }

    @Test func isotopeAreasAreReadFromTheTable() throws {
        let header = "file\tmz\trt_seconds\trt_start_seconds\trt_end_seconds\tcharge\tarea\tisotope_areas\n"
        let table = try FeatureTable(
            text: header + "a\t500\t50\t48\t52\t1\t9\t9.0;3.5\na\t600\t50\t48\t52\t1\t9\t\n", file: "f.tsv")
        #expect(table.features.map(\.isotopeAreas) == [[9, 3.5], []])
        #expect(throws: EvaluationError.self) {
            try FeatureTable(text: header + "a\t500\t50\t48\t52\t1\t9\t9.0;x\n", file: "f.tsv")
        }
    }
}
