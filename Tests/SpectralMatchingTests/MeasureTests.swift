import SpectralMatching
import SpectrumModel
import Statistics
import Testing

/// What holds for every measure. Definitions: docs/similarities.md.
@Suite("Measures of similarity")
struct MeasureTests {
    private static let settings: [SimilaritySettings] = SimilarityMeasure.allCases.flatMap { measure in
        PeakAssignment.allCases.map { SimilaritySettings(measure: measure, assignment: $0) }
    }

    /// Up to nine peaks; some compete, some match only when moved by the difference of the precursors.
    private func spectrum(_ random: inout SeededGenerator, precursor: Double) -> PeakList {
        var mz: [Double] = []
        for slot in 0..<6 where random.uniform() < 0.6 {
            mz.append(60 + Double(slot) * 9 + 0.04 * (random.uniform() - 0.5))
            if random.uniform() < 0.3 { mz.append(mz[mz.count - 1] + 0.01 + 0.02 * random.uniform()) }
        }
        for loss in [18.0, 44, 60] where random.uniform() < 0.6 {
            mz.append(precursor - loss + 0.03 * (random.uniform() - 0.5))
        }
        if mz.isEmpty { mz = [77] }
        return PeakList(mz: mz.sorted(), intensity: mz.map { _ in 0.02 + random.uniform() })
    }

    @Test("equal to the definition on random spectra", arguments: settings)
    func againstReference(settings: SimilaritySettings) {
        var random = SeededGenerator(seed: 41)
        var matched = 0
        for round in 0..<300 {
            var settings = settings
            // Entropy's definition is for peaks that need no merging; there the others get the crowd.
            settings.tolerance =
                settings.measure == .spectralEntropy || settings.measure == .unweightedEntropy
                ? .dalton(0.0049) : round % 2 == 0 ? .dalton(0.02) : .ppm(300)
            let (precursorA, precursorB) = (200 + 2 * random.uniform(), 184 + 2 * random.uniform())
            let a = spectrum(&random, precursor: precursorA)
            let b = spectrum(&random, precursor: precursorB)
            let fast = SpectralSimilarity.score(
                a, b, precursorA: precursorA, precursorB: precursorB, settings: settings)
            let slow = ReferenceSimilarity.score(
                a, b, precursorA: precursorA, precursorB: precursorB, settings: settings)
            #expect(abs(fast.score - slow.score) < 1e-9, "seed 41, round \(round)")
            #expect(fast.matchedPeaks == slow.matchedPeaks, "seed 41, round \(round)")
            matched += fast.matchedPeaks
        }
        #expect(matched > 50, "the spectra must have peaks in common")
    }

    @Test("in range, 1 with itself, indifferent to scale, and symmetric", arguments: settings)
    func properties(settings: SimilaritySettings) {
        var random = SeededGenerator(seed: 43)
        for round in 0..<200 {
            let (precursorA, precursorB) = (200 + 2 * random.uniform(), 184 + 2 * random.uniform())
            let a = spectrum(&random, precursor: precursorA)
            let b = spectrum(&random, precursor: precursorB)
            func score(_ x: PeakList, _ px: Double, _ y: PeakList, _ py: Double) -> SimilarityScore {
                SpectralSimilarity.score(x, y, precursorA: px, precursorB: py, settings: settings)
            }
            let forward = score(a, precursorA, b, precursorB)
            #expect(forward.score >= 0 && forward.score <= 1, "seed 43, round \(round)")
            #expect(forward.matchedPeaks <= min(a.count, b.count), "seed 43, round \(round)")
            // Greedy pairing of a crowd may pair a peak with its neighbour rather than with itself.
            if settings.assignment == .optimal {
                #expect(abs(score(a, precursorA, a, precursorA).score - 1) < 1e-9, "seed 43, round \(round)")
            }
            let louder = PeakList(mz: b.mz, intensity: b.intensity.map { $0 * 4096 })
            let scaled = score(a, precursorA, louder, precursorB)
            #expect(abs(scaled.score - forward.score) < 1e-12, "seed 43, round \(round)")
            #expect(scaled.matchedPeaks == forward.matchedPeaks, "seed 43, round \(round)")
            // The query's peaks weigh the terms of the composite: it is symmetric where both have as many.
            if settings.measure != .enhancedDotProduct || a.count == b.count {
                let backward = score(b, precursorB, a, precursorA)
                #expect(abs(backward.score - forward.score) < 1e-9, "seed 43, round \(round)")
            }
        }
    }

    /// One peak each: it matches or it does not.
    private func matches(
        _ query: Double, _ other: Double, _ tolerance: Tolerance, _ measure: SimilarityMeasure,
        precursors: (Double, Double) = (4000, 4000)
    ) -> Bool {
        let result = SpectralSimilarity.score(
            PeakList(mz: [query], intensity: [3]), PeakList(mz: [other], intensity: [5]), precursorA: precursors.0,
            precursorB: precursors.1, settings: SimilaritySettings(measure: measure, tolerance: tolerance))
        #expect(abs(result.score - (result.matchedPeaks == 1 ? 1 : 0)) < 1e-12)
        return result.matchedPeaks == 1
    }

