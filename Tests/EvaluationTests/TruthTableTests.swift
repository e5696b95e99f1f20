import Testing

@testable import Evaluation

private let header =
    "mz\tmz_tolerance_ppm\trt_seconds\trt_window_start\trt_window_end\tcharge\tarea\tname\tsource\tfile\n"

@Suite struct TruthTableTests {
    @Test func readsEveryColumn() throws {
        let text = header + "100.5\t10\t20\t15\t25\t2\t1e6\tsugar\tme\ta.mzML\n" + "200\t5\t\t\t\t0\t\t\t\t\n"
        let table = try TruthTable(text: text, file: "t")
        #expect(
            table.rows == [
                TruthRow(
                    mz: 100.5, tolerancePPM: 10, retentionTimeSeconds: 20, windowSeconds: 15...25, charge: 2, area: 1e6,
                    name: "sugar", source: "me", file: "a.mzML", line: 2),
                TruthRow(mz: 200, tolerancePPM: 5, line: 3),
            ])
    }

    @Test func columnsAreFoundByName() throws {
        let text =
            "file\tname\tsource\tarea\tcharge\trt_window_end\trt_window_start\trt_seconds\tmz_tolerance_ppm\tmz\n"
        let table = try TruthTable(text: text + "f\tn\ts\t1\t1\t3\t1\t2\t4\t5", file: "t")
        #expect(table.rows.first?.mz == 5)
        #expect(table.rows.first?.windowSeconds == 1...3)
    }

    @Test func acceptsByteOrderMarkAndCarriageReturns() throws {
        let text = "\u{FEFF}" + header.dropLast() + "\r\n100\t10\t20\t\t\t1\t\tx\ty\tz\r\n"
        #expect(try TruthTable(text: text, file: "t").rows.first?.file == "z")
    }

    @Test(
        arguments: [
            ("", EvaluationError.Code.malformedRow, nil, "header"),
            ("mz\tcharge\n", .missingColumn, 1, "mz_tolerance_ppm"),
            ("mz\tmz\n", .duplicateColumn, 1, "'mz'"),
            (header + "100\t10\n", .malformedRow, 2, "2 cells where the header has 10"),
            (header + "\n100\t10\t20\t\t\t1\t\tx\ty\tz\n", .malformedRow, 2, "empty line"),
            (header + "abc\t10\t20\t\t\t1\t\tx\ty\tz\n", .malformedValue, 2, "'abc'"),
            (header + "nan\t10\t20\t\t\t1\t\tx\ty\tz\n", .malformedValue, 2, "'nan'"),
            (header + "\t10\t20\t\t\t1\t\tx\ty\tz\n", .malformedValue, 2, "empty"),
            (header + "-1\t10\t20\t\t\t1\t\tx\ty\tz\n", .malformedValue, 2, "above 0"),
            (header + "100\t0\t20\t\t\t1\t\tx\ty\tz\n", .malformedValue, 2, "above 0"),
            (header + "100\t10\t20\t30\t10\t1\t\tx\ty\tz\n", .malformedValue, 2, "ends before it starts"),
            (header + "100\t10\t20\t30\t\t1\t\tx\ty\tz\n", .malformedValue, 2, "rt_window_end"),
            (header + "100\t10\t20\t\t\t1.5\t\tx\ty\tz\n", .malformedValue, 2, "whole number"),
            (header + "100\t10\t20\t\t\t-1\t\tx\ty\tz\n", .malformedValue, 2, "magnitude"),
        ] as [(String, EvaluationError.Code, Int?, String)])
    func saysWhereAndWhy(text: String, code: EvaluationError.Code, line: Int?, part: String) {
        let error = #expect(throws: EvaluationError.self) { try TruthTable(text: text, file: "truth.tsv") }
        #expect(error?.code == code)
        #expect(error?.line == line)
        #expect(error?.description.hasPrefix(line.map { "truth.tsv:\($0): " } ?? "truth.tsv: ") == true)
        #expect(error?.reason.contains(part) == true, "\(error?.reason ?? "no error")")
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: EvaluationError.self) { try TruthTable(path: "/nonexistent/truth.tsv") }
        #expect(error?.code == .unreadableFile)
        #expect(error?.description.contains("/nonexistent/truth.tsv") == true)
    }
}

@Suite struct FeatureTableTests {
    private let header =
        "feature_id\tfile\tmz\trt_seconds\trt_start_seconds\trt_end_seconds\twidth_seconds\tcharge\tarea\theight"
        + "\tsignal_to_noise\tquality\tpoints\tisotope_count\tpolarity\n"

    @Test func readsTheEnginesColumns() throws {
        let text = header + "1\ta.mzML\t100.25\t60.5\t58\t64\t3\t1\t12345.5\t999\t20\t0.9\t12\t2\t+\n"
        #expect(
            try FeatureTable(text: text, file: "f").features == [
                ResultFeature(
                    mz: 100.25, retentionTimeSeconds: 60.5, startSeconds: 58, endSeconds: 64, charge: 1, area: 12345.5,
                    file: "a.mzML")
            ])
    }

    @Test func anEmptyTableHasNoFeatures() throws {
        #expect(try FeatureTable(text: header, file: "f").features.isEmpty)
    }

    @Test func aMissingNumberIsAnError() {
        let text = header + "1\ta.mzML\t100.25\t\t58\t64\t3\t1\t12345.5\t999\t20\t0.9\t12\t2\t+\n"
        let error = #expect(throws: EvaluationError.self) { try FeatureTable(text: text, file: "f") }
        #expect(error?.description == "f:2: column 'rt_seconds': is empty; a number is needed")
    }

    @Test(arguments: [
        ("/data/run one.mzML", "run one"), ("run.mzML.gz", "run"), ("C:\\data\\Run.MZML", "Run"), ("run", "run"),
        (".mzML", ".mzML"), ("a.b.mzml", "a.b"),
    ])
    func filesAreRecognisedByStem(path: String, stem: String) { #expect(dataFileStem(path) == stem) }
}
