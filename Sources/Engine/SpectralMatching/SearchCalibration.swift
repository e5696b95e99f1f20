import SpectrumModel
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Chooses between exact and approximate search by a measurement on the library itself.
///
/// The sample: spectra of the library, drawn with a fixed seed and disturbed as a second measurement would be. What a query
/// came from (when compounds are reported: its whole compound) counts neither for the exact nor for the approximate search:
/// it would be found by any index.
///
/// Decisions count work (postings, comparisons, hashes), not seconds, so that a run gives the same result wherever it runs.
public struct SearchCalibration {
    /// What the hits of a search are.
    public enum Unit: Sendable { case spectra, compounds }

    static let queriesOfSample = 256
    /// Fewer hits than this say nothing about a recall.
    static let leastHits = 50
    static let treeCounts = [8, 16, 32, 64]
    /// Larger forests are not tried: 1.4 million spectra have room for 64 trees.
    static let mostBytes = 1 << 30
    static let candidateCounts = [32, 64, 128, 256, 512, 1_024, 2_048, 4_096]

    private let library: SpectralLibrary
    private let parameters: SearchParameters
    private let settings: ApproximationSettings
    private let unit: Unit
    private let sources: [Int]
    private let queries: [FragmentSpectrum]

    /// How to search `library`, and the forest to do it with when it is to be approximate.
    ///
    /// Takes the time of some hundred searches and of building the trees.
    public static func plan(
        library: SpectralLibrary, parameters: SearchParameters, settings: ApproximationSettings, unit: Unit
    ) -> (plan: SearchPlan, forest: ForestSearch?) {
        func exact(_ reason: String) -> (SearchPlan, ForestSearch?) { (SearchPlan(settings, reason: reason), nil) }
        if settings.strategy == .exact { return exact("exact search was asked for") }
        let setup = SearchSetup(parameters, library: library)
        guard setup.searchesAll else { return exact("exact: an identity search compares few spectra anyway") }
        guard library.count > LibrarySearch.fewCandidates else {
            return exact("exact: the library is so small that all of it is compared")
        }
        return SearchCalibration(library: library, parameters: parameters, settings: settings, unit: unit).choose(setup)
    }

    private init(
        library: SpectralLibrary, parameters: SearchParameters, settings: ApproximationSettings, unit: Unit
    ) {
        self.library = library
        var parameters = parameters
        // One more, because what the query came from is left out.
        parameters.top += 1
        self.parameters = parameters
        self.settings = settings
        self.unit = unit
        var random = SeededGenerator(seed: 0x0DD5)
        var sources: [Int] = []
        var queries: [FragmentSpectrum] = []
        for _ in 0..<Self.queriesOfSample {
            let source = random.integer(below: library.count)
            sources.append(source)
            queries.append(Self.disturbed(source, of: library, parameters, &random))
        }
        self.sources = sources
        self.queries = queries
    }

    /// Four fifths of a spectrum's peaks, shifted by up to a quarter of the tolerance and with intensities changed by a
    /// factor of up to 2, and one peak in five more, weak ones of another spectrum.
    public static func disturbed(
        _ source: Int, of library: SpectralLibrary, _ parameters: SearchParameters, _ random: inout SeededGenerator
    ) -> FragmentSpectrum {
        let peaks = library.peaks(at: source)
        let other = library.peaks(at: random.integer(below: library.count))
        var disturbed = PeakList()
        for peak in 0..<peaks.count {
            let isKept = random.uniform() < 0.8
            let shift = (random.uniform() - 0.5) / 2 * parameters.fragmentTolerance.halfWidth(at: peaks.mz[peak])
            let factor = exp2(2 * random.uniform() - 1)
            if isKept || peaks.count == 1 {
                disturbed.append(mz: peaks.mz[peak] + shift, intensity: peaks.intensity[peak] * factor)
            }
        }
        for _ in 0..<(peaks.count / 5) where other.count > 0 {
            let peak = random.integer(below: other.count)
            disturbed.append(mz: other.mz[peak], intensity: 0.01 + 0.04 * random.uniform())
        }
        disturbed.sortByMZ()
        let entry = library.entry(at: source)
        return FragmentSpectrum(
            header: SpectrumHeader(
                index: 0, scanNumber: 1, msLevel: 2, polarity: entry.polarity, representation: .centroid,
                retentionTimeSeconds: 0, precursor: Precursor(selectedIonMZ: entry.precursorMZ)),
            mz: disturbed.mz, intensity: disturbed.intensity.map { Float($0) })
    }

