import SpectralMatching
import SpectrumModel
import Statistics
import Testing

@Suite("Similarity of fragment spectra")
struct SimilarityTests {
    private func list(_ peaks: [(Double, Double)]) -> PeakList {
        PeakList(mz: peaks.map { $0.0 }, intensity: peaks.map { $0.1 })
    }

    private var spectrumA: PeakList { list([(69, 8), (86, 100), (99, 24), (133, 60), (150, 12)]) }
    private var spectrumB: PeakList { list([(41, 38), (69, 66), (86, 999), (133, 400), (175, 20)]) }

    @Test("half of the intensity in common is a similarity of one half")
    func handComputed() {
        let a = list([(100, 1), (200, 1)])
        let b = list([(100, 1), (300, 1)])
        for weighted in [true, false] {
            let result = SpectralSimilarity.spectralEntropy(a, b, tolerance: .dalton(0.01), weighted: weighted)
            #expect(abs(result.score - 0.5) < 1e-12)
            #expect(result.matchedPeaks == 1)
        }
        #expect(abs(SpectralSimilarity.cosine(a, b, tolerance: .dalton(0.01)).score - 0.5) < 1e-12)
    }

    @Test("equal spectra score 1, disjoint ones 0, empty ones 0")
    func extremes() {
        let far = list([(500, 1), (510, 2)])
        let same = SpectralSimilarity.spectralEntropy(spectrumA, spectrumA, tolerance: .ppm(10))
        #expect(abs(same.score - 1) < 1e-12)
        #expect(same.matchedPeaks == 5)
        #expect(SpectralSimilarity.spectralEntropy(spectrumA, far, tolerance: .ppm(10)).score == 0)
        #expect(SpectralSimilarity.spectralEntropy(spectrumA, PeakList(), tolerance: .ppm(10)).score == 0)
        #expect(abs(SpectralSimilarity.cosine(spectrumA, spectrumA, tolerance: .ppm(10)).score - 1) < 1e-12)
        #expect(SpectralSimilarity.cosine(PeakList(), spectrumA, tolerance: .ppm(10)).matchedPeaks == 0)
    }

    /// Constants computed with PyPI ms_entropy 1.5.3 (`calculate_entropy_similarity` and the unweighted function,
    /// ms2_tolerance_in_da 0.02, noise_threshold 0), single precision. All m/z are exact in single precision.
    @Test("spectral entropy equals ms_entropy, merged peaks and high entropy included")
    func againstMSEntropy() {
        let merging = list([(100, 50), (100.03125, 100), (200, 70), (300, 5)])
        let other = list([(100.015625, 80), (200.0078125, 90), (250, 40)])
        let richA = comb(offset: 0, step: 37, modulus: 11)
        let richB = comb(offset: 0.015625, step: 53, modulus: 13)
        let cases: [(PeakList, PeakList, Double, Double)] = [
            (spectrumA, spectrumB, 0.7792870402336121, 0.8833315372467041),
            (merging, other, 0.8042188286781311, 0.8584311604499817),
            (richA, richB, 0.8738924264907837, 0.8738924264907837),
        ]
        for (a, b, weighted, unweighted) in cases {
            let tolerance = Tolerance.dalton(0.02)
            #expect(abs(SpectralSimilarity.spectralEntropy(a, b, tolerance: tolerance).score - weighted) < 1e-6)
            let plain = SpectralSimilarity.spectralEntropy(a, b, tolerance: tolerance, weighted: false)
            #expect(abs(plain.score - unweighted) < 1e-6)
        }
    }

    /// Constants computed with PyPI matchms 0.33.1 (`CosineHungarian`, `ModifiedCosineHungarian`, tolerance 0.05,
    /// precursors 230 and 214).
    @Test(
        "cosine and modified cosine equal matchms",
        arguments: [
            (0.5, 0.6306048565720902, 0.9884733525772225), (1.0, 0.6606600635394162, 0.9742645240802782),
        ])
    func againstMatchms(power: Double, cosine: Double, modified: Double) {
        let a = list([(100, 20), (100.0625, 60), (150, 100), (180, 40), (212, 70)])
        let b = list([(100.03125, 50), (100.09375, 80), (150, 100), (164, 30), (196, 90)])
        let plain = SpectralSimilarity.cosine(a, b, tolerance: .dalton(0.05), intensityPower: power)
        #expect(abs(plain.score - cosine) < 1e-9)
        #expect(plain.matchedPeaks == 3)
        let shifted = SpectralSimilarity.modifiedCosine(
            a, b, precursorA: 230, precursorB: 214, tolerance: .dalton(0.05), intensityPower: power)
        #expect(abs(shifted.score - modified) < 1e-9)
        #expect(shifted.matchedPeaks == 5)
    }

