import Foundation
import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// A Python with ms-entropy.
private let peerPython = ProcessInfo.processInfo.environment["LAVOISIER_PEER_PYTHON"]

/// Scores of all library spectra for each query, by search.
private let script = """
    import json, sys
    import numpy as np
    from ms_entropy import FlashEntropySearch
    data = json.load(open(sys.argv[1]))
    engine = FlashEntropySearch()
    far = -1e5
    library = engine.build_index([
        {"precursor_mz": s["precursor"], "id": s["id"], "peaks": np.array(s["peaks"], dtype=np.float32)}
        for s in data["library"]], precursor_ions_removal_da=far)
    result = []
    for q in data["queries"]:
        precursor = q["precursor"]
        peaks = engine.clean_spectrum_for_search(
            precursor, np.array(q["peaks"], dtype=np.float32), precursor_ions_removal_da=far)
        found = {
            "identity": engine.identity_search(precursor, peaks.copy(), 0.0105, 0.0205),
            "open": engine.open_search(peaks.copy(), 0.0205),
            "neutral-loss": engine.neutral_loss_search(precursor, peaks.copy(), 0.0205),
            "hybrid": engine.hybrid_search(precursor, peaks.copy(), 0.0205)}
        result.append({name: {s["id"]: float(v) for s, v in zip(library, scores)} for name, scores in found.items()})
    json.dump(result, open(sys.argv[2], "w"))
    """

private struct Spectrum: Encodable {
    var id: String
    var precursor: Double
    var peaks: [[Double]]
}

private struct Input: Encodable {
    var library: [Spectrum]
    var queries: [Spectrum]
}

/// Entropy scores are those of ms-entropy, which computes in single precision.
@Test(.enabled(if: peerPython != nil, "needs LAVOISIER_PEER_PYTHON"))
func scoresEqualThoseOfMSEntropy() throws {
    let folder = try TemporaryDirectory()
    let seed: UInt64 = 61
    var source = RandomLibrary(count: 600, seed: seed).spectra
    for index in source.indices {
        source[index].entry.polarity = .positive
        source[index].entry.accession = "S\(index)"
        // Multiples of 0.001 Da lie on no edge of 0.0205 Da, which single precision would move.
        func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
        source[index].entry.precursorMZ = rounded(source[index].entry.precursorMZ)
        source[index].peaks.mz = source[index].peaks.mz.map(rounded)
    }
    var builder = SpectralLibraryBuilder()
    for spectrum in source { builder.add(spectrum) }
    try builder.write(to: folder.file("library.lvsl"), sourceHash: "", sourceName: "")
    let library = try SpectralLibrary.open(folder.file("library.lvsl"))
    func plain(_ spectrum: LibrarySpectrum) -> Spectrum {
        Spectrum(
            id: spectrum.entry.accession, precursor: spectrum.entry.precursorMZ,
            peaks: zip(spectrum.peaks.mz, spectrum.peaks.intensity).map { [$0, $1] })
    }
    let queries = stride(from: 0, to: 600, by: 40).map { source[$0] }
    try JSONEncoder().encode(Input(library: source.map(plain), queries: queries.map(plain)))
        .write(to: URL(fileURLWithPath: folder.file("in.json")))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: peerPython ?? "")
    process.arguments = ["-c", script, folder.file("in.json"), folder.file("out.json")]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let scores = try JSONDecoder().decode(
        [[String: [String: Double]]].self, from: Data(contentsOf: URL(fileURLWithPath: folder.file("out.json"))))
    var engine = LibrarySearch(library: library)
    var parameters = SearchParameters()
    parameters.precursorTolerance = .dalton(0.0105)
    parameters.fragmentTolerance = .dalton(0.0205)
    parameters.minimumMatchedPeaks = 1
    parameters.minimumScore = 0
    parameters.top = 600
    for (query, expected) in zip(queries, scores) {
        let spectrum = FragmentSpectrum(
            header: SpectrumHeader(
                index: 0, scanNumber: 1, msLevel: 2, polarity: .positive, representation: .centroid,
                retentionTimeSeconds: 0, precursor: Precursor(selectedIonMZ: query.entry.precursorMZ)),
            mz: query.peaks.mz, intensity: query.peaks.intensity.map { Float($0) })
        for search in SearchType.allCases {
            parameters.search = search
            let hits = engine.rank(queries: [spectrum], parameters: parameters)[0]
            let ours = Dictionary(
                uniqueKeysWithValues: hits.map { (library.entry(at: $0.libraryIndex).accession, $0.score) })
            for (id, score) in expected[search.rawValue] ?? [:] {
                #expect(abs((ours[id] ?? 0) - score) < 1e-5, "seed \(seed), \(query.entry.accession), \(id), \(search)")
            }
        }
    }
}
