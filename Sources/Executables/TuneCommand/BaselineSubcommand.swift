import ArgumentParser
import Benchmarking
import Console
import Foundation
import HostEnvironment
import Parameters
import RegressionGate

struct BaselineSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", abstract: "Make, update and look at the references that gates hold changes against.",
        discussion: """
            A baseline is a file, baselines/NAME.json, to be committed: it names a reference that can be rebuilt (commit, \
            settings, workloads) and keeps what was measured: every run, digests, accuracy, instructions, the machine.

            Two entries stand side by side. 'latest' follows the main branch; 'pinned' is a release that stays, so that many \
            small losses, each within the tolerance, show as one: 'baseline show NAME' compares the two.

                lavoisier-tune baseline create main --workload medium
                lavoisier-tune baseline update main --reason "shapes are fitted with fewer steps" --pin

            Exit status: 0 done, 1 the engine failed or its results change from run to run, 6 a file of a newer version or without the \
            entry, 7 the engine read nothing, 64 wrong usage, 65 bad input, 73 the file cannot be written, 130 interrupted, 143 \
            terminated (nothing is written).
            """,
        subcommands: [
            CreateBaseline.self, UpdateBaseline.self, ListBaselines.self, ShowBaseline.self, CompareBaselines.self,
        ])
}

/// Where baselines lie.
struct BaselineFolderOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder of the baselines.", valueName: "folder"))
    var baselinesDir = "baselines"

    var files: BaselineFiles { BaselineFiles(folder: baselinesDir) }
}

/// How a reference is measured.
struct BaselineMeasuringOptions: ParsableArguments {
    @Option(help: "Measured runs, kept as they are; one more fills the page cache and is left out.")
    var runs = 5

    @Option(help: "Runs under the instruction counter, per workload (valgrind, or perf where the CPU counts).")
    var instructionRuns = 2

    @Flag(help: "Do not count instructions, which takes 20 to 50 times as long as a run.")
    var noInstructions = false

    @Option(help: ArgumentHelp("The program 'lavoisier'. Default: the one beside this program.", valueName: "path"))
    var engine: String?

    @Option(help: ArgumentHelp("Folder inside the repository that the engine was built from.", valueName: "folder"))
    var repository = "."

    @Option(help: "How the reference is built again from its commit; a 'swift build' command.")
    var buildCommand: String?

    @Option(help: "File that keeps two measurements from disturbing each other.")
    var lock = StudyLock.machineWidePath

    func apply(to request: inout BaselineRequest) throws {
        request.runs = runs
        request.instructionRuns = instructionRuns
        request.countsInstructions = !noInstructions
        request.engine = engine
        request.repository = try folder("--repository", repository)
        request.buildCommand = buildCommand ?? request.buildCommand
        request.lockPath = lock
        request.interrupt = try InterruptFlag.install()
    }
}

/// An existing folder, absolute.
func folder(_ option: String, _ path: String) throws(GateError) -> String {
    let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: absolute, isDirectory: &isFolder), isFolder.boolValue else {
        throw GateError(.usage, "\(option) '\(path)' is not a folder")
    }
    return absolute
}

struct CreateBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Measure a reference and write it as a new baseline.")

    @Argument(help: "Name of the baseline: NAME.json in the folder.")
    var name: String

    @Option(
        name: .customLong("workload"), help: "Bundled workload; may be repeated. Default: medium.")
    var workloads: [String] = []

    @Option(help: ArgumentHelp("Configuration file that holds in every run.", valueName: "file"))
    var config: String?

    @Option(name: .customLong("set"), help: "key=value, over the file; may be repeated.")
    var assignments: [String] = []

    @Option(help: "Why there is this baseline.")
    var reason = "created"

    @Flag(help: "Make it the pinned entry as well.")
    var pin = false

    @OptionGroup var measuring: BaselineMeasuringOptions
    @OptionGroup var place: BaselineFolderOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try reportingFailures {
            let files = place.files
            guard try !files.exists(name) else {
                throw GateError(
                    .usage,
                    "the baseline \(try files.path(name)) exists; 'lavoisier-tune baseline update \(name) --reason ...' measures "
                        + "it anew")
            }
            try BaselineFiles.checkWritable(try files.path(name))
            var request = BaselineRequest()
            if !workloads.isEmpty { request.workloads = workloads }
            request.configurationFile = config
            request.assignments = assignments
            request.reason = reason
            try measuring.apply(to: &request)
            let entry = try measured(request, quiet: output.quiet)
            let title = URL(fileURLWithPath: try files.path(name)).deletingPathExtension().lastPathComponent
            try finish(Baseline(name: title, entry: entry, pin: pin), name, files, output)
        }
    }
}

