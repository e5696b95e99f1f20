import ArgumentParser
import Benchmarking
import Console
import Foundation
import Parameters
import RegressionGate
import Reporting

struct GateSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Hold a build against a baseline; the exit status says whether it may pass.",
        discussion: """
                lavoisier-tune gate --baseline baselines/main.json --junit gate.xml --html gate.html

            Builds the baseline's reference from its commit (once; later gates find it in the cache) or takes a built one \
            (--reference-binary), runs it in turn with the candidate on this machine, and decides per metric. Accuracy comes \
            first: other results fail, however fast. A metric fails when it is worse beyond noise and tolerance, and again on \
            fresh pairs. docs/gate.md explains the rule, docs/ci.md a CI job.

            Without a reference: --deterministic holds digest, accuracy and instruction counts against the stored ones, on any \
            machine; --stored adds times and memory where this is the baseline's machine.

            Exit status: 0 passed, 1 a program or the gate failed, 2 regression, 3 inconclusive (with --inconclusive fail), 4 \
            improvement (with --exit-on-improvement), 5 accuracy lost, 6 the baseline is not comparable (machine, workload, \
            version, no reference), 7 nothing was measured, 64 wrong usage, 65 bad input, 73 output cannot be written, 130 \
            interrupted, 143 terminated.
            """)

    @Option(help: ArgumentHelp("The baseline: a file, or a name in --baselines-dir.", valueName: "file"))
    var baseline: String?

    @Option(help: "Which entry: latest, or pinned for what has added up since a release.")
    var entry = BaselineRole.latest.rawValue

    @Option(
        help: ArgumentHelp("The program to judge. Default: the 'lavoisier' beside this program.", valueName: "path"))
    var candidate: String?

    @Option(
        help: ArgumentHelp("The reference, built already; it is not built from its commit then.", valueName: "path"))
    var referenceBinary: String?

    @Flag(help: "Only what depends on no clock and no machine: digest, accuracy, instructions under equal keys.")
    var deterministic = false

    @Flag(help: "That, and the baseline's stored times and memory; on the baseline's machine only.")
    var stored = false

    @Option(help: "Most pairs before the last decision, 8 or more. Default: the rule's 24. With --stored: fresh runs.")
    var pairs: Int?

    @Option(help: "Runs of each program in a pair. Default: as many as use 2 s of CPU.")
    var runsPerPair: Int?

    @Option(help: "Longest time for the pairs; the decision then stands on those that there are. Default: 20m.")
    var timeBudget: String?

    @Option(
        help: ArgumentHelp(
            "How much worse a metric may get, like wall=10%, peak_memory=5%,16MiB, accuracy=0.001 (then another digest is judged by agreement and truth) or energy=off; may be repeated.",
            valueName: "metric=limit"))
    var tolerance: [String] = []

    @Option(help: "Whether others use this machine, which sets the tolerances: shared or dedicated.")
    var machine = MachineUse.shared.rawValue

    @Option(help: "What becomes of a gate that cannot tell: pass (status 0, with a loud note) or fail (3).")
    var inconclusive = "pass"

    @Flag(help: "Status 4 instead of 0 when something got better beyond noise and tolerance.")
    var exitOnImprovement = false

    @Flag(help: "Do not count instructions.")
    var noInstructions = false

    @Option(help: ArgumentHelp("Write JUnit XML.", valueName: "file"))
    var junit: String?

    @Option(help: ArgumentHelp("Write JSON.", valueName: "file"))
    var jsonOutput: String?

    @Option(help: ArgumentHelp("Write Markdown for a pull request.", valueName: "file"))
    var markdown: String?

    @Option(help: ArgumentHelp("Write a page.", valueName: "file"))
    var html: String?

    @Flag(help: "Show that the gate fires: play it with programs that crash, differ, are slow, and do not.")
    var selfTest = false

    @Option(help: ArgumentHelp("Folder inside the repository that holds the baseline's commit.", valueName: "folder"))
    var repository = "."

    @Option(help: "File that keeps two measurements from disturbing each other.")
    var lock = StudyLock.machineWidePath

    @OptionGroup var place: BaselineFolderOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try reportingFailures {
            if selfTest {
                let unused = [
                    ("--junit", junit != nil), ("--json-output", jsonOutput != nil), ("--markdown", markdown != nil),
                    ("--html", html != nil), ("--json", output.json), ("--baseline", baseline != nil),
                ].filter(\.1).map(\.0)
                guard unused.isEmpty else {
                    throw GateError(
                        .usage, "leave out \(unused.joined(separator: ", ")): --self-test takes nothing of the kind")
                }
                try runSelfTest()
                return
            }
            let request = try self.request()
            for path in outputs { try BaselineFiles.checkWritable(path) }
            let line = LiveLine(mode: .suitable(quiet: output.quiet))
            let report = Gate.run(
                request, progress: { line.update($0) }, note: { line.milestone("lavoisier-tune: \($0)") })
            line.clear()
            if report.exitStatus != 0 { Console.note("lavoisier-tune: \(report.sentence)") }
            // Neither the table nor a file takes the others along when it cannot be written, and none of them the verdict.
            var failure: (any Error)?
            do { try Console.output(output.json ? try report.json() : GateTable.text(report)) } catch {
                failure = error
            }
            do { try write(report) } catch { failure = failure ?? error }
            if report.exitStatus != 0 {
                if let failure { Console.note("lavoisier-tune: \(failure)") }
                throw ExitCode(Int32(report.exitStatus))
            }
            if let failure { throw failure }
        }
    }

    private var outputs: [String] { [junit, jsonOutput, markdown, html].compactMap { $0 } }

    /// Every file that can be written is. - Throws: the first failure.
    private func write(_ report: GateReport) throws {
        var failure: (any Error)?
        func write(_ path: String?, _ text: () throws -> String) {
            guard let path else { return }
            do { try BaselineFiles.write(try text(), to: path) } catch { failure = failure ?? error }
        }
        write(junit) { report.junitXML }
        write(jsonOutput) { try report.json() }
        write(markdown) { report.markdown }
        write(html) { try report.html() }
        if let failure { throw failure }
    }

    private func request() throws -> GateRequest {
        guard let baseline else {
            throw GateError(.usage, "--baseline is missing: give a file such as baselines/main.json")
        }
        guard !(deterministic && stored) else {
            throw GateError(.usage, "--stored holds times as well and --deterministic none; give one of them")
        }
        var request = GateRequest(baseline: baseline, files: place.files)
        request.role = try baselineRole(entry)
        request.method = deterministic ? .deterministic : stored ? .stored : .interleaved
        let unused = [
            ("--pairs", pairs != nil && deterministic), ("--runs-per-pair", runsPerPair != nil),
            ("--time-budget", timeBudget != nil),
        ].filter(\.1).map(\.0)
        guard request.method == .interleaved || unused.isEmpty else {
            throw GateError(
                .usage,
                "leave out \(unused.joined(separator: ", ")): --\(request.method.rawValue) runs no pairs that could be bounded"
            )
        }
        guard referenceBinary == nil || request.method == .interleaved else {
            throw GateError(
                .usage, "--reference-binary is run in turn with the candidate; leave out --\(request.method.rawValue)")
        }
        request.referenceBinary = referenceBinary
        request.candidate = candidate
        request.pairs = pairs
        request.runsPerPair = runsPerPair
        if let timeBudget {
            do { request.timeBudgetSeconds = try TimeSpan(parsing: timeBudget).seconds } catch {
                throw GateError(.usage, "--time-budget \(error)")
            }
        }
        guard (request.timeBudgetSeconds ?? 1) > 0 else { throw GateError(.usage, "--time-budget must be above 0") }
        request.tolerances = try tolerance.map { try ToleranceOverride(parsing: $0) }
        guard let use = MachineUse(rawValue: machine) else {
            throw GateError(.usage, "--machine '\(machine)' is not known: it is shared or dedicated")
        }
        request.use = use
        guard ["pass", "fail"].contains(inconclusive) else {
            throw GateError(.usage, "--inconclusive '\(inconclusive)' is not known: it is pass or fail")
        }
        request.passesWhenInconclusive = inconclusive == "pass"
        request.reportsImprovement = exitOnImprovement
        request.countsInstructions = !noInstructions
        request.repository = try folder("--repository", repository)
        request.lockPath = lock
        request.interrupt = try InterruptFlag.install()
        return request
    }

    private func runSelfTest() throws {
        let line = LiveLine(mode: .suitable(quiet: output.quiet))
        line.update("playing the gate")
        let outcomes = try GateScenarios.run(
            environment: ProcessInfo.processInfo.environment, interrupt: try InterruptFlag.install(),
            note: { line.milestone("lavoisier-tune: \($0)") })
        line.clear()
        var table = ConsoleTable(
            header: ["what is played", "expected", "got", "", "what the gate says"],
            alignments: [.left, .right, .right, .left, .left])
        for outcome in outcomes {
            table.append([
                outcome.name, "\(outcome.expected)", "\(outcome.actual)", outcome.isRight ? "ok" : "WRONG",
                String(outcome.sentence.prefix(100)),
            ])
        }
        try Console.output(table.text)
        let wrong = outcomes.count { !$0.isRight }
        guard wrong == 0 else {
            throw GateError(.failed, "the gate's self-test failed: \(wrong) of \(outcomes.count) outcomes are wrong")
        }
    }
}

