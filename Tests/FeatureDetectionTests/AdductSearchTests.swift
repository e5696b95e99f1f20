import OutOfCore
import SpectrumModel
import Statistics
import Testing

@testable import FeatureDetection

/// The parts of the search for adducts against slow and obvious ones.
@Suite struct AdductSearchTests {
    private func crowd(_ polarity: Polarity, seed: UInt64) -> SyntheticFeatures {
        var run = SyntheticFeatures(seed: seed)
        var generator = SeededGenerator(seed: seed + 1)
        let names = AdductTable.common(polarity).species.map { $0.adduct.name }
        for _ in 0..<60 {
            let mass = 120 + 400 * generator.uniform()
            for _ in 0..<4 {
                let name = names[generator.integer(below: names.count)]
                run.add(
                    mass: mass, ions: KeyValuePairs(dictionaryLiteral: (name, 1e6 * generator.uniform() + 1)),
                    apex: 100 + 10 * generator.uniform(), ppm: 6, charge: generator.integer(below: 2))
            }
        }
        run.addNoise(count: 500, times: 95...110, polarity: polarity)
        return run
    }

    @Test(arguments: [Polarity.positive, .negative])
    func `partners equal those of a search over all pairs`(polarity: Polarity) {
        let run = crowd(polarity, seed: 31)
        let features = run.features
        let rules = AdductRule.rules(polarity)
        let parameters = AdductParameters(tolerance: .ppm(10), minCorrelation: 0.5, maxApexShift: 0.5)
        let order = features.indices.sorted { features[$0].mz < features[$1].mz }
        let finder = AdductPartnerFinder(
            features, order: order, basePeaks: run.basePeaks, table: run.table, rules: rules, parameters: parameters)
        // In pieces, as several workers would.
        var parts = AdductPartnerFinder.Found()
        for start in stride(from: 0, to: order.count, by: 97) {
            parts.append(finder.find(start..<min(start + 97, order.count)))
        }
        #expect(parts.anchorStart == finder.find(order.indices).anchorStart)
        var found: Set<[Int]> = []
        for anchor in parts.anchors {
            for partner in parts.partners[Int(anchor.partners.lowerBound)..<Int(anchor.partners.upperBound)] {
                found.insert([Int(anchor.feature), Int(anchor.rule), Int(partner.feature), Int(partner.rule)])
            }
        }
        #expect(found.count == parts.partners.count)
        let chance = ChanceOfPartners(
            mz: order.map { features[$0].mz }, times: features.map(\.retentionTimeSeconds))
        var expected: Set<[Int]> = []
        for (i, own) in order.enumerated() {
            for (j, other) in order.enumerated() where i != j {
                let (a, b) = (features[own], features[other])
                let reach = 0.5 * min(a.widthSeconds, b.widthSeconds)
                guard abs(a.retentionTimeSeconds - b.retentionTimeSeconds) <= reach,
                    max(a.widthSeconds, b.widthSeconds) <= 2 * min(a.widthSeconds, b.widthSeconds)
                else { continue }
                let correlation = run.table.correlation(run.basePeaks[own], run.basePeaks[other])
                guard correlation >= 0.5 else { continue }
                for from in rules.indices where rules[from].isPrimary && rules[from].weight(a) > 0 {
                    let mass = rules[from].neutralMass(mz: a.mz)
                    for to in rules.indices where to != from && mass > 0 {
                        let target = rules[to].mz(neutralMass: mass)
                        let half = 10e-6 * target
                        guard abs(b.mz - target) <= half, rules[to].weight(b) > 0,
                            rules[to].mayDominate || b.area <= a.area
                        else { continue }
                        let elsewhere = order.count { k in
                            let shift = abs(features[k].retentionTimeSeconds - a.retentionTimeSeconds)
                            return abs(features[k].mz - target) <= half
                                && (k == own || shift > 0.5 * min(features[k].widthSeconds, a.widthSeconds))
                        }
                        let expect = chance.expected(
                            target: target, half: half, elsewhere: elsewhere, time: a.retentionTimeSeconds, reach: reach
                        )
                        let deviation = (b.mz - target) / half
                        // Normal with a third of the window against even over the window; 2x against even.
                        let density = 3 * normalDensity(3 * deviation)
                        let odds = 0.02 * rules[to].weight(b) * density / 0.5 * 2 * (correlation - 0.5) / 0.5 / expect
                        if odds > 1 { expected.insert([i, from, j, to]) }
                    }
                }
            }
        }
        #expect(expected.count > 50)
        #expect(found == expected, "seed 31")
    }