struct UpdateBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Measure a new latest entry, with the workloads and settings that there are.",
        discussion: "The reason goes into the file's history, for whoever asks why the reference moved.")

    @Argument(help: "Name of the baseline, or its file.")
    var name: String

    @Option(help: "Why the reference moves.")
    var reason: String

    @Flag(help: "Make it the pinned entry as well.")
    var pin = false

    @OptionGroup var measuring: BaselineMeasuringOptions
    @OptionGroup var place: BaselineFolderOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try reportingFailures {
            guard !reason.allSatisfy(\.isWhitespace) else {
                throw GateError(.usage, "--reason is empty: say why the reference moves")
            }
            let files = place.files
            var baseline = try files.read(name)
            try BaselineFiles.checkWritable(try files.path(name))
            var request = BaselineRequest()
            request.workloads = baseline.latest.workloads.map(\.name)
            request.assignments = baseline.latest.configuration.settings
            request.buildCommand = baseline.latest.reference.buildCommand
            request.reason = reason
            try measuring.apply(to: &request)
            baseline.update(try measured(request, quiet: output.quiet), pin: pin)
            try finish(baseline, name, files, output)
        }
    }
}

private func measured(_ request: BaselineRequest, quiet: Bool) throws -> BaselineEntry {
    let line = LiveLine(mode: .suitable(quiet: quiet))
    defer { line.clear() }
    return try BaselineMaking.measure(
        request, progress: { line.update($0) }, note: { line.milestone("lavoisier-tune: \($0)") })
}

private func finish(
    _ baseline: Baseline, _ name: String, _ files: BaselineFiles, _ output: OutputOptions
) throws {
    let path = try files.write(baseline, to: name)
    if output.json { try Console.output(try baseline.json()) }
    guard !output.quiet else { return }
    Console.note("\(path): \(baseline.latest.summary)")
    if baseline.latest.reference.obstacle == nil {
        Console.note("Commit it; then: lavoisier-tune gate --baseline \(path)")
    }
}

struct ListBaselines: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Print all baselines.")

    @OptionGroup var place: BaselineFolderOptions

    func run() throws {
        try reportingFailures {
            let files = place.files
            var table = ConsoleTable(
                header: ["baseline", "entry", "created", "commit", "workloads", "runs", "machine"],
                alignments: [.left, .left, .left, .left, .left, .right, .left])
            var unreadable: (any Error)?
            for name in files.names {
                let baseline: Baseline
                do { baseline = try files.read(name) } catch {
                    unreadable = unreadable ?? error
                    continue
                }
                for role in BaselineRole.allCases {
                    guard let entry = baseline[role] else { continue }
                    table.append([
                        name, role.rawValue, entry.created, entry.reference.label,
                        entry.workloads.map(\.name).joined(separator: ","), "\(entry.runs.count)",
                        entry.machine.identity.summary,
                    ])
                }
            }
            try Console.output(table.text)
            if let unreadable { throw unreadable }
        }
    }
}

struct ShowBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a baseline: its entries, how they differ, and its history.")

    @Argument(help: "Name of the baseline, or its file.")
    var name: String

    @OptionGroup var place: BaselineFolderOptions

    @Flag(help: "Print the file as it is read.")
    var json = false

    func run() throws {
        try reportingFailures {
            let baseline = try place.files.read(name)
            if json {
                try Console.output(try baseline.json())
                return
            }
            var text = ""
            for role in BaselineRole.allCases {
                if let entry = baseline[role] { text += entry.description(title: "\(baseline.name), \(role.rawValue)") }
            }
            if let pinned = baseline.pinned, pinned != baseline.latest {
                text += Self.drift("Latest against pinned, by stored numbers", from: pinned, to: baseline.latest)
            }
            text += "History\n"
            for change in baseline.history {
                text +=
                    "  \(change.date)  \(change.commit.prefix(12))\(change.isPinned ? " (pinned)" : "")  \(change.reason)\n"
            }
            try Console.output(text)
        }
    }

    static func drift(_ title: String, from old: BaselineEntry, to new: BaselineEntry) -> String {
        title + "\n" + BaselineDrift(from: old, to: new).lines.map { "  \($0.name): \($0.text)\n" }.joined() + "\n"
    }
}

struct CompareBaselines: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare two baselines by their stored numbers.",
        discussion: """
            Digests, accuracy and instruction counts compare by themselves; times only where both were measured on one \
            machine. For a verdict on times run 'lavoisier-tune gate', which runs both programs in turn.
            """)

    @Argument(help: "The older baseline, or its file.")
    var old: String

    @Argument(help: "The newer one.")
    var new: String

    @Option(help: "Entry of both: latest or pinned.")
    var entry = BaselineRole.latest.rawValue

    @OptionGroup var place: BaselineFolderOptions

    func run() throws {
        try reportingFailures {
            let role = try baselineRole(entry)
            let files = place.files
            let entries = try [old, new].map { name in
                guard let entry = try files.read(name)[role] else {
                    throw GateError(.notComparable, "the baseline \(name) has no \(role.rawValue) entry")
                }
                return entry
            }
            try Console.output(
                ShowBaseline.drift("\(new) against \(old), by stored numbers", from: entries[0], to: entries[1]))
        }
    }
}

func baselineRole(_ text: String) throws(GateError) -> BaselineRole {
    guard let role = BaselineRole(rawValue: text) else {
        throw GateError(.usage, "--entry '\(text)' is not known: it is latest or pinned")
    }
    return role
}
