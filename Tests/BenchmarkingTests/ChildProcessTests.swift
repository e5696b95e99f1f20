import Benchmarking
import HostEnvironment
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `sh -c` with nothing in the environment but PATH.
func shell(_ script: String, limits: ChildLimits = ChildLimits(), tail: Int = 16_384) -> ChildProcess {
    ChildProcess(
        executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"], limits: limits,
        tailCapacity: tail)
}

/// Whether a process runs (a zombie that init has yet to collect does not).
func isAlive(_ pid: Int32) -> Bool {
    guard let file = fopen("/proc/\(pid)/stat", "r") else { return false }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 512)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return false }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let state = text.split(separator: ")").last?.split(separator: " ").first else { return false }
    return state != "Z" && state != "X"
}

/// Polls until the process is gone; bounded, and as fast as the kernel is.
func vanishes(_ pid: Int32) -> Bool {
    for _ in 0..<5000 {
        if !isAlive(pid) { return true }
        usleep(1000)
    }
    return false
}

@Suite struct ChildProcessTests {
    @Test(arguments: [0, 1, 42, 255] as [Int32])
    func exitCodesAreReported(_ code: Int32) {
        #expect(shell("exit \(code)").run().termination == .exited(code: code))
    }

    @Test func signalsAreReported() {
        #expect(shell("kill -SEGV $$").run().termination == .signalled(number: SIGSEGV))
    }

    @Test func aMissingProgramIsNamed() {
        let run = ChildProcess(executable: "/nowhere/engine").run()
        guard case .startFailed(let number, let step, let message) = run.termination else {
            Issue.record("\(run.termination)")
            return
        }
        #expect(number == ENOENT && step == "exec" && message.contains("/nowhere/engine"))
        #expect(run.wallSeconds.reason == "the program did not run")
    }

    @Test func aFileThatIsNoProgramIsNamed() {
        let run = ChildProcess(executable: "/proc/self/status").run()
        guard case .startFailed(let number, let step, _) = run.termination else {
            Issue.record("\(run.termination)")
            return
        }
        #expect(number == EACCES && step == "exec")
    }

    @Test func aMissingWorkingDirectoryIsNamed() {
        var process = shell("true")
        process.workingDirectory = "/nowhere"
        guard case .startFailed(ENOENT, "working directory", let message) = process.run().termination else {
            Issue.record("not refused")
            return
        }
        #expect(message.contains("/nowhere"))
    }

    @Test func zeroBytesAreRefused() {
        guard case .startFailed(EINVAL, _, _) = shell("true\0false").run().termination else {
            Issue.record("a cut argument was run")
            return
        }
    }

    @Test func theEnvironmentIsExactlyTheGivenOne() {
        setenv("LAVOISIER_INHERITED", "1", 1)
        let process = ChildProcess(
            executable: "/usr/bin/env", environment: ["B": "two words", "A": "", "OPENBLAS_NUM_THREADS": "1"])
        #expect(process.run().standardOutput.text == "A=\nB=two words\nOPENBLAS_NUM_THREADS=1\n")
    }

    @Test func argumentsDirectoryAndInputAreAsGiven() {
        var process = shell("pwd; cat; printf '<%s>' \"$0\" \"$1\"")
        process.arguments += ["a b", ""]
        process.workingDirectory = "/usr"
        #expect(process.run().standardOutput.text == "/usr\n<a b><>")
    }

    @Test func nothingElseIsOpen() {
        let open = open("/dev/null", O_RDONLY)
        defer { close(open) }
        #expect(open > 2)
        // ls itself holds the folder open as 3.
        #expect(shell("ls /proc/self/fd").run().standardOutput.text == "0\n1\n2\n3\n")
    }

