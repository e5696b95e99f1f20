public import HostEnvironment
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How much two identical programs differ on a machine, from interleaved pairs of one program with itself (A/A).
///
/// Stored by machine identity. A gate's tolerances are never below twice of it.
public struct MachineNoise: Sendable, Hashable, Codable {
    /// The noise of one metric.
    public struct MetricNoise: Sendable, Hashable, Codable {
        /// Name of the metric.
        public let name: String
        public let pairs: Int
        /// Robust standard deviation (MAD) of ln(after / before) of single pairs.
        public let pairDeviation: Double
        /// Pairs in a block.
        public let blockPairs: Int
        /// 95th percentile of |ratio - 1| over all contiguous blocks (around the end to the start): what a gate of that
        /// many pairs finds between equal programs.
        public let blockNoise: Double

        public init(name: String, pairs: Int, pairDeviation: Double, blockPairs: Int, blockNoise: Double) {
            self.name = name
            self.pairs = pairs
            self.pairDeviation = pairDeviation
            self.blockPairs = blockPairs
            self.blockNoise = blockNoise
        }

        /// Standard deviation of the ratio that a gate of this many pairs finds between equal programs.
        ///
        /// The larger of what blocks showed (1.96 deviations are their 95th percentile), scaled by the square root of their
        /// length, and what normal pairs of this deviation would: few pairs give few blocks that differ. Twice of it is
        /// exceeded by chance once in twenty gates.
        public func noise(pairs count: Int) -> Double {
            let scaled = blockNoise / 1.96 * (Double(blockPairs) / Double(count)).squareRoot()
            return max(scaled, standardError(pairs: count))
        }

        /// The smallest change (as a ratio minus 1) seen in 80 % of gates of this many pairs, one-sided 2.5 %.
        public func detectable(pairs count: Int) -> Double { exp((1.96 + 0.84) * standardError(pairs: count)) - 1 }

        /// Pairs after which a change is seen in 80 % of gates. - Parameter change: a ratio minus 1, positive.
        public func pairsNeeded(toDetect change: Double) -> Int {
            precondition(change > 0, "a change must be positive")
            let one = (1.96 + 0.84) * standardError(pairs: 1)
            return max(1, Int((one * one / (log1p(change) * log1p(change))).rounded(.up)))
        }

        /// Of the Hodges-Lehmann estimate: 1.0233 of the mean's for normal data (efficiency 3 / pi).
        private func standardError(pairs count: Int) -> Double {
            1.0233 * pairDeviation / Double(count).squareRoot()
        }
    }

    public static let currentSchema = 1

    public let schema: Int
    public let machine: MachineIdentity
    /// Names of the workloads that ran.
    public let workloads: [String]
    /// What was set in every run, `name=value`, sorted: other settings have other noise. `nil` in files of older versions.
    public let settings: [String]?
    /// Runs of each arm in one pair; a gate with other pairs has other noise.
    public let runsPerPair: Int
    /// Seconds since 1970.
    public let recordedAt: Double
    /// Median share of the run time in which a task of the machine waited for a CPU.
    public let pressureShare: Measured<Double>
    public let metrics: [MetricNoise]
    /// Why other metrics have no noise, by name; `nil` in files of older versions.
    public let unavailable: [String: String]?

    public init(
        machine: MachineIdentity, workloads: [String], settings: [String]? = [], runsPerPair: Int, recordedAt: Double,
        pressureShare: Measured<Double>, metrics: [MetricNoise], unavailable: [String: String]? = nil
    ) {
        schema = Self.currentSchema
        self.machine = machine
        self.workloads = workloads
        self.settings = settings
        self.runsPerPair = runsPerPair
        self.recordedAt = recordedAt
        self.pressureShare = pressureShare
        self.metrics = metrics
        self.unavailable = unavailable
    }

    /// Pairs below which noise is not computed: shorter series have no two blocks.
    public static let minimumPairs = 16

    /// From A/A pairs in time order. Metrics that too few pairs have are left out, with the reason.
    public init(
        pairs: [GatePair], metrics names: [String], machine: MachineIdentity, workloads: [String],
        settings: [String] = [], runsPerPair: Int, recordedAt: Double, blockPairs: Int = 8
    ) {
        let shares = pairs.compactMap(\.pressureShare.value)
        let found = names.compactMap { Self.metric($0, pairs, blockPairs) }
        var missing: [String: String] = [:]
        for name in names where !found.contains(where: { $0.name == name }) {
            let values = pairs.compactMap { $0.values[name] }
            let reason: String? = values.flatMap { [$0.before.reason, $0.after.reason] }.compactMap { $0 }.first
            missing[name] = reason ?? "fewer than \(max(Self.minimumPairs, 2 * blockPairs)) pairs have it"
        }
        self.init(
            machine: machine, workloads: workloads, settings: settings, runsPerPair: runsPerPair,
            recordedAt: recordedAt,
            pressureShare: Measured(
                shares.isEmpty ? nil : median(shares),
                otherwise: pairs.lazy.compactMap(\.pressureShare.reason).first ?? "no pairs"),
            metrics: found, unavailable: missing)
    }

    /// Standard deviation of the ratio of a metric over this many A/A pairs; nil when it was not measured.
    public func noise(of name: String, pairs count: Int) -> Double? {
        metrics.first { $0.name == name }?.noise(pairs: count)
    }

    /// The noise of a gate whose pairs have another number of runs. Fewer runs scatter more, as the root of their number; more
    /// runs scatter less, but what is disturbed together stays so: the measured noise then stands as the upper bound.
    public func forPairs(ofRuns runs: Int) -> MachineNoise {
        guard runs < runsPerPair else { return self }
        let factor = (Double(runsPerPair) / Double(runs)).squareRoot()
        return MachineNoise(
            machine: machine, workloads: workloads, settings: settings, runsPerPair: runs, recordedAt: recordedAt,
            pressureShare: pressureShare,
            metrics: metrics.map {
                MetricNoise(
                    name: $0.name, pairs: $0.pairs, pairDeviation: $0.pairDeviation * factor,
                    blockPairs: $0.blockPairs, blockNoise: $0.blockNoise * factor)
            }, unavailable: unavailable)
    }

    private static func metric(_ name: String, _ pairs: [GatePair], _ blockPairs: Int) -> MetricNoise? {
        let logRatios = pairs.compactMap { pair -> Double? in
            guard let value = pair.values[name], let before = value.before.value, let after = value.after.value,
                before > 0, after > 0
            else { return nil }
            return log(after / before)
        }
        guard logRatios.count >= max(minimumPairs, 2 * blockPairs) else { return nil }
        let blocks = logRatios.indices.map { start in
            let block = (0..<blockPairs).map { logRatios[(start + $0) % logRatios.count] }
            return abs(exp(HodgesLehmann(block).estimate) - 1)
        }
        return MetricNoise(
            name: name, pairs: logRatios.count, pairDeviation: medianAbsoluteDeviation(logRatios),
            blockPairs: blockPairs, blockNoise: quantile(blocks, 0.95))
    }
}
