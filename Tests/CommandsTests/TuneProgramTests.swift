import Foundation
import HostEnvironment
import ResultStore
import TestSupport
import Testing

/// `lavoisier-tune` as a user runs it, with a script in the place of the engine where not said otherwise.
@Suite struct TuneProgramTests {
    /// The default takes three times as long as any other number of workers. Once a file `settled` lies beside the engine, all
    /// take that long but the configuration that was confirmed, which is the last one but the default that ran before: then
    /// chance can make none better than what is in place.
    private static func slowDefault(_ defaults: String) -> String {
        """
        slow=\(defaults)
        if [ -e "${0%/*}/settled" ]; then
            IFS= read -r fast < "${0%/*}/last"
            [ "$settings" = "$fast" ] && sleep 0.02 || sleep 0.06
        elif [ "$workers:$chunk" = "$slow" ]; then
            sleep 0.06
        else
            printf '%s\\n' "$settings" > "${0%/*}/last"
            sleep 0.02
        fi
        """
    }

    /// The default's workers and chunk size on this machine.
    private func defaults() throws -> String {
        let outcome = try Program.run(
            "lavoisier", ["config", "show", "--profile", "none"],
            environment: ["LAVOISIER_DATA_DIR": "\(TestData.repository)/workloads"])
        func value(_ key: String) -> String {
            let line = outcome.output.split(separator: "\n").first { $0.hasPrefix("  \(key): ") }
            return line.map { $0.dropFirst(key.count + 4).prefix { $0 != " " } }.map(String.init) ?? ""
        }
        return "\(value("workers")):\(value("chunk_size"))"
    }

    @Test func aBetterConfigurationBecomesTheProfileThatAnalyzeFinds() throws {
        let fixture = try TuneFixture(Self.slowDefault(try defaults()))
        let outcome = try fixture.run(fixture.study(["--json", "--quiet"]))
        #expect(outcome.status == 0)
        #expect(outcome.error.isEmpty, "quiet means quiet: \(outcome.error)")
        let result = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(result["verdict"] as? String == "improved")
        #expect(result["configurations"] as? Int == 4)
        #expect(result["sources"] != nil, "how its figures are measured")
        let ratio = try #require(result["ratio"] as? [String: Any])
        #expect((ratio["lower"] as? Double ?? 0) > 1.2)
        let profile = try #require(result["profile"] as? String)
        let text = try String(contentsOfFile: profile, encoding: .utf8)
        for word in ["study: ", "workload: \"medium\"", "ratio: ", "date: ", "version: ", "default "] {
            #expect(text.contains(word), "\(word) is missing in \(text)")
        }
        let settings = result["configuration"] as? [String: String] ?? [:]
        let shown = try Program.run(
            "lavoisier", ["config", "show", "--config-dir", fixture.folder.file("config")],
            environment: fixture.environment)
        #expect(shown.error.contains("using this machine's tuned profile"))
        #expect(shown.output.contains("  workers: \(settings["execution.workers"] ?? "?") "))
        // A second study has a configuration in place to beat, and there is nothing better than it.
        try fixture.folder.write("settled", "")
        let second = try fixture.run(fixture.study(["--json"]))
        #expect(second.status == 0)
        let again = try #require(try JSONSerialization.jsonObject(with: Data(second.output.utf8)) as? [String: Any])
        #expect(again["reference"] as? String == "before")
        #expect(again["verdict"] as? String != "improved", "\(second.error)")
        #expect(try String(contentsOfFile: profile, encoding: .utf8) == text, "the profile was replaced")
    }

