import SpectralMatching

/// Library matches of the fragment spectra of a file, in scan order, best first; without texts, which the library has.
///
/// A match is numbers only, and all lie together: a run has some hundred thousand, and lists of lists with names in them took
/// several times the memory and, at the end, a noticeable time to be given back.
struct SpectrumMatches: Sendable {
    /// A `LibraryMatch` without the library's entry.
    struct Match: Sendable {
        fileprivate let kind: LibraryMatch.Kind
        fileprivate let measure: SimilarityMeasure
        fileprivate let matchedPeaks: Int32
        fileprivate let libraryIndex: Int32
        fileprivate let otherSpectraOfCompound: Int32
        let score: Double
        fileprivate let spectralEntropy: Double
        fileprivate let modifiedCosine: Double
        fileprivate let precursorErrorDalton: Double
        fileprivate let precursorErrorPPM: Double

        fileprivate init(_ match: LibraryMatch) {
            kind = match.kind
            measure = match.measure
            matchedPeaks = Int32(truncatingIfNeeded: match.matchedPeaks)
            libraryIndex = Int32(truncatingIfNeeded: match.libraryIndex)
            otherSpectraOfCompound = Int32(truncatingIfNeeded: match.otherSpectraOfCompound)
            score = match.score
            spectralEntropy = match.spectralEntropy
            modifiedCosine = match.modifiedCosine
            precursorErrorDalton = match.precursorErrorDalton
            precursorErrorPPM = match.precursorErrorPPM
        }

        /// With the entry of the library that was searched.
        func whole(_ library: SpectralLibrary) -> LibraryMatch {
            LibraryMatch(
                kind: kind, score: score, measure: measure, matchedPeaks: Int(matchedPeaks),
                spectralEntropy: spectralEntropy, modifiedCosine: modifiedCosine,
                precursorErrorDalton: precursorErrorDalton, precursorErrorPPM: precursorErrorPPM,
                libraryIndex: Int(libraryIndex), entry: library.entry(at: Int(libraryIndex)),
                otherSpectraOfCompound: Int(otherSpectraOfCompound))
        }
    }

    private var matches: [Match] = []
    /// The matches of spectrum `s` are `matches[start[s]..<start[s + 1]]`.
    private var start: [Int32] = [0]

    /// Of no spectrum.
    init() {}

    /// Of spectra without any.
    init(count: Int) { start = Array(repeating: 0, count: count + 1) }

    init(_ found: [[LibraryMatch]]) {
        self.init()
        for list in found { append(list.map { Match($0) }) }
    }

    /// Spectra.
    var count: Int { start.count - 1 }

    /// Best first.
    subscript(spectrum: Int) -> ArraySlice<Match> { matches[range(spectrum)] }

    private func range(_ spectrum: Int) -> Range<Int> { Int(start[spectrum])..<Int(start[spectrum + 1]) }

    func hasNone(_ spectrum: Int) -> Bool { start[spectrum] == start[spectrum + 1] }

    /// The score of each spectrum's best match; `nil` where there is none.
    var bestScores: [Double?] { (0..<count).map { hasNone($0) ? nil : matches[Int(start[$0])].score } }

    mutating func append(_ other: SpectrumMatches) {
        let shift = start[count]
        matches += other.matches
        start += other.start.dropFirst().map { $0 + shift }
    }

    private mutating func append(_ list: some Collection<Match>) {
        matches += list
        start.append(Int32(truncatingIfNeeded: matches.count))
    }

    /// Without the matches of the spectra that are not to be kept.
    func keeping(_ isKept: (_ spectrum: Int) -> Bool) -> SpectrumMatches {
        var kept = SpectrumMatches()
        kept.start.reserveCapacity(start.count)
        matches.withUnsafeBufferPointer { matches in
            for spectrum in 0..<count {
                if isKept(spectrum) { kept.matches.append(contentsOf: matches[range(spectrum)]) }
                kept.start.append(Int32(truncatingIfNeeded: kept.matches.count))
            }
        }
        return kept
    }
}

/// A library match of a feature, with the fragment spectrum it came from.
struct FeatureMatch: Sendable {
    let match: LibraryMatch
    /// Position of the fragment spectrum in the store.
    let fragment: Int
    /// Smallest false discovery rate at which the match is accepted; `nil` where it was not estimated: without decoys, and
    /// for all but the best match of a spectrum.
    let qValue: Double?

    /// The best match of each compound over all fragment spectra of a feature, best first.
    ///
    /// - Parameter top: no more than this many.
    /// - Complexity: O(n log n) for n matches of the spectra.
    static func best(
        fragments: ArraySlice<Int32>, matches: SpectrumMatches, qValues: [Double?], top: Int, library: SpectralLibrary
    ) -> [FeatureMatch] {
        var all: [(match: SpectrumMatches.Match, fragment: Int, rank: Int)] = []
        for fragment in fragments {
            for (rank, match) in matches[Int(fragment)].enumerated() { all.append((match, Int(fragment), rank)) }
        }
        all.sort { a, b in
            if a.match.score != b.match.score { return a.match.score > b.match.score }
            if a.match.matchedPeaks != b.match.matchedPeaks { return a.match.matchedPeaks > b.match.matchedPeaks }
            if a.match.libraryIndex != b.match.libraryIndex { return a.match.libraryIndex < b.match.libraryIndex }
            return a.fragment < b.fragment
        }
        var seen: Set<Int> = []
        all.removeAll { !seen.insert(library.compound(at: Int($0.match.libraryIndex))).inserted }
        return all.prefix(top).map {
            FeatureMatch(
                match: $0.match.whole(library), fragment: $0.fragment, qValue: $0.rank == 0 ? qValues[$0.fragment] : nil
            )
        }
    }
}
