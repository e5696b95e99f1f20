import Foundation
import Instrumentation
import Pipeline
import Synchronization
import TestSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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
    static func recordOfProgram(_ arguments: [String]) throws -> RunRecord {
        let folder = try TemporaryDirectory()
        _ = try Program.run(
            Program.path("lavoisier"),
            ["analyze", dda, "--output", folder.path, "--quiet", "--profile", "none"] + arguments)
        return try RunRecord(json: String(contentsOfFile: folder.file("run.json"), encoding: .utf8))
    }

    /// Most worker threads that were alive at once during a run in this process, the calling one included.
    ///
    /// Threads are counted by the pool's own starts: the test process has threads of its own.
    static func mostThreads(workers: Int) throws -> Int {
        let folder = try TemporaryDirectory()
        let threads = Mutex<Set<UInt64>>([])
        try run(
            [dda], ["execution.workers=\(workers)", "execution.chunk_size=1", "matching.enabled=false"],
            output: folder.path
        ) { event in
            if case .progress(let report, _) = event, report.stage == "reading and detecting" {
                let thread = UInt64(pthread_self())
                threads.withLock { $0.formUnion([thread]) }
            }
        }
        return threads.withLock { $0.count }
    }
}