    /// What a search of the whole sample gave.
    struct Outcome {
        /// Spectra, or compounds, of each query, best first, without its source.
        var hits: [[Int]]
        /// Counted work and CPU seconds of one query.
        var work: Double
        var descentWork: Double
        var seconds: Double
    }

    private func search(_ forest: ForestSearch?) -> Outcome {
        var search = LibrarySearch(library: library, forest: forest)
        // What is built once is no part of a query.
        _ = search.rank(queries: Array(queries.prefix(1)), parameters: parameters)
        let before = (search.work, search.descentWork)
        let start = threadSeconds()
        var hits: [[Int]]
        switch unit {
        case .spectra:
            hits = search.rank(queries: queries, parameters: parameters).map { $0.map(\.libraryIndex) }
        case .compounds:
            hits = search.search(queries: queries, parameters: parameters).map { list in
                list.map { Int(library.compound[$0.libraryIndex]) }
            }
        }
        let seconds = threadSeconds() - start
        for (number, source) in sources.enumerated() {
            let own = unit == .spectra ? source : Int(library.compound[source])
            hits[number].removeAll { $0 == own }
            hits[number] = Array(hits[number].prefix(parameters.top - 1))
        }
        let count = Double(queries.count)
        return Outcome(
            hits: hits, work: (search.work - before.0) / count, descentWork: (search.descentWork - before.1) / count,
            seconds: seconds / count)
    }

    private func choose(_ setup: SearchSetup) -> (SearchPlan, ForestSearch?) {
        var plan = SearchPlan(settings, reason: "")
        let exact = search(nil)
        plan.sampleQueries = queries.count
        plan.sampleHits = exact.hits.reduce(0) { $0 + $1.count }
        plan.exactWork = exact.work
        plan.exactSeconds = exact.seconds
        guard exact.hits.reduce(0, { $0 + $1.count }) >= Self.leastHits else {
            plan.reason = "exact: the sample has too few hits to measure a recall"
            return (plan, nil)
        }
        var trials: [Trial] = []
        var forest: LSHForest?
        var isExactLess = false
        for trees in Self.treeCounts where LSHForest.byteCount(spectra: library.count, trees: trees) <= Self.mostBytes {
            // Trees that take as much work as the exact search before anything is compared need not be built for `auto`.
            if settings.strategy == .automatic, let last = trials.last,
                last.outcome.descentWork / Double(last.trees) * Double(trees) >= exact.work
            {
                isExactLess = true
                break
            }
            let grown = LSHForest(library: library, setup: setup, trees: trees, extending: forest)
            forest = grown
            // The least number of candidates that is enough; recall does not fall with it.
            var low = 0
            var high = Self.candidateCounts.count
            while low < high {
                let middle = low == 0 && high == Self.candidateCounts.count ? high - 1 : (low + high) / 2
                let count = Self.candidateCounts[middle]
                let outcome = search(ForestSearch(forest: grown, trees: trees, candidates: count))
                let recall = MeasuredRecall(of: outcome.hits, against: exact.hits)
                trials.append(Trial(trees: trees, candidates: count, outcome: outcome, recall: recall))
                if recall.value(for: settings.useCase) >= settings.aim { high = middle } else { low = middle + 1 }
            }
            // More trees cost more; where few candidates are enough they gain nothing.
            if low <= 1 { break }
        }
        guard let forest, let nearest = trials.max(by: { $0.recall.all < $1.recall.all }) else {
            plan.reason = "exact: an approximate index of so large a library would take more than a gigabyte"
            return (plan, nil)
        }
        let reaching = trials.filter { $0.recall.value(for: settings.useCase) >= settings.accuracyThreshold }
        let quicker = reaching.filter { $0.outcome.work < exact.work }
        let chosen = preferred(settings.strategy == .automatic ? quicker : reaching)
        let shown = chosen ?? preferred(reaching) ?? nearest
        plan.trees = shown.trees
        plan.candidates = shown.candidates
        plan.recallOfBest = shown.recall.best
        plan.recallOfAll = shown.recall.all
        plan.approximateWork = shown.outcome.work
        plan.approximateSeconds = shown.outcome.seconds
        plan.indexBytes = LSHForest.byteCount(spectra: library.count, trees: shown.trees)
        guard let chosen else {
            plan.reason =
                !reaching.isEmpty
                ? "exact: takes less work than the approximate index at the demanded recall"
                : isExactLess
                    ? "exact: takes less work than an approximate index that could reach the demanded recall"
                    : "exact: no setting of the approximate index reached the demanded recall of "
                        + "\(settings.accuracyThreshold)"
            return (plan, nil)
        }
        plan.used = .approximate
        plan.reason =
            chosen.outcome.work >= exact.work
            ? "approximate, as asked for: an exact search takes less work" : "approximate: takes less work than exact"
        return (
            plan,
            ForestSearch(forest: forest.prefix(trees: chosen.trees), trees: chosen.trees, candidates: chosen.candidates)
        )
    }

