import Benchmarking
import Foundation
import HostEnvironment
import RegressionGate
import Reporting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `lavoisier-tune gate`: every exit status, by programs that behave so.
@Suite struct GateProgramTests {
    private func fixture(_ change: (inout ImitatedEngine) -> Void = { _ in }) throws -> GateFixture {
        let fixture = try GateFixture(change)
        let outcome = try fixture.create()
        #expect(outcome.status == 0, "\(outcome.error)")
        return fixture
    }

    @Test func equalProgramsPass() throws {
        let fixture = try fixture()
        let outcome = try fixture.run(fixture.interleaved())
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("PASSED") && outcome.output.contains("wall time"))
    }

    /// Some ten times as slow: far above the one tolerance, and far below the other on any machine.
    @Test func aSlowProgramIsARegression() throws {
        let fixture = try fixture { $0.body = "sleep 0.02" }
        try fixture.write({ $0.body = "sleep 0.2" }, to: fixture.candidate)
        let outcome = try fixture.run(
            fixture.interleaved(["--tolerance", "wall=50%"], wide: ["cpu", "peak_memory"]))
        #expect(outcome.status == 2, "\(outcome.output) \(outcome.error)")
        #expect(outcome.output.contains("REGRESSION") && outcome.output.contains("again on 8 fresh pairs"))
        // The same with a tolerance that lets it through: the option counts.
        let tolerated = try fixture.run(fixture.interleaved())
        #expect(tolerated.status == 0, "\(tolerated.output) \(tolerated.error)")
    }

    /// Every other run of either program is slow: no decision is possible, and the caller says what that means.
    @Test func aNoisyMachineCannotTell() throws {
        func body(_ file: String, _ slow: Int) -> String {
            """
            n=0; [ -f "\(file)" ] && read -r n < "\(file)"; echo $((n + 1)) > "\(file)"
            [ $((n % 2)) -eq \(slow) ] && sleep 0.2
            """
        }
        let fixture = try fixture()
        try fixture.write({ $0.body = body("\(fixture.folder.path)/a", 0) }, to: fixture.reference)
        try fixture.write({ $0.body = body("\(fixture.folder.path)/b", 1) }, to: fixture.candidate)
        let arguments = fixture.interleaved(["--tolerance", "wall=1%"], wide: ["cpu", "peak_memory"])
        let failing = try fixture.run(arguments + ["--inconclusive", "fail"])
        #expect(failing.status == 3, "\(failing.output) \(failing.error)")
        let passing = try fixture.run(arguments + ["--inconclusive", "pass"])
        #expect(passing.status == 0)
        #expect(passing.output.contains("THE GATE CANNOT TELL") && passing.output.contains("INCONCLUSIVE"))
    }

    @Test func anImprovementIsReportedWhereItIsAskedFor() throws {
        let fixture = try fixture()
        try fixture.write({ $0.body = "sleep 0.2" }, to: fixture.reference)
        let arguments = fixture.interleaved(["--tolerance", "wall=50%"], wide: ["cpu", "peak_memory"])
        let asked = try fixture.run(arguments + ["--exit-on-improvement"])
        #expect(asked.status == 4, "\(asked.output) \(asked.error)")
        #expect(try fixture.run(arguments).status == 0)
    }

    @Test func otherResultsLoseAccuracyHoweverFast() throws {
        let fixture = try fixture { $0.body = "sleep 0.05" }
        try fixture.write(
            {
                $0.result = "not as agreed"; $0.features = 15
            }, to: fixture.candidate)
        let outcome = try fixture.run(fixture.interleaved())
        #expect(outcome.status == 5, "\(outcome.output) \(outcome.error)")
        #expect(outcome.output.contains("ACCURACY LOST") && outcome.output.contains("F1 0.8571"))
        #expect(try fixture.run(fixture.gate(["--deterministic", "--no-instructions"])).status == 5)
        // Tables that agree well enough pass where that is asked for; these do not.
        #expect(try fixture.run(fixture.interleaved(["--tolerance", "accuracy=0.1"])).status == 5)
        #expect(try fixture.run(fixture.interleaved(["--tolerance", "accuracy=0.2"])).status == 0)
    }

    /// Results that change from run to run are a loss as well, not a crash.
    @Test func resultsThatChangeFromRunToRunLoseAccuracy() throws {
        let fixture = try fixture()
        let text = try String(contentsOfFile: fixture.candidate, encoding: .utf8)
        let digest = try #require(text.firstMatch(of: /"digest": "([0-9a-f]+)"/)?.output.1)
        let random = text.replacing(
            "\"digest\": \"\(digest)\"", with: "\"digest\": \"'\"$(date +%N)\"'\"")
        try fixture.folder.write("candidate", random)
        let outcome = try fixture.run(fixture.interleaved(["--tolerance", "accuracy=0.5"]))
        #expect(outcome.status == 5, "\(outcome.output) \(outcome.error)")
        #expect(outcome.output.contains("same results in every run"))
    }

    @Test func anEmptyRunMeasuresNothing() throws {
        let fixture = try fixture()
        try fixture.write({ $0.spectra = 0 }, to: fixture.candidate)
        for arguments in [fixture.interleaved(), fixture.gate(["--deterministic", "--no-instructions"])] {
            let outcome = try fixture.run(arguments)
            #expect(outcome.status == 7, "\(outcome.output) \(outcome.error)")
            #expect(outcome.error.contains("read no spectra of ident"))
        }
        let nothing = try GateFixture { $0.spectra = 0 }
        #expect(try nothing.create().status == 7)
    }

    @Test(arguments: ["kill -SEGV $$", "echo 'lavoisier: no' >&2; exit 70", "mkdir -p \"$out\"; exit 0"])
    func aCrashIsNoVerdict(body: String) throws {
        let fixture = try fixture()
        try fixture.write({ $0.body = body }, to: fixture.candidate)
        for arguments in [fixture.interleaved(), fixture.gate(["--deterministic", "--no-instructions"])] {
            let outcome = try fixture.run(arguments)
            #expect(outcome.status == 1, "\(body): \(outcome.output) \(outcome.error)")
            #expect(outcome.error.contains("candidate failed"))
        }
    }

    // MARK: not comparable

    /// Stored runs, fresh runs, and fresh ones again: memory, because no other load changes it.
    @Test func storedRunsFindARegression() throws {
        let fixture = try GateFixture()
        #expect(try fixture.create(["--runs", "8"]).status == 0)
        let wide = ["wall", "cpu"]
        #expect(try fixture.run(fixture.gate(["--stored", "--no-instructions"], wide: wide)).status == 0)
        try fixture.write({ $0.peakMemoryBytes = 100_000_000 }, to: fixture.candidate)
        let json = fixture.folder.file("gate.json")
        let larger = try fixture.run(
            fixture.gate(["--stored", "--no-instructions", "--json-output", json], wide: wide))
        #expect(larger.status == 2, "\(larger.output) \(larger.error)")
        #expect(larger.output.contains("again on 8 fresh runs"))
        let report = try GateReport(json: String(contentsOfFile: json, encoding: .utf8))
        let ratio = try #require(report.checks.first { $0.metric == "peak_memory" }?.ratio.value)
        #expect(abs(ratio.estimate - 2) < 1e-9 && ratio.count == "8 and 8 runs")
        // Two stored runs can show nothing: that is said, and not taken for well.
        #expect(try fixture.create(["--runs", "2", "--baselines-dir", fixture.folder.file("few")]).status == 0)
        let few = ["--stored", "--no-instructions", "--baseline", fixture.folder.file("few/main.json")]
        let untold = try fixture.run(fixture.gate(few + ["--inconclusive", "fail"], wide: wide))
        #expect(untold.status == 3, "\(untold.output) \(untold.error)")
    }

    @Test func storedTimesOfAnotherMachineAreRefused() throws {
        let fixture = try fixture()
        let here = try fixture.run(fixture.gate(["--stored", "--no-instructions"]))
        #expect(here.status == 0, "\(here.output) \(here.error)")
        #expect(here.output.contains("wall time"))
        try fixture.edit { baseline in
            baseline.latest.machine.identity = MachineIdentity(
                architecture: "x86_64", cpuModel: "A CPU that nobody has", usableCPUs: 3, usableMemoryBytes: 1 << 33,
                gpuModel: "none")
        }
        let stored = try fixture.run(fixture.gate(["--stored", "--no-instructions"]))
        #expect(stored.status == 6)
        #expect(stored.error.contains("A CPU that nobody has"))
        // What depends on no machine still compares, and so do programs that run here.
        #expect(try fixture.run(fixture.gate(["--deterministic", "--no-instructions"])).status == 0)
        #expect(try fixture.run(fixture.interleaved()).status == 0)
    }

    @Test func aChangedWorkloadIsRefused() throws {
        let fixture = try fixture()
        try fixture.edit { $0.latest.workloads[0].sha256 = "00" }
        let outcome = try fixture.run(fixture.interleaved())
        #expect(outcome.status == 6 && outcome.error.contains("workload ident is not the one of the baseline"))
    }

    @Test func aNewerFileIsRefused() throws {
        let fixture = try fixture()
        let text = try String(contentsOfFile: fixture.baseline, encoding: .utf8)
        try text.replacing("\"schemaVersion\": 1", with: "\"schemaVersion\": 2")
            .write(toFile: fixture.baseline, atomically: true, encoding: .utf8)
        let outcome = try fixture.run(fixture.interleaved())
        #expect(outcome.status == 6 && outcome.error.contains("schema version 2"))
        #expect(try fixture.run(["baseline", "show", "main"]).status == 6)
    }

    @Test func aReferenceThatNobodyCanBuildIsRefused() throws {
        let fixture = try fixture()
        let outcome = try fixture.run(fixture.gate(["--no-instructions"]))
        #expect(outcome.status == 6)
        #expect(outcome.error.contains("cannot be rebuilt") && outcome.error.contains("--reference-binary"))
    }

    @Test func thePinnedEntryIsComparedWithWhereItIsAskedFor() throws {
        let fixture = try fixture()
        let missing = try fixture.run(fixture.interleaved(["--entry", "pinned"]))
        #expect(missing.status == 6 && missing.error.contains("has no pinned entry"))
        try fixture.edit { baseline in
            baseline.pinned = baseline.latest
            baseline.pinned?.workloads[0].digest = "a digest of long ago"
        }
        #expect(try fixture.run(fixture.gate(["--deterministic", "--no-instructions"])).status == 0)
        let pinned = try fixture.run(fixture.gate(["--deterministic", "--no-instructions", "--entry", "pinned"]))
        #expect(pinned.status == 5 && pinned.output.contains("a digest of"))
    }

    // MARK: usage and files

    @Test(arguments: [
        (["--baseline", "no.json"], 65, "read the baseline no.json"), (["--pairs", "7"], 64, "--pairs 7"),
        (["--runs-per-pair", "0"], 64, "--runs-per-pair 0"), (["--entry", "first"], 64, "latest or pinned"),
        (["--deterministic", "--stored"], 64, "give one of them"), (["--tolerance", "wall"], 64, "names no limit"),
        (["--tolerance", "speed=1%"], 64, "'speed'"), (["--tolerance", "wall=fast"], 64, "'fast'"),
        (["--tolerance", "wall=-1%"], 64, "must not be negative"), (["--tolerance", "accuracy=off"], 64, "accuracy"),
        (["--machine", "mine"], 64, "shared or dedicated"), (["--inconclusive", "maybe"], 64, "pass or fail"),
        (["--time-budget", "soon"], 64, "--time-budget"), (["--time-budget", "0s"], 64, "above 0"),
        (["--candidate", "/nowhere/lavoisier"], 65, "/nowhere/lavoisier"),
        (["--reference-binary", "/nowhere/lavoisier"], 65, "/nowhere/lavoisier"),
        (["--repository", "/nowhere"], 64, "--repository"), (["--junit", "/proc/none/x.xml"], 73, "/proc/none"),
        (["--html", "/proc/none/x.html"], 73, "/proc/none"), (["--markdown", "/proc/none/x.md"], 73, "/proc/none"),
        (["--json-output", "/proc/none/x.json"], 73, "/proc/none"), (["--lock", "/proc/none/lock"], 73, "/proc/none"),
        (["--pairz", "8"], 64, "--pairs"), (["--tolerance", "wall=10"], 64, "in percent it is 10%"),
        (["--tolerance", "wall=5%,16MiB"], 64, "a size is no limit"),
        (["--tolerance", "peak_memory=5%,2s"], 64, "a time is no limit"),
        (["--tolerance", "accuracy=200%"], 64, "between 0 and 1"),
        (["--tolerance", "wall@elsewhere=5%"], 64, "'wall@elsewhere'"),
    ])
    func wrongUsageGetsOneClearLine(arguments: [String], status: Int32, word: String) throws {
        let fixture = try fixture()
        // The last one given counts.
        let outcome = try fixture.run(fixture.interleaved(arguments))
        #expect(outcome.status == status, "\(outcome.output) \(outcome.error)")
        #expect(outcome.error.contains(word), "\(outcome.error)")
    }

    @Test func whatCannotGoTogetherIsSaid() throws {
        let fixture = try fixture()
        #expect(try fixture.run(["gate"]).error.contains("--baseline is missing"))
        let both = try fixture.run(fixture.gate(["--deterministic", "--reference-binary", fixture.reference]))
        #expect(both.status == 64 && both.error.contains("leave out --deterministic"))
        for (arguments, word) in [
            (["--deterministic", "--pairs", "9"], "--pairs"),
            (["--stored", "--runs-per-pair", "2"], "--runs-per-pair"),
            (["--deterministic", "--time-budget", "1m"], "--time-budget"),
        ] {
            let outcome = try fixture.run(fixture.gate(arguments))
            #expect(outcome.status == 64 && outcome.error.contains("leave out \(word): "), "\(outcome.error)")
        }
        let played = try fixture.run(["gate", "--self-test", "--junit", "x.xml"])
        #expect(played.status == 64 && played.error.contains("leave out --junit: "))
        try fixture.folder.write("baselines/main.json", "{\"schemaVersion\": 1}")
        let damaged = try fixture.run(fixture.interleaved())
        #expect(damaged.status == 65 && damaged.error.contains("is missing at its top"))
    }

    @Test(.enabled(if: Program.mayLimitFileSizes, "the thread sanitizer needs files"))
    func aFullDiskIsSaidWithStatus73() throws {
        let fixture = try fixture()
        let page = fixture.folder.file("gate.html")
        // 8 kB at most: the page is larger.
        let outcome = try fixture.run(
            fixture.gate(["--deterministic", "--no-instructions", "--html", page]), shellLimits: "ulimit -f 16")
        #expect(outcome.status == 73, "\(outcome.error)")
        #expect(!FileManager.default.fileExists(atPath: page))
    }

    @Test(arguments: [SIGINT: Int32(130), SIGTERM: Int32(143)]) func aSignalStopsAndWhatIsKnownIsWritten(
        signal: Int32, status: Int32
    ) throws {
        let fixture = try fixture()
        try fixture.write({ $0.body = "echo go > \"\(fixture.folder.path)/started\"; sleep 30" }, to: fixture.candidate)
        let junit = fixture.folder.file("gate.xml")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path("lavoisier-tune"))
        process.arguments = fixture.interleaved(["--junit", junit])
        process.currentDirectoryURL = URL(fileURLWithPath: fixture.folder.path)
        var variables = fixture.environment
        for key in ["PATH", "HOME", "LD_LIBRARY_PATH"] { variables[key] = ProcessInfo.processInfo.environment[key] }
        process.environment = variables
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let end = Date().addingTimeInterval(30)
        while !FileManager.default.fileExists(atPath: fixture.folder.file("started")), Date() < end { usleep(10_000) }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == status)
        let text = try String(contentsOfFile: junit, encoding: .utf8)
        #expect(text.contains("type=\"interrupted\""))
    }

    @Test func twoGatesDoNotMeasureEachOther() throws {
        let fixture = try fixture()
        let lock = try StudyLock(study: "something else", path: fixture.folder.file("lock"))
        let outcome = try fixture.run(fixture.interleaved())
        #expect(outcome.status == 1 && outcome.error.contains("something else"))
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: [
        ["gate"], ["baseline"], ["baseline", "create"], ["baseline", "update"], ["baseline", "list"],
        ["baseline", "show"], ["baseline", "compare"], ["noise"],
    ])
    func helpTeaches(command: [String]) throws {
        let outcome = try Program.run("lavoisier-tune", command + ["--help"])
        #expect(outcome.status == 0 && outcome.output.contains("OVERVIEW:"))
    }

    @Test func theGateProvesThatItFires() throws {
        let fixture = try GateFixture()
        let outcome = try fixture.run(["gate", "--self-test"])
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
        #expect(
            outcome.output.split(separator: "\n").count(where: { $0.contains("  ok  ") }) == 8, "\(outcome.output)")
    }
}
