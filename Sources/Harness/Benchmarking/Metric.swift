public import HostEnvironment

/// A quantity to compare: its name, unit and which way is better.
public struct Metric: Sendable, Hashable, Codable {
    public enum Direction: String, Sendable, Hashable, Codable {
        case lowerIsBetter
        case higherIsBetter
    }

    /// Stable key in stored results, for instance `wall`.
    public let name: String
    /// For people, for instance `wall time`.
    public let title: String
    /// `s`, `B`, `spectra/s`, ...
    public let unit: String
    public let direction: Direction

    public init(name: String, title: String, unit: String, direction: Direction) {
        self.name = name
        self.title = title
        self.unit = unit
        self.direction = direction
    }

    public static let wall = Metric(name: "wall", title: "wall time", unit: "s", direction: .lowerIsBetter)
    public static let cpu = Metric(name: "cpu", title: "CPU time", unit: "s", direction: .lowerIsBetter)
    public static let peakMemory = Metric(
        name: "peak_memory", title: "peak memory", unit: "B", direction: .lowerIsBetter)
    public static let storageRead = Metric(
        name: "storage_read", title: "bytes read from storage", unit: "B", direction: .lowerIsBetter)
    public static let storageWrite = Metric(
        name: "storage_write", title: "bytes written to storage", unit: "B", direction: .lowerIsBetter)

    public static let energy = Metric(name: "energy", title: "CPU energy", unit: "J", direction: .lowerIsBetter)

    /// How much is analysed per second and GB of peak memory: one over the memory-time that a MB of input takes, which is
    /// what a shared machine or a scheduler pays for.
    public static let throughputPerMemory = Metric(
        name: "throughput_per_memory", title: "throughput per memory", unit: "MB/s per GB", direction: .higherIsBetter)

    /// Work per second of wall time. - Parameter item: what is counted, for instance `spectra`.
    public static func throughput(of item: String) -> Metric {
        Metric(name: "throughput", title: "throughput", unit: "\(item)/s", direction: .higherIsBetter)
    }

    /// This metric of a run. - Parameter work: items processed, needed for throughput only.
    public func value(of run: ChildMeasurement, work: Double? = nil) -> Measured<Double> {
        switch name {
        case "wall": return run.wallSeconds
        case "cpu": return run.cpuSeconds
        case "peak_memory": return run.peakMemoryBytes.map(Double.init)
        case "storage_read": return run.io.map { Double($0.storageReadBytes) }
        case "storage_write": return run.io.map { Double($0.storageWriteBytes) }
        case "energy": return run.energyJoules
        case "throughput":
            guard let work else { return .unavailable(reason: "the amount of work is not known") }
            return run.wallSeconds.flatMap { seconds in
                Measured(seconds > 0 ? work / seconds : nil, otherwise: "the run took no measurable time")
            }
        default: return .unavailable(reason: "\(name) is not a metric of a child process")
        }
    }
}
