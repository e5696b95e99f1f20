import Foundation
import Statistics
import Testing

@testable import Reporting

/// A study that went wrong still gets a page that says so.
@Suite struct MissingPartsTests {
    private let report = SampleStudy.report()

    private func read(_ report: StudyReport) throws -> (page: String, reader: PageReader) {
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        #expect(try StudyReport(html: page) == report)
        return (page, reader)
    }

    @Test func noTrials() throws {
        var empty = report
        empty.trials = []
        empty.verdict = .failed(reason: "no trial could be started.")
        empty.confirmation = .unavailable(reason: "nothing to confirm")
        empty.importance = .unavailable(reason: "there are no trials")
        empty.stages = .unavailable(reason: "no run ended")
        empty.model = .unavailable(reason: "there are no trials")
        let (page, reader) = try read(empty)
        #expect(page.contains("No trial was run."))
        #expect(page.contains("There was no confirmation: nothing to confirm."))
        #expect(page.contains("Stage times are not available: no run ended."))
        #expect(empty.sentence == "The study failed and nothing was replaced: no trial could be started.")
        #expect(reader.count(ofClass: "verdict-failed") == 1)
    }

    @Test func nothingAtAll() throws {
        var empty = report
        empty.trials = []
        empty.parameters = []
        empty.reproduce = []
        empty.confirmation = .value(
            .init(arms: [], comparisons: [], headlineMetric: .wallTime, headlineReference: .before))
        empty.importance = .value(.init(method: "none", shares: []))
        empty.stages = .value(.init(note: "", arms: []))
        empty.environment = .init(machine: [], versions: [], workloads: [], noise: [], notMeasured: [])
        empty.search.more = []
        empty.model = .value(.init(description: "none", lengthScales: [], noise: .value(.nan), leaveOneOut: .value([])))
        let (page, _) = try read2(empty)
        #expect(page.contains("The study had no parameters."))
        #expect(page.contains("No commands were recorded."))
        #expect(page.contains("Everything that this report asks for was measured."))
    }

    /// As `read`, for a model with NaN, which equals nothing.
    private func read2(_ report: StudyReport) throws -> (page: String, reader: PageReader) {
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        return (page, reader)
    }

    @Test func everyTrialFailed() throws {
        var failed = report
        for index in failed.trials.indices {
            failed.trials[index].state = .failed
            failed.trials[index].reason = "killed after 60 s"
            failed.trials[index].objective = .unavailable(reason: "no result")
        }
        let (page, _) = try read(failed)
        #expect(page.contains("None of the 50 trials succeeded"))
        #expect(page.contains("killed after 60 s"))
        #expect(failed.bestTrial == nil)
    }

    @Test(arguments: StudyReport.ArmRole.allCases) func oneArmMissing(_ role: StudyReport.ArmRole) throws {
        var partial = report
        var confirmation = try #require(partial.confirmation.value)
        confirmation.arms.removeAll { $0.role == role }
        confirmation.comparisons.removeAll { $0.reference == role || $0.candidate == role }
        partial.confirmation = .value(confirmation)
        let (page, _) = try read(partial)
        #expect(page.contains("Not measured in the confirmation: \(role.phrase)."))
        #expect(partial.sentence.contains("could not be compared") == (role != .builtInDefault))
    }

    @Test func unmeasuredPressureIsSaid() throws {
        var quiet = report
        var confirmation = try #require(quiet.confirmation.value)
        for arm in confirmation.arms.indices {
            for run in confirmation.arms[arm].runs.indices {
                confirmation.arms[arm].runs[run].cpuPressure = .unavailable(reason: "the kernel has no PSI")
            }
        }
        quiet.confirmation = .value(confirmation)
        let (page, reader) = try read(quiet)
        #expect(page.contains("CPU pressure was not measured: the kernel has no PSI."))
        #expect(reader.count(ofClass: "pressure") == 0)
    }

    @Test func oneTrialOneValue() throws {
        var tiny = report
        tiny.trials = Array(tiny.trials.prefix(1))
        tiny.parameters = tiny.parameters.map {
            var one = $0
            one.values = [one.defaultValue]
            one.best = .unavailable(reason: "nothing better")
            one.before = .unavailable(reason: "no profile on this machine")
            return one
        }
        let (page, _) = try read(tiny)
        #expect(page.contains("There is no best setting to copy."))
        #expect(page.contains("No setting in place before the study: no profile on this machine."))
    }

    @Test func zeroOnALogarithmicParameter() throws {
        var odd = report
        odd.parameters[0].values.insert(.init(text: "0", number: 0), at: 0)
        let (_, reader) = try read(odd)
        #expect(reader.elements.contains { $0.name == "text" && $0.text == "0" })
    }
}

/// Figures that no measurement gives must not stop the page.
@Suite struct ExtremeNumbersTests {
    @Test func extremesAreShownAsMissing() throws {
        let extremes: [Double] = [1e308, -1e308, .infinity, .nan, .leastNonzeroMagnitude, -0.0]
        var report = SampleStudy.report()
        for (index, value) in extremes.enumerated() {
            report.trials[index].objective = .value(value)
            report.trials[index].wallTime = .value(value)
            report.trials[index].start = .value(value)
            report.trials[index].configuration[2].value.number = value
            report.trials[index + 15].prediction = .value(.init(mean: value, standardDeviation: value))
        }
        var stages = try #require(report.stages.value)
        var importance = try #require(report.importance.value)
        var model = try #require(report.model.value)
        for (index, value) in extremes.prefix(5).enumerated() {
            stages.arms[0].stages[index].seconds = value
            importance.shares[index].share = value
            model.lengthScales[index].value = value
        }
        model.leaveOneOut = .value(
            extremes.map {
                .init(trial: 1, observed: $0, predicted: .init(mean: -$0, standardDeviation: $0))
            })
        report.stages = .value(stages)
        report.importance = .value(importance)
        report.model = .value(model)
        var confirmation = try #require(report.confirmation.value)
        for (index, value) in extremes.enumerated() {
            confirmation.arms[0].runs[index].throughput = .value(value)
            confirmation.arms[0].runs[index].cpuPressure = .value(value)
        }
        let ratio = try JSONDecoder().decode(
            PairedRatio.self,
            from: Data(
                #"{"estimate":1e-320,"lower":0,"upper":1e300,"level":0.95,"pairs":1,"minimumDetectableEffect":1e300}"#
                    .utf8))
        confirmation.comparisons[0].ratio = .value(ratio)
        confirmation.comparisons[1].ratio = .value(ratio)
        report.confirmation = .value(confirmation)
        #expect(PageReader(try report.html()).failure == nil)
        #expect(report.sentence.contains("could not be compared"))
    }
}
