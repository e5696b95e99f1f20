import ArgumentParser
import BayesianTuning
import Benchmarking
import Console
import EngineRuns
import EngineTuning
import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import ResultStore
import StudyRunner

/// Which database to read.
struct StoreOptions: ParsableArguments {
    @Option(help: "Database of studies and trials.")
    var store = "reports/trials.sqlite"

    /// For reading. A store of an older version is brought up to date first.
    func open() throws -> TrialStore {
        do {
            return try TrialStore(path: store, access: .readOnly)
        } catch  where error.code == .readOnly {
            return try TrialStore(path: store)
        }
    }
}

struct ListSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print all studies, oldest first.")

    @OptionGroup var store: StoreOptions

    func run() throws {
        try reportingFailures {
            let store = try store.open()
            var table = ConsoleTable(
                header: ["study", "state", "target", "workload", "done", "result"],
                alignments: [.left, .left, .left, .left, .right, .left])
            for record in try store.studies() {
                let history = try StudyHistory(study: record.id, store: store, earlier: .leftOut)
                table.append([
                    record.id, record.state.rawValue, record.plan.target,
                    record.plan.workloads.map(\.name).joined(separator: ","),
                    "\(history.judged.count)/\(history.options.budget)", Self.result(history),
                ])
            }
            try Console.output(table.text)
        }
    }

    private static func result(_ history: StudyHistory) -> String {
        guard let verdict = history.verdict else { return "-" }
        return verdict.ratio.map { "\(verdict.kind.rawValue) \(number3($0.estimate))x" } ?? verdict.kind.rawValue
    }
}

struct ShowSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a study: how it ended and every trial.")

    @Argument(help: "Id of the study, its beginning, or 'latest'.")
    var study: String

    @OptionGroup var store: StoreOptions

    @Flag(help: "Print the result as a JSON object.")
    var json = false

    func run() throws {
        try reportingFailures {
            let history = try StudyHistory(study: study, store: try store.open())
            if json {
                try Console.output(try StudyResult(history).json())
                return
            }
            try Console.output(Self.heading(history) + "\n" + Self.trials(history))
        }
    }

    private static func heading(_ history: StudyHistory) -> String {
        let record = history.record
        let result = StudyResult(history)
        var lines = [
            "study     \(record.id) (\(record.state.rawValue), \(timestamp(secondsSince1970: record.createdAt, .plain)))",
            "machine   \(record.plan.machine.summary)",
            "workload  \(record.plan.workloads.map(\.name).joined(separator: ", "))",
            "search    \(history.options.strategy.rawValue), seed \(history.options.seed), "
                + "\(history.judged.count) of \(history.options.budget) configurations, \(history.engineRuns) engine runs, "
                + "\(number3(history.engineCPUSeconds)) s of engine CPU",
            "result    \(result.sentence)",
        ]
        if let reason = result.searchEnd { lines.insert("          \(reason)", at: lines.count - 1) }
        for (name, value) in result.configuration.sorted(by: { $0.key < $1.key }) {
            lines.append("          \(name): \(value)")
        }
        for member in history.front {
            lines.append(
                "front     trial \(member.trial): \(number3(member.first)) MB/s, \(number3(member.second * 1e-6)) MB"
                    + (member.isChosen ? "  (chosen)" : ""))
        }
        if let path = record.configurationPath { lines.append("profile   \(path)") }
        if let path = record.reportPath { lines.append("report    \(path)") }
        if history.record.state != .finished { lines.append("resume    lavoisier-tune resume \(record.id)") }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func trials(_ history: StudyHistory) -> String {
        let names = history.space.names.map { String($0.split(separator: ".").last ?? "") }
        var table = ConsoleTable(
            header: ["trial", "state"] + names + ["objective", "runs", "reason"],
            alignments: [.right, .left] + names.map { _ in .right } + [.right, .right, .left])
        for trial in history.trials {
            table.append(
                ["\(trial.number)", trial.record.outcome.state.rawValue]
                    + history.settings(of: trial.configuration).map(\.text)
                    + [
                        trial.judgement?.objective.map(number3) ?? "-", "\(trial.candidateRuns.count)",
                        String((trial.record.outcome.reason ?? "").prefix(80)),
                    ])
        }
        return table.text
    }
}

struct ReportSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write a study's HTML report again and print its path.",
        discussion: "Works for finished, interrupted and running studies, on any machine that has the database.")

    @Argument(help: "Id of the study, its beginning, or 'latest'.")
    var study: String

    @Option(help: "Database of studies and trials.")
    var store = "reports/trials.sqlite"

    @Option(help: "Folder for reports.")
    var reportsDir = "reports"

    func run() throws {
        try reportingFailures {
            guard FileManager.default.fileExists(atPath: store) else {
                throw StudyError(.badInput, "\(store): there is no such trial store")
            }
            let opened = try TrialStore(path: store)
            let history = try StudyHistory(study: study, store: opened)
            let path = try EngineStudy.writeReport(history, store: opened, directory: reportsDir)
            try Console.output(path + "\n")
        }
    }
}

struct ExportSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print a study with all trials and runs.")

    @Argument(help: "Id of the study, its beginning, or 'latest'.")
    var study: String

    @Option(help: "json (one object) or csv (a row per run).")
    var format = "json"

    @OptionGroup var store: StoreOptions

    func run() throws {
        try reportingFailures {
            guard let format = ExportFormat(rawValue: format) else {
                throw StudyError(.invalidOptions, "--format '\(format)' is not supported: it is json or csv")
            }
            try Console.output(try store.open().export(study: study, format: format))
        }
    }
}
