import Benchmarking
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One after the other: there is one flag per process.
@Suite(.serialized) struct InterruptTests {
    @Test func aRaisedFlagStopsTheChildAndTheNextOnes() throws {
        let flag = try InterruptFlag.install()
        flag.reset()
        defer { flag.reset() }
        // The child itself sends the signal, so it is certainly running.
        let run = shell("kill -TERM \(getpid()); exec sleep 1000", limits: ChildLimits(timeoutSeconds: 60)).run(
            interrupt: flag)
        #expect(run.termination == .interrupted(signal: SIGTERM))
        #expect(flag.signal == SIGTERM)
        #expect(shell("true").run(interrupt: flag).termination == .interrupted(signal: SIGTERM))
        flag.reset()
        #expect(shell("true").run(interrupt: flag).termination == .exited(code: 0))
    }

    /// Ctrl-C: nothing of the run goes on, whether it ignores signals or has left the process group.
    @Test func anInterruptEndsGrandchildrenToo() throws {
        let flag = try InterruptFlag.install()
        flag.reset()
        defer { flag.reset() }
        let script =
            "trap '' INT TERM; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; kill -INT \(getpid()); wait"
        let run = shell(script, limits: ChildLimits(timeoutSeconds: 60, graceSeconds: 0.1)).run(interrupt: flag)
        #expect(run.termination == .interrupted(signal: SIGINT))
        let pids = run.standardOutput.text.split(separator: "\n").compactMap { Int32($0) }
        #expect(pids.count == 2 && pids.allSatisfy(vanishes), "\(run.standardOutput.text)")
    }
}
