import Foundation
import SpectrumModel
import TestSupport
import Testing

@testable import SpectralMatching

/// A Python with matchms and ms-entropy.
private let peerPython = ProcessInfo.processInfo.environment["LAVOISIER_PEER_PYTHON"]

/// The same scores as PyPI matchms and ms-entropy on pairs of the bundled library.
///
/// Where a pair of peaks lies exactly at the tolerance the peers decide by rounded sums (matchms compares with
/// m/z + tolerance) or by single precision (ms-entropy); such pairs of spectra are told apart by an edge within
/// `edge` of the tolerance and are not compared.
@Suite("Peers' similarities", .enabled(if: peerPython != nil && bundledLibrary != nil, "needs LAVOISIER_PEER_PYTHON"))
struct PeerSimilarityTests {
    private static let tolerance = 0.02
    private static let pairs = 2_500

    private struct Spectrum: Encodable {
        let precursor: Double
        let mz: [Double]
        let intensity: [Double]
    }

    /// Neighbours by precursor m/z, and spectra of one compound with different precursors: pairs that have peaks in common.
    private static func spectra() throws -> [LibrarySpectrum] {
        var reader = try MSPReader(path: try #require(bundledLibrary))
        var all: [LibrarySpectrum] = []
        var number = 0
        while let spectrum = try reader.next() {
            number += 1
            // Two in a row of every 14: the file keeps the spectra of a compound together.
            guard number % 14 < 2, all.count < 2 * pairs else { continue }
            let peaks = PeakCleaning(noiseFraction: 0.001, maximumPeakCount: 300).clean(spectrum.peaks)
            all.append(LibrarySpectrum(entry: spectrum.entry, peaks: peaks))
        }
        return all
    }

    /// Pairs of indices: neighbours, and every spectrum with one a few compounds away.
    private static func pairing(_ count: Int) -> [(Int, Int)] {
        (0..<(count - 7)).map { ($0, $0 % 2 == 0 ? $0 + 1 : $0 + 6) }
    }

    private static func peerScores(_ spectra: [LibrarySpectrum], _ pairs: [(Int, Int)]) throws -> [String: [[Double]]] {
        struct Request: Encodable {
            let tolerance: Double
            let spectra: [Spectrum]
            let pairs: [[Int]]
        }
        let folder = try TemporaryDirectory()
        let request = Request(
            tolerance: tolerance,
            spectra: spectra.map {
                Spectrum(precursor: $0.entry.precursorMZ, mz: $0.peaks.mz, intensity: $0.peaks.intensity)
            }, pairs: pairs.map { [$0.0, $0.1] })
        let path = try folder.write("request.json", try JSONEncoder().encode(request))
        let script = TestData.repository + "/scripts/peer_similarities.py"
        let outcome = try Program.run(try #require(peerPython), [script, path, folder.file("scores.json")])
        try #require(outcome.status == 0, "\(outcome.error)")
        return try JSONDecoder().decode(
            [String: [[Double]]].self, from: Data(contentsOf: URL(fileURLWithPath: folder.file("scores.json"))))
    }

    /// Whether some pair of peaks lies so close to the tolerance, in place or moved, that rounding decides.
    private static func hasEdge(_ a: PeakList, _ b: PeakList, shift: Double, within edge: Double) -> Bool {
        func near(_ shift: Double) -> Bool {
            var low = 0
            for mz in a.mz {
                while low < b.count, b.mz[low] + shift < mz - tolerance - edge { low += 1 }
                for other in b.mz[low...] {
                    let distance = abs(other + shift - mz)
                    if other + shift > mz + tolerance + edge { break }
                    if abs(distance - tolerance) <= edge { return true }
                }
            }
            return false
        }
        return near(0) || near(shift)
    }

    /// Whether merging may differ in single precision: two peaks of one spectrum about twice the tolerance apart.
    private static func mergesAtEdge(_ peaks: PeakList, within edge: Double) -> Bool {
        peaks.mz.indices.contains { i in
            peaks.mz[(i + 1)...].contains { abs($0 - peaks.mz[i] - 2 * tolerance) <= edge }
        }
    }

    @Test("cosine, modified cosine and neutral loss equal matchms, entropy equals ms-entropy")
    func equal() throws {
        let spectra = try Self.spectra()
        let pairs = Self.pairing(spectra.count)
        let peers = try Self.peerScores(spectra, pairs)
        let measures: [(String, SimilarityMeasure, PeakAssignment)] = [
            ("CosineGreedy", .cosine, .greedy), ("CosineHungarian", .cosine, .optimal),
            ("ModifiedCosineGreedy", .modifiedCosine, .greedy), ("ModifiedCosineHungarian", .modifiedCosine, .optimal),
            ("NeutralLossesCosine", .neutralLoss, .greedy), ("entropy", .spectralEntropy, .optimal),
            ("unweighted_entropy", .unweightedEntropy, .optimal),
        ]
        for (name, measure, assignment) in measures {
            let theirs = try #require(peers[name])
            let settings = SimilaritySettings(
                measure: measure, tolerance: .dalton(Self.tolerance), assignment: assignment, intensityPower: 0.5)
            // Single precision of an m/z near 1000 is 6e-5.
            let edge = measure.isEntropy ? 2.5e-4 : 1e-9
            var compared = 0
            var common = 0
            var edges = 0
            var apart = 0
            var worst = 0.0
            var counts = 0
            for (index, (i, j)) in pairs.enumerated() {
                var (a, b) = (spectra[i].peaks, spectra[j].peaks)
                let (pa, pb) = (spectra[i].entry.precursorMZ, spectra[j].entry.precursorMZ)
                if measure == .neutralLoss {
                    // matchms takes the precursor itself as a loss; without it both mean the same.
                    a = PeakCleaning(noiseFraction: 0).clean(a, upperMZ: pa - 1.6)
                    b = PeakCleaning(noiseFraction: 0).clean(b, upperMZ: pb - 1.6)
                }
                let isEdge =
                    Self.hasEdge(a, b, shift: pa - pb, within: edge) || abs(abs(pa - pb) - Self.tolerance) < edge
                    || (measure.isEntropy && (Self.mergesAtEdge(a, within: edge) || Self.mergesAtEdge(b, within: edge)))
                let ours = SpectralSimilarity.score(a, b, precursorA: pa, precursorB: pb, settings: settings)
                let difference = abs(ours.score - theirs[index][0])
                if isEdge {
                    edges += 1
                    if difference > 1e-6 { apart += 1 }
                    continue
                }
                compared += 1
                if ours.matchedPeaks > 0 { common += 1 }
                worst = max(worst, difference)
                #expect(difference <= 1e-6, "\(name), pair \(index): \(ours.score) and \(theirs[index][0])")
                if !measure.isEntropy, Int(theirs[index][1]) != ours.matchedPeaks { counts += 1 }
            }
            #expect(compared >= 2_000 && common >= 500, "\(name): \(compared) compared, \(common) with common peaks")
            #expect(counts == 0, "\(name): \(counts) pairs with another number of matched peaks")
            print(
                "\(name): \(compared) pairs, \(common) with common peaks, largest difference \(worst); "
                    + "\(edges) more at an edge, \(apart) of them with another score")
        }
    }
}