    @Test("both edges of the tolerance are inside")
    func edges() {
        // 0.25 and 100.25 are exact in binary, so the distance is exactly the tolerance.
        let a = list([(100, 1), (200, 1)])
        for offset in [-0.25, 0.25] {
            let b = list([(100 + offset, 1), (200 + offset, 1)])
            #expect(SpectralSimilarity.spectralEntropy(a, b, tolerance: .dalton(0.25)).matchedPeaks == 2)
            #expect(SpectralSimilarity.cosine(a, b, tolerance: .dalton(0.25)).matchedPeaks == 2)
            #expect(SpectralSimilarity.spectralEntropy(a, b, tolerance: .dalton(0.2499)).matchedPeaks == 0)
            #expect(SpectralSimilarity.cosine(a, b, tolerance: .dalton(0.2499)).matchedPeaks == 0)
        }
    }

    @Test("entropy similarity equals its definition on random spectra")
    func entropyAgainstReference() {
        var random = SeededGenerator(seed: 11)
        for round in 0..<300 {
            let a = sparse(&random)
            let b = sparse(&random)
            for weighted in [true, false] {
                let tolerance = round % 2 == 0 ? Tolerance.dalton(0.02) : .ppm(100)
                let fast = SpectralSimilarity.spectralEntropy(a, b, tolerance: tolerance, weighted: weighted)
                let slow = ReferenceSimilarity.entropy(a, b, tolerance: tolerance, weighted: weighted)
                #expect(abs(fast.score - slow.score) < 1e-9, "seed 11, round \(round)")
                #expect(fast.matchedPeaks == slow.matchedPeaks, "seed 11, round \(round)")
            }
        }
    }

    @Test("optimal assignment equals the best of all pairings; greedy is never above it")
    func assignmentAgainstBruteForce() {
        var random = SeededGenerator(seed: 12)
        var greedyFell = 0
        for round in 0..<400 {
            // Crowded on purpose: many peaks compete within the tolerance and through the shift.
            let a = crowded(&random)
            let b = crowded(&random)
            let shift = round % 3 == 0 ? 0 : 0.3
            var settings = SimilaritySettings(measure: .modifiedCosine, tolerance: .dalton(0.1), intensityPower: 1)
            func score(_ assignment: PeakAssignment) -> (fast: SimilarityScore, slow: SimilarityScore) {
                settings.assignment = assignment
                return (
                    SpectralSimilarity.score(a, b, precursorA: 200 + shift, precursorB: 200, settings: settings),
                    ReferenceSimilarity.score(a, b, precursorA: 200 + shift, precursorB: 200, settings: settings)
                )
            }
            let (optimal, slow) = score(.optimal)
            #expect(abs(optimal.score - slow.score) < 1e-9, "seed 12, round \(round)")
            let (greedy, slowGreedy) = score(.greedy)
            #expect(abs(greedy.score - slowGreedy.score) < 1e-9, "seed 12, round \(round)")
            #expect(greedy.matchedPeaks == slowGreedy.matchedPeaks, "seed 12, round \(round)")
            #expect(greedy.score <= optimal.score + 1e-12, "seed 12, round \(round)")
            if greedy.score < optimal.score - 1e-9 { greedyFell += 1 }
        }
        #expect(greedyFell > 10, "the spectra must contain cases in which greedy pairing loses")
    }

    @Test("a crowd of 512 peaks on each side is solved in bounded time")
    func largestConflict() {
        let crowd = PeakList(
            mz: (0..<512).map { 100 + Double($0) * 1e-5 }, intensity: (0..<512).map { 1 + Double($0 % 7) })
        let result = SpectralSimilarity.cosine(crowd, crowd, tolerance: .dalton(0.5))
        #expect(abs(result.score - 1) < 1e-9)
        #expect(result.matchedPeaks == 512)
    }

    /// 40 peaks of similar intensity, every second one moved by `offset`: an entropy above 3.
    private func comb(offset: Double, step: Int, modulus: Int) -> PeakList {
        var mz: [Double] = []
        var intensity: [Double] = []
        for index in 0..<40 {
            mz.append(50 + 7 * Double(index) + (index % 2 == 1 ? offset : 0))
            intensity.append(Double(1 + index * step % modulus))
        }
        return PeakList(mz: mz, intensity: intensity)
    }

    private func sparse(_ random: inout SeededGenerator) -> PeakList {
        var peaks = PeakList()
        var mz: [Double] = []
        var intensity: [Double] = []
        for slot in 0..<30 where random.uniform() < 0.4 {
            mz.append(60 + Double(slot) * 9 + 0.04 * (random.uniform() - 0.5))
            intensity.append(0.01 + random.uniform())
        }
        peaks = PeakList(mz: mz, intensity: intensity)
        return peaks.count > 0 ? peaks : PeakList(mz: [100], intensity: [1])
    }

    private func crowded(_ random: inout SeededGenerator) -> PeakList {
        let count = 2 + random.integer(below: 6)
        let mz = (0..<count).map { _ in 100 + random.uniform() }.sorted()
        return PeakList(mz: mz, intensity: mz.map { _ in 0.05 + random.uniform() })
    }
}
