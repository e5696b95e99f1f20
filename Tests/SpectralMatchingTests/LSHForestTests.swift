import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// Signatures agree as often as theory says, and the forest finds what a slow search of its labels finds.
@Suite("LSH forest") struct LSHForestTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func setup(_ library: SpectralLibrary, _ search: SearchType = .open) -> SearchSetup {
        var parameters = SearchParameters()
        parameters.search = search
        return SearchSetup(parameters, library: library)
    }

    /// First hashes of many trees, so that all draws are independent.
    private func draws(_ peaks: PeakList, precursor: Double = 500, _ scheme: SignatureScheme, trees: Int) -> [UInt64] {
        var signature = SpectrumSignature()
        signature.load(peaks, precursor: precursor, scheme: scheme)
        return (0..<trees).map { signature.label(tree: $0) }
    }

    private func agreements(_ a: [UInt64], _ b: [UInt64]) -> Double {
        var equal = 0
        for (left, right) in zip(a, b) {
            for hash in 0..<4 where (left >> UInt64(16 * hash)) & 0xFFFF == (right >> UInt64(16 * hash)) & 0xFFFF {
                equal += 1
            }
        }
        return Double(equal) / Double(4 * a.count)
    }

    /// The Jaccard index of two distributions, by its definition.
    private func jaccard(_ p: [Double], _ q: [Double]) -> Double {
        var sum = 0.0
        for i in p.indices where p[i] > 0 && q[i] > 0 {
            sum += 1 / p.indices.reduce(0) { $0 + max(p[$1] / p[i], q[$1] / q[i]) }
        }
        return sum
    }

    @Test("hashes agree with the probability of the Jaccard index of distributions", arguments: 1...12)
    func agreement(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let library = try RandomLibrary(count: 4, seed: 1).write(to: folder.file("library.lvsl"))
        let scheme = SignatureScheme(setup(library))
        var (p, q) = ([Double](), [Double]())
        for _ in 0..<10 {
            p.append(random.uniform() < 0.7 ? random.uniform() + 0.01 : 0)
            q.append(random.uniform() < 0.4 ? p.last ?? 0 : random.uniform() < 0.7 ? random.uniform() : 0)
        }
        func peaks(_ weights: [Double]) -> PeakList {
            var list = PeakList()
            for (slot, weight) in weights.enumerated() where weight > 0 {
                list.append(mz: 100 + 10 * Double(slot), intensity: weight)
            }
            return list
        }
        let trees = 2_000
        let measured = agreements(draws(peaks(p), scheme, trees: trees), draws(peaks(q), scheme, trees: trees))
        let expected = jaccard(p, q)
        let error = (expected * (1 - expected) / Double(4 * trees)).squareRoot()
        #expect(abs(measured - expected) < 4.5 * error + 1e-3, "seed \(seed): \(measured) for \(expected)")
    }

    @Test("a difference of the tolerance parts a peak in one hash out of five")
    func bins() throws {
        let library = try RandomLibrary(count: 4, seed: 1).write(to: folder.file("library.lvsl"))
        let scheme = SignatureScheme(setup(library))
        let trees = 2_000
        func peak(_ mz: Double) -> PeakList { PeakList(mz: [mz], intensity: [1]) }
        let reference = draws(peak(300), scheme, trees: trees)
        for (shift, expected) in [(0.0, 1.0), (0.02, 0.8), (0.05, 0.5), (0.1, 0.0), (7, 0)] {
            let measured = agreements(reference, draws(peak(300 + shift), scheme, trees: trees))
            #expect(abs(measured - expected) < 0.03, "\(shift) Da: \(measured)")
        }
    }

    @Test("losses agree where precursors differ, fragments do not")
    func losses() throws {
        let library = try RandomLibrary(count: 4, seed: 1).write(to: folder.file("library.lvsl"))
        let peaks = PeakList(mz: [100, 150, 220], intensity: [0.3, 0.5, 0.2])
        let moved = PeakList(mz: [114, 164, 234], intensity: [0.3, 0.5, 0.2])
        func agreement(_ search: SearchType) -> Double {
            let scheme = SignatureScheme(setup(library, search))
            return agreements(
                draws(peaks, precursor: 300, scheme, trees: 500), draws(moved, precursor: 314, scheme, trees: 500))
        }
        #expect(agreement(.open) == 0)
        #expect(agreement(.neutralLoss) > 0.99)
        #expect(abs(agreement(.hybrid) - 1.0 / 3) < 0.04)
    }

    /// Every level of every tree by looking at all labels.
    private func slowCandidates(
        _ peaks: PeakList, precursor: Double, _ ranges: [Range<Int>], _ search: ForestSearch
    ) -> [Int] {
        let forest = search.forest
        var signature = SpectrumSignature()
        signature.load(peaks, precursor: precursor, scheme: forest.scheme)
        let labels = (0..<search.trees).map { signature.label(tree: $0) }
        var agreement: [Int: Int] = [:]
        var order: [Int] = []
        func common(_ a: UInt64, _ b: UInt64) -> Int { min((a ^ b).leadingZeroBitCount / 16, 4) }
        for depth in stride(from: 4, through: 1, by: -1) {
            for (tree, label) in labels.enumerated() {
                for range in ranges {
                    let places = (tree * forest.spectrumCount)..<((tree + 1) * forest.spectrumCount)
                    let level = places.filter {
                        range.contains(Int(forest.spectra[$0])) && common(forest.labels[$0], label) == depth
                    }
                    let before = level.filter { forest.labels[$0] < label }
                    for place in before + level.filter({ forest.labels[$0] >= label }) {
                        let spectrum = Int(forest.spectra[place])
                        if agreement[spectrum] == nil { order.append(spectrum) }
                        agreement[spectrum, default: 0] += depth
                    }
                }
            }
            if order.count >= search.candidates { break }
        }
        let ranked = order.enumerated().sorted { a, b in
            let (left, right) = (agreement[a.element] ?? 0, agreement[b.element] ?? 0)
            return left != right ? left > right : a.offset < b.offset
        }
        return ranked.prefix(search.candidates).map(\.element)
    }

    @Test("finds the candidates of a slow search of all labels", arguments: [SearchType.open, .neutralLoss, .hybrid])
    func candidates(search: SearchType) throws {
        let seed: UInt64 = 4_711
        var random = SeededGenerator(seed: seed)
        let source = RandomLibrary(count: 500, seed: seed)
        let library = try source.write(to: folder.file("library.lvsl"))
        let setup = setup(library, search)
        let forest = LSHForest(library: library, setup: setup, trees: 12)
        var scan = ForestScan()
        for _ in 0..<60 {
            let query = try #require(PreparedQuery(source.query(&random), setup, library: library))
            let part = ForestSearch(
                forest: forest, trees: 1 + random.integer(below: 12), candidates: 1 + random.integer(below: 80))
            let found = scan.candidates(
                query.weighted, precursor: query.spectrumPrecursor, in: query.ranges, of: part)
            let slow = slowCandidates(query.weighted, precursor: query.spectrumPrecursor, query.ranges, part)
            #expect(Set(found) == Set(slow) && found.count == slow.count, "seed \(seed)")
        }
    }

    @Test("trees are sorted, complete, and the same in a larger forest")
    func trees() throws {
        let library = try RandomLibrary(count: 300, seed: 5).write(to: folder.file("library.lvsl"))
        let small = LSHForest(library: library, setup: setup(library), trees: 3)
        let large = LSHForest(library: library, setup: setup(library), trees: 8, extending: small)
        let direct = LSHForest(library: library, setup: setup(library), trees: 8)
        #expect(large.labels == direct.labels && large.spectra == direct.spectra)
        #expect(Array(large.labels.prefix(small.labels.count)) == small.labels)
        for tree in 0..<8 {
            let base = tree * library.count
            #expect(Set(large.spectra[base..<(base + library.count)]).count == library.count)
            for (start, end) in zip(library.polarityStart, library.polarityStart.dropFirst()) where start < end {
                let labels = large.labels[(base + start)..<(base + end)]
                #expect(zip(labels, labels.dropFirst()).allSatisfy { $0 <= $1 })
                #expect(large.spectra[(base + start)..<(base + end)].allSatisfy { (start..<end).contains(Int($0)) })
            }
        }
    }

    @Test("scores are exact, and neither batches nor order change hits")
    func batches() throws {
        let seed: UInt64 = 99
        var random = SeededGenerator(seed: seed)
        let source = RandomLibrary(count: 2_000, seed: seed)
        let library = try source.write(to: folder.file("library.lvsl"))
        var parameters = SearchParameters()
        parameters.search = .open
        parameters.minimumScore = 0.3
        let forest = ForestSearch(library: library, parameters: parameters, trees: 8, candidates: 40)
        let queries = (0..<50).map { _ in source.query(&random) }
        var together = LibrarySearch(library: library, forest: forest)
        let all = together.rank(queries: queries, parameters: parameters)
        #expect(all.contains { !$0.isEmpty })
        var one = LibrarySearch(library: library, forest: forest)
        for number in queries.indices.reversed() {
            #expect(one.rank(queries: [queries[number]], parameters: parameters)[0] == all[number])
        }
        var exactParameters = parameters
        exactParameters.top = library.count
        var exact = LibrarySearch(library: library)
        for (found, everything) in zip(all, exact.rank(queries: queries, parameters: exactParameters)) {
            for hit in found { #expect(everything.contains(hit), "seed \(seed)") }
        }
        // Other parameters than those of the forest are searched exactly.
        var other = parameters
        other.fragmentTolerance = .dalton(0.05)
        #expect(one.rank(queries: queries, parameters: other) == exact.rank(queries: queries, parameters: other))
    }
}
