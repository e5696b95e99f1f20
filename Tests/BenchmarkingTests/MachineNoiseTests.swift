import Foundation
import HostEnvironment
import Statistics
import Testing

@testable import Benchmarking

@Suite struct MachineNoiseTests {
    private static func noise(_ spread: Double, pairs count: Int, seed: UInt64 = 1, wallOnly: Bool = false)
        -> MachineNoise
    {
        var source = PairSource(seed: seed, spread: spread)
        source.pressureShare = .available(0.25)
        let pairs = (0..<count).map { _ in source.next() }
        return MachineNoise(
            pairs: pairs, metrics: wallOnly ? ["wall"] : ["cpu", "wall", "energy"],
            machine: MachineIdentity(
                architecture: "x86_64", cpuModel: "test", usableCPUs: 2, usableMemoryBytes: nil, gpuModel: "none"),
            workloads: ["small"], runsPerPair: 6, recordedAt: 1_000)
    }

    @Test func findsTheSpread() throws {
        let noise = Self.noise(0.05, pairs: 400)
        let cpu = try #require(noise.metrics.first { $0.name == "cpu" })
        #expect(abs(cpu.pairDeviation - 0.05) < 0.01)
        // Of the Hodges-Lehmann estimate of 8 normal pairs: 1.96 * 1.02 * 0.05 / sqrt(8).
        #expect(abs(cpu.blockNoise - 0.036) < 0.012)
        #expect(noise.metrics.map(\.name) == ["cpu", "wall"], "energy was not measured")
        #expect(noise.unavailable == ["energy": "fewer than 16 pairs have it"])
        #expect(noise.pressureShare == .available(0.25) && noise.runsPerPair == 6 && noise.schema == 1)
        #expect(noise.noise(of: "energy", pairs: 24) == nil)
        #expect(Self.noise(0.05, pairs: 400, wallOnly: true).metrics.map(\.name) == ["wall"])
    }

    @Test func fallsWithTheNumberOfPairs() throws {
        let cpu = try #require(Self.noise(0.05, pairs: 100).metrics.first)
        #expect(cpu.noise(pairs: 8) > cpu.noise(pairs: 16) && cpu.noise(pairs: 16) > cpu.noise(pairs: 32))
        #expect(1.96 * cpu.noise(pairs: 8) >= cpu.blockNoise - 1e-12)
        #expect(cpu.detectable(pairs: 6) > cpu.detectable(pairs: 24))
        #expect(cpu.pairsNeeded(toDetect: 0.03) > cpu.pairsNeeded(toDetect: 0.10))
        let needed = cpu.pairsNeeded(toDetect: 0.05)
        #expect(
            cpu.detectable(pairs: needed) <= 0.05 && cpu.detectable(pairs: max(1, needed - 1)) >= 0.05 || needed == 1)
    }

    /// Noise that was measured with other pairs than a gate's: fewer runs scatter more, and more runs are not trusted to
    /// scatter less.
    @Test func isScaledToShorterPairs() throws {
        let noise = metricNoise(0.05)
        let shorter = noise.forPairs(ofRuns: 2)
        #expect(shorter.runsPerPair == 2)
        let factor = try #require(shorter.noise(of: "cpu", pairs: 24)) / (noise.noise(of: "cpu", pairs: 24) ?? 0)
        #expect(abs(factor - 3.squareRoot()) < 1e-12)
        #expect(noise.forPairs(ofRuns: 6) == noise && noise.forPairs(ofRuns: 12) == noise)
    }

    /// The table is true: with as many pairs as it says, an effect is seen in about 80 % of comparisons.
    @Test func theStatedEffectIsSeenFourTimesInFive() {
        let metric = MachineNoise.MetricNoise(
            name: "cpu", pairs: 100, pairDeviation: 0.1, blockPairs: 8, blockNoise: 0.07)
        let effect = metric.detectable(pairs: 24)
        var source = PairSource(seed: 77, spread: 0.1)
        var seen = 0
        for _ in 0..<600 {
            let logRatios = (0..<24).map { _ in log1p(effect) + 0.1 * source.gaussian() }
            if SignedRankTest(logRatios).greater <= 0.025 { seen += 1 }
        }
        // Six standard deviations of a binomial count about 480.
        #expect(abs(seen - 480) < 60, "seed 77: \(seen) of 600")
    }

    @Test func tooFewPairsGiveNone() {
        #expect(Self.noise(0.05, pairs: MachineNoise.minimumPairs - 1).metrics.isEmpty)
        #expect(Self.noise(0.05, pairs: MachineNoise.minimumPairs).metrics.count == 2)
    }

    @Test func survivesJSON() throws {
        let noise = Self.noise(0.05, pairs: 40)
        #expect(try JSONDecoder().decode(MachineNoise.self, from: try JSONEncoder().encode(noise)) == noise)
    }
}
