import SpectrumModel

/// Prefix trees over the signatures of a library's spectra.
///
/// A tree is the list of all labels in ascending order: the spectra below one of its nodes are those whose labels have a
/// prefix in common, which is a stretch of the list (Bawa, Condie and Ganesan 2005, doi:10.1145/1060745.1060840). 12 bytes
/// for each spectrum and tree. Trees depend on nothing but their number, so a larger forest starts with a smaller one.
final class LSHForest: Sendable {
    let scheme: SignatureScheme
    let treeCount: Int
    /// Where the spectra of each polarity start, and their number.
    let polarityStart: [Int]
    /// [trees * n] ascending within each polarity of each tree.
    let labels: [UInt64]
    /// [trees * n] at equal labels ascending.
    let spectra: [UInt32]

    var spectrumCount: Int { polarityStart[polarityStart.count - 1] }
    /// Memory of the trees, in bytes.
    static func byteCount(spectra: Int, trees: Int) -> Int { 12 * spectra * trees }

    /// - Complexity: O(trees * (peaks + n log n)).
    /// - Parameter smaller: a forest of the same scheme whose trees are taken over.
    init(library: SpectralLibrary, setup: SearchSetup, trees: Int, extending smaller: LSHForest? = nil) {
        precondition(trees > 0, "a forest has a tree")
        let scheme = SignatureScheme(setup)
        precondition(smaller.map { $0.scheme == scheme && $0.treeCount <= trees } ?? true, "not a part of this forest")
        let count = library.count
        let first = smaller?.treeCount ?? 0
        var labels = smaller?.labels ?? []
        var spectra = smaller?.spectra ?? []
        // To the size in one step: what grows by itself is held three times for a moment.
        labels.reserveCapacity(trees * count)
        spectra.reserveCapacity(trees * count)
        labels.append(contentsOf: repeatElement(0, count: (trees - first) * count))
        spectra.append(contentsOf: repeatElement(0, count: (trees - first) * count))
        var signature = SpectrumSignature()
        var peaks = PeakList()
        library.withSpectra { source in
            for spectrum in 0..<count {
                let range = Int(source.peakOffset[spectrum])..<Int(source.peakOffset[spectrum + 1])
                scheme.preparation.load(
                    mz: UnsafeBufferPointer(rebasing: source.peakMZ[range]),
                    intensity: UnsafeBufferPointer(rebasing: source.peakIntensity[range]),
                    entropyWeight: UnsafeBufferPointer(rebasing: source.peakEntropyWeight[range]),
                    precursor: source.precursorMZ[spectrum], libraryNoise: source.noiseFraction, into: &peaks)
                signature.load(peaks, precursor: source.precursorMZ[spectrum], scheme: scheme)
                for tree in first..<trees { labels[tree * count + spectrum] = signature.label(tree: tree) }
            }
        }
        var order: [(label: UInt64, spectrum: UInt32)] = []
        for tree in first..<trees {
            for (start, end) in zip(library.polarityStart, library.polarityStart.dropFirst()) {
                order.removeAll(keepingCapacity: true)
                for spectrum in start..<end { order.append((labels[tree * count + spectrum], UInt32(spectrum))) }
                order.sort { $0.label != $1.label ? $0.label < $1.label : $0.spectrum < $1.spectrum }
                for (place, entry) in order.enumerated() {
                    labels[tree * count + start + place] = entry.label
                    spectra[tree * count + start + place] = entry.spectrum
                }
            }
        }
        self.scheme = scheme
        treeCount = trees
        polarityStart = library.polarityStart
        self.labels = labels
        self.spectra = spectra
    }

    private init(_ forest: LSHForest, trees: Int) {
        let count = trees * forest.spectrumCount
        scheme = forest.scheme
        treeCount = trees
        polarityStart = forest.polarityStart
        labels = Array(forest.labels[..<count])
        spectra = Array(forest.spectra[..<count])
    }

    /// The first trees alone, without the memory of the others.
    func prefix(trees: Int) -> LSHForest { trees == treeCount ? self : LSHForest(self, trees: trees) }
}

/// A forest with how much of it a search uses.
public struct ForestSearch: Sendable {
    let forest: LSHForest
    /// Trees that are descended.
    public let trees: Int
    /// Spectra that are compared for each query, at most.
    public let candidates: Int

    init(forest: LSHForest, trees: Int, candidates: Int) {
        precondition(trees > 0 && trees <= forest.treeCount && candidates > 0, "no such part of the forest")
        self.forest = forest
        self.trees = trees
        self.candidates = candidates
    }

    /// Builds the trees for searches with these parameters.
    public init(library: SpectralLibrary, parameters: SearchParameters, trees: Int, candidates: Int) {
        let setup = SearchSetup(parameters, library: library)
        self.init(
            forest: LSHForest(library: library, setup: setup, trees: trees), trees: trees, candidates: candidates)
    }

    /// The same trees with another number of comparisons.
    public func comparing(_ candidates: Int) -> ForestSearch {
        ForestSearch(forest: forest, trees: trees, candidates: candidates)
    }

    /// Memory of the trees in use, in bytes.
    public var byteCount: Int { LSHForest.byteCount(spectra: forest.spectrumCount, trees: trees) }
}

