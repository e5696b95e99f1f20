import Testing

@testable import Evaluation

@Suite struct OptimalAssignmentTests {
    /// Every subset of pairs, by recursion: most pairs first, then least cost.
    private func bruteForce(_ pairs: CandidatePairs, columnCount: Int) -> (count: Int, cost: Double) {
        func best(_ row: Int, _ taken: Set<Int>) -> (Int, Double) {
            if row == pairs.rowCount { return (0, 0) }
            var result = best(row + 1, taken)
            for edge in pairs.offsets[row]..<pairs.offsets[row + 1] where !taken.contains(pairs.columns[edge]) {
                let rest = best(row + 1, taken.union([pairs.columns[edge]]))
                let candidate = (rest.0 + 1, rest.1 + pairs.costs[edge])
                if candidate.0 > result.0 || (candidate.0 == result.0 && candidate.1 < result.1) { result = candidate }
            }
            return result
        }
        return best(0, [])
    }

    @Test(arguments: 1...300) func equalsBruteForce(seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let rows = 1 + random(6)
        let columns = 1 + random(6)
        var pairs = CandidatePairs()
        for _ in 0..<rows {
            for column in 0..<columns where random(100) < 45 {
                pairs.append(column: column, cost: Double(random(21)) / 10)
            }
            pairs.closeRow()
        }
        let assignment = OptimalAssignment(pairs, columnCount: columns)
        let expected = bruteForce(pairs, columnCount: columns)
        var cost = 0.0
        var used: [Int] = []
        for (row, column) in assignment.columnOfRow.enumerated() where column >= 0 {
            let edge = (pairs.offsets[row]..<pairs.offsets[row + 1]).first { pairs.columns[$0] == column }
            cost += edge.map { pairs.costs[$0] } ?? .infinity
            used.append(column)
        }
        #expect(Set(used).count == used.count, "a column was given twice, seed \(seed)")
        #expect(used.count == expected.count, "seed \(seed)")
        #expect(abs(cost - expected.cost) < 1e-9, "seed \(seed): \(cost), not \(expected.cost)")
    }

    @Test func greedyWouldLoseAPair() {
        // The nearest pair (row 0, column 0) would leave row 1 without a column.
        var pairs = CandidatePairs()
        pairs.append(column: 0, cost: 0.1)
        pairs.append(column: 1, cost: 1.5)
        pairs.closeRow()
        pairs.append(column: 0, cost: 0.5)
        pairs.closeRow()
        #expect(OptimalAssignment(pairs, columnCount: 2).columnOfRow == [1, 0])
    }

    @Test func aLongChainIsAssigned() {
        var pairs = CandidatePairs()
        for row in 0..<2_000 {
            if row > 0 { pairs.append(column: row - 1, cost: 0.4) }
            pairs.append(column: row, cost: 0.5)
            pairs.closeRow()
        }
        #expect(OptimalAssignment(pairs, columnCount: 2_000).columnOfRow == Array(0..<2_000))
    }
}