    /// The default, which a study runs first, is three times as fast as all else: it stays, and where no profile was in place,
    /// one records it.
    @Test func anUnbeatenDefaultIsRecordedAndNothingIsReplaced() throws {
        let defaults = try defaults()
        let fixture = try TuneFixture(
            """
            [ -e "${0%/*}/first" ] || printf '%s\\n' "$settings" > "${0%/*}/first"
            IFS= read -r fast < "${0%/*}/first"
            [ "$settings" = "$fast" ] && sleep 0.02 || sleep 0.06
            """)
        let outcome = try fixture.run(fixture.study(["--json"]))
        #expect(outcome.status == 0)
        #expect(outcome.error.contains("records the built-in default as the best known"), "\(outcome.error)")
        let result = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(result["verdict"] as? String != "improved")
        let profile = try #require(result["profile"] as? String)
        let text = try String(contentsOfFile: profile, encoding: .utf8)
        #expect(text.contains("the built-in default stays"))
        let workers = try #require(defaults.split(separator: ":").first)
        #expect(text.contains("execution.workers: \"\(workers)\""))
        // What is in place now is not replaced by a second study that finds nothing better either.
        let second = try fixture.run(fixture.study(["--json", "--seed", "2"]))
        #expect(second.status == 0 && !second.error.contains("Profile: "))
        #expect(try String(contentsOfFile: profile, encoding: .utf8) == text)
    }

