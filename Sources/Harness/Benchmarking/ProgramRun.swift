import HostEnvironment
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One run of a program over its workloads: what it cost and whether its results can be trusted.
///
/// Coded with its properties as keys: raw runs are kept in result files and baselines.
public struct ProgramRun: Sendable, Hashable, Codable {
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

/// Bounds of one run.
public struct RunLimits: Sendable, Hashable, Codable {
    /// Wall seconds over all workloads after which the run is killed.
    public var timeoutSeconds: Double
    /// Resident bytes above which it is killed.
    public var memoryBytes: Int?

    public init(timeoutSeconds: Double, memoryBytes: Int?) {
        self.timeoutSeconds = timeoutSeconds
        self.memoryBytes = memoryBytes
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

    /// A metric of the whole run.
    public func value(of metric: Metric) -> Measured<Double> {
        switch metric.name {
        case Metric.wall.name: wallSeconds
        case Metric.cpu.name: cpuSeconds
        case Metric.peakMemory.name: peakMemoryBytes
        case Metric.energy.name: energyJoules
        case "throughput": throughput
        case Metric.throughputPerMemory.name: throughput.combined(with: peakMemoryBytes) { $0 / ($1 / 1e9) }
        default: .unavailable(reason: "\(metric.name) is not a metric of whole runs")
        }
    }
}
