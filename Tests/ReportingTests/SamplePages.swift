import Foundation
import Testing

@testable import Reporting

/// Writes pages to look at: `LAVOISIER_REPORT_SAMPLES=folder swift test --filter SamplePages`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["LAVOISIER_REPORT_SAMPLES"] != nil))
struct SamplePages {
    @Test func write() throws {
        let folder = URL(
            fileURLWithPath: try #require(ProcessInfo.processInfo.environment["LAVOISIER_REPORT_SAMPLES"]))
        try SampleStudy.report().html().write(
            to: folder.appendingPathComponent("improved.html"), atomically: true, encoding: .utf8)
        var empty = SampleStudy.report()
        empty.trials = []
        empty.verdict = .failed(reason: "no trial could be started")
        empty.confirmation = .unavailable(reason: "the search found no setting to confirm")
        empty.stages = .unavailable(reason: "no run ended")
        empty.importance = .unavailable(reason: "there are no trials")
        empty.model = .unavailable(reason: "there are no trials")
        try empty.html().write(to: folder.appendingPathComponent("failed.html"), atomically: true, encoding: .utf8)
        for outcome in GateReport.Outcome.allCases {
            try SampleGate.report(outcome).html().write(
                to: folder.appendingPathComponent("gate-\(outcome.rawValue).html"), atomically: true, encoding: .utf8)
        }
    }
}