/// The report in a terminal.
enum GateTable {
    static func text(_ report: GateReport) -> String {
        var text = ""
        if !report.checks.isEmpty {
            var table = ConsoleTable(
                header: GateReport.Check.headings,
                alignments: [.left, .left, .right, .right, .right, .right, .right, .left])
            for check in report.checks { table.append(check.cells) }
            text += table.text + "\n"
        }
        for check in report.checks where check.state != .passed {
            text += "\(check.title) on \(check.workload): \(check.detail)\n"
        }
        for note in report.notes { text += "\(note)\n" }
        return text + "\(report.outcome.word.uppercased()): \(report.sentence)\n"
    }
}

extension ToleranceOverride {
    /// `wall=10%`, `peak_memory=5%,16MiB`, `wall=5%,200ms`, `energy=off`. - Throws: `GateError(.usage)`.
    init(parsing text: String) throws(GateError) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        func wrong(_ reason: String) -> GateError {
            GateError(.usage, "--tolerance '\(text)' \(reason): give METRIC=10%, METRIC=5%,16MiB or METRIC=off")
        }
        guard parts.count == 2, !parts[0].isEmpty else { throw wrong("names no limit") }
        self.init(metric: parts[0], isOff: parts[1] == "off")
        guard !isOff else { return }
        for limit in parts[1].split(separator: ",").map(String.init) {
            if Double(limit) ?? 0 >= 1 { throw wrong("holds '\(limit)' without a unit; in percent it is \(limit)%") }
            if let share = Self.share(limit) {
                relative = share
            } else if let bytes = try? ByteSize(parsing: limit).bytes {
                absolute = Double(bytes)
                absoluteUnit = "B"
            } else if let seconds = try? TimeSpan(parsing: limit).seconds {
                absolute = seconds
                absoluteUnit = "s"
            } else {
                throw wrong("holds '\(limit)', which is neither a share nor a size nor a time")
            }
        }
        guard relative ?? 0 >= 0, absolute ?? 0 >= 0, relative != nil || absolute != nil else {
            throw wrong("must not be negative")
        }
    }

    /// `10%`, `0.1`.
    private static func share(_ text: String) -> Double? {
        let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let number = Double(digits), number.isFinite else { return nil }
        return text.hasSuffix("%") ? number / 100 : number
    }
}
