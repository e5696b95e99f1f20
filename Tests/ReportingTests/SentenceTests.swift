import Statistics
import Testing

@testable import Reporting

@Suite struct SentenceTests {
    private func report(_ verdict: StudyReport.Verdict, before: [Double], after: [Double]) throws -> StudyReport {
        var report = SampleStudy.report()
        report.verdict = verdict
        var confirmation = try #require(report.confirmation.value)
        confirmation.comparisons = [
            .init(
                metric: .wallTime, reference: .builtInDefault, candidate: .best,
                ratio: .value(PairedRatio(before: before, after: after, resamples: 500)))
        ]
        confirmation.headlineMetric = .wallTime
        confirmation.headlineReference = .builtInDefault
        report.confirmation = .value(confirmation)
        return report
    }

    @Test func improvedIsTurnedSoThatMoreIsBetter() throws {
        let report = try report(
            .improved, before: [2, 2.02, 1.98, 2, 2, 2.01, 2, 2], after: [1, 1, 1, 1.01, 1, 0.99, 1, 1])
        #expect(report.sentence.hasPrefix("2.00\u{D7} faster than the built-in default, the best known setting (95"))
        #expect(report.sentence.contains("8 pairs"))
        #expect(report.sentence.hasSuffix("results identical to the default's."))
    }

    @Test func noImprovementSaysThatNothingWasReplaced() throws {
        let values = [1, 1.1, 0.9, 1.05, 1, 0.95, 1, 1.02]
        let sentence = try report(.noImprovement, before: values, after: values.reversed()).sentence
        #expect(sentence.hasPrefix("Not better beyond noise: nothing was replaced"))
        #expect(sentence.contains("or more would have shown"))
        let unsure = try report(.inconclusive, before: values, after: values.reversed()).sentence
        #expect(unsure.hasPrefix("Inconclusive, so nothing was replaced"))
    }

    @Test func lostAccuracyIsInTheSentence() throws {
        var report = try report(.improved, before: [2, 2], after: [1, 1])
        var confirmation = try #require(report.confirmation.value)
        for index in confirmation.arms.indices {
            confirmation.arms[index].accuracy = .value(
                .init(f1: .value(0.9992), truthRecall: .value(1), digestEqual: .value(false)))
        }
        report.confirmation = .value(confirmation)
        #expect(report.sentence.hasSuffix("accuracy F1 0.9992, truth recall 1.000."))
    }

    @Test func yamlNestsAndQuotes() {
        let text = ConfigurationText(settings: [
            .init(parameter: "numeric.precision", value: .init(text: "float32")),
            .init(parameter: "execution.chunk_size", value: .init(text: "64MiB", number: 1)),
            .init(parameter: "execution.reader.mode", value: .init(text: "a: \"b\"\n")),
            .init(parameter: "execution.memory", value: .init(text: "80%")),
        ]).yaml
        #expect(
            text == """
                execution:
                  chunk_size: 64MiB
                  memory: 80%
                  reader:
                    mode: "a: \\"b\\"\\n"
                numeric:
                  precision: float32

                """)
    }
}