    @Test("edges in Da are inside, to the last bit", arguments: SimilarityMeasure.allCases)
    func daltonEdges(measure: SimilarityMeasure) {
        let tolerance = Tolerance.dalton(0.25)
        #expect(matches(1000, 1000.25, tolerance, measure))
        #expect(!matches(1000, (1000.25).nextUp, tolerance, measure))
        #expect(matches(1000, 999.75, tolerance, measure))
        #expect(!matches(1000, (999.75).nextDown, tolerance, measure))
        // 100.02 - 100 is a little below 0.02 in binary and 200.02 - 200 a little above: the numbers decide as they are.
        #expect(matches(100, 100.02, .dalton(0.02), measure) == (100.02 - 100 <= 0.02))
        #expect(matches(200, 200.02, .dalton(0.02), measure) == (200.02 - 200 <= 0.02))
        #expect(matches(1000, 1000, .dalton(0), measure))
    }

    @Test("edges in ppm are inside and refer to the query's peak", arguments: SimilarityMeasure.allCases)
    func ppmEdges(measure: SimilarityMeasure) {
        let tolerance = Tolerance.ppm(250)
        #expect(tolerance.halfWidth(at: 1000) == 0.25)
        #expect(matches(1000, 1000.25, tolerance, measure))
        #expect(!matches(1000, (1000.25).nextUp, tolerance, measure))
        #expect(matches(1000, 999.75, tolerance, measure))
        #expect(!matches(1000, (999.75).nextDown, tolerance, measure))
        // 0.25003 is more than 250 ppm of 1000 and less than 250 ppm of 1000.25003.
        #expect(!matches(1000, 1000.25003, tolerance, measure))
        #expect(matches(1000.25003, 1000, tolerance, measure))
    }

    @Test("edges of moved peaks are inside", arguments: [SimilarityMeasure.modifiedCosine, .neutralLoss])
    func movedEdges(measure: SimilarityMeasure) {
        let tolerance = Tolerance.dalton(0.25)
        let precursors = (1516.0, 1500.0)
        #expect(matches(1000, 984.25, tolerance, measure, precursors: precursors))
        #expect(!matches(1000, (984.25).nextUp, tolerance, measure, precursors: precursors))
        #expect(matches(1000, 983.75, tolerance, measure, precursors: precursors))
        #expect(!matches(1000, (983.75).nextDown, tolerance, measure, precursors: precursors))
        #expect(matches(1000, 1000, tolerance, measure, precursors: precursors) == (measure == .modifiedCosine))
    }

    @Test("a difference of the precursors within the tolerance moves nothing")
    func smallShift() {
        let tolerance = Tolerance.dalton(0.25)
        // The peak matches only when moved.
        #expect(!matches(1000, 999.5, tolerance, .modifiedCosine, precursors: (1500.25, 1500)))
        #expect(matches(1000, 999.5, tolerance, .modifiedCosine, precursors: ((1500.25).nextUp, 1500)))
        #expect(matches(1000, 999.5, .ppm(250), .modifiedCosine, precursors: (1500.5, 1500)))
    }

    @Test("what is left of the precursor is no neutral loss, edge included")
    func unfragmented() {
        func count(_ mz: Double) -> Int {
            let peaks = PeakList(mz: [100, mz], intensity: [1, 1])
            return SpectralSimilarity.score(
                peaks, peaks, precursorA: 500, precursorB: 500,
                settings: SimilaritySettings(measure: .neutralLoss, tolerance: .dalton(0.25))
            ).matchedPeaks
        }
        #expect(count(500) == 1 && count(499.75) == 1 && count(600) == 1)
        #expect(count((499.75).nextDown) == 2)
    }

    @Test("the composite by hand: 3 query peaks, 2 matched, one ratio of 1/2")
    func compositeByHand() {
        let a = PeakList(mz: [100, 200, 300], intensity: [1, 1, 1])
        let b = PeakList(mz: [100, 200], intensity: [1, 4])
        var settings = SimilaritySettings(measure: .enhancedDotProduct, mzPower: 0)
        let result = SpectralSimilarity.score(a, b, settings: settings)
        // Weights 1 1 1 and 1 2: cosine 3 / (sqrt 3 sqrt 5), ratio (1/1) / (2/1).
        let cosine = 3 / (15.0).squareRoot()
        #expect(abs(result.score - (3 * cosine + 2 * 0.5) / 5) < 1e-12)
        #expect(result.matchedPeaks == 2)
        settings.mzPower = 2
        // Heavier peaks count more: the missing one at m/z 300 costs more.
        #expect(SpectralSimilarity.score(a, b, settings: settings).score < result.score)
        #expect(SpectralSimilarity.score(a, PeakList(mz: [100], intensity: [7]), settings: settings).matchedPeaks == 1)
    }

    @Test("equal products: the pair that was found last is taken, as matchms does it")
    func greedyTies() {
        var random = SeededGenerator(seed: 47)
        let settings = SimilaritySettings(
            measure: .modifiedCosine, tolerance: .dalton(0.1), assignment: .greedy, intensityPower: 1)
        for round in 0..<300 {
            func crowd() -> PeakList {
                let mz = (0..<(2 + random.integer(below: 6))).map { _ in 100 + random.uniform() }.sorted()
                // Powers of two: products are exact, so many are equal.
                return PeakList(mz: mz, intensity: mz.map { _ in [1.0, 2, 4][random.integer(below: 3)] })
            }
            let (a, b) = (crowd(), crowd())
            let fast = SpectralSimilarity.score(a, b, precursorA: 300.3, precursorB: 300, settings: settings)
            let slow = ReferenceSimilarity.score(a, b, precursorA: 300.3, precursorB: 300, settings: settings)
            #expect(fast.matchedPeaks == slow.matchedPeaks, "seed 47, round \(round)")
            #expect(abs(fast.score - slow.score) < 1e-9, "seed 47, round \(round)")
        }
    }
}
