import Foundation
import SpectralMatching
import SpectrumModel

/// What came of one query.
struct QueryOutcome: Sendable {
    /// Whether the rest of the library has a spectrum of the query's compound with its polarity and precursor.
    let isFindable: Bool
    /// Place of the right compound among the best five, from 1.
    let place: Int?
    /// Whether the best match has the query's formula.
    let hasFormula: Bool
    /// Best score in the library, and among the decoys.
    let target: Double?
    let decoy: Double?

    var isRight: Bool { place == 1 }
}

/// The queries of one contributor, searched in the library of all others.
struct ContributorTrial: Sendable {
    let outcomes: [QueryOutcome]
    let qValues: [Double?]

    init(outcomes: [QueryOutcome]) {
        self.outcomes = outcomes
        qValues =
            TargetDecoyCompetition(targets: outcomes.map(\.target), decoys: outcomes.map(\.decoy)).qValues
    }
}

/// The spectra of a library by contributor.
struct ContributorSpectra: Sendable {
    private let library: SpectralLibrary
    private let contributors: [String: [Int]]
    let names: [String]

    /// Accessions are `MSBNK-<contributor>-<number>`; other spectra belong to the contributor "".
    init(_ library: SpectralLibrary) {
        var contributors: [String: [Int]] = [:]
        for index in 0..<library.count {
            let parts = library.entry(at: index).accession.split(separator: "-")
            contributors[parts.count > 2 ? String(parts[1]) : "", default: []].append(index)
        }
        self.library = library
        self.contributors = contributors
        names = contributors.keys.sorted()
    }

    /// Compounds in the rest, by the ions that a search compares.
    private struct Ion {
        let mz: Double
        let polarity: Polarity
    }

    /// - Parameter path: of the temporary libraries, without a suffix.
    func trials(
        of name: String, measures: [SimilarityMeasure], parameters: SearchParameters, seed: UInt64, path: String
    ) throws -> [SimilarityMeasure: ContributorTrial] {
        let own = contributors[name] ?? []
        let isOwn = Set(own)
        var builder = SpectralLibraryBuilder(cleaning: library.cleaning)
        var ions: [String: [Ion]] = [:]
        for index in 0..<library.count where !isOwn.contains(index) {
            let entry = library.entry(at: index)
            builder.add(LibrarySpectrum(entry: entry, peaks: library.peaks(at: index)))
            if !entry.inchiKeyBlock.isEmpty {
                ions[entry.inchiKeyBlock, default: []].append(Ion(mz: entry.precursorMZ, polarity: entry.polarity))
            }
        }
        let (restPath, decoyPath) = (path + ".lvsl", path + "-decoys.lvsl")
        defer { for used in [restPath, decoyPath] { try? FileManager.default.removeItem(atPath: used) } }
        try builder.write(to: restPath, sourceHash: name, sourceName: name)
        let rest = try SpectralLibrary.open(restPath)
        try DecoyLibrary.build(of: rest, destination: decoyPath, seed: seed)
        let decoys = try SpectralLibrary.open(decoyPath)

        var queries: [(spectrum: FragmentSpectrum, block: String, formula: String, isFindable: Bool)] = []
        for index in own {
            let entry = library.entry(at: index)
            // Without a key nobody can say what is right.
            guard !entry.inchiKeyBlock.isEmpty else { continue }
            let peaks = library.peaks(at: index)
            let isFindable = (ions[entry.inchiKeyBlock] ?? []).contains {
                ($0.polarity == entry.polarity || entry.polarity == .unknown)
                    && parameters.precursorTolerance.matches($0.mz, reference: entry.precursorMZ)
            }
            queries.append(
                (
                    FragmentSpectrum(
                        header: SpectrumHeader(
                            index: 0, scanNumber: 0, msLevel: 2, polarity: entry.polarity, representation: .centroid,
                            retentionTimeSeconds: 0, precursor: Precursor(selectedIonMZ: entry.precursorMZ)),
                        mz: peaks.mz, intensity: peaks.intensity.map { Float($0) }), entry.inchiKeyBlock, entry.formula,
                    isFindable
                ))
        }
        var trials: [SimilarityMeasure: ContributorTrial] = [:]
        var search = LibrarySearch(library: rest)
        var decoySearch = LibrarySearch(library: decoys)
        for measure in measures {
            var parameters = parameters
            parameters.similarity = measure
            var decoyParameters = parameters
            decoyParameters.top = 1
            trials[measure] = ContributorTrial(
                outcomes: queries.map { query in
                    let matches = search.search(query: query.spectrum, parameters: parameters)
                    let decoy = decoySearch.rank(queries: [query.spectrum], parameters: decoyParameters)[0].first
                    return QueryOutcome(
                        isFindable: query.isFindable,
                        place: matches.firstIndex { $0.entry.inchiKeyBlock == query.block }.map { $0 + 1 },
                        hasFormula: matches.first?.entry.formula == query.formula,
                        target: matches.first?.score, decoy: decoy?.score)
                })
        }
        return trials
    }
}
