import ArgumentParser
import SpectralMatching
import SpectrumModel
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The program `lavoisier-approximate-benchmark`.
@main
struct ApproximateBenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lavoisier-approximate-benchmark",
        abstract: "Compare the approximate index with the exact search, over a library and multiples of it.",
        discussion: """
            Queries are spectra of the library, disturbed as a second measurement would be; what a query came from counts \
            for neither search. Multiples are copies whose m/z are shifted by up to a tenth of the tolerance, peak by peak, \
            with other intensities and a tenth of the peaks missing. One worker, CPU time; searches take turns, the median of \
            the runs counts.
            """)

    @Argument(help: "Library source (MSP, plain or .gz, ...).") var source: String
    @Argument(help: "Folder for the libraries that are built.") var folder: String
    @Option(help: "Copies of the library in each that is searched.") var copies: [Int] = [1, 10]
    @Option(help: "open, neutral-loss or hybrid.") var search: [String] = ["open"]
    @Option(help: "Measure of similarity.") var similarity = "spectral_entropy"
    @Option(help: "Least score.") var minScore: [Double] = [0.0, 0.7]
    @Option(help: "Hits for each query.") var top = 10
    @Option(help: "Queries.") var queries = 300
    @Option(help: "Trees of the forest.") var trees: [Int] = [8, 32, 64]
    @Option(help: "Spectra that are compared for a query.") var candidates: [Int] = [64, 256, 1_024, 4_096]
    @Option(help: "Times that all is searched.") var runs = 3

    func run() throws {
        guard let measure = SimilarityMeasure(rawValue: similarity),
            search.allSatisfy({ SearchType(rawValue: $0) != nil }),
            runs > 0, queries > 0, trees.allSatisfy({ $0 > 0 }), candidates.allSatisfy({ $0 > 0 }),
            copies.allSatisfy({ $0 > 0 })
        else { throw ValidationError("no such search or similarity, or a number below 1") }
        print(
            "copies\tspectra\tsearch\tmin_score\tindex\ttrees\tcandidates\trecall_1\trecall_\(top)\thits\tms_per_query\t"
                + "work_per_query\tindex_mb\tbuild_s")
        for copies in copies {
            let library = try multiplied(copies)
            for type in search.compactMap(SearchType.init(rawValue:)) {
                for score in minScore {
                    var parameters = SearchParameters()
                    parameters.search = type
                    parameters.similarity = measure
                    parameters.minimumScore = score
                    parameters.minimumMatchedPeaks = 1
                    parameters.top = top
                    measureAll(library, parameters, copies: copies)
                }
            }
        }
    }

    /// A built library of the source's spectra and `copies - 1` disturbed copies of each.
    private func multiplied(_ copies: Int) throws -> SpectralLibrary {
        var random = SeededGenerator(seed: 0xC0B1E5)
        var builder = SpectralLibraryBuilder()
        var reader = try LibrarySourceReader(path: source)
        while let spectrum = try reader.next() {
            builder.add(spectrum)
            for copy in 1..<max(copies, 1) { builder.add(shifted(spectrum, copy, &random)) }
        }
        let path = "\(folder)/copies-\(copies).lvsl"
        try builder.write(to: path, sourceHash: "", sourceName: source)
        return try SpectralLibrary.open(path)
    }

    private func shifted(
        _ spectrum: LibrarySpectrum, _ copy: Int, _ random: inout SeededGenerator
    ) -> LibrarySpectrum {
        var result = spectrum
        result.entry.accession += "-\(copy)"
        var peaks = PeakList()
        for peak in 0..<spectrum.peaks.count {
            let isKept = random.uniform() < 0.9 || spectrum.peaks.count == 1
            let shift = 0.002 * (2 * random.uniform() - 1)
            let factor = exp2(random.uniform() - 0.5)
            if isKept {
                peaks.mz.append(spectrum.peaks.mz[peak] + shift)
                peaks.intensity.append(spectrum.peaks.intensity[peak] * factor)
            }
        }
        result.peaks = peaks
        return result
    }

    private func measureAll(_ library: SpectralLibrary, _ parameters: SearchParameters, copies: Int) {
        var random = SeededGenerator(seed: 0xBE7C4)
        var sources: [Int] = []
        var spectra: [FragmentSpectrum] = []
        for _ in 0..<queries {
            sources.append(random.integer(below: library.count))
            spectra.append(SearchCalibration.disturbed(sources.last ?? 0, of: library, parameters, &random))
        }
        var settings: [(forest: ForestSearch?, build: Double)] = [(nil, 0)]
        for trees in trees {
            let start = processSeconds()
            let forest = ForestSearch(library: library, parameters: parameters, trees: trees, candidates: 1)
            let seconds = processSeconds() - start
            for count in candidates { settings.append((forest.comparing(count), seconds)) }
        }
        var times = [[Double]](repeating: [], count: settings.count)
        var hits = [[[Int]]](repeating: [], count: settings.count)
        var work = [Double](repeating: 0, count: settings.count)
        var searched = parameters
        searched.top += 1
        for run in 0...runs {
            for (number, setting) in settings.enumerated() {
                var search = LibrarySearch(library: library, forest: setting.forest)
                _ = search.rank(queries: Array(spectra.prefix(1)), parameters: searched)
                let before = search.work
                let start = processSeconds()
                let found = search.rank(queries: spectra, parameters: searched)
                // The first turn pages everything in.
                if run > 0 { times[number].append((processSeconds() - start) / Double(queries)) }
                work[number] = (search.work - before) / Double(queries)
                hits[number] = zip(found, sources).map { list, source in
                    Array(list.map(\.libraryIndex).filter { $0 != source }.prefix(top))
                }
            }
        }
        for (number, setting) in settings.enumerated() {
            let recall = MeasuredRecall(of: hits[number], against: hits[0])
            let isExact = setting.forest == nil
            let bytes = setting.forest?.byteCount ?? library.indexByteCount(for: parameters)
            print(
                "\(copies)\t\(library.count)\t\(parameters.search.rawValue)\t\(parameters.minimumScore)\t"
                    + "\(isExact ? "exact" : "forest")\t\(setting.forest?.trees ?? 0)\t\(setting.forest?.candidates ?? 0)\t"
                    + "\(rounded(recall.best, 1e4))\t\(rounded(recall.all, 1e4))\t\(recall.hits)\t"
                    + "\(rounded(times[number].sorted()[times[number].count / 2] * 1e3, 1e4))\t\(Int(work[number]))\t"
                    + "\(rounded(Double(bytes) / 1e6, 10))\t\(rounded(setting.build, 100))")
        }
    }

    private func rounded(_ value: Double, _ scale: Double) -> Double { (value * scale).rounded() / scale }

    /// CPU time of the process, user and system, in seconds.
    private func processSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
