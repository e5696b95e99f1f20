internal import CChildLauncher
import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One run of a `ChildProcess`: start, watch, kill where needed, read the costs, reap.
struct ChildSession {
    private let process: ChildProcess
    private let interrupt: InterruptFlag?
    private let host = HostReader()
    private var output = OutputDrain(descriptor: -1, capacity: 0)
    private var error = OutputDrain(descriptor: -1, capacity: 0)
    private var peakResidentBytes: Int?
    /// Set once the harness has decided that the child must go.
    private var verdict: Termination?
    private var killAt: Int64?

    init(process: ChildProcess, interrupt: InterruptFlag?) {
        self.process = process
        self.interrupt = interrupt
    }

    mutating func run() -> ChildMeasurement {
        let startedAt = wallClockSeconds()
        if let signal = interrupt?.signal { return neverRan(.interrupted(signal: signal), startedAt) }
        var outputPipe: [Int32] = [-1, -1]
        var errorPipe: [Int32] = [-1, -1]
        guard child_pipe(&outputPipe) == 0, child_pipe(&errorPipe) == 0 else {
            let number = errno
            for descriptor in outputPipe + errorPipe where descriptor >= 0 { close(descriptor) }
            return neverRan(
                .startFailed(errorNumber: number, step: "prepare", message: systemMessage(number)), startedAt)
        }
        // The kernel counts this process's peak in the child's, because exec drops memory they share.
        let inherited = ownPeakBytes()
        let energyBefore = host.readEnergy()
        let before = host.readInterference()
        let launch = ChildLaunch(process, output: outputPipe[1], error: errorPipe[1])
        close(outputPipe[1])
        close(errorPipe[1])
        output = OutputDrain(descriptor: outputPipe[0], capacity: process.tailCapacity)
        error = OutputDrain(descriptor: errorPipe[0], capacity: process.tailCapacity)
        guard case .started(let child) = launch else {
            output.end()
            error.end()
            guard case .failed(let termination) = launch else { preconditionFailure("a launch starts or fails") }
            return neverRan(termination, startedAt)
        }
        watch(child)
        let end = child_read_end(child.exit_descriptor)
        let after = host.readInterference()
        let seconds = end < 0 ? nil : Double(end - child.start_ns) / 1e9
        let energy = host.readEnergy().combined(with: energyBefore) { after, before in
            Measured(seconds, otherwise: "the length of the run is not known").flatMap {
                after.joules(since: before, seconds: $0)
            }
        }.flatMap { $0 }
        let io = inputOutput(of: child.pid)
        // What is left of the group goes before the child is reaped: until then nobody else can have its number.
        kill(-child.pid, SIGKILL)
        child_release_guard(child.guard_descriptor, child.guard_pid)
        var status: Int32 = 0
        var usage = rusage()
        var reaped = wait4(child.pid, &status, 0, &usage)
        while reaped < 0 && errno == EINTR { reaped = wait4(child.pid, &status, 0, &usage) }
        output.drain()
        error.drain()
        output.end()
        error.end()
        return measurement(
            startedAt: startedAt, wall: seconds, energy: energy, status: status,
            usage: reaped == child.pid ? usage : nil, io: io, inherited: inherited, before: before, after: after)
    }

    // MARK: watching

    /// Until the child has ended: drains its output, polls its memory, enforces the limits.
    private mutating func watch(_ child: child_started) {
        let start = child.start_ns
        let deadline = process.limits.timeoutSeconds.map { start + Int64($0 * 1e9) }
        var nextSample = start
        while true {
            var now = monotonicNanoseconds()
            if now >= nextSample {
                sampleMemory(child.pid)
                now = monotonicNanoseconds()
                nextSample = now + sampleInterval(elapsed: now - start)
            }
            if verdict == nil {
                if let signal = interrupt?.signal {
                    condemn(child, .interrupted(signal: signal), now)
                } else if let deadline, now >= deadline {
                    condemn(child, .timedOut(seconds: process.limits.timeoutSeconds ?? 0), now)
                }
            }
            if let at = killAt, now >= at {
                kill(-child.pid, SIGKILL)
                killAt = nil
            }
            let wake = [nextSample, verdict == nil ? deadline : nil, killAt].compactMap { $0 }.min() ?? nextSample
            if waitForEvent(child.exit_descriptor, nanoseconds: max(0, wake - now)) { return }
        }
    }

    /// 10 ms at first, a hundredth of the elapsed time later, 100 ms at most (20 ms under a memory limit).
    private func sampleInterval(elapsed: Int64) -> Int64 {
        let slowest: Int64 = process.limits.memoryBytes == nil ? 100_000_000 : 20_000_000
        return min(slowest, max(10_000_000, elapsed / 100))
    }

    private mutating func sampleMemory(_ pid: pid_t) {
        guard case .success(let text) = readSmallFile("/proc/\(pid)/status") else { return }
        // VmRSS too: the kernel updates VmHWM lazily. A zombie has neither.
        guard let high = parseKibibytes("VmHWM", in: text) else { return }
        let current = max(high, parseKibibytes("VmRSS", in: text) ?? 0)
        peakResidentBytes = max(peakResidentBytes ?? 0, current)
        if let limit = process.limits.memoryBytes, current > limit, verdict == nil {
            verdict = .memoryLimitExceeded(residentBytes: current)
            // At once: a grace period would let it go on allocating.
            kill(-pid, SIGKILL)
        }
    }