    @Test func listShowReportAndExportReadTheStore() throws {
        let fixture = try TuneFixture("[ \"$precision\" = float32 ] && echo 'no float32 here' >&2 && exit 70")
        let outcome = try fixture.run(fixture.study(["--seed", "3", "--budget", "9"]))
        #expect(outcome.status == 0)
        #expect(outcome.error.contains("trial 0  1/9") && outcome.error.contains("Report: "))
        let store = ["--store", fixture.folder.file("trials.sqlite")]
        #expect(try fixture.run(["list"] + store).output.contains("finished"))
        let shown = try fixture.run(["show", "latest"] + store)
        #expect(shown.output.contains("seed 3, 9 of 9 configurations"))
        #expect(shown.output.contains("exited with status 70: no float32 here"))
        let id = try #require(try fixture.result()["study"] as? String)
        let page = fixture.folder.file("reports/\(id).html")
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("no float32 here") && html.contains("lavoisier-data"))
        try FileManager.default.removeItem(atPath: page)
        let report = try fixture.run(["report", id] + store + ["--reports-dir", fixture.folder.file("reports")])
        #expect(report.output == page + "\n")
        #expect(try String(contentsOfFile: page, encoding: .utf8) == html, "a report made again differs")
        let csv = try fixture.run(["export", id, "--format", "csv"] + store)
        #expect(csv.output.hasPrefix("study,trial,") && csv.output.contains(",0,search,succeeded,"))
        let json = try fixture.run(["export", id] + store)
        #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [String: Any])
        try TrialStore(path: fixture.folder.file("trials.sqlite"), access: .readOnly).integrityCheck()
        // Nothing temporary stays.
        let left = try FileManager.default.subpathsOfDirectory(atPath: fixture.folder.path)
        #expect(!left.contains { $0.contains("configuration.yaml") || $0.contains("results-") }, "\(left)")
    }

    /// With next to no time only the default is tried; the reason is said, stored and shown.
    @Test func theTuningTimeBoundsTheStudy() throws {
        let fixture = try TuneFixture("sleep 0.02")
        let outcome = try fixture.run(fixture.study(["--budget", "40", "--tuning-time", "50ms"]))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("the search stopped after 1 of 40 configurations"), "\(outcome.error)")
        let result = try fixture.result()
        #expect(result["configurations"] as? Int == 1)
        #expect((result["searchEnd"] as? String)?.contains("of the tuning time of 0.05 s") == true)
        let page = try String(contentsOfFile: try #require(result["report"] as? String), encoding: .utf8)
        #expect(page.contains("End of the search") && page.contains("--tuning-time 0.05s"))
        let shown = try fixture.run(["show", "latest", "--store", fixture.folder.file("trials.sqlite")])
        #expect(shown.output.contains("the search stopped after 1 of 40"))
    }

    @Test(.disabled(if: HostReader().readEnergy().value != nil, "this machine counts its energy"))
    func energyIsRefusedWhereItCannotBeMeasured() throws {
        let fixture = try TuneFixture()
        let outcome = try fixture.run(fixture.study(["--target", "energy"]))
        #expect(outcome.status == 64)
        let reason = try #require(HostReader().readEnergy().reason)
        #expect(outcome.error.contains("the target energy cannot be measured on this machine: \(reason)"))
        #expect(!FileManager.default.fileExists(atPath: fixture.folder.file("trials.sqlite")))
    }

    @Test func theWorkloadIsChosenByWhatItIs() throws {
        let fixture = try TuneFixture()
        let outcome = try fixture.run(
            fixture.study([
                "--workload-type", "feature_detection", "--size", "small", "--complexity", "low", "--budget", "1",
            ]))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(
            outcome.error.contains(
                "workload ident (feature_detection, size small, complexity low): it is what was asked for"))
        let shown = try fixture.run(["show", "latest", "--store", fixture.folder.file("trials.sqlite")])
        #expect(shown.output.contains("workload  ident\n"))
    }

    @Test func wrongResultsAreFound() throws {
        let fixture = try TuneFixture("[ \"$workers\" = 1 ] && digest=bbbb")
        #expect(try fixture.run(fixture.study(["--budget", "12", "--quiet"])).status == 0)
        let shown = try fixture.run(["show", "latest", "--store", fixture.folder.file("trials.sqlite")])
        #expect(shown.output.contains("execution settings changed the results: digest bbbb instead of aaaa"))
    }

    @Test func aLostFeatureOfAnotherPrecisionIsInaccurate() throws {
        let fixture = try TuneFixture("[ \"$precision\" = float64 ] || { digest=cccc; features=; }")
        #expect(try fixture.run(fixture.study(["--budget", "9", "--quiet"])).status == 0)
        let shown = try fixture.run(["show", "latest", "--store", fixture.folder.file("trials.sqlite")])
        #expect(shown.output.contains("F1 0.0 against the default's results is below the floor of 0.999"))
        #expect(shown.output.contains("infeasible"))
        // The option lowers the floor.
        #expect(try fixture.run(fixture.study(["--budget", "9", "--quiet", "--min-accuracy", "0"])).status == 0)
        let lower = try fixture.run(["show", "latest", "--store", fixture.folder.file("trials.sqlite")])
        #expect(!lower.output.contains("below the floor"))
    }

    @Test func limitsThatNothingMeetsEndWithStatus8() throws {
        let fixture = try TuneFixture()
        let outcome = try fixture.run(fixture.study(["--max-memory", "1kB", "--budget", "4"]))
        #expect(outcome.status == 8)
        #expect(outcome.error.contains("No configuration meets the constraints. The closest is trial"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.file("config")).isEmpty)
        let time = try fixture.run(fixture.study(["--max-time", "1ms", "--budget", "4"]))
        #expect(time.status == 8)
    }

    /// Only slow configurations with one worker keep the limit: one of them is written although it is not faster.
    @Test func theOnlyConfigurationsWithinTheLimitWin() throws {
        let fixture = try TuneFixture(
            "[ \"$workers\" = 1 ] && sleep 0.02 || memory=90000000")
        let outcome = try fixture.run(fixture.study(["--max-memory", "60MB", "--budget", "8"]))
        #expect(outcome.status == 0)
        let result = try fixture.result()
        #expect(result["verdict"] as? String == "improved" && result["ratio"] == nil)
        #expect((result["configuration"] as? [String: String])?["execution.workers"] == "1")
        #expect((result["sentence"] as? String)?.contains("memory 90.0 MB is above the limit of 60.0 MB") == true)
        let page = try String(contentsOfFile: try #require(result["report"] as? String), encoding: .utf8)
        #expect(page.contains("Only the best configuration found meets the constraints"))
    }

    /// Everything that is written beyond 300 kB fails, as on a full disk: the write-ahead log in the middle of the study.
    @Test(.enabled(if: Program.mayLimitFileSizes, "the thread sanitizer needs files"))
    func aFullDiskIsSaidAndNothingHalfWrittenStays() throws {
        let fixture = try TuneFixture()
        let outcome = try Program.run(
            "lavoisier-tune", fixture.study([]), environment: fixture.environment, directory: fixture.folder.path,
            shellLimits: "ulimit -f 600")
        #expect(outcome.status == 73, "\(outcome.error)")
        #expect(outcome.error.contains("trials.sqlite") && outcome.error.contains("resume"), "\(outcome.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder.file("reports")).isEmpty)
        let resumed = try fixture.run(["resume", "latest"] + fixture.places)
        #expect(resumed.status == 0, "\(resumed.error)")
    }

    @Test func aDefaultThatFailsSaysWhy() throws {
        let fixture = try TuneFixture("echo 'lavoisier: cannot do this' >&2; exit 65")
        let outcome = try fixture.run(fixture.study([]))
        #expect(outcome.status == 1)
        #expect(
            outcome.error.contains(
                "the built-in default does not run: exited with status 65: lavoisier: cannot do this"))
    }

    @Test(arguments: [
        (
            ["--target", "latency"], 64,
            "--target 'latency' is not supported: it is one of throughput, memory, cpu_usage, energy"
        ),
        (["--strategy", "bayesain"], 64, "did you mean 'bayesian'?"),
        (["--budget", "0"], 64, "the budget must be at least 1"), (["--rows", "2"], 64, "at least 6 rows"),
        (["--max-memory", "0B"], 64, "above 0"), (["--max-memory", "eight"], 64, "--max-memory"),
        (["--max-time", "2 minutes"], 64, "--max-time"), (["--tuning-time", "0"], 64, "tuning time must be above 0"),
        (["--tuning-time", "soon"], 64, "--tuning-time"), (["--tuning-time=-5m"], 64, "--tuning-time"),
        (["--min-accuracy", "7"], 64, "accuracy floor"),
        (["--workload-type", "proteomics"], 64, "one of metabolomics_analysis, spectral_matching, feature_detection"),
        (["--size", "hueg"], 64, "one of small, medium, large"),
        (["--complexity", "hihg"], 64, "did you mean 'high'?"),
        (["--workload", "small", "--size", "small"], 64, "give one or the other"),
        (["--workload", "meduim"], 65, "did you mean 'medium'?"),
        (["--engine", "/nowhere/lavoisier"], 65, "/nowhere/lavoisier"),
        (["--budgett", "5"], 64, "--budget"), (["--store", "/proc/none/trials.sqlite"], 73, "/proc/none"),
        (["--reports-dir", "/proc/none"], 73, "/proc/none"), (["--config-dir", "/proc/none"], 73, "/proc/none"),
        (["resume", "latest"], 64, "no study"), (["show", "nothing"], 64, "nothing"),
        (["export", "latest", "--format", "xml"], 64, "json or csv"),
    ])
    func wrongUsageGetsOneClearLine(arguments: [String], status: Int32, word: String) throws {
        let fixture = try TuneFixture()
        let isSubcommand = !arguments[0].hasPrefix("-")
        if isSubcommand { _ = try TrialStore(path: fixture.folder.file("trials.sqlite")) }
        let places = isSubcommand ? ["--store", fixture.folder.file("trials.sqlite")] : []
        let outcome = try fixture.run(isSubcommand ? arguments + places : fixture.study(arguments))
        #expect(outcome.status == status, "\(outcome.error)")
        #expect(outcome.error.contains(word), "\(outcome.error)")
    }

    @Test(arguments: [[], ["run"], ["resume"], ["list"], ["show"], ["report"], ["export"]])
    func helpTeaches(command: [String]) throws {
        let outcome = try Program.run("lavoisier-tune", command + ["--help"])
        #expect(outcome.status == 0 && outcome.output.contains("OVERVIEW:"))
    }

    /// The real engine on a real workload, start to report.
    @Test func theRealEngineIsTuned() throws {
        let fixture = try TuneFixture()
        let arguments = ["--workload", "medium", "--budget", "2", "--rows", "6", "--json", "--quiet"] + fixture.places
        let outcome = try fixture.run(arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        let result = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect((result["defaultObjective"] as? Double ?? 0) > 0)
        #expect(result["state"] as? String == "finished")
    }
}
