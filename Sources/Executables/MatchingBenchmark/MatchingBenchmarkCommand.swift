import ArgumentParser
import SpectralMatching
import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The program `lavoisier-matching-benchmark`.
@main
struct MatchingBenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lavoisier-matching-benchmark",
        abstract: "Measure how fast a spectral library is opened, built and searched. Prints JSON.",
        subcommands: [BuildSubcommand.self, OpenSubcommand.self, SearchSubcommand.self])
}

/// CPU time of the process, all threads, user and system, in seconds.
func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// All spectra of an MSP file.
func readSpectra(_ path: String) throws -> [LibrarySpectrum] {
    var reader = try MSPReader(path: path)
    var spectra: [LibrarySpectrum] = []
    while let spectrum = try reader.next() { spectra.append(spectrum) }
    return spectra
}

struct BuildSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "From spectra in memory to a library file with its indices.")

    @Argument(help: "MSP file.") var source: String
    @Argument(help: "Library file to write.") var destination: String

    func run() throws {
        let spectra = try readSpectra(source)
        let start = processSeconds()
        // The peer keeps all peaks of a spectrum.
        var builder = SpectralLibraryBuilder(cleaning: PeakCleaning(maximumPeakCount: MSPReader.maximumPeaks))
        for spectrum in spectra { builder.add(spectrum) }
        try builder.write(to: destination, sourceHash: "", sourceName: source)
        let seconds = processSeconds() - start
        let library = try SpectralLibrary.open(destination)
        print(
            """
            {"spectra": \(library.count), "peaks": \(builder.report.peaks), "cpuSeconds": \(seconds), \
            "fileBytes": \(library.byteCount), "indexBytes": \(library.indexByteCount(for: SearchParameters()))}
            """)
    }
}

struct OpenSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "open", abstract: "Open a built library many times.")

    @Argument(help: "Library file.") var library: String
    @Option(help: "How often.") var runs = 20

    func run() throws {
        var times: [Double] = []
        for _ in 0..<max(runs, 1) {
            let start = processSeconds()
            _ = try SpectralLibrary.open(library)
            times.append(processSeconds() - start)
        }
        print("{\"cpuSeconds\": \(times)}")
    }
}

struct SearchSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Search the spectra of an MSP file in a built library, ranking spectra.")

    @Argument(help: "Library file.") var library: String
    @Argument(help: "MSP file with the queries.") var queries: String
    @Option(help: "identity, open, neutral-loss or hybrid.") var search = "open"
    @Option(help: "Measure of similarity.") var similarity = "spectral_entropy"
    @Option(help: "Hits for each query.") var top = 10
    @Option(help: "Least score.") var minimumScore = 0.0
    @Option(help: "Tolerance of fragments, in Da.") var tolerance = 0.02
    @Option(help: "Tolerance of precursors, in Da.") var precursorTolerance = 0.01
    @Option(help: "Queries in a batch.") var batch = 1
    @Option(help: "Times that all queries are searched.") var runs = 1
    @Flag(help: "Print accessions and scores of all hits.") var hits = false

    func run() throws {
        guard let type = SearchType(rawValue: search), let measure = SimilarityMeasure(rawValue: similarity) else {
            throw ValidationError("no such search or similarity")
        }
        let library = try SpectralLibrary.open(library)
        let spectra = try readSpectra(queries).map { spectrum in
            FragmentSpectrum(
                header: SpectrumHeader(
                    index: 0, scanNumber: 0, msLevel: 2, polarity: spectrum.entry.polarity, representation: .centroid,
                    retentionTimeSeconds: 0, precursor: Precursor(selectedIonMZ: spectrum.entry.precursorMZ)),
                mz: spectrum.peaks.mz, intensity: spectrum.peaks.intensity.map { Float($0) })
        }
        var parameters = SearchParameters()
        parameters.search = type
        parameters.similarity = measure
        parameters.top = top
        parameters.minimumScore = minimumScore
        parameters.minimumMatchedPeaks = 1
        parameters.fragmentTolerance = .dalton(tolerance)
        parameters.precursorTolerance = .dalton(precursorTolerance)
        var search = LibrarySearch(library: library)
        // The index of other than the stored settings is built here, once.
        _ = search.rank(queries: Array(spectra.prefix(1)), parameters: parameters)
        let (comparisons, postings) = (search.comparisons, search.postingsRead)
        var found: [[LibraryHit]] = []
        let start = processSeconds()
        for _ in 0..<max(runs, 1) {
            found.removeAll(keepingCapacity: true)
            for first in stride(from: 0, to: spectra.count, by: max(batch, 1)) {
                let part = Array(spectra[first..<min(first + max(batch, 1), spectra.count)])
                found += search.rank(queries: part, parameters: parameters)
            }
        }
        let seconds = processSeconds() - start
        let total = Double(max(runs, 1) * max(spectra.count, 1))
        var text = """
            {"cpuMillisecondsPerQuery": \(seconds * 1e3 / total), "queries": \(spectra.count), \
            "comparisonsPerQuery": \(Double(search.comparisons - comparisons) / total), \
            "postingsPerQuery": \(Double(search.postingsRead - postings) / total)
            """
        if hits {
            let lists = found.map { list in
                "["
                    + list.map {
                        "[\"\(library.entry(at: $0.libraryIndex).accession)\", \($0.score), \($0.matchedPeaks)]"
                    }.joined(separator: ", ") + "]"
            }
            text += ", \"hits\": [\(lists.joined(separator: ",\n"))]"
        }
        print(text + "}")
    }
}
