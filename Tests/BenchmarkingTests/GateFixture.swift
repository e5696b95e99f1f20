import HostEnvironment
import Statistics

@testable import Benchmarking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Pairs of a made-up program, for tests of decisions: 2 s of CPU, 1 s of wall time, 400 MB.
struct PairSource {
    var generator: SeededGenerator
    /// Standard deviation of ln(after / before) of CPU and wall time.
    var spread: Double
    /// True ratios by metric; 1 where not given.
    var ratios: [String: Double] = [:]
    var accuracy: [String: PairedValue] = [:]
    var pressureShare: Measured<Double> = .unavailable(reason: "not asked for")

    init(seed: UInt64, spread: Double, ratios: [String: Double] = [:]) {
        generator = SeededGenerator(seed: seed)
        self.spread = spread
        self.ratios = ratios
    }

    mutating func gaussian() -> Double {
        (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * .pi * generator.uniform())
    }

    mutating func next() -> GatePair {
        func value(_ before: Double, _ ratio: Double) -> PairedValue {
            PairedValue(before: .available(before), after: .available(before * ratio))
        }
        let cpu = value(2, exp(spread * gaussian()) * (ratios["cpu"] ?? 1))
        let wall = value(1, exp(spread * gaussian()) * (ratios["wall"] ?? 1))
        let memory = value(400e6, exp(0.001 * gaussian()) * (ratios["peak_memory"] ?? 1))
        return GatePair(
            values: ["cpu": cpu, "wall": wall, "peak_memory": memory], accuracy: accuracy, pressureShare: pressureShare)
    }
}

/// The decision and how many pairs of each purpose were asked for.
func play(
    _ source: PairSource, rule: GateRule = .standard(), noise: MachineNoise? = nil,
    change: (Int, inout GatePair) -> Void = { _, _ in }
) -> (decision: GateDecision, session: GateSession, asked: [GateStep.Purpose]) {
    var source = source
    var session = GateSession(rule: rule, noise: noise)
    var asked: [GateStep.Purpose] = []
    while true {
        switch session.next() {
        case .decide(let decision): return (decision, session, asked)
        case .run(let pairs, let purpose):
            precondition(pairs > 0 && session.pairs.count < 200, "a gate without an end")
            var pair = source.next()
            change(session.pairs.count, &pair)
            session.add(pair)
            asked.append(purpose)
        }
    }
}

func metricNoise(_ deviation: Double) -> MachineNoise {
    MachineNoise(
        machine: MachineIdentity(
            architecture: "x86_64", cpuModel: "test", usableCPUs: 2, usableMemoryBytes: 1 << 34, gpuModel: "none"),
        workloads: ["small"], runsPerPair: 6, recordedAt: 0, pressureShare: .available(0.1),
        metrics: [.init(name: "cpu", pairs: 40, pairDeviation: deviation, blockPairs: 8, blockNoise: deviation)])
}
