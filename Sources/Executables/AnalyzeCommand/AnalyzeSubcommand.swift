import ArgumentParser
import Console
import Foundation
import HostEnvironment
import Instrumentation
import MzML
import Parameters
import Pipeline

struct AnalyzeSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze", abstract: "Find, identify and name the features of mzML files.",
        discussion: """
            Writes features.tsv, identifications.tsv, spectra.mgf and run.json into the output folder. A folder as input \
            means all .mzML and .mzML.gz in it. A file that cannot be read is reported and left out; the others go on.

            Settings come, later wins, from: the built-in default, this machine's tuned profile (lavoisier-tune), \
            --config, environment variables (LAVOISIER_MEMORY_LIMIT=8GB), --set. 'lavoisier config docs' lists them.
            """)

    @Argument(help: "mzML files, or folders with mzML files.")
    var inputs: [String]

    @Option(name: [.short, .long], help: "Folder for the results; created when missing.")
    var output: String

    @OptionGroup var settings: SettingOptions
    @OptionGroup var references: ReferenceOptions

    @Option(help: "Short for --set execution.reader=...: fast, or reference for libxml2.")
    var reader: ReadingOptions.Reader?

    @Option(
        name: .customLong("write"),
        help: "Write further tables: traces, mztab, json (short for --set output.NAME=true); may be repeated.")
    var furtherTables: [FurtherTable] = []

    @Flag(help: "Short for --set selection.recover=true: analyse what comes before a truncation.")
    var recover = false

    @Flag(help: "Print run.json to standard output.")
    var json = false

    @Flag(help: "No progress on standard error.")
    var quiet = false

    func run() throws {
        try reportingFailures {
            // A run stops within a fraction of a second; what is synced may take the disk longer.
            StopSignals.install(secondsOfGrace: 10)
            let host = HostReader().read()
            let files = try InputFiles.expand(inputs)
            var request = settings.request(inputs: files)
            if let reader { request.assignments.append("execution.reader=\(reader.rawValue)") }
            for table in furtherTables { request.assignments.append("output.\(table.rawValue)=true") }
            if recover { request.assignments.append("selection.recover=true") }
            let outcome = try request.resolve(host: host)
            let line = LiveLine(mode: .suitable(quiet: quiet))
            for notice in outcome.notices { line.milestone("lavoisier: \(notice)") }
            let run = AnalysisRun(
                files: files, outputDirectory: output, configuration: AnalysisConfiguration(outcome.configuration),
                host: host, machineProfile: outcome.machineProfile, references: references.sources(),
                cache: references.locations().cache)
            let record: RunRecord
            do {
                record = try run.run(cancellation: StopSignals.cancellation) { AnalyzeProgress(line: line).show($0) }
            } catch let error as AnalysisError where error.code == .interrupted {
                line.clear()
                Console.note("lavoisier: stopped; nothing was written to \(output)")
                throw ExitCode(StopSignals.exitStatus)
            }
            line.clear()
            if json { try Console.output(try record.json()) }
            if !quiet, record.digest != nil { Console.note(AnalyzeProgress.summary(record, output: output)) }
            if !record.failedInputs.isEmpty { throw ExitCode(65) }
        }
    }
}

/// What `analyze` prints while and after it runs.
struct AnalyzeProgress {
    let line: LiveLine

    func show(_ event: AnalysisRun.Event) {
        switch event {
        case .note(let text): line.milestone("lavoisier: \(text)")
        case .progress(let report, let elapsedSeconds):
            // All of it only where a line is shown: reports come by the clock, and counts of instructions must not.
            line.update(Self.text(report, elapsedSeconds: elapsedSeconds))
        case .fileDone(let input):
            switch input.status {
            case .analysed:
                line.milestone(
                    "\(input.name): \(input.features) features, \(input.featuresWithFragments) with MS/MS, "
                        + "\(input.identifiedFeatures) identified, \(input.annotatedFeatures) named by mass")
            case .failed:
                // An error is said even when progress is not wanted.
                line.clear()
                Console.note("lavoisier: \(input.error ?? input.path)")
            }
            for notice in input.notices { line.milestone("\(input.name): \(notice)") }
        }
    }

    private static func text(_ report: ProgressReport, elapsedSeconds: Double) -> String {
        let percent = Int(report.fraction * 100)
        let remaining = TimeEstimate.remainingSeconds(fraction: report.fraction, elapsedSeconds: elapsedSeconds)
        let estimate = remaining.map { ", \(TimeEstimate.text(seconds: $0)) left" } ?? ""
        return "\(percent) %  \(report.item): \(report.stage)\(estimate)"
    }

    static func summary(_ record: RunRecord, output: String) -> String {
        let megabytes = Double(record.inputs.reduce(0) { $0 + $1.bytes }) / 1e6
        let peak = record.peakMemoryBytes.map { ", peak memory \($0 / 1_000_000) MB" } ?? ""
        let failed = record.failedInputs.count
        let failures = failed == 0 ? "" : " \(failed) of \(record.inputs.count) files failed."
        func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        return "\(record.totalFeatures) features from \(rounded(megabytes)) MB in \(rounded(record.wallSeconds)) s "
            + "(CPU \(rounded(record.cpuSeconds)) s\(peak)); results in \(output).\(failures)"
    }
}

extension FurtherTable: ExpressibleByArgument {}