    @Test func signalsAreAtTheirDefaults() throws {
        let output = shell("grep -E '^Sig(Blk|Ign)' /proc/self/status").run().standardOutput.text
        let masks = output.split(separator: "\n").compactMap { UInt64($0.dropFirst(8), radix: 16) }
        try #require(masks.count == 2)
        // Signals 32 and 33 belong to libc, which refuses to change them.
        #expect(masks.allSatisfy { $0 & 0x7fff_ffff == 0 }, "\(output)")
    }

    @Test func outputIsKeptApartAndFromItsEnd() {
        let run = shell("printf 0123456789; printf abcdef >&2", tail: 4).run()
        #expect(run.standardOutput == OutputTail(text: "6789", totalBytes: 10))
        #expect(run.standardError == OutputTail(text: "cdef", totalBytes: 6))
    }

    @Test func aFloodOnBothStreamsDoesNotBlock() {
        let run = shell("head -c 20000000 /dev/zero >&2; head -c 30000000 /dev/zero; echo end", tail: 1000).run()
        #expect(run.termination == .exited(code: 0))
        #expect(run.standardOutput.totalBytes == 30_000_004)
        #expect(run.standardError.totalBytes == 20_000_000)
        #expect(run.standardOutput.text.hasSuffix("\0end\n"))
        #expect(run.standardOutput.text.utf8.count == 1000)
    }

    @Test func aTimeoutKillsTheWholeGroup() throws {
        let run = shell(
            "trap '' TERM; sleep 1000 & echo $!; sleep 1000 & echo $!; wait",
            limits: ChildLimits(timeoutSeconds: 0.3, graceSeconds: 0.1)
        ).run()
        #expect(run.termination == .timedOut(seconds: 0.3))
        let pids = run.standardOutput.text.split(separator: "\n").compactMap { Int32($0) }
        #expect(pids.count == 2)
        #expect(pids.allSatisfy(vanishes))
    }

    @Test func aChildMayCleanUpWithinTheGrace() {
        let run = shell(
            "trap 'echo cleaned; exit 3' TERM; echo up; while :; do sleep 0.01; done",
            limits: ChildLimits(timeoutSeconds: 0.3, graceSeconds: 20)
        ).run()
        #expect(run.termination == .timedOut(seconds: 0.3))
        #expect(run.standardOutput.text.contains("cleaned"))
        #expect((run.wallSeconds.value ?? 99) < 20)
    }

    @Test func whatTheChildLeavesRunningIsKilled() {
        let run = shell("sleep 1000 & echo $!").run()
        #expect(run.termination == .exited(code: 0))
        let pid = Int32(run.standardOutput.text.dropLast()) ?? 0
        #expect(pid > 1 && vanishes(pid))
    }

    @Test func aMemoryHogIsStopped() {
        // dd holds one block of 200 MB.
        let process = ChildProcess(
            executable: "/bin/sh", arguments: ["-c", "exec dd if=/dev/zero of=/dev/null bs=200M count=1000000"],
            environment: ["PATH": "/usr/bin:/bin"], limits: ChildLimits(timeoutSeconds: 60, memoryBytes: 64 << 20))
        let run = process.run()
        guard case .memoryLimitExceeded(let bytes) = run.termination else {
            Issue.record("\(run.termination)")
            return
        }
        #expect(bytes > 64 << 20)
        #expect((run.peakMemoryBytes.value ?? 0) >= bytes)
    }

    @Test func resourceLimitsReachTheChild() {
        let limits = ChildLimits(addressSpaceBytes: 1 << 30, fileSizeBytes: 1 << 20)
        #expect(
            shell("ulimit -v; ulimit -f; ulimit -c", limits: limits).run().standardOutput.text == "1048576\n2048\n0\n")
    }

    @Test func severalThreadsMayRunChildren() async {
        let codes = await withTaskGroup(of: Termination.self) { group in
            for i in 0..<8 { group.addTask { shell("exit \(i)").run().termination } }
            return await group.reduce(into: Set<Termination>()) { $0.insert($1) }
        }
        #expect(codes == Set((0..<8).map { .exited(code: $0) }))
    }
}