/// Finds the spectra of a forest whose labels agree most with a query's; owns the memory that is reused.
struct ForestScan: Sendable {
    /// A stretch of a tree that has been collected so far, and how far it may grow.
    private struct Stretch: Sendable {
        var lower: Int
        var upper: Int
        let limits: Range<Int>
        let label: UInt64
        let allowed: Range<Int>
    }

    private(set) var signature = SpectrumSignature()
    /// [n] hashes in common with the query, over all trees; zero between searches.
    private var agreement: [UInt16] = []
    private var touched: [UInt32] = []
    private var stretches: [Stretch] = []
    /// Entries of trees read since this value was made.
    private(set) var entriesRead = 0
    /// Trees descended since this value was made.
    private(set) var descents = 0

    /// Spectra in `ranges`, at most `wanted`, those that agree in most hashes.
    ///
    /// All trees are descended to the longest prefix, then left level by level together, until enough spectra were met or
    /// the roots are reached. Of spectra that agree equally often, those met first are taken: longer prefixes first, then by
    /// tree, then by place in the tree (before the query's own place, then behind it).
    mutating func candidates(
        _ query: PeakList, precursor: Double, in ranges: [Range<Int>], of search: ForestSearch
    ) -> [Int] {
        let forest = search.forest
        if agreement.count < forest.spectrumCount {
            agreement = [UInt16](repeating: 0, count: forest.spectrumCount)
        }
        signature.load(query, precursor: precursor, scheme: forest.scheme)
        guard !signature.isEmpty else { return [] }
        descend(ranges, search)
        touched.removeAll(keepingCapacity: true)
        for depth in stride(from: SpectrumSignature.hashesOfLabel, through: 1, by: -1) {
            ascend(to: depth, forest)
            if touched.count >= search.candidates { break }
        }
        entriesRead += touched.count
        return best(search.candidates)
    }

    /// Finds the query's place in every tree of every range.
    private mutating func descend(_ ranges: [Range<Int>], _ search: ForestSearch) {
        let forest = search.forest
        stretches.removeAll(keepingCapacity: true)
        for tree in 0..<search.trees {
            let label = signature.label(tree: tree)
            for range in ranges where !range.isEmpty {
                let group = (forest.polarityStart.firstIndex { $0 > range.lowerBound } ?? 1) - 1
                let base = tree * forest.spectrumCount
                let limits = (base + forest.polarityStart[group])..<(base + forest.polarityStart[group + 1])
                var low = limits.lowerBound
                var high = limits.upperBound
                while low < high {
                    let middle = (low + high) / 2
                    if forest.labels[middle] < label { low = middle + 1 } else { high = middle }
                }
                stretches.append(Stretch(lower: low, upper: low, limits: limits, label: label, allowed: range))
                descents += 1
            }
        }
    }

    /// Widens every stretch to the labels that agree in the first `depth` hashes. hot
    private mutating func ascend(to depth: Int, _ forest: LSHForest) {
        let shift = UInt64(16 * (SpectrumSignature.hashesOfLabel - depth))
        var read = 0
        forest.labels.withUnsafeBufferPointer { labels in
            forest.spectra.withUnsafeBufferPointer { spectra in
                agreement.withUnsafeMutableBufferPointer { agreement in
                    for number in stretches.indices {
                        let stretch = stretches[number]
                        let prefix = stretch.label >> shift
                        var lower = stretch.lower
                        while lower > stretch.limits.lowerBound, labels[lower - 1] >> shift == prefix { lower -= 1 }
                        var upper = stretch.upper
                        while upper < stretch.limits.upperBound, labels[upper] >> shift == prefix { upper += 1 }
                        for part in [lower..<stretch.lower, stretch.upper..<upper] {
                            read += part.count
                            for place in part {
                                let spectrum = spectra[place]
                                guard stretch.allowed.contains(Int(spectrum)) else { continue }
                                if agreement[Int(spectrum)] == 0 { touched.append(spectrum) }
                                agreement[Int(spectrum)] += UInt16(depth)
                            }
                        }
                        stretches[number].lower = lower
                        stretches[number].upper = upper
                    }
                }
            }
        }
        entriesRead += read
    }

    /// Those of the touched that agree most, and forgets all agreements.
    private mutating func best(_ wanted: Int) -> [Int] {
        var spectraOfAgreement = [Int](repeating: 0, count: 1 + touched.reduce(0) { max($0, Int(agreement[Int($1)])) })
        for spectrum in touched { spectraOfAgreement[Int(agreement[Int(spectrum)])] += 1 }
        // The least agreement of which all are taken, and how many of the next.
        var least = spectraOfAgreement.count
        var left = wanted
        while least > 1, spectraOfAgreement[least - 1] <= left {
            least -= 1
            left -= spectraOfAgreement[least]
        }
        var found: [Int] = []
        found.reserveCapacity(min(wanted, touched.count))
        for spectrum in touched {
            let agrees = Int(agreement[Int(spectrum)])
            agreement[Int(spectrum)] = 0
            if agrees >= least {
                found.append(Int(spectrum))
            } else if agrees == least - 1, left > 0 {
                found.append(Int(spectrum))
                left -= 1
            }
        }
        return found
    }
}