    private mutating func condemn(_ child: child_started, _ termination: Termination, _ now: Int64) {
        verdict = termination
        kill(-child.pid, SIGTERM)
        killAt = now + Int64(process.limits.graceSeconds * 1e9)
    }

    /// Waits for the end of the child, output or an interrupt. Returns whether the child has ended.
    private mutating func waitForEvent(_ exitDescriptor: Int32, nanoseconds: Int64) -> Bool {
        var polled = [
            pollfd(fd: exitDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: error.descriptor, events: Int16(POLLIN), revents: 0),
            // Once condemned, the raised flag has nothing more to say and would keep poll from waiting.
            pollfd(fd: verdict == nil ? interrupt?.descriptor ?? -1 : -1, events: Int16(POLLIN), revents: 0),
        ]
        // Rounded up, so that the loop does not spin before a deadline.
        let milliseconds = Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
        guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return false }
        if polled[1].revents != 0 { output.drain() }
        if polled[2].revents != 0 { error.drain() }
        return polled[0].revents != 0
    }

    // MARK: reading the costs

    private func ownPeakBytes() -> Int? {
        guard case .success(let text) = readSmallFile("/proc/self/status") else { return nil }
        return parseKibibytes("VmHWM", in: text)
    }

    private func inputOutput(of pid: pid_t) -> Measured<InputOutput> {
        switch readSmallFile("/proc/\(pid)/io") {
        case .success(let text): Measured(InputOutput(text), otherwise: "/proc/\(pid)/io is malformed")
        case .failure(let error): .unavailable(reason: error.reason)
        }
    }

    private func peakMemory(_ usage: rusage?, inherited: Int?, wall: Double) -> (Measured<Int>, PeakMemorySource?) {
        if let usage, let inherited {
            let reported = Int(usage.ru_maxrss) * 1024
            // The margin covers what this process's other threads touched between the reading and the start.
            if reported > inherited + inherited / 4 + (1 << 20) {
                return (.available(max(reported, peakResidentBytes ?? 0)), .resourceUsage)
            }
        }
        if case .memoryLimitExceeded(let bytes) = verdict { return (.available(bytes), .polled) }
        // The only sample of a shorter run is that of a program that is still being loaded.
        if let polled = peakResidentBytes, wall >= 0.05 { return (.available(polled), .polled) }
        return (.unavailable(reason: "the process ended before its memory could be sampled"), nil)
    }

    private func measurement(
        startedAt: Double, wall: Double?, energy: Measured<Double>, status: Int32, usage: rusage?,
        io: Measured<InputOutput>,
        inherited: Int?, before: InterferenceTotals, after: InterferenceTotals
    ) -> ChildMeasurement {
        func used<Value>(_ field: (rusage) -> Value) -> Measured<Value> {
            Measured(usage.map(field), otherwise: "the process could not be waited for")
        }
        let (peak, source) = peakMemory(
            usage, inherited: inherited, wall: wall ?? 0)
        let pressure = after.cpuPressure.combined(with: before.cpuPressure) { $0.someSeconds - $1.someSeconds }
        return ChildMeasurement(
            termination: verdict ?? termination(status), startedAt: startedAt,
            wallSeconds: Measured(wall, otherwise: "the process could not be waited for"),
            userSeconds: used { seconds($0.ru_utime) }, systemSeconds: used { seconds($0.ru_stime) },
            peakMemoryBytes: peak, peakMemorySource: source, io: io, minorFaults: used { Int($0.ru_minflt) },
            majorFaults: used { Int($0.ru_majflt) }, voluntarySwitches: used { Int($0.ru_nvcsw) },
            involuntarySwitches: used { Int($0.ru_nivcsw) }, cpuPressureSeconds: pressure,
            stealSeconds: after.stealSeconds.combined(with: before.stealSeconds, -), energyJoules: energy,
            standardOutput: output.tail,
            standardError: error.tail)
    }

    private func neverRan(_ termination: Termination, _ startedAt: Double) -> ChildMeasurement {
        func none<Value>() -> Measured<Value> { .unavailable(reason: "the program did not run") }
        return ChildMeasurement(
            termination: termination, startedAt: startedAt, wallSeconds: none(), userSeconds: none(),
            systemSeconds: none(), peakMemoryBytes: none(), peakMemorySource: nil, io: none(), minorFaults: none(),
            majorFaults: none(), voluntarySwitches: none(), involuntarySwitches: none(), cpuPressureSeconds: none(),
            stealSeconds: none(), energyJoules: none(), standardOutput: OutputTail(text: "", totalBytes: 0),
            standardError: OutputTail(text: "", totalBytes: 0))
    }
}

/// Decodes a wait status. Source: wait(2); the macros are not visible from Swift.
private func termination(_ status: Int32) -> Termination {
    let signal = status & 0x7f
    return signal == 0 ? .exited(code: (status >> 8) & 0xff) : .signalled(number: signal)
}

private func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
