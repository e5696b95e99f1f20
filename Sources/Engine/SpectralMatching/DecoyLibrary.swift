import ContentHash
import SpectrumModel

/// How decoys of a library are made.
public enum DecoyMethod: String, Sendable, Hashable, Codable, CaseIterable {
    /// None: no false discovery rate is estimated.
    case none
    /// `DecoySpectra`.
    case spectrum
}

/// The decoys of a library: a library of its own, one spectrum for each of the library's, with the same precursor, polarity
/// and compound, and nothing else of the entry.
public enum DecoyLibrary {
    /// Changes when the same library and seed give other decoys.
    public static let version = 1
    /// The seed of the decoys that the programs use.
    public static let seed: UInt64 = 2017

    /// What stands for the source in a library of decoys: it tells of which library they are, and that they are decoys.
    public static func sourceHash(of library: SpectralLibrary, seed: UInt64 = seed) -> String {
        let cleaning = library.cleaning
        return sha256(
            """
            decoys \(version) \(seed) \(library.sourceHash) \(library.count) \(library.compoundCount) \
            \(library.peakMZ.count) \(cleaning.noiseFraction) \(cleaning.maximumPeakCount)
            """.utf8)
    }

    /// Makes the decoys and writes them as a library.
    /// - Throws: `LibraryFileError` when the file cannot be written.
    /// - Complexity: O(p log p) for p peaks; some six seconds for a million.
    public static func build(
        of library: SpectralLibrary, destination: String, seed: UInt64 = seed
    ) throws(LibraryFileError) {
        let decoys = DecoySpectra(library: library, seed: seed)
        var builder = SpectralLibraryBuilder(cleaning: library.cleaning)
        for index in 0..<library.count {
            let target = library.entry(at: index)
            builder.addCleaned(
                LibraryEntry(
                    accession: "DECOY-\(target.accession)", inchiKey: target.inchiKey, polarity: target.polarity,
                    precursorMZ: target.precursorMZ),
                builder.cleaning.clean(decoys.decoy(of: index)))
        }
        try builder.write(
            to: destination, sourceHash: sourceHash(of: library, seed: seed),
            sourceName: "decoys of \(library.sourceName)")
    }
}
