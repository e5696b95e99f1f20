import SpectralMatching
import Statistics
import Testing

/// Competition of the library with its decoys, and q-values.
@Suite struct TargetDecoyTests {
    /// The definition, read aloud: try every threshold, count, take the least rate.
    private func reference(_ targets: [Double?], _ decoys: [Double?]) -> [Double?] {
        let pairs = Array(zip(targets, decoys))
        func targetWins(_ pair: (Double?, Double?)) -> Bool {
            guard let target = pair.0 else { return false }
            return pair.1 == nil || target > pair.1!
        }
        let thresholds = (targets + decoys).compactMap { $0 }
        return pairs.map { pair in
            guard let score = pair.0 else { return nil }
            guard targetWins(pair) else { return 1 }
            var least = 1.0
            for threshold in thresholds where threshold <= score {
                let accepted = pairs.count { targetWins($0) && $0.0! >= threshold }
                let wrong = pairs.count { !targetWins($0) && ($0.1 ?? -1) >= threshold }
                if accepted > 0 { least = min(least, Double(wrong + 1) / Double(accepted)) }
            }
            return least
        }
    }

    private func scores(_ random: inout SeededGenerator, count: Int, found: Double, levels: Int) -> [Double?] {
        (0..<count).map { _ in
            random.uniform() < found ? Double(random.integer(below: levels)) / Double(levels) : nil
        }
    }

    @Test func equalsTheDefinition() {
        let seed = UInt64.random(in: 0..<1 << 32)
        var random = SeededGenerator(seed: seed)
        for round in 0..<300 {
            let count = random.integer(below: 40)
            // Few levels: many ties.
            let levels = [3, 10, 1_000][round % 3]
            let targets = scores(&random, count: count, found: 0.8, levels: levels)
            let decoys = scores(&random, count: count, found: 0.5, levels: levels)
            let competition = TargetDecoyCompetition(targets: targets, decoys: decoys)
            #expect(competition.qValues == reference(targets, decoys), "seed \(seed), round \(round)")
        }
    }

    @Test func smallCasesByHand() {
        // Four matches, a decoy between the third and the fourth: 1/3, and from the fourth on 2/4.
        let competition = TargetDecoyCompetition(
            targets: [0.9, 0.8, 0.7, 0.5, 0.3, nil, nil], decoys: [nil, 0.2, nil, 0.4, 0.6, nil, 0.1])
        let third = 1.0 / 3
        let expected: [Double?] = [third, third, third, 0.5, 1, nil, nil]
        #expect(competition.qValues == expected)
        #expect(competition.targetWins == 4 && competition.decoyWins == 2)
        // Equal scores are the decoy's.
        #expect(TargetDecoyCompetition(targets: [0.9], decoys: [0.9]).qValues == [1])
        #expect(TargetDecoyCompetition(targets: [], decoys: []).qValues.isEmpty)
        #expect(TargetDecoyCompetition(targets: [nil], decoys: [nil]).qValues == [nil])
    }

    /// n matches show no rate below 1/n, and the user is told.
    @Test func fewMatchesAreNotSure() {
        for count in [1, 5, 99, 100, 2_000] {
            let competition = TargetDecoyCompetition(
                targets: Array(repeating: 0.95, count: count), decoys: Array(repeating: nil, count: count))
            #expect(competition.qValues.allSatisfy { $0 == 1 / Double(count) })
            #expect((competition.notice == nil) == (count >= 100), "\(count)")
        }
        #expect(
            TargetDecoyCompetition(targets: [0.9, 0.8], decoys: [nil, nil]).notice
                == "matched spectra: 2, so q-values cannot fall below 0.5")
        #expect(TargetDecoyCompetition(targets: [nil], decoys: [0.9]).notice == nil)
    }

    @Test func properties() {
        let seed = UInt64.random(in: 0..<1 << 32)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let count = 1 + random.integer(below: 300)
            let targets = scores(&random, count: count, found: 0.9, levels: 50)
            let decoys = scores(&random, count: count, found: 0.6, levels: 50)
            let values = TargetDecoyCompetition(targets: targets, decoys: decoys).qValues
            #expect(values.allSatisfy { $0.map { $0 > 0 && $0 <= 1 } ?? true }, "seed \(seed)")
            // The order of the queries is nothing.
            let order = (0..<count).shuffled(using: &random)
            let shuffled = TargetDecoyCompetition(
                targets: order.map { targets[$0] }, decoys: order.map { decoys[$0] }
            ).qValues
            #expect(shuffled == order.map { values[$0] }, "seed \(seed)")
            // Among those that win a higher score is never less sure.
            let winners = (0..<count).filter { index in
                targets[index].map { score in decoys[index].map { score > $0 } ?? true } ?? false
            }.sorted { targets[$0]! > targets[$1]! }
            for (better, worse) in zip(winners, winners.dropFirst()) {
                #expect(values[better]! <= values[worse]!, "seed \(seed)")
            }
            // Only the order of scores counts.
            let stretched = TargetDecoyCompetition(
                targets: targets.map { $0.map { $0 * $0 } }, decoys: decoys.map { $0.map { $0 * $0 } })
            #expect(stretched.qValues == values, "seed \(seed)")
        }
    }

    /// Queries with a known truth: wrong matches score like decoys, right ones higher. What is wrong among the accepted must be
    /// what the q-value says.
    ///
    /// Tolerance: of the W wrong winners, matches and decoys, each is a match with probability 1/2, so (wrong matches -
    /// decoys) has the standard deviation sqrt(W), and W is about 2 q A for A accepted: 4 sqrt(2 q A) / A. Wrong scores fall off
    /// fast enough that thousands are accepted at every limit; with hundreds, 0.01 is a matter of one or two decoys.
    @Test(arguments: [0.01, 0.05, 0.1, 0.2], [1, 2, 3] as [UInt64]) func isCalibrated(limit: Double, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var targets: [Double?] = []
        var decoys: [Double?] = []
        var isRight: [Bool] = []
        for _ in 0..<20_000 {
            let right = random.uniform() < 0.4
            // What is right also has the wrong spectra beside it.
            let wrong = random.uniform() * random.uniform() * random.uniform()
            let score = 0.3 + 0.7 * random.uniform().squareRoot()
            targets.append(right ? max(score, wrong) : wrong)
            isRight.append(right && score >= wrong)
            decoys.append(random.uniform() * random.uniform() * random.uniform())
        }
        let values = TargetDecoyCompetition(targets: targets, decoys: decoys).qValues
        let accepted = values.indices.filter { values[$0]! <= limit }
        let wrong = accepted.count { !isRight[$0] }
        let observed = Double(wrong) / Double(accepted.count)
        let tolerance = 4 * (2 * limit * Double(accepted.count)).squareRoot() / Double(accepted.count)
        #expect(accepted.count > 2_000, "seed \(seed)")
        #expect(abs(observed - limit) < tolerance, "seed \(seed): \(observed) of \(accepted.count) at \(limit)")
    }
}
