import HostEnvironment
import Statistics

/// How often a gate is right, from gates played on pools of recorded pairs through the decision that live gates use.
///
/// Each gate draws its pairs from contiguous blocks of the pool, starting anywhere and going around its end (a moving-block
/// bootstrap; Kuensch 1989), so what neighbouring pairs share stays together.
public struct GateErrorRates: Sendable, Hashable, Codable {
    public let gates: Int
    /// Gates by outcome; outcomes that did not occur are left out.
    public let outcomes: [GateDecision.Outcome: Int]
    /// Mean and largest number of pairs that a gate ran.
    public let meanPairs: Double
    public let maximumPairs: Int
    /// Share of gates that ran no more pairs than the last look, the confirmation included.
    public let withinLastLook: Double
    /// Share of gates that failed within as many pairs.
    public let failedWithinLastLook: Double

    /// - Parameters:
    ///   - pool: pairs in time order, not empty.
    ///   - blockPairs: length of a block.
    ///   - seed: fixes the draw; stored with the result by the caller.
    /// - Complexity: `gates` sessions of at most `rule.maximumPairs` pairs and repeats.
    public init(
        pool: [GatePair], rule: GateRule, noise: MachineNoise?, gates: Int = 2_000, blockPairs: Int = 8, seed: UInt64
    ) {
        precondition(!pool.isEmpty && gates > 0 && blockPairs > 0, "nothing to draw from")
        var generator = SeededGenerator(seed: seed)
        var outcomes: [GateDecision.Outcome: Int] = [:]
        var total = 0
        var most = 0
        var within = 0
        var failedWithin = 0
        for _ in 0..<gates {
            var session = GateSession(rule: rule, noise: noise)
            var left = 0
            var position = 0
            var step = session.next()
            while case .run(let wanted, _) = step {
                for _ in 0..<wanted {
                    if left == 0 {
                        position = generator.integer(below: pool.count)
                        left = blockPairs
                    }
                    session.add(pool[position])
                    position = (position + 1) % pool.count
                    left -= 1
                }
                step = session.next()
            }
            let isWithin = session.pairs.count <= rule.looks.last ?? 0
            if case .decide(let decision) = step {
                outcomes[decision.outcome, default: 0] += 1
                if isWithin && decision.outcome == .regression { failedWithin += 1 }
            }
            total += session.pairs.count
            most = max(most, session.pairs.count)
            if isWithin { within += 1 }
        }
        self.gates = gates
        self.outcomes = outcomes
        meanPairs = Double(total) / Double(gates)
        maximumPairs = most
        withinLastLook = Double(within) / Double(gates)
        failedWithinLastLook = Double(failedWithin) / Double(gates)
    }

    /// Share of gates with this outcome.
    public func share(_ outcome: GateDecision.Outcome) -> Double { Double(outcomes[outcome] ?? 0) / Double(gates) }
}
