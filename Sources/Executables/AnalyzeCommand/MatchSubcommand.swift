import ArgumentParser
import Console
import Foundation
import HostEnvironment
import MzML
import Pipeline
import SpectralMatching
import SpectrumModel
import Synchronization

extension SearchType: ExpressibleByArgument {}
extension SimilarityMeasure: ExpressibleByArgument {}
extension DecoyMethod: ExpressibleByArgument {}
extension PeakAssignment: ExpressibleByArgument {}

/// Unit of a tolerance on the command line.
enum ToleranceUnit: String, CaseIterable, ExpressibleByArgument {
    case dalton = "Da"
    case ppm
}

struct MatchSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match", abstract: "Search fragment spectra in a spectral library.",
        discussion: """
            QUERIES is mzML, MGF, MSP, MassBank records or GNPS JSON (plain or .gz), whose MS2 spectra are searched. The \
            best library spectra of each query are written, exactly those that comparing it with every spectrum would \
            give (but for --search-strategy): by falling score, then matched peaks, then accession.

            identity compares spectra of the same precursor m/z; open compares all; neutral-loss matches peaks by \
            precursor minus fragment; hybrid matches by fragment or neutral loss, each peak once.

            The output has a row for each hit: query_id, precursor_mz, retention_time_seconds, rank, score, \
            matched_peaks, precursor_difference (query minus library, Da), name, accession, formula, adduct, inchikey, \
            licence, q_value (of the best hit: the least false discovery rate at which it is accepted, estimated over all \
            queries of the file with decoys of the library). A name that ends in .json makes it a list of objects with \
            these keys, under "hits" beside the measured "search" when --search-strategy is not exact; "-" writes the \
            table to standard output.
            """)

    @Argument(help: "Fragment spectra: mzML, MGF, MSP, MassBank records or GNPS JSON.") var queries: String
    @Option(
        help:
            "Spectral library: MSP, MGF, MassBank records, GNPS JSON or a built .lvsl. Default: the bundled MassBank subset."
    )
    var library: String?
    @Option(help: "Which spectra are compared, and by what.") var search = SearchType.identity
    @Option(help: "Measure of similarity.") var similarity = SearchParameters().similarity
    @Option(help: "Hits for each query, at most (1...1000).") var top = SearchParameters().top
    @Option(help: "Least score (0...1).") var minScore = SearchParameters().minimumScore
    @Option(help: "Least number of matched peaks (1...100).") var minMatchedPeaks = SearchParameters()
        .minimumMatchedPeaks
    @Option(help: "Largest distance of the precursors in an identity search, in ppm.")
    var precursorTolerancePpm = 10.0
    @Option(help: "Largest distance of two peaks that count as the same.") var fragmentTolerance = 0.02
    @Option(help: "Unit of --fragment-tolerance.") var fragmentToleranceUnit = ToleranceUnit.dalton
    @Option(help: "Peaks below this fraction of the base peak are left out.")
    var noiseFraction = SearchParameters().noiseFraction
    @Option(help: "Exponent of the intensities in the cosine measures.")
    var intensityPower = SearchParameters().intensityPower
    @Option(help: "Exponent of the m/z in enhanced_dot_product (0...3).") var mzPower = SearchParameters().mzPower
    @Option(help: "Which peaks are paired where several lie within the tolerance, in all measures but entropy.")
    var assignment = SearchParameters().assignment
    @Flag(help: "Leave out the precursor and everything above it.") var removePrecursor = false
    @OptionGroup var approximation: ApproximationOptions
    @Option(help: "Decoys that q-values are estimated with: spectrum or none.") var decoys = DecoyMethod.spectrum
    @Option(help: "Queries whose best hit has a higher q-value get no hits (0...1).") var maxQValue = 1.0
    @Option(help: "Worker threads. Default: one per usable physical core. Changes no result.") var workers: Int?
    @Option(help: "Queries that are searched together (1...65536). Changes no result.") var batchSize = 64
    @Option(
        name: [.short, .long], help: "File to write: .json for JSON, anything else for TSV, - for standard output.")
    var output: String
    @Flag(help: "No progress on standard error.") var quiet = false

    func validate() throws {
        func check(_ isRight: Bool, _ message: String) throws { if !isRight { throw ValidationError(message) } }
        try check((1...1_000).contains(top), "--top must be 1 to 1000")
        try check((0...1).contains(minScore), "--min-score must be 0 to 1")
        try check((1...100).contains(minMatchedPeaks), "--min-matched-peaks must be 1 to 100")
        try check(
            precursorTolerancePpm > 0 && precursorTolerancePpm <= 1e6, "--precursor-tolerance-ppm must be above 0")
        let widest = fragmentToleranceUnit == .ppm ? 1e6 : 1_000
        try check(
            fragmentTolerance > 0 && fragmentTolerance <= widest,
            "--fragment-tolerance must be above 0 and at most \(Int(widest)) \(fragmentToleranceUnit.rawValue)")
        try check(noiseFraction >= 0 && noiseFraction < 1, "--noise-fraction must be at least 0 and below 1")
        try check(intensityPower > 0 && intensityPower <= 3, "--intensity-power must be above 0 and at most 3")
        try check((0...3).contains(mzPower), "--mz-power must be 0 to 3")
        try check((0...1).contains(maxQValue), "--max-q-value must be 0 to 1")
        try check(decoys != .none || maxQValue == 1, "--max-q-value needs decoys")
        try check((1...256).contains(workers ?? 1), "--workers must be 1 to 256")
        try check((1...65_536).contains(batchSize), "--batch-size must be 1 to 65536")
    }

    private var parameters: SearchParameters {
        var parameters = SearchParameters()
        parameters.search = search
        parameters.similarity = similarity
        parameters.top = top
        parameters.minimumScore = minScore
        parameters.minimumMatchedPeaks = minMatchedPeaks
        parameters.precursorTolerance = .ppm(precursorTolerancePpm)
        parameters.fragmentTolerance =
            fragmentToleranceUnit == .ppm ? .ppm(fragmentTolerance) : .dalton(fragmentTolerance)
        parameters.noiseFraction = noiseFraction
        parameters.intensityPower = intensityPower
        parameters.mzPower = mzPower
        parameters.assignment = assignment
        parameters.removePrecursor = removePrecursor
        return parameters
    }

    func run() throws {
        try reportingFailures {
            StopSignals.install()
            if output != "-" {
                for source in [queries, library].compactMap({ $0 }) {
                    try OutputTarget.check(output, source: source, mayReplace: true)
                }
                try OutputTarget.checkFolder(of: output)
            }
            let line = LiveLine(mode: .suitable(quiet: quiet))
            let (library, decoys) = try openLibrary(note: { line.milestone("lavoisier: \($0)") })
            let found = try MatchQueries(path: queries)
            for notice in found.notices { line.milestone("\(queries): \(notice)") }
            let progress = FileProgress(line, path: queries)
            let workers = workers ?? HostReader().read().recommendedWorkers
            let settings = approximation.settings
            let (plan, forest) = SearchCalibration.plan(
                library: library, parameters: parameters, settings: settings, unit: .spectra)
            // Whoever leaves the choice to the program is told what it was.
            if settings.strategy != .exact, !quiet { line.milestone("lavoisier: \(plan)") }
            let outcome = try progress.finish(
                search(found.queries, in: library, forest: forest, decoys, workers: workers, progress: progress),
                output: output)
            if let notice = outcome.notice { line.milestone("\(queries): \(notice)") }
            let hits = outcome.hits
            let rows = MatchRows(
                queries: found.queries, hits: hits, qValues: outcome.qValues, library: library,
                plan: settings.strategy == .exact ? nil : plan)
            if output == "-" {
                try Console.output(rows.table())
            } else {
                try write(output.lowercased().hasSuffix(".json") ? try rows.json() : Data(rows.table().utf8))
            }
            if !quiet {
                let matched = hits.count { !$0.isEmpty }
                Console.note(
                    "\(matched) of \(hits.count) spectra matched in \(library.count) library spectra; \(output)")
            }
        }
    }

    private func openLibrary(note: (String) -> Void) throws -> (SpectralLibrary, decoys: SpectralLibrary?) {
        let locations = DataLocations.standard(
            environment: ProcessInfo.processInfo.environment, programPath: DataLocations.programPath)
        let sources = ReferenceData.Sources(
            library: library ?? ReferenceData.Sources.bundled(locations).library, compounds: [])
        let opened = try ReferenceData.open(
            sources, cache: locations.cache, wantsLibrary: true, wantsCompounds: false,
            wantsDecoys: decoys != .none, note: note)
        guard let library = opened.library else { throw AnalysisError(.referenceData, "no spectral library") }
        return (library, opened.decoys)
    }

    /// Hits of each query, in its order, and what is known of them.
    private struct Outcome {
        var hits: [[LibraryHit]]
        var qValues: [Double?]
        var notice: String?
    }

    /// `nil` when the user stopped the search.
    private func search(
        _ queries: [QuerySpectrum], in library: SpectralLibrary, forest: ForestSearch?, _ decoys: SpectralLibrary?,
        workers: Int, progress: FileProgress
    ) -> Outcome? {
        let halves = decoys == nil ? 1.0 : 2.0
        guard
            var hits = search(
                queries, in: library, forest: forest, parameters, workers: workers,
                report: { _ = progress.report($0 / halves) })
        else { return nil }
        guard let decoys else { return Outcome(hits: hits, qValues: Array(repeating: nil, count: hits.count)) }
        var parameters = parameters
        parameters.top = 1
        guard
            let found = search(
                queries, in: decoys, forest: nil, parameters, workers: workers,
                report: { _ = progress.report(0.5 + $0 / 2) })
        else { return nil }
        let competition = TargetDecoyCompetition(
            targets: hits.map(\.first?.score), decoys: found.map(\.first?.score))
        for (query, value) in competition.qValues.enumerated() {
            if let value, value > maxQValue { hits[query] = [] }
        }
        return Outcome(hits: hits, qValues: competition.qValues, notice: competition.notice)
    }

    /// Hits of each query, in its order; `nil` when the user stopped the search.
    private func search(
        _ queries: [QuerySpectrum], in library: SpectralLibrary, forest: ForestSearch?, _ parameters: SearchParameters,
        workers: Int, report: @escaping @Sendable (Double) -> Void
    ) -> [[LibraryHit]]? {
        let batches = (queries.count + batchSize - 1) / batchSize
        let next = Atomic<Int>(0)
        let found = Mutex<[[[LibraryHit]]]>(Array(repeating: [], count: batches))
        let size = batchSize
        WorkerPool(workers: max(1, min(workers, batches))).onEachWorker { _ in
            var search = LibrarySearch(library: library, forest: forest)
            while !StopSignals.cancellation.isCancelled {
                let batch = next.add(1, ordering: .relaxed).oldValue
                guard batch < batches else { break }
                let part = queries[(batch * size)..<min((batch + 1) * size, queries.count)].map(\.spectrum)
                let hits = search.rank(queries: part, parameters: parameters)
                found.withLock { $0[batch] = hits }
                report(Double(batch + 1) / Double(batches))
            }
        }
        return StopSignals.cancellation.isCancelled ? nil : found.withLock { $0.flatMap { $0 } }
    }

    /// To a temporary name that is then renamed.
    private func write(_ data: Data) throws {
        do { try data.write(to: URL(fileURLWithPath: output), options: .atomic) } catch {
            throw AnalysisError(.outputFailed, "cannot write \(output): \(error.localizedDescription)")
        }
    }
}
