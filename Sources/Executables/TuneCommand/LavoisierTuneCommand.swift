import ArgumentParser
import Pipeline

/// The program `lavoisier-tune`.
@main
struct LavoisierTuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lavoisier-tune",
        abstract: "Find the engine's best settings for this machine, and prove that they are better.",
        discussion: """
            Start with:   lavoisier-tune --target throughput --budget 50

            Runs 'lavoisier analyze' on a bundled workload with up to 50 configurations that a Gaussian process chooses, \
            then runs the best one in turn with the built-in default and with what is in place now. When it is better \
            beyond noise, it becomes this machine's profile, which 'lavoisier analyze' finds by itself; when it is not, \
            nothing is replaced. The result is a report to open in a browser (reports/STUDY.html). The settings it tries \
            never change results beyond the accuracy floor. One study at a time per machine.

            Options of a study ('lavoisier-tune run --help' explains them): --target throughput|memory|cpu_usage|energy|balanced, \
            --budget N, --tuning-time TIME, --workload NAME (repeatable) or --workload-type TYPE, --size, --complexity; --seed N, --max-memory SIZE, --max-time TIME, --min-accuracy F1, \
            --strategy bayesian|random|sobol, --parameters LIST, --enqueue FILE, --base FILE, --write-config FILE, --rows N, --engine PATH, --store FILE, --reports-dir DIR, --config-dir DIR, \
            --lock FILE, --quiet, --json.

            'parameters' lists what is searched, with the values that are tried, and what is left out and why.

            'gate' holds a build against a baseline and says by exit status whether it may pass; 'baseline' makes and moves \
            baselines; 'noise' measures how small a change this machine can show.

            Compare:      lavoisier-tune compare default optimized.yaml

            Ctrl-C stops and loses nothing: 'lavoisier-tune resume STUDY' goes on. STUDY is an id, its beginning, or \
            'latest'.

            Exit status: 0 done (better or not), 1 internal error or the engine does not run, 8 no configuration meets \
            the constraints, 64 wrong usage, 65 bad input, 73 output cannot be written, 130 interrupted, 143 terminated.
            """,
        version: LavoisierVersion.current,
        subcommands: [
            RunSubcommand.self, ResumeSubcommand.self, ParametersSubcommand.self, ListSubcommand.self,
            ShowSubcommand.self, ReportSubcommand.self,
            ExportSubcommand.self, CompareSubcommand.self, ReplaySubcommand.self, GateSubcommand.self,
            BaselineSubcommand.self, NoiseSubcommand.self, ErrorRatesSubcommand.self,
        ],
        defaultSubcommand: RunSubcommand.self)
}
