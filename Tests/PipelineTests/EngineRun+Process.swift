import Foundation
import Pipeline
import TestSupport

extension EngineRun {
    /// Read calls that the program makes for one file, from the kernel's accounting of this process's reaped children.
    static func readCallsOfProgram(_ arguments: [String]) throws -> Int {
        let folder = try TemporaryDirectory()
        // The shell prints its own accounting after the program has been waited for; reads of the child are in it.
        let script = "\"$0\" \"$@\"; grep syscr /proc/self/io >/dev/null; grep -h syscr /proc/$$/io"
        let outcome = try Program.run(
            "/bin/sh",
            [
                "-c", script, Program.path("lavoisier"), "analyze", dda, "--output", folder.path, "--quiet",
                "--profile",
                "none", "--set", "matching.enabled=false", "--set", "annotation.enabled=false",
            ] + arguments)
        return outcome.output.split(separator: " ").last.flatMap { Int($0.trimmingCharacters(in: .newlines)) } ?? 0
    }

    /// What a run of the program says of itself, with the bundled library and compound tables.
    static func recordOfProgram(
        _ arguments: [String], files: [String] = [dda], environment: [String: String] = [:]
    ) throws -> RunRecord {
        let folder = try TemporaryDirectory()
        _ = try Program.run(
            Program.path("lavoisier"),
            ["analyze"] + files + ["--output", folder.path, "--quiet", "--profile", "none"] + arguments,
            environment: environment)
        return try RunRecord(json: String(contentsOfFile: folder.file("run.json"), encoding: .utf8))
    }

    /// Most threads that the program had at once, as the kernel lists them while it runs on four files.
    static func mostThreadsOfProgram(_ assignments: [String]) throws -> Int {
        let folder = try TemporaryDirectory()
        let script = """
            "$0" "$@" & child=$!; most=0
            while read -r state < /proc/$child/stat; do
                case "$state" in *") Z "*) break ;; esac
                set -- /proc/$child/task/*
                [ $# -gt $most ] && most=$#
            done
            echo $most
            """
        let outcome = try Program.run(
            "/bin/sh",
            [
                "-c", script, Program.path("lavoisier"), "analyze", dda, profile, dda, profile, "--output", folder.path,
                "--quiet", "--profile", "none", "--set", "matching.enabled=false", "--set", "annotation.enabled=false",
            ] + assignments.flatMap { ["--set", $0] })
        // The shell does not wait for the program's status (it may have inherited a blocked SIGCHLD); the record tells.
        _ = try RunRecord(json: String(contentsOfFile: folder.file("run.json"), encoding: .utf8))
        return outcome.output.split(separator: "\n").last.flatMap { Int($0) } ?? 0
    }
}