    /// The sample searched with a part of a forest.
    private struct Trial {
        let trees: Int
        let candidates: Int
        let outcome: Outcome
        let recall: MeasuredRecall
    }

    /// The least work among those that reach the aim; where none does, the highest recall.
    private func preferred(_ trials: [Trial]) -> Trial? {
        func value(_ trial: Trial) -> Double { trial.recall.value(for: settings.useCase) }
        return trials.filter { value($0) >= settings.aim }.min { $0.outcome.work < $1.outcome.work }
            ?? trials.max { (value($0), $1.outcome.work) < (value($1), $0.outcome.work) }
    }

    /// CPU time of this thread, in seconds.
    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// Part of an exact search's hits that another found.
public struct MeasuredRecall: Sendable, Hashable {
    /// Of the best hit of each query, and of all hits; 1 where there are none.
    public let best: Double
    public let all: Double
    public let hits: Int

    public init(of found: [[Int]], against exact: [[Int]]) {
        var (bestFound, bestCount, allFound, allCount) = (0, 0, 0, 0)
        for (found, exact) in zip(found, exact) {
            let found = Set(found)
            allCount += exact.count
            allFound += exact.count { found.contains($0) }
            if let first = exact.first {
                bestCount += 1
                if found.contains(first) { bestFound += 1 }
            }
        }
        best = bestCount == 0 ? 1 : Double(bestFound) / Double(bestCount)
        all = allCount == 0 ? 1 : Double(allFound) / Double(allCount)
        hits = allCount
    }

    /// What has to reach the demanded recall.
    func value(for useCase: SearchUseCase) -> Double {
        switch useCase {
        case .highAccuracy: lowerEnd
        case .balanced: all
        case .highThroughput: best
        }
    }

    /// Lower end of the 95 % interval of `all` (Wilson 1927, doi:10.1080/01621459.1927.10502953); hits of one query count
    /// as independent.
    var lowerEnd: Double {
        guard hits > 0 else { return 0 }
        let (n, z) = (Double(hits), 1.96)
        let center = all + z * z / (2 * n)
        return (center - z * (all * (1 - all) / n + z * z / (4 * n * n)).squareRoot()) / (1 + z * z / n)
    }
}
