import ArgumentParser
import Foundation
import Pipeline
import SpectralMatching
import SpectrumModel
import Synchronization

/// The program `lavoisier-identification-benchmark`.
@main
struct IdentificationBenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lavoisier-identification-benchmark",
        abstract: "Leave one contributor out: right names, and observed against estimated false discovery rates.",
        discussion: """
            The spectra of each contributor of MassBank (accession MSBNK-<contributor>-...) are searched, by identity, in \
            the library and the decoys of all other contributors. A name is right when the first block of its InChIKey is \
            the query's. Prints JSON.
            """)

    @Option(help: "Spectral library. Default: the bundled MassBank subset.") var library: String?
    @Option(help: "Similarities, separated by commas. Default: all.") var similarities: String?
    @Option(help: "Contributors, separated by commas. Default: all.") var contributors: String?
    @Option(help: "Least number of matched peaks.") var minMatchedPeaks = SearchParameters().minimumMatchedPeaks
    @Option(help: "Least score.") var minScore = 0.0
    @Option(help: "Largest distance of the precursors, in ppm.") var precursorTolerancePpm = 10.0
    @Option(help: "Seed of the decoys.") var seed = DecoyLibrary.seed
    @Option(help: "Threads.") var workers = 1

    private func measures() throws -> [SimilarityMeasure] {
        guard let similarities else { return SimilarityMeasure.allCases }
        return try similarities.split(separator: ",").map {
            guard let measure = SimilarityMeasure(rawValue: String($0)) else {
                throw ValidationError("no similarity \($0)")
            }
            return measure
        }
    }

    func run() throws {
        let measures = try measures()
        let locations = DataLocations.standard(
            environment: ProcessInfo.processInfo.environment, programPath: DataLocations.programPath)
        guard let source = library ?? ReferenceData.Sources.bundled(locations).library else {
            throw ValidationError("no library")
        }
        let whole = try SpectralLibrary.open(
            try ReferenceData.prepareLibrary(source, cache: locations.cache, note: { _ in }))
        let spectra = ContributorSpectra(whole)
        var parameters = SearchParameters()
        parameters.minimumMatchedPeaks = minMatchedPeaks
        parameters.minimumScore = minScore
        parameters.precursorTolerance = .ppm(precursorTolerancePpm)

        let folder = NSTemporaryDirectory() + "lavoisier-identification-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let wanted = contributors?.split(separator: ",").map { String($0) }
        let names = spectra.names.filter { wanted?.contains($0) ?? true }
        let next = Atomic<Int>(0)
        let found = Mutex<(trials: [String: [SimilarityMeasure: ContributorTrial]], failure: (any Error)?)>(([:], nil))
        let (seed, settings) = (seed, parameters)
        DispatchQueue.concurrentPerform(iterations: max(1, min(workers, names.count))) { _ in
            while true {
                let number = next.add(1, ordering: .relaxed).oldValue
                guard number < names.count else { return }
                do {
                    let trials = try spectra.trials(
                        of: names[number], measures: measures, parameters: settings, seed: seed,
                        path: "\(folder)/\(number)")
                    found.withLock { $0.trials[names[number]] = trials }
                } catch {
                    found.withLock { $0.failure = error }
                }
            }
        }
        let (trials, failure) = found.withLock { $0 }
        if let failure { throw failure }
        let summaries = measures.map { measure in
            IdentificationSummary(
                measure: measure, trials: names.compactMap { name in trials[name]?[measure].map { (name, $0) } })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(summaries), as: UTF8.self))
    }
}
