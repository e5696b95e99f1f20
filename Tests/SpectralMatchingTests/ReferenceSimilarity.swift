import SpectralMatching
import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The definitions written down as literally as possible, in double precision and without speed.
enum ReferenceSimilarity {
    /// 1 - (2 S_AB - S_A - S_B) / ln 4 with the mixed spectrum AB formed explicitly. Peaks are far apart in each list.
    static func entropy(_ a: PeakList, _ b: PeakList, tolerance: Tolerance, weighted: Bool) -> SimilarityScore {
        let wa = weights(a.intensity, weighted)
        let wb = weights(b.intensity, weighted)
        var mixed: [Double] = []
        var takenB: Set<Int> = []
        var matched = 0
        for i in a.mz.indices {
            if let j = b.mz.indices.first(where: {
                !takenB.contains($0) && tolerance.matches(b.mz[$0], reference: a.mz[i])
            }) {
                takenB.insert(j)
                mixed.append((wa[i] + wb[j]) / 2)
                matched += 1
            } else {
                mixed.append(wa[i] / 2)
            }
        }
        for j in b.mz.indices where !takenB.contains(j) { mixed.append(wb[j] / 2) }
        let score = 1 - (2 * entropy(mixed) - entropy(wa) - entropy(wb)) / log(4.0)
        return SimilarityScore(score: min(max(score, 0), 1), matchedPeaks: matched)
    }

    private static func weights(_ intensity: [Double], _ weighted: Bool) -> [Double] {
        let sum = intensity.reduce(0, +)
        let fractions = intensity.map { $0 / sum }
        let s = entropy(fractions)
        guard weighted, s < 3 else { return fractions }
        let raised = fractions.map { pow($0, 0.25 + s * 0.25) }
        let total = raised.reduce(0, +)
        return raised.map { $0 / total }
    }

    private static func entropy(_ p: [Double]) -> Double { -p.filter { $0 > 0 }.reduce(0) { $0 + $1 * log($1) } }

    /// The best of all one-to-one pairings, by trying them all.
    static func cosine(
        _ a: PeakList, _ b: PeakList, shift: Double, tolerance: Tolerance, power: Double
    ) -> SimilarityScore {
        func unit(_ values: [Double]) -> [Double] {
            let raised = values.map { pow($0, power) }
            let length = raised.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return raised.map { $0 / length }
        }
        let wa = unit(a.intensity)
        let wb = unit(b.intensity)
        let partners = a.mz.indices.map { i in
            b.mz.indices.filter { j in
                let half = tolerance.halfWidth(at: a.mz[i])
                return abs(b.mz[j] - a.mz[i]) <= half || abs(b.mz[j] + shift - a.mz[i]) <= half
            }
        }
        func best(_ i: Int, _ used: Set<Int>) -> (Double, Int) {
            guard i < partners.count else { return (0, 0) }
            var result = best(i + 1, used)
            for j in partners[i] where !used.contains(j) {
                let rest = best(i + 1, used.union([j]))
                let value = rest.0 + wa[i] * wb[j]
                if value > result.0 { result = (value, rest.1 + 1) }
            }
            return result
        }
        let (sum, matched) = best(0, [])
        return SimilarityScore(score: min(max(sum, 0), 1), matchedPeaks: matched)
    }
}
