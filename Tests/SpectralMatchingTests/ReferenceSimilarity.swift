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

    /// Any measure, from its definition in docs/similarities.md.
    static func score(
        _ a: PeakList, _ b: PeakList, precursorA: Double, precursorB: Double, settings: SimilaritySettings
    ) -> SimilarityScore {
        let tolerance = settings.tolerance
        switch settings.measure {
        case .spectralEntropy: return entropy(a, b, tolerance: tolerance, weighted: true)
        case .unweightedEntropy: return entropy(a, b, tolerance: tolerance, weighted: false)
        case .cosine, .modifiedCosine, .enhancedDotProduct:
            let shift = settings.measure == .modifiedCosine ? precursorA - precursorB : 0
            let mzPower = settings.measure == .enhancedDotProduct ? settings.mzPower : 0
            let left = unit(a, settings.intensityPower, mzPower)
            let right = unit(b, settings.intensityPower, mzPower)
            var pairs = pairs(a.mz, b.mz) { abs($1 - $0) <= tolerance.halfWidth(at: $0) }
            if abs(shift) > tolerance.halfWidth(at: precursorA) {
                pairs += self.pairs(a.mz, b.mz) { abs($1 + shift - $0) <= tolerance.halfWidth(at: $0) }
            }
            let chosen = choose(pairs, left, right, settings.assignment)
            let cosine = SimilarityScore(score: sum(chosen, left, right), matchedPeaks: chosen.count)
            return settings.measure == .enhancedDotProduct ? composite(cosine, chosen, left, right) : cosine
        case .neutralLoss:
            let halfA = tolerance.halfWidth(at: precursorA)
            let halfB = tolerance.halfWidth(at: precursorB)
            let keptA = a.mz.indices.filter { precursorA - a.mz[$0] > halfA }
            let keptB = b.mz.indices.filter { precursorB - b.mz[$0] > halfB }
            let x = PeakList(mz: keptA.map { a.mz[$0] }, intensity: keptA.map { a.intensity[$0] })
            let y = PeakList(mz: keptB.map { b.mz[$0] }, intensity: keptB.map { b.intensity[$0] })
            let left = unit(x, settings.intensityPower, 0)
            let right = unit(y, settings.intensityPower, 0)
            let pairs = pairs(x.mz, y.mz) {
                abs((precursorB - $1) - (precursorA - $0)) <= tolerance.halfWidth(at: $0)
            }
            let chosen = choose(pairs, left, right, settings.assignment)
            return SimilarityScore(score: sum(chosen, left, right), matchedPeaks: chosen.count)
        }
    }

    typealias Pair = (row: Int, column: Int)

    static func pairs(_ a: [Double], _ b: [Double], _ match: (Double, Double) -> Bool) -> [Pair] {
        a.indices.flatMap { i in b.indices.filter { match(a[i], b[$0]) }.map { (i, $0) } }
    }

    private static func unit(_ peaks: PeakList, _ intensityPower: Double, _ mzPower: Double) -> [Double] {
        let raised = zip(peaks.mz, peaks.intensity).map { pow($0, mzPower) * pow($1, intensityPower) }
        let length = raised.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return raised.map { $0 / length }
    }

    static func sum(_ pairs: [Pair], _ a: [Double], _ b: [Double]) -> Double {
        min(pairs.reduce(0) { $0 + a[$1.row] * b[$1.column] }, 1)
    }

    /// The best of all one-to-one pairings, by trying them all; or the largest product again and again, the pair that
    /// was found last among equals.
    static func choose(_ pairs: [Pair], _ a: [Double], _ b: [Double], _ how: PeakAssignment) -> [Pair] {
        if how == .greedy {
            var left = pairs
            var chosen: [Pair] = []
            while let best = left.map({ a[$0.row] * b[$0.column] }).max(),
                let pair = left.last(where: { a[$0.row] * b[$0.column] == best })
            {
                chosen.append(pair)
                left.removeAll { $0.row == pair.row || $0.column == pair.column }
            }
            return chosen
        }
        func best(_ row: Int, _ used: Set<Int>) -> (Double, [Pair]) {
            guard row < a.count else { return (0, []) }
            var result = best(row + 1, used)
            for pair in pairs where pair.row == row && !used.contains(pair.column) {
                let rest = best(row + 1, used.union([pair.column]))
                let value = rest.0 + a[row] * b[pair.column]
                if value > result.0 { result = (value, [pair] + rest.1) }
            }
            return result
        }
        return best(0, []).1
    }

    static func composite(
        _ cosine: SimilarityScore, _ pairs: [Pair], _ a: [Double], _ b: [Double]
    ) -> SimilarityScore {
        let pairs = pairs.sorted { $0.row < $1.row }
        guard pairs.count >= 2 else { return cosine }
        var ratios = 0.0
        for i in 1..<pairs.count {
            let own = a[pairs[i].row] / a[pairs[i - 1].row]
            let other = b[pairs[i].column] / b[pairs[i - 1].column]
            ratios += min(own / other, other / own)
        }
        let (n, m) = (Double(a.count), Double(pairs.count))
        return SimilarityScore(
            score: (n * cosine.score + m * ratios / (m - 1)) / (n + m), matchedPeaks: cosine.matchedPeaks)
    }
}
