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
    private let sources = MeasurementSources.readings
    private var output = OutputDrain(descriptor: -1, capacity: 0)
    private var error = OutputDrain(descriptor: -1, capacity: 0)
    private var bound: RunBound
    /// Set once the harness has decided that the child must go.
    private var verdict: Termination?
    private var killAt: Int64?
    /// Processes of the run that left its group.
    private var escaped: Set<ProcessStart> = []

    /// - Parameter groupParent: where a cgroup for a memory limit may be made.
    init(process: ChildProcess, interrupt: InterruptFlag?, groupParent: Measured<MemoryGroupParent>) {
        self.process = process
        self.interrupt = interrupt
        bound = RunBound(limit: process.limits.memoryBytes, parent: groupParent)
    }

    mutating func run() -> ChildMeasurement {
        defer { bound.remove() }
        let startedAt = wallClockSeconds()
        if let signal = interrupt?.signal { return .neverRan(.interrupted(signal: signal), startedAt: startedAt) }
        // The kernel counts this process's peak in the child's, because exec drops memory they share.
        let inherited = ownPeakBytes()
        let energyBefore = host.readEnergy()
        let before = host.readInterference()
        var started = launch()
        if case .failed(.startFailed(_, ChildLaunch.controlGroupStep, let message)) = started {
            bound.giveUpGroup(reason: message)
            started = launch()
        }
        let child: child_started
        switch started {
        case .started(let running): child = running
        case .failed(let termination): return .neverRan(termination, startedAt: startedAt)
        }
        var watch = ChildWatch(
            pid: child.pid, start: child.start_ns, isBounded: process.limits.memoryBytes != nil, sources: sources)
        follow(child, &watch)
        let end = child_read_end(child.exit_descriptor)
        let after = host.readInterference()
        let seconds = end < 0 ? nil : Double(end - child.start_ns) / 1e9
        let energy = host.readEnergy().combined(with: energyBefore) { after, before in
            Measured(seconds, otherwise: "the length of the run is not known").flatMap {
                after.joules(since: before, seconds: $0)
            }
        }.flatMap { $0 }
        watch.finish()
        let io = inputOutput(of: child.pid)
        // What is left of the group goes before the child is reaped: until then nobody else can have its number.
        kill(-child.pid, SIGKILL)
        for process in escaped { process.send(SIGKILL) }
        if verdict == nil, bound.wasReached {
            verdict = .memoryLimitExceeded(residentBytes: max(watch.peakBytes ?? 0, bound.hardLimitBytes))
        }
        bound.remove()
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
            usage: reaped == child.pid ? usage : nil, io: io, inherited: inherited, before: before, after: after,
            watch: watch)
    }

    /// Starts the program with new pipes for its output.
    private mutating func launch() -> ChildLaunch {
        var outputPipe: [Int32] = [-1, -1]
        var errorPipe: [Int32] = [-1, -1]
        guard child_pipe(&outputPipe) == 0, child_pipe(&errorPipe) == 0 else {
            let number = errno
            for descriptor in outputPipe + errorPipe where descriptor >= 0 { close(descriptor) }
            return .failed(.startFailed(errorNumber: number, step: "prepare", message: systemMessage(number)))
        }
        let launch = ChildLaunch(
            process, output: outputPipe[1], error: errorPipe[1], group: bound.group, dataBytes: bound.dataBytes)
        close(outputPipe[1])
        close(errorPipe[1])
        output = OutputDrain(descriptor: outputPipe[0], capacity: process.tailCapacity)
        error = OutputDrain(descriptor: errorPipe[0], capacity: process.tailCapacity)
        if case .failed = launch {
            output.end()
            error.end()
        }
        return launch
    }

    // MARK: watching

    /// Until the child has ended: drains its output, looks at it, enforces the limits.
    private mutating func follow(_ child: child_started, _ watch: inout ChildWatch) {
        let deadline = process.limits.timeoutSeconds.map { child.start_ns + Int64($0 * 1e9) }
        while true {
            var now = monotonicNanoseconds()
            if now >= watch.next {
                if let resident = watch.look(), let limit = process.limits.memoryBytes, resident > limit, verdict == nil
                {
                    verdict = .memoryLimitExceeded(residentBytes: resident)
                    // At once: a grace period would let it go on allocating.
                    send(SIGKILL, child)
                }
                now = monotonicNanoseconds()
            }
            if verdict == nil {
                if let signal = interrupt?.signal {
                    condemn(child, .interrupted(signal: signal), now)
                } else if let deadline, now >= deadline {
                    condemn(child, .timedOut(seconds: process.limits.timeoutSeconds ?? 0), now)
                }
            }
            if let at = killAt, now >= at {
                send(SIGKILL, child)
                killAt = nil
            }
            let wake = [watch.next, verdict == nil ? deadline : nil, killAt].compactMap { $0 }.min() ?? watch.next
            if waitForEvent(child.exit_descriptor, nanoseconds: max(0, wake - now)) { return }
        }
    }

    private mutating func condemn(_ child: child_started, _ termination: Termination, _ now: Int64) {
        verdict = termination
        send(SIGTERM, child)
        killAt = now + Int64(process.limits.graceSeconds * 1e9)
    }

    /// To the group, and to descendants outside it: looked for now, since they lose their parents with the signal.
    private mutating func send(_ signal: Int32, _ child: child_started) {
        escaped.formUnion(descendantsOutsideGroup(of: child.pid))
        kill(-child.pid, signal)
        for process in escaped { process.send(signal) }
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

    private func peakMemory(
        _ usage: rusage?, inherited: Int?, polled: Int?, wall: Double
    ) -> (Measured<Int>, PeakMemorySource?) {
        if let usage, let inherited {
            let reported = Int(usage.ru_maxrss) * 1024
            // The margin covers what this process's other threads touched between the reading and the start.
            if reported > inherited + inherited / 4 + (1 << 20) {
                return (.available(max(reported, polled ?? 0)), .resourceUsage)
            }
        }
        if case .memoryLimitExceeded(let bytes) = verdict {
            return bytes <= polled ?? 0 ? (.available(polled ?? bytes), .polled) : (.available(bytes), .controlGroup)
        }
        // The only sample of a shorter run is that of a program that is still being loaded.
        if let polled, wall >= 0.05 { return (.available(polled), .polled) }
        return (.unavailable(reason: "the process ended before its memory could be sampled"), nil)
    }

    private func measurement(
        startedAt: Double, wall: Double?, energy: Measured<Double>, status: Int32, usage: rusage?,
        io: Measured<InputOutput>,
        inherited: Int?, before: InterferenceTotals, after: InterferenceTotals, watch: ChildWatch
    ) -> ChildMeasurement {
        func used<Value>(_ field: (rusage) -> Value) -> Measured<Value> {
            Measured(usage.map(field), otherwise: "the process could not be waited for")
        }
        func pressure(_ resource: (InterferenceTotals) -> Measured<PressureTotals>) -> Measured<Double> {
            resource(after).combined(with: resource(before)) { $0.someSeconds - $1.someSeconds }
        }
        let (peak, source) = peakMemory(usage, inherited: inherited, polled: watch.peakBytes, wall: wall ?? 0)
        return ChildMeasurement(
            termination: verdict ?? termination(status), startedAt: startedAt,
            wallSeconds: Measured(wall, otherwise: "the process could not be waited for"),
            userSeconds: used { seconds($0.ru_utime) }, systemSeconds: used { seconds($0.ru_stime) },
            peakMemoryBytes: peak, peakMemorySource: source, io: io, minorFaults: used { Int($0.ru_minflt) },
            majorFaults: used { Int($0.ru_majflt) }, voluntarySwitches: used { Int($0.ru_nvcsw) },
            involuntarySwitches: used { Int($0.ru_nivcsw) }, cpuPressureSeconds: pressure(\.cpuPressure),
            stealSeconds: after.stealSeconds.combined(with: before.stealSeconds, -), energyJoules: energy,
            standardOutput: output.tail, standardError: error.tail,
            memoryPressureSeconds: pressure(\.memoryPressure), ioPressureSeconds: pressure(\.ioPressure),
            runQueueSeconds: watch.runQueueSeconds(sources), memoryTimeline: watch.timeline,
            memoryEnforcement: bound.enforcement)
    }
}

/// Decodes a wait status. Source: wait(2); the macros are not visible from Swift.
private func termination(_ status: Int32) -> Termination {
    let signal = status & 0x7f
    return signal == 0 ? .exited(code: (status >> 8) & 0xff) : .signalled(number: signal)
}

private func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
