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
    /// - Parameter memoryLimit: bytes of resident memory that the whole process may take; `nil` for no limit.
    /// - Throws: `LibraryFileError` when the file cannot be written, or when it would take more than the limit
    ///   (`.memoryLimit`).
    /// - Complexity: O(p log p) for p peaks; some six seconds for a million. In memory are 48 bytes a peak, 12 of them pages of
    ///   the library, its texts, and some 300 bytes a spectrum.
    public static func build(
        of library: SpectralLibrary, destination: String, seed: UInt64 = seed, memoryLimit: Int? = nil
    ) throws(LibraryFileError) {
        let memory = PreparationMemory(limit: memoryLimit, source: "the decoys of \(library.path)")
        try build(of: library, destination: destination, seed: seed, memory: memory)
    }

    static func build(
        of library: SpectralLibrary, destination: String, seed: UInt64, memory: PreparationMemory
    ) throws(LibraryFileError) {
        defer {
            library.releasePages()
            // Small pieces that were freed would stay with the heap of whoever comes next.
            releaseFreedMemory()
        }
        // What opening the library has read.
        library.releasePages()
        let (spectra, peaks) = (library.count, library.peakMZ.count)
        let drawing = DecoySpectra.byteCount(of: library) + library.entryByteCount + 16 * peaks
        let indexing = FragmentIndexBuilder.byteCount(spectra: spectra, peaks: peaks, peaksOfBlock: peaks)
        try memory.check(next: bytesOfEntry * spectra + max(drawing, indexing))
        try builder(of: library, seed: seed, memory).write(
            to: destination,
            sources: [
                LibraryProvenance(
                    name: "decoys of \(library.sourceName)", hash: sourceHash(of: library, seed: seed))
            ], memory: memory)
    }

    /// Of a decoy's own entry, at most: 80 with its texts' numbers, its accession and key with what finds them, its compound.
    private static let bytesOfEntry = 240

    private static func builder(
        of library: SpectralLibrary, seed: UInt64, _ memory: PreparationMemory
    ) throws(LibraryFileError) -> SpectralLibraryBuilder {
        let decoys = DecoySpectra(library: library, seed: seed)
        var builder = SpectralLibraryBuilder(cleaning: library.cleaning)
        for index in 0..<library.count {
            if index > 0, index.isMultiple(of: PreparationMemory.recordsBetweenLooks) {
                let share = Double(index) / Double(library.count)
                try memory.checkReading(share: share, next: 0, atMost: 0)
            }
            let target = library.entry(at: index)
            builder.addCleaned(
                LibraryEntry(
                    accession: "DECOY-\(target.accession)", inchiKey: target.inchiKey, polarity: target.polarity,
                    precursorMZ: target.precursorMZ),
                builder.cleaning.clean(decoys.decoy(of: index)))
        }
        library.releasePages()
        return builder
    }
}
