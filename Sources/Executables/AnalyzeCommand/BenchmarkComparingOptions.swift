import ArgumentParser
import Console
import EngineRuns
import Foundation
import Instrumentation
import Parameters
import Reporting

/// Options of a comparison of two result files.
struct BenchmarkComparingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Result file to compare with.", valueName: "file"))
    var before: String?

    @Option(help: ArgumentHelp("Result file that is compared with it.", valueName: "file"))
    var after: String?

    @Option(help: ArgumentHelp("Write the comparison as one HTML page.", valueName: "file"))
    var html: String?

    @Option(help: "Relative change that does not count, like 10%. Default: 10% for times and energy, 5% for memory.")
    var tolerance: String?

    @Flag(help: "Compare although machines, data or algorithms differ. What comes out is no proof of anything.")
    var force = false

    @Flag(help: "Do not take changed results for a loss where no truth says that they are worse.")
    var acceptChangedResults = false

    @Flag(help: "Leave with status 4 when something got better.")
    var exitOnImprovement = false

    /// The first of the options that only a comparison has.
    var given: String? {
        let all: [(String, Bool)] = [
            ("--html", html != nil), ("--tolerance", tolerance != nil), ("--force", force),
            ("--accept-changed-results", acceptChangedResults), ("--exit-on-improvement", exitOnImprovement),
        ]
        return all.first(where: \.1)?.0
    }

    /// What `--json` prints.
    private struct Printed: Encodable {
        let schema = "lavoisier-benchmark-comparison/1"
        let exitStatus: Int32
        let comparison: BenchmarkComparison
    }

    func compare(_ beforePath: String, _ afterPath: String, json: Bool) throws {
        var options = BenchmarkComparison.Options()
        options.tolerance = try tolerance.map { try quantity("--tolerance", try Share(parsing: $0).fraction) }
        options.isForced = force
        options.acceptsChangedResults = acceptChangedResults
        let before = try BenchmarkRecord(path: beforePath)
        let after = try BenchmarkRecord(path: afterPath)
        let comparison = BenchmarkComparison(before: before, after: after, options: options)
        let status = comparison.exitStatus(reportsImprovement: exitOnImprovement)
        if let html {
            let report = ComparisonReport(
                comparison, before: before, after: after, names: (beforePath, afterPath),
                created: timestamp(secondsSince1970: Date().timeIntervalSince1970, .plain))
            try OutputText.write(report.html(), to: html)
        }
        if json {
            try Console.output(OutputText.json(Printed(exitStatus: status, comparison: comparison)))
        } else {
            try Console.output(
                BenchmarkDisplay.text(comparison, before: before, after: after) + (html.map { "\npage: \($0)\n" } ?? "")
            )
        }
        if status != 0 { throw ExitCode(status) }
    }
}
