import FeatureDetection
import OutOfCore
import SpectrumModel
import Statistics
import Testing

@Suite struct AdductGrouperTests {
    /// C10H13N5O4, Da.
    private static let adenosine = 267.096_754
    /// C6H12O6, Da.
    private static let glucose = 180.063_388

    private static let positive: KeyValuePairs<String, Double> = [
        "[M+H]+": 1e7, "[M+Na]+": 3e6, "[M+K]+": 8e5, "[M+NH4]+": 4e5, "[M+H-H2O]+": 5e5, "[M+2H]2+": 2e5,
        "[M+H+Na]2+": 1e5, "[2M+H]+": 1e6, "[2M+Na]+": 3e5, "[M+CH3CN+H]+": 2e5,
    ]
    private static let negative: KeyValuePairs<String, Double> = [
        "[M-H]-": 1e7, "[M+FA-H]-": 3e6, "[M+Cl]-": 2e6, "[M+Hac-H]-": 1e6, "[M-H-H2O]-": 5e5, "[2M-H]-": 8e5,
        "[M-2H+Na]-": 3e5, "[M-2H]2-": 1e5,
    ]

    @Test(arguments: [(Polarity.positive, Self.adenosine, Self.positive), (.negative, Self.glucose, Self.negative)])
    func `all ions of a molecule get their adduct, its mass and one group`(
        polarity: Polarity, mass: Double, ions: KeyValuePairs<String, Double>
    ) throws {
        var run = SyntheticFeatures()
        run.add(mass: mass, ions: ions, ppm: 1)
        let features = run.grouped(polarity)
        #expect(features.map(\.adduct) == ions.map(\.key))
        #expect(Set(features.map(\.group)) == [1])
        let told = try #require(features[0].neutralMass)
        #expect(features.allSatisfy { $0.neutralMass == told })
        #expect(abs(told - mass) < 1e-6 * mass)
        // Nothing else is touched.
        for (before, after) in zip(run.features, features) {
            var stripped = after
            (stripped.adduct, stripped.neutralMass, stripped.group) = (nil, nil, nil)
            #expect(stripped == before)
        }
    }