    @Test func `chance is the density of features around`() {
        var generator = SeededGenerator(seed: 41)
        let mz = (0..<800).map { _ in (100 + 900 * generator.uniform() * generator.uniform()) }.sorted()
        let times = (0..<800).map { _ in 600 * generator.uniform() }
        let chance = ChanceOfPartners(mz: mz, times: times)
        for _ in 0..<200 {
            let target = 100 + 500 * generator.uniform()
            let half = 0.3 * generator.uniform()
            let time = 600 * generator.uniform()
            let reach = 20 * generator.uniform()
            var alike = 0
            for step in -5...5 where step != 0 {
                alike += mz.count { abs($0 - (target + 1.000_5 * Double(step))) <= half }
            }
            let even = 800 * 2 * half / (mz[799] - mz[0])
            let near = Double(max(0, times.count { abs($0 - time) <= reach } - 2)) + 0.5
            for elsewhere in [0, 40] {
                let expected = (max(Double(alike) / 10, Double(elsewhere)) + even) * near / 800
                let found = chance.expected(
                    target: target, half: half, elsewhere: elsewhere, time: time, reach: reach)
                #expect(abs(found - expected) < 1e-9, "seed 41")
            }
        }
        #expect(ChanceOfPartners(mz: [], times: []).expected(target: 1, half: 1, elsewhere: 0, time: 1, reach: 1) >= 0)
        #expect(
            ChanceOfPartners(mz: [5], times: [5]).expected(target: 1, half: 0, elsewhere: 0, time: 1, reach: 1) == 0)
    }

    @Test func `profiles are compared on the scans that both cover`() {
        func table(_ first: (Int32, [Float]), _ second: (Int32, [Float])) -> PeakTable {
            var table = PeakTable()
            for (scan, samples) in [first, second] {
                table.peaks.append(
                    ChromatographicPeak(
                        mz: 1, retentionTimeSeconds: 1, startSeconds: 0, endSeconds: 2, widthSeconds: 1, area: 1,
                        height: 1, signalToNoise: 1, quality: 1, pointCount: Int32(samples.count), firstScan: scan,
                        lastScan: scan + Int32(samples.count) - 1, apexScan: scan, profileStart: table.profiles.count))
                table.profiles += samples
            }
            return table
        }
        let rise: [Float] = [1, 2, 4, 7, 11, 16, 22]
        #expect(abs(table((0, rise), (0, rise.map { 3 * $0 + 5 })).correlation(0, 1) - 1) < 1e-12)
        #expect(abs(table((0, rise), (0, rise.map { 30 - $0 })).correlation(0, 1) + 1) < 1e-12)
        #expect(abs(table((0, rise), (0, rise.map { 3 * $0 })).cosine(0, 1) - 1) < 1e-6)
        // Five common scans are enough for a correlation, four are not; three are for a cosine.
        #expect(abs(table((0, rise), (2, Array(rise[2...]))).correlation(0, 1) - 1) < 1e-12)
        #expect(table((0, rise), (3, Array(rise[3...]))).correlation(0, 1) == 0)
        #expect(abs(table((0, rise), (4, Array(rise[4...]))).cosine(0, 1) - 1) < 1e-6)
        #expect(table((0, rise), (5, Array(rise[5...]))).cosine(0, 1) == 0)
        // Less than half of the shorter one in common.
        let long = [Float](repeating: 1, count: 20).enumerated().map { $1 + Float($0 * $0) }
        #expect(table((0, long), (14, long)).correlation(0, 1) == 0)
        #expect(table((0, rise), (100, rise)).correlation(0, 1) == 0)
        #expect(table((0, rise), (0, Array(repeating: 4, count: 7))).correlation(0, 1) == 0)
        // Squares of large counts leave the range of Float.
        #expect(abs(table((0, rise.map { $0 * 1e30 }), (0, rise)).correlation(0, 1) - 1) < 1e-6)
    }

    @Test func `rules are those of the polarity, the likeliest first`() {
        for polarity in [Polarity.positive, .negative] {
            let rules = AdductRule.rules(polarity)
            #expect(rules.count == AdductTable.common(polarity).species.count)
            #expect(rules.map(\.prior) == rules.map(\.prior).sorted(by: >))
            #expect(rules.count { $0.isPrimary } == 3 && rules[0].isPrimary)
            for rule in rules { #expect(abs(rule.neutralMass(mz: rule.mz(neutralMass: 321.5)) - 321.5) < 1e-9) }
        }
        #expect(AdductRule.rules(.unknown).isEmpty)
        let ratios = AdductTable.common(.negative).species.filter { $0.secondIsotopeRatio > 0.2 }
        #expect(ratios.map { $0.adduct.name } == ["[M+Cl]-", "[M+Br]-"])
        #expect(abs(ratios[0].secondIsotopeRatio - 0.32) < 0.01 && abs(ratios[1].secondIsotopeRatio - 0.973) < 0.01)
    }
}

private func normalDensity(_ z: Double) -> Double {
    var term = 1.0
    var sum = 1.0
    for n in 1..<80 {
        term *= -0.5 * z * z / Double(n)
        sum += term
    }
    return sum / (2 * Double.pi).squareRoot()
}
