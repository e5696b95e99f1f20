import Benchmarking
import Foundation
import RegressionGate
import Reporting
import TestSupport
import Testing

/// Verdicts on instruction counts: the real engine, under a tool that runs it and claims the counts that a test wants.
@Suite struct GateInstructionTests {
    private let engine = Program.path("lavoisier")

    /// A baseline of the engine with a million instructions. The tool takes its next count from a file.
    private func fixture() throws -> GateFixture {
        let fixture = try GateFixture()
        try fixture.folder.write(
            "tools/valgrind",
            """
            #!/bin/sh
            [ "$1" = --version ] && { echo valgrind-9.9; exit 0; }
            while :; do
                case "$1" in --cachegrind-out-file=*) out=${1#*=} ;; --*) ;; *) break ;; esac
                shift
            done
            counts="${0%/*}/counts"
            printf 'events: Ir\\nsummary: %s\\n' "$(head -n 1 "$counts")" > "$out"
            sed -i 1d "$counts"
            [ -e "${0%/*}/idle" ] || exec "$@"
            """)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: fixture.folder.file("tools/valgrind"))
        fixture.path =
            fixture.folder.file("tools") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        try counts(fixture, [1_000_000])
        let outcome = try fixture.run([
            "baseline", "create", "main", "--workload", "ident", "--engine", engine, "--runs", "2",
            "--instruction-runs",
            "1", "--lock", fixture.folder.file("lock"), "--build-command", "swift build -c release --product lavoisier",
        ])
        #expect(outcome.status == 0, "\(outcome.error)")
        let entry = try BaselineFiles(folder: fixture.folder.file("baselines")).read("main").latest
        #expect(entry.instructions.map(\.counts) == [[1_000_000]] && entry.instructions[0].key.tool == "valgrind-9.9")
        return fixture
    }

    private func counts(_ fixture: GateFixture, _ counts: [Int]) throws {
        try fixture.folder.write("tools/counts", counts.map { "\($0)\n" }.joined())
    }

    private func gate(_ fixture: GateFixture, _ arguments: [String]) throws -> (status: Int32, report: GateReport) {
        let json = fixture.folder.file("gate.json")
        let outcome = try fixture.run(
            ["gate", "--baseline", fixture.baseline, "--candidate", engine, "--lock", fixture.folder.file("lock")]
                + ["wall", "cpu", "peak_memory"].flatMap { ["--tolerance", "\($0)=10000%"] }
                + ["--json-output", json] + arguments)
        return (outcome.status, try GateReport(json: String(contentsOfFile: json, encoding: .utf8)))
    }

    private func check(_ report: GateReport) throws -> GateReport.Check {
        try #require(report.checks.first { $0.metric == "instructions" })
    }

    @Test func storedCountsDecide() throws {
        let fixture = try fixture()
        for (count, status, state) in [
            (1_060_000, Int32(2), GateReport.Check.State.failed), (1_002_000, 0, .passed), (940_000, 4, .improved),
        ] {
            try counts(fixture, [count])
            let found = try gate(fixture, ["--deterministic", "--exit-on-improvement"])
            #expect(found.status == status, "\(found.report.sentence)")
            #expect(try check(found.report).state == state)
            #expect(try check(found.report).ratio.value?.estimate == Double(count) / 1e6)
        }
        // The tolerance is the user's.
        try counts(fixture, [1_060_000])
        #expect(try gate(fixture, ["--deterministic", "--tolerance", "instructions=10%"]).status == 0)
    }

    /// A run that did other work has no count to compare.
    @Test func aCountOfOtherResultsDoesNotCompare() throws {
        let fixture = try fixture()
        try fixture.folder.write("tools/idle", "")
        try counts(fixture, [1_060_000])
        let found = try gate(fixture, ["--deterministic"])
        #expect(found.status == 0)
        #expect(try check(found.report).state == .notComparable)
        #expect(try check(found.report).detail.contains("other results"))
    }

    @Test func programsInTurnAreCountedOnceEach() throws {
        let fixture = try fixture()
        let arguments = ["--reference-binary", engine, "--pairs", "8", "--runs-per-pair", "1"]
        try counts(fixture, [1_000_000, 1_060_000])
        let worse = try gate(fixture, arguments)
        #expect(worse.status == 2, "\(worse.report.sentence)")
        #expect(worse.report.sentence.hasPrefix("Instructions are 6.0 % higher"))
        #expect(worse.report.sources.contains { $0.name.contains("valgrind-9.9") })
        try counts(fixture, [1_000_000, 1_001_000])
        #expect(try gate(fixture, arguments).status == 0)
    }
}