    @Test func `the ions of the whole chain, from scans to groups`() throws {
        let ions = ["[M+H]+": 1e7, "[M+Na]+": 3e6, "[M+H-H2O]+": 1e6].sorted { $0.value > $1.value }.map {
            SyntheticRun.Ion(
                mz: AdductTable.species(named: $0.key)?.adduct.mz(neutralMass: Self.adenosine) ?? 0, apex: 50, sigma: 2,
                height: $0.value)
        }
        let parameters = openParameters()
        let table = SyntheticRun(ions: ions, jitter: 1, noise: 0.05).peaks(parameters)
        let grouper = IsotopeGrouper(parameters: parameters.isotopes, peakParameters: parameters.peaks)
        var (features, peaks) = grouper.featuresWithPeaks(table, polarity: .positive)
        #expect(features == grouper.features(table, polarity: .positive))
        for (feature, peak) in zip(features, peaks) { #expect(table.peaks[peak].mz == feature.mz) }
        let count = AdductGrouper(parameters: AdductParameters(tolerance: .ppm(5)))
            .assign(&features, basePeaks: peaks, table: table, polarity: .positive, firstGroup: 7)
        #expect(count == 1)
        #expect(features.map(\.adduct) == ["[M+H-H2O]+", "[M+H]+", "[M+Na]+"])
        #expect(features.map(\.group) == [7, 7, 7])
        #expect(abs(try #require(features[0].neutralMass) - Self.adenosine) < 3e-4)
    }

    @Test func `a pair with two readings is grouped and told nothing, until a third ion decides`() {
        var run = SyntheticFeatures()
        run.add(mass: 300.1, ions: ["[M+H]+": 1e6, "[M+NH4]+": 5e5])
        let pair = run.grouped()
        #expect(pair.map(\.group) == [1, 1])
        #expect(pair.allSatisfy { $0.adduct == nil && $0.neutralMass == nil })
        run.add(mass: 300.1, ions: ["[M+Na]+": 4e5])
        #expect(run.grouped().map(\.adduct) == ["[M+H]+", "[M+NH4]+", "[M+Na]+"])
        run = SyntheticFeatures()
        run.add(mass: 300.1, ions: ["[M+H]+": 1e6, "[M+H-NH3]+": 5e5, "[M+Na]+": 4e5])
        #expect(run.grouped().map(\.adduct) == ["[M+H]+", "[M+H-NH3]+", "[M+Na]+"])
    }

    @Test func `a single ion is told nothing, and two uncommon ones are not believed`() {
        var run = SyntheticFeatures()
        run.add(mass: 300.1, ions: ["[M+2H]2+": 1e6])
        #expect(run.grouped().allSatisfy { $0.adduct == nil && $0.neutralMass == nil && $0.group == nil })
        run = SyntheticFeatures()
        run.add(mass: 300.1, ions: ["[M+K]+": 1e6, "[M+H-H2O]+": 1e6, "[M+CH3CN+H]+": 1e6])
        #expect(run.grouped().allSatisfy { $0.group == nil })
        run = SyntheticFeatures()
        run.add(mass: 300.1, ions: ["[M+FA-H]-": 1e6, "[M+Hac-H]-": 1e6])
        #expect(run.grouped(.negative).allSatisfy { $0.group == nil })
        run.add(mass: 300.1, ions: ["[M-H]-": 1e6])
        #expect(run.grouped(.negative).allSatisfy { $0.group == 1 && $0.adduct != nil })
    }

    @Test func `the charge that isotopes told must agree, an unknown one may`() throws {
        let doubly = try #require(AdductTable.species(named: "[M+2H]2+")).adduct.mz(neutralMass: 800.4)
        for (charge, isGrouped) in [(0, true), (2, true), (1, false), (3, false)] {
            var run = SyntheticFeatures()
            run.add(mass: 800.4, ions: ["[M+H]+": 1e6])
            run.add(mz: doubly, area: 3e5, charge: charge)
            #expect((run.grouped()[1].adduct == "[M+2H]2+") == isGrouped, "charge \(charge)")
            #expect((run.grouped()[0].neutralMass != nil) == isGrouped, "charge \(charge)")
        }
    }

    @Test func `chlorine needs its heavy isotope where the ladder would show it`() throws {
        let chloride = try #require(AdductTable.species(named: "[M+Cl]-")).adduct.mz(neutralMass: Self.glucose)
        for (isotopes, isGrouped) in [
            ([1], true), ([1, 0.07], false), ([1, 0.07, 0.32], true), ([1, 0.07, 0.02], false), ([1, 0.4], true),
        ] {
            var run = SyntheticFeatures()
            run.add(mass: Self.glucose, ions: ["[M-H]-": 1e6])
            run.add(mz: chloride, area: 3e5, isotopes: isotopes)
            #expect((run.grouped(.negative)[1].adduct == "[M+Cl]-") == isGrouped, "\(isotopes)")
        }
    }

    @Test func `a dimer is not stronger than the ion it is told by, a sodium adduct may be`() {
        for (name, area, isGrouped) in [
            ("[2M+H]+", 9e5, true), ("[2M+H]+", 1.1e6, false), ("[M+Na]+", 1e7, true), ("[M+CH3CN+H]+", 1.1e6, false),
        ] {
            var run = SyntheticFeatures()
            run.add(mass: 300.1, ions: ["[M+H]+": 1e6], charge: 1)
            run.add(mass: 300.1, ions: KeyValuePairs(dictionaryLiteral: (name, area)), charge: 1)
            #expect((run.grouped()[1].group != nil) == isGrouped, "\(name) \(area)")
        }
    }

    @Test func `features at the right distance that elute otherwise are left out`() throws {
        let sodium = try #require(AdductTable.species(named: "[M+Na]+")).adduct.mz(neutralMass: 300.1)
        for (apex, sigma, isGrouped) in [(100.0, 2.0, true), (102, 2, false), (100.4, 2, true), (100, 9, false)] {
            var run = SyntheticFeatures()
            run.add(mass: 300.1, ions: ["[M+H]+": 1e6])
            run.add(mz: sodium, apex: apex, sigma: sigma, area: 3e5)
            #expect((run.grouped()[1].group != nil) == isGrouped, "apex \(apex), sigma \(sigma)")
        }
        // Same apex and edges, but no peak shape in common.
        var run = SyntheticFeatures()
        run.add(mass: 300.1, ions: ["[M+H]+": 1e6, "[M+Na]+": 3e5])
        let peak = run.table.peaks[1]
        let samples = peak.profileStart..<(peak.profileStart + Int(peak.lastScan - peak.firstScan) + 1)
        let highest = try #require(run.table.profiles[samples].max())
        for index in samples { run.table.profiles[index] = highest - run.table.profiles[index] }
        #expect(run.grouped().allSatisfy { $0.group == nil })
    }

    @Test func `every parameter changes the result`() {
        var run = SyntheticFeatures(seed: 3)
        run.add(mass: 300.1, ions: ["[M+H]+": 1e6])
        run.add(mz: 323.089_218 * (1 + 3e-6), apex: 100.6, area: 3e5, noise: 0.5)
        #expect(run.grouped().allSatisfy { $0.adduct != nil })
        #expect(run.grouped(tolerance: .ppm(2)).allSatisfy { $0.group == nil })
        #expect(run.grouped(tolerance: .dalton(0.01)).allSatisfy { $0.adduct != nil })
        #expect(run.grouped { $0.minCorrelation = 0.995 }.allSatisfy { $0.group == nil })
        #expect(run.grouped { $0.maxApexShift = 0.1 }.allSatisfy { $0.group == nil })
        #expect(run.grouped { $0.minEvidence = 20 }.allSatisfy { $0.group == nil })
    }

    /// 16 Da apart twice: the middle one is the potassium adduct of one molecule or the sodium adduct of another.
    @Test func `a feature belongs to the hypothesis with more evidence`() throws {
        var run = SyntheticFeatures()
        let other = 300.1 + 15.973_940
        run.add(mass: 300.1, ions: ["[M+Na]+": 1e6, "[M+K]+": 1e6])
        run.add(mass: other, ions: ["[M+K]+": 1e6])
        // Equal but for the noise: one of them is grouped with the middle one, and nothing is told.
        let even = run.grouped()
        #expect(even.count { $0.group != nil } == 2 && even[1].group != nil)
        #expect(even.allSatisfy { $0.adduct == nil })
        run.add(mass: other, ions: ["[M+H]+": 1e6])
        let decided = run.grouped()
        #expect(decided.map(\.adduct) == [nil, "[M+Na]+", "[M+K]+", "[M+H]+"])
        #expect(decided[0].group == nil)
        #expect(abs(try #require(decided[1].neutralMass) - other) < 1e-4)
    }

    @Test func `the order of the features does not matter`() {
        var run = SyntheticFeatures(seed: 11)
        for molecule in 0..<60 {
            run.add(
                mass: 150 + 9.37 * Double(molecule),
                ions: ["[M+H]+": 1e6, "[M+Na]+": 5e5, "[M+NH4]+": 3e5, "[2M+H]+": 1e5],
                apex: 100 + Double(molecule % 7), ppm: 2)
        }
        // The same m/z at two times: only the time orders them.
        for apex in [300.0, 400] { run.add(mass: 130.05, ions: ["[M+H]+": 1e6, "[M+Na]+": 5e5], apex: apex) }
        run.addNoise(count: 2_000, times: 95...110)
        let reference = run.grouped()
        #expect(reference.count { $0.group != nil } > 200)
        var generator = SeededGenerator(seed: 12)
        for round in 0..<5 {
            var order = Array(run.features.indices)
            for index in stride(from: order.count - 1, to: 0, by: -1) {
                order.swapAt(index, generator.integer(below: index + 1))
            }
            var shuffled = run
            shuffled.features = order.map { run.features[$0] }
            shuffled.basePeaks = order.map { run.basePeaks[$0] }
            #expect(shuffled.grouped() == order.map { reference[$0] }, "seed 12, round \(round)")
        }
    }

    /// 150 molecules among 4,000 features of clean peaks in ten minutes, in both polarities. With the times shuffled,
    /// everything that is told is chance: 38 of 449 features (positive), 46 of 469 (negative) with these seeds.
    @Test(arguments: [(Polarity.positive, Self.positive), (.negative, Self.negative)])
    func `molecules are found among noise, and few are where there are none`(
        polarity: Polarity, ions: KeyValuePairs<String, Double>
    ) {
        var run = SyntheticFeatures(seed: 21)
        var generator = SeededGenerator(seed: 22)
        let names = ions.map(\.key)
        var truth: [Int: (name: String, mass: Double)] = [:]
        for _ in 0..<150 {
            let nominal = (120 + 500 * generator.uniform()).rounded()
            let mass = nominal * 1.000_45 + 0.05 * (generator.uniform() - 0.5)
            let apex = 100 + 600 * generator.uniform()
            for name in [names[0], names[1], names[2 + generator.integer(below: names.count - 2)]] {
                truth[run.features.count] = (name, mass)
                let area = 1e6 / Double(1 + generator.integer(below: 20))
                run.add(mass: mass, ions: KeyValuePairs(dictionaryLiteral: (name, area)), apex: apex, ppm: 2)
            }
        }
        run.addNoise(count: 4_000, times: 100...700, polarity: polarity)
        let features = run.grouped(polarity)
        let right = truth.count { features[$0.key].adduct == $0.value.name }
        let told = features.count { $0.adduct != nil }
        #expect(Double(right) >= 0.9 * Double(truth.count), "\(right) of \(truth.count)")
        #expect(Double(told - right) <= 0.12 * Double(told), "\(told - right) of \(told) wrong, seed 21")
        for (index, expected) in truth where features[index].adduct == expected.name {
            #expect(abs((features[index].neutralMass ?? 0) - expected.mass) < 5e-6 * expected.mass)
        }
        run.shuffleTimes(seed: 23)
        let chance = run.grouped(polarity).count { $0.adduct != nil }
        #expect(Double(chance) <= 0.12 * Double(told), "\(chance) against \(told), seeds 21 to 23")
    }

    @Test func `hostile values neither crash nor join a group`() {
        var run = SyntheticFeatures()
        run.add(mass: 300.1, ions: ["[M+H]+": 1e6, "[M+Na]+": 5e5, "[M+K]+": 3e5])
        let odd: [(inout Feature) -> Void] = [
            { $0.mz = .nan }, { $0.mz = .infinity }, { $0.mz = -1 }, { $0.mz = 0 }, { $0.area = .nan }, { $0.area = 0 },
            { $0.area = .infinity }, { $0.retentionTimeSeconds = .nan }, { $0.widthSeconds = .infinity },
            { $0.widthSeconds = -5 }, { $0.charge = -3 }, { $0.charge = .max },
        ]
        for (number, change) in odd.enumerated() {
            var changed = run
            change(&changed.features[1])
            let features = changed.grouped()
            #expect(features.map { $0.group != nil } == [true, false, true], "case \(number)")
        }
        var broken = run
        for index in broken.table.profiles.indices { broken.table.profiles[index] = .nan }
        #expect(broken.grouped().allSatisfy { $0.group == nil })
        var flat = run
        for index in flat.table.profiles.indices { flat.table.profiles[index] = 7 }
        #expect(flat.grouped().allSatisfy { $0.group == nil })
        var huge = run
        for index in huge.features.indices { huge.features[index].area = 1e308 }
        #expect(huge.grouped().allSatisfy { ($0.neutralMass ?? 0) > 300 && $0.neutralMass?.isFinite == true })
        #expect(run.grouped(.unknown) == run.features)
        #expect(SyntheticFeatures().grouped().isEmpty)
        #expect(run.grouped(tolerance: .ppm(.nan)).allSatisfy { $0.group == nil })
        #expect(run.grouped(tolerance: .dalton(0)).allSatisfy { $0.neutralMass?.isNaN != true })
        #expect(run.grouped { $0.minCorrelation = 1 }.allSatisfy { $0.group == nil })
        let same = Array(repeating: 400.2, count: 50)
        var crowd = SyntheticFeatures()
        for mz in same { crowd.add(mz: mz) }
        for mz in same { crowd.add(mz: mz + 21.981_942) }
        #expect(crowd.grouped().count == 100)
    }
}
