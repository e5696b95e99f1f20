import SpectrumModel

@testable import SpectralMatching

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Every spectrum of a library compared with a query, one by one, by the literal definitions.
struct ReferenceSearch {
    let library: SpectralLibrary
    let parameters: SearchParameters

    /// All hits by falling score, falling number of matched peaks, accession, position.
    func hits(_ query: FragmentSpectrum) -> [LibraryHit] {
        let precursor = query.precursorMZ
        let a = prepared(PeakList(mz: query.mz, intensity: query.intensity.map { Double($0) }), precursor)
        guard a.count > 0 else { return [] }
        var found: [LibraryHit] = []
        for index in 0..<library.count {
            let entry = library.entry(at: index)
            guard [query.header.polarity, .unknown].contains(entry.polarity) || query.header.polarity == .unknown
            else { continue }
            if parameters.search == .identity,
                abs(entry.precursorMZ - precursor) > parameters.precursorTolerance.halfWidth(at: precursor)
            {
                continue
            }
            let b = prepared(library.peaks(at: index), entry.precursorMZ)
            let (score, matched) = score(a, b, precursor, entry.precursorMZ)
            if matched >= max(1, parameters.minimumMatchedPeaks), score >= parameters.minimumScore {
                found.append(LibraryHit(libraryIndex: index, score: score, matchedPeaks: matched))
            }
        }
        return found.sorted {
            if $0.score != $1.score { return $0.score > $1.score }
            if $0.matchedPeaks != $1.matchedPeaks { return $0.matchedPeaks > $1.matchedPeaks }
            let names = ($0, $1)
            let left = library.entry(at: names.0.libraryIndex).accession
            let right = library.entry(at: names.1.libraryIndex).accession
            return left != right ? left < right : $0.libraryIndex < $1.libraryIndex
        }
    }

    private func prepared(_ peaks: PeakList, _ precursor: Double) -> PeakList {
        let upper = parameters.removePrecursor ? precursor - 1.6 : .infinity
        var clean = PeakCleaning(noiseFraction: parameters.noiseFraction).clean(peaks, upperMZ: upper)
        PeakWeighting(parameters.settings(parameters.similarity)).apply(&clean, precursorMZ: precursor)
        return clean
    }

    private func score(_ a: PeakList, _ b: PeakList, _ precursorA: Double, _ precursorB: Double) -> (Double, Int) {
        let shift = precursorA - precursorB
        let tolerance = parameters.fragmentTolerance
        func direct(_ i: Int, _ j: Int) -> Bool { abs(b.mz[j] - a.mz[i]) <= tolerance.halfWidth(at: a.mz[i]) }
        func moved(_ i: Int, _ j: Int) -> Bool { abs(b.mz[j] + shift - a.mz[i]) <= tolerance.halfWidth(at: a.mz[i]) }
        let measure = parameters.similarity
        let byLoss = parameters.search == .neutralLoss || measure == .neutralLoss
        let both = !byLoss && (parameters.search == .hybrid || measure == .modifiedCosine)
        if measure == .spectralEntropy || measure == .unweightedEntropy {
            return entropy(a, b, direct: byLoss ? nil : direct, moved: byLoss || both ? moved : nil)
        }
        let moves = byLoss || (both && abs(shift) > tolerance.halfWidth(at: precursorA))
        var pairs: [ReferenceSimilarity.Pair] = []
        for i in a.mz.indices {
            for j in b.mz.indices where (!byLoss && direct(i, j)) || (moves && moved(i, j)) { pairs.append((i, j)) }
        }
        let chosen = ReferenceSimilarity.choose(pairs, a.intensity, b.intensity, .optimal)
        let cosine = SimilarityScore(
            score: ReferenceSimilarity.sum(chosen, a.intensity, b.intensity), matchedPeaks: chosen.count)
        let result =
            measure == .enhancedDotProduct
            ? ReferenceSimilarity.composite(cosine, chosen, a.intensity, b.intensity) : cosine
        return (result.score, result.matchedPeaks)
    }

    private typealias Match = (Int, Int) -> Bool

    /// Pairs by fragment, then pairs by loss among the peaks that are left.
    private func entropy(_ a: PeakList, _ b: PeakList, direct: Match?, moved: Match?) -> (Double, Int) {
        var usedA: Set<Int> = []
        var usedB: Set<Int> = []
        var sum = 0.0
        func f(_ x: Double) -> Double { x * log2(x) }
        for match in [direct, moved].compactMap({ $0 }) {
            var pairs: [(Int, Int)] = []
            for i in a.mz.indices {
                for j in b.mz.indices where match(i, j) && !usedA.contains(i) && !usedB.contains(j) {
                    pairs.append((i, j))
                }
            }
            for (i, j) in pairs where usedA.insert(i).inserted && usedB.insert(j).inserted {
                sum += f(a.intensity[i] + b.intensity[j]) - f(a.intensity[i]) - f(b.intensity[j])
            }
        }
        return (min(max(sum / 2, 0), 1), usedA.count)
    }
}
