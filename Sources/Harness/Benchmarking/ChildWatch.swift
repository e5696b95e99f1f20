import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Looks at a running child from time to time: its memory and how long its threads wait for a CPU.
///
/// Reading a process disturbs it (`smaps_rollup` walks its page tables under a lock), so each source is read less often
/// once a reading takes more than 5 ms.
struct ChildWatch {
    private let pid: pid_t
    private let start: Int64
    private let hasShares: Bool
    private let sharesReason: String
    private let hasRunQueue: Bool
    private var status: PollingPace
    private var shares = PollingPace(nanoseconds: 250_000_000)
    private var runQueue = PollingPace(nanoseconds: 100_000_000)
    private var nextStatus: Int64
    private var nextShares: Int64
    private var nextRunQueue: Int64
    private var residentSeries = BoundedSeries<MemoryTimeline.Resident>(
        capacity: MemoryTimeline.capacity, window: 0.01, seconds: \.seconds, size: \.bytes)
    private var shareSeries = BoundedSeries<MemoryTimeline.Share>(
        capacity: MemoryTimeline.capacity / 2, window: 0.25, seconds: \.seconds, size: \.proportionalBytes)
    private var queue = RunQueueWatch()
    /// The largest resident memory seen.
    private(set) var peakBytes: Int?

    /// - Parameters:
    ///   - start: CLOCK_MONOTONIC in ns when the program started.
    ///   - isBounded: whether a memory limit has to be held by looking: then at least every 20 ms.
    init(pid: pid_t, start: Int64, isBounded: Bool, sources: MeasurementSources) {
        self.pid = pid
        self.start = start
        hasShares = sources.isAvailable("memory_shares")
        if case .unavailable(let reason)? = sources["memory_shares"] {
            sharesReason = reason
        } else {
            sharesReason = ""
        }
        hasRunQueue = sources.isAvailable("run_queue")
        status =
            isBounded
            ? PollingPace(nanoseconds: 20_000_000, slowest: 1) : PollingPace(nanoseconds: 100_000_000)
        nextStatus = start
        nextShares = hasShares ? start + 100_000_000 : .max
        nextRunQueue = hasRunQueue ? start + 20_000_000 : .max
    }

    /// CLOCK_MONOTONIC in ns when there is something to look at again.
    var next: Int64 { min(nextStatus, nextShares, nextRunQueue) }

    /// Looks at what is due. Returns the resident memory now, where that was due.
    mutating func look() -> Int? {
        var now = monotonicNanoseconds()
        var resident: Int?
        if now >= nextStatus {
            let began = now
            resident = readStatus(now)
            now = monotonicNanoseconds()
            status.record(now - began)
            // 10 ms at first and a hundredth of the elapsed time later, so that short runs are seen too.
            nextStatus = now + min(status.interval, max(10_000_000 * status.slowness, (now - start) / 100))
        }
        if now >= nextRunQueue {
            let began = now
            queue.sample(pid)
            now = monotonicNanoseconds()
            runQueue.record(now - began)
            nextRunQueue = now + runQueue.interval
        }
        if now >= nextShares {
            let began = now
            readShares(now)
            now = monotonicNanoseconds()
            shares.record(now - began)
            nextShares = now + shares.interval
        }
        return resident
    }

    /// Of the ended child, before it is reaped: then only its first thread is left to read.
    mutating func finish() {
        guard hasRunQueue, case .success(let text) = readSmallFile("/proc/\(pid)/schedstat") else { return }
        if let delay = RunQueueWatch.delay(text) { queue.record([(pid, delay)]) }
    }

    private mutating func readStatus(_ now: Int64) -> Int? {
        // A zombie has neither field.
        guard case .success(let text) = readSmallFile("/proc/\(pid)/status"),
            let high = parseKibibytes("VmHWM", in: text), let resident = parseKibibytes("VmRSS", in: text)
        else { return nil }
        residentSeries.add(
            MemoryTimeline.Resident(
                seconds: elapsed(now), bytes: resident, anonymousBytes: parseKibibytes("RssAnon", in: text) ?? 0))
        // VmRSS too: the kernel updates VmHWM lazily.
        let current = max(high, resident)
        peakBytes = max(peakBytes ?? 0, current)
        return current
    }

    private mutating func readShares(_ now: Int64) {
        guard case .success(let text) = readSmallFile("/proc/\(pid)/smaps_rollup"),
            let reading = MemoryShareReading(text)
        else { return }
        shareSeries.add(
            MemoryTimeline.Share(
                seconds: elapsed(now), proportionalBytes: reading.proportionalBytes,
                privateBytes: reading.privateBytes, swapBytes: reading.swapBytes))
    }

    /// In whole milliseconds.
    private func elapsed(_ now: Int64) -> Double { Double((now - start) / 1_000_000) / 1000 }

    // MARK: what was seen

    var timeline: Measured<MemoryTimeline> {
        guard !residentSeries.points.isEmpty else {
            return .unavailable(reason: "the process ended before its memory could be read")
        }
        let reason = hasShares ? "the process ended before its memory map could be read" : sharesReason
        return .available(
            MemoryTimeline(
                resident: residentSeries.points,
                shares: Measured(shareSeries.points.isEmpty ? nil : shareSeries.points, otherwise: reason)))
    }

    func runQueueSeconds(_ sources: MeasurementSources) -> Measured<Double> {
        if case .unavailable(let reason)? = sources["run_queue"] { return .unavailable(reason: reason) }
        return Measured(
            queue.isKnown ? queue.seconds : nil, otherwise: "the process ended before its threads could be read")
    }
}

/// How long to wait between two readings of a source: longer as long as readings are slow.
struct PollingPace {
    /// A reading above this is slow.
    static let slow: Int64 = 5_000_000
    private let usual: Int64
    private let slowest: Int64
    /// A power of two.
    private(set) var slowness: Int64 = 1

    /// - Parameter slowest: the largest factor.
    init(nanoseconds: Int64, slowest: Int64 = 16) {
        usual = nanoseconds
        self.slowest = slowest
    }

    var interval: Int64 { usual * slowness }

    /// - Parameter cost: what the last reading took, in ns.
    mutating func record(_ cost: Int64) {
        if cost > Self.slow {
            slowness = min(slowness * 2, slowest)
        } else if cost < Self.slow / 4 {
            slowness = max(slowness / 2, 1)
        }
    }
}

/// The sums of `/proc/PID/smaps_rollup`.
struct MemoryShareReading {
    let proportionalBytes: Int
    let privateBytes: Int
    let swapBytes: Int

    init?(_ text: String) {
        guard let proportional = parseKibibytes("Pss", in: text), let clean = parseKibibytes("Private_Clean", in: text),
            let dirty = parseKibibytes("Private_Dirty", in: text)
        else { return nil }
        proportionalBytes = proportional
        privateBytes = clean + dirty
        swapBytes = parseKibibytes("Swap", in: text) ?? 0
    }
}
