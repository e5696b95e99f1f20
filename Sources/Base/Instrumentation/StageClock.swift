import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Seconds of the monotonic clock since an arbitrary start.
public func monotonicSeconds() -> Double { seconds(of: CLOCK_MONOTONIC) }

/// CPU seconds (user and system) that all threads of this process have used.
public func processCPUSeconds() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

/// CPU seconds that the calling thread has used.
public func threadCPUSeconds() -> Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

private func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Time of one named stage: wall seconds between its start and its end, and CPU seconds of all threads in it.
public struct StageTime: Sendable, Hashable, Codable {
    public var name: String
    public var wallSeconds: Double
    public var cpuSeconds: Double
    public init(name: String, wallSeconds: Double, cpuSeconds: Double) {
        self.name = name
        self.wallSeconds = wallSeconds
        self.cpuSeconds = cpuSeconds
    }
}

/// Adds up the time of named stages in the order in which they were first entered.
///
/// Stages of the main thread do not overlap, so their wall times sum to the whole. CPU time counts every thread.
public final class StageClock: Sendable {
    private let stages = Mutex<[StageTime]>([])

    public init() {}

    /// Runs `body` and adds its wall and process CPU time to `name`.
    public func measure<Result, Failure: Error>(
        _ name: String, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let wall = monotonicSeconds()
        let cpu = processCPUSeconds()
        defer { add(name, wallSeconds: monotonicSeconds() - wall, cpuSeconds: processCPUSeconds() - cpu) }
        return try body()
    }

    public func add(_ name: String, wallSeconds: Double, cpuSeconds: Double) {
        stages.withLock { stages in
            if let index = stages.firstIndex(where: { $0.name == name }) {
                stages[index].wallSeconds += wallSeconds
                stages[index].cpuSeconds += cpuSeconds
            } else {
                stages.append(StageTime(name: name, wallSeconds: wallSeconds, cpuSeconds: cpuSeconds))
            }
        }
    }

    public var times: [StageTime] { stages.withLock { $0 } }
}

/// How far a job has come: `fraction` rises from 0 to 1 and never falls.
public struct ProgressReport: Sendable, Hashable {
    public var fraction: Double
    public var stage: String
    public var item: String
    public init(fraction: Double, stage: String, item: String) {
        self.fraction = fraction
        self.stage = stage
        self.item = item
    }
}
