import Benchmarking
import HostEnvironment
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One run of a program over its workloads: what it cost and whether its results can be trusted.
public struct ProgramRun: Sendable, Hashable {
    /// In the order of the workloads; fewer when one failed.
    public var parts: [WorkloadRun]
    /// Why the run does not count; `nil` for a good one.
    public var failure: RunFailure?
    public var accuracy: ResultAccuracy?

    public init(parts: [WorkloadRun], failure: RunFailure? = nil, accuracy: ResultAccuracy? = nil) {
        self.parts = parts
        self.failure = failure
        self.accuracy = accuracy
    }
}

/// One child process: a workload under a configuration.
public struct WorkloadRun: Sendable, Hashable {
    public var workload: String
    public var measurement: ChildMeasurement
    /// Work done.
    public var inputBytes: Int
    /// What the workload consists of (spectra), where the program counts it.
    public var itemCount: Int?
    /// The larger of what the harness saw and what the program says of itself.
    public var peakMemoryBytes: Measured<Int>
    public var digest: String?
    /// In the program's order.
    public var stages: [StageSeconds]

    public init(
        workload: String, measurement: ChildMeasurement, inputBytes: Int, itemCount: Int?,
        peakMemoryBytes: Measured<Int>, digest: String?, stages: [StageSeconds]
    ) {
        self.workload = workload
        self.measurement = measurement
        self.inputBytes = inputBytes
        self.itemCount = itemCount
        self.peakMemoryBytes = peakMemoryBytes
        self.digest = digest
        self.stages = stages
    }
}

/// Wall and CPU seconds of one stage as the program reports them.
public struct StageSeconds: Sendable, Hashable, Codable {
    public var name: String
    public var wall: Double
    public var cpu: Double

    public init(name: String, wall: Double, cpu: Double) {
        self.name = name
        self.wall = wall
        self.cpu = cpu
    }
}

/// How a run's results compare with those of the default configuration.
public struct ResultAccuracy: Sendable, Hashable, Codable {
    /// F1 of the result table against the default's, 0...1.
    public var f1: Double
    public var truthFound: Int
    /// 0 when the workloads have no truth.
    public var truthExpected: Int
    public var digestEqual: Bool

    public init(f1: Double, truthFound: Int, truthExpected: Int, digestEqual: Bool) {
        self.f1 = f1
        self.truthFound = truthFound
        self.truthExpected = truthExpected
        self.digestEqual = digestEqual
    }
}

/// Why a run does not count.
public struct RunFailure: Error, Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable {
        /// It ended with an error or by a signal, or wrote no result.
        case crashed
        case timedOut
        case outOfMemory
        /// Results that differ although the settings must not change them.
        case wrongResult
        /// Results below the accuracy floor.
        case inaccurate
        /// The user or the system asked the study to stop.
        case interrupted
    }

    public var kind: Kind
    public var reason: String

    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The failure of a child process; `nil` when it exited with status 0.
    public init?(_ measurement: ChildMeasurement) {
        switch measurement.termination {
        case .exited(code: 0): return nil
        case .timedOut: self.init(.timedOut, measurement.termination.description)
        case .memoryLimitExceeded: self.init(.outOfMemory, measurement.termination.description)
        case .interrupted: self.init(.interrupted, measurement.termination.description)
        case .exited, .signalled, .startFailed:
            let lines = measurement.standardError.text.split(whereSeparator: \.isNewline)
            let last = lines.last.map { ": \($0.prefix(300))" } ?? ""
            self.init(.crashed, measurement.termination.description + last)
        }
    }
}

extension ProgramRun {
    private func sum(_ value: (WorkloadRun) -> Measured<Double>) -> Measured<Double> {
        guard !parts.isEmpty else { return .unavailable(reason: "nothing ran") }
        return parts.reduce(.available(0)) { total, part in total.combined(with: value(part), +) }
    }

    /// Over all workloads.
    public var wallSeconds: Measured<Double> { sum(\.measurement.wallSeconds) }
    /// User and system time over all workloads.
    public var cpuSeconds: Measured<Double> { sum(\.measurement.cpuSeconds) }

    /// Joules of the CPU packages over all workloads, idle power and other programs included.
    public var energyJoules: Measured<Double> { sum(\.measurement.energyJoules) }

    /// The largest of the workloads.
    public var peakMemoryBytes: Measured<Double> {
        guard !parts.isEmpty else { return .unavailable(reason: "nothing ran") }
        return parts.reduce(.available(0)) { largest, part in
            largest.combined(with: part.peakMemoryBytes.map(Double.init), max)
        }
    }

    /// MB/s of input; over several workloads the geometric mean, so that its ratio to another configuration is the
    /// geometric mean of the ratios and no workload counts more for being large.
    public var throughput: Measured<Double> {
        let logarithms = sum { part in
            part.measurement.wallSeconds.flatMap { seconds in
                let rate = Double(part.inputBytes) / 1e6 / seconds
                return Measured(
                    rate > 0 && rate.isFinite ? log(rate) : nil, otherwise: "no measurable time or no input")
            }
        }
        return logarithms.map { exp($0 / Double(parts.count)) }
    }

    /// Share of the wall time in which some task waited for a CPU.
    public var pressureShare: Measured<Double> {
        sum(\.measurement.cpuPressureSeconds).combined(with: wallSeconds) { $1 > 0 ? min($0 / $1, 1) : 0 }
    }

    /// CPU seconds that the hypervisor gave to others, per second of wall time.
    public var stealShare: Measured<Double> {
        sum(\.measurement.stealSeconds).combined(with: wallSeconds) { $1 > 0 ? max($0 / $1, 0) : 0 }
    }
}
