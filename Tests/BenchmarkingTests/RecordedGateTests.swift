import Foundation
import HostEnvironment
import Testing

@testable import Benchmarking

/// Gates on recorded pairs of the real engine: `baselines/pools/self-test`, made by scripts/record_pools.py.
@Suite struct RecordedGateTests {
    private static func pool(_ name: String) throws -> PairPool {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("baselines/pools/self-test/slower-\(name).tsv")
        return try PairPool(try String(contentsOf: file, encoding: .utf8))
    }

    /// A gate over recorded pairs, stopped when they run out.
    private static func gate(_ pairs: [GatePair], rule: GateRule = .standard()) -> GateDecision {
        var session = GateSession(rule: rule)
        for pair in pairs {
            if case .decide(let decision) = session.next() { return decision }
            session.add(pair)
        }
        return session.stop()
    }

    @Test func thePoolsAreWhatTheySay() throws {
        let equal = try Self.pool("00")
        let slower = try Self.pool("30")
        #expect(equal.slowdown == 0 && slower.slowdown == 0.3 && equal.pairs.count == 32 && slower.pairs.count == 32)
        #expect(equal.runsPerPair == 4 && equal.pairs.allSatisfy { $0.pressureShare.value != nil })
        let digests = [equal, slower].map { $0.facts["digest"] }
        #expect(digests[0] != nil && digests[0] == digests[1])
    }

    /// The same engine on both sides, starting anywhere in the pool.
    @Test func equalProgramsPass() throws {
        let pairs = try Self.pool("00").pairs
        for start in pairs.indices {
            let decision = Self.gate(Array(pairs[start...] + pairs[..<start]))
            #expect(decision.exitStatus() == 0, "from pair \(start): \(decision.reason)")
        }
    }

    @Test func thirtyPercentFail() throws {
        let pairs = try Self.pool("30").pairs
        for start in pairs.indices {
            let decision = Self.gate(Array(pairs[start...] + pairs[..<start]))
            #expect(decision.exitStatus() == 2, "from pair \(start): \(decision.reason)")
            #expect(decision.pairs == 16)
        }
    }

    @Test func theOtherWayRoundIsAnImprovement() throws {
        let pairs = try Self.pool("30").pairs.map { pair in
            var pair = pair
            for (key, value) in pair.values {
                pair.values[key] = PairedValue(before: value.after, after: value.before)
            }
            return pair
        }
        #expect(Self.gate(pairs).exitStatus(reportsImprovement: true) == 4)
    }

    /// Four pairs, however bad, cannot reach the level: the gate does not guess.
    @Test func tooFewPairsAreInconclusive() throws {
        #expect(try Self.gate(Array(Self.pool("30").pairs.prefix(4))).exitStatus() == 3)
        #expect(try Self.gate(Array(Self.pool("00").pairs.prefix(4))).exitStatus() == 3)
        #expect(Self.gate([]).exitStatus() == 7)
    }
}
