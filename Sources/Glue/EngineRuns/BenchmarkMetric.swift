import Benchmarking
import HostEnvironment

/// What a benchmark reports, as `--metrics` names it.
public enum BenchmarkMetric: String, Sendable, Hashable, Codable, CaseIterable {
    /// Of the whole process in MB/s, and of each algorithm in its own unit.
    case throughput
    /// Truth that was found, and the digest of the results.
    case accuracy
    /// Peak resident memory.
    case memoryUsage = "memory_usage"
    /// Joules of the CPU packages, where the machine counts them and this user may read them.
    case energyConsumption = "energy_consumption"
    case wall
    case cpu

    /// Figures of one run over one workload, in the order of a table; `accuracy` has none, because it is the same every time.
    public static func figures(
        _ metrics: [BenchmarkMetric], algorithms: [EngineAlgorithm]
    ) -> [Metric] {
        allCases.filter(metrics.contains).flatMap { metric -> [Metric] in
            switch metric {
            case .throughput: [.throughput(of: "MB")] + algorithms.map(\.metric)
            case .accuracy: []
            case .memoryUsage: [.peakMemory]
            case .energyConsumption: [.energy]
            case .wall: [.wall]
            case .cpu: [.cpu]
            }
        }
    }

    /// Figures that decide when there are enough runs: those of the process. Stages of a few milliseconds never get tight.
    static func deciding(_ metrics: [BenchmarkMetric]) -> [Metric] { figures(metrics, algorithms: []) }
}

extension WorkloadRun {
    /// A figure of this workload.
    public func value(of metric: Metric) -> Measured<Double> {
        switch metric.name {
        case Metric.peakMemory.name: peakMemoryBytes.map(Double.init)
        case "throughput": metric.value(of: measurement, work: Double(inputBytes) / 1e6)
        default:
            EngineAlgorithm.allCases.first { $0.metric.name == metric.name }.map { $0.throughput(of: self) }
                ?? metric.value(of: measurement)
        }
    }
}

extension ProgramRun {
    /// The part of this run that ran a workload; `nil` when it did not get so far.
    public func part(_ workload: String) -> WorkloadRun? { parts.first { $0.workload == workload } }
}
