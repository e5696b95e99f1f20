import SpectrumModel

/// How a fragment spectrum is searched in a library.
public struct SearchParameters: Sendable, Hashable {
    /// Which spectra are candidates and which peaks may match.
    public var search: SearchType = .identity
    /// Largest distance of the precursors in an identity search, relative to the query's precursor; edges inside.
    public var precursorTolerance: Tolerance = .ppm(10)
    /// Largest distance of two peaks that count as the same fragment; edges inside.
    public var fragmentTolerance: Tolerance = .dalton(0.02)
    /// Matches with fewer matched peaks are dropped.
    ///
    /// Leave-one-contributor-out over four contributors of the bundled MassBank subset, at score 0.7: with 3 peaks the
    /// first hit is right for 36 to 64 % of the spectra whose compound is in the rest, and 2 to 10 % of those whose compound
    /// is not get a hit all the same. With 2 peaks: 47 to 75 % and 3 to 10 %.
    public var minimumMatchedPeaks = 3
    /// Matches with a lower score are dropped; a score exactly at it stays.
    public var minimumScore = 0.7
    /// At most this many compounds (or spectra, when spectra are ranked) are reported.
    public var top = 5
    public var similarity: SimilarityMeasure = .spectralEntropy
    /// How the cosine measures pair peaks that compete.
    public var assignment: PeakAssignment = .optimal
    /// Exponent of the intensities in the cosine measures.
    public var intensityPower = 0.5
    /// Exponent of the m/z in `enhancedDotProduct`.
    public var mzPower = 2.0
    /// Search for related compounds too: every spectrum within `analogMaximumShift`, always by modified cosine, whatever
    /// `search` and `similarity` say.
    public var analog = false
    /// Largest difference of the precursors in an analog search, in Da; edges inside.
    public var analogMaximumShift = 200.0
    /// Peaks below this fraction of the base peak are removed from the query, and from the library's spectra where the
    /// library was built with a lower fraction.
    public var noiseFraction = 0.01
    /// Remove peaks above the precursor m/z minus 1.6 Da from both spectra (the precursor, its isotopes, and noise above).
    public var removePrecursor = false

    public init() {}

    /// Everything that decides a score by `measure`.
    public func settings(_ measure: SimilarityMeasure) -> SimilaritySettings {
        SimilaritySettings(
            measure: measure, tolerance: fragmentTolerance, assignment: assignment, intensityPower: intensityPower,
            mzPower: mzPower)
    }

    /// How far below the precursor the removal starts, in Da. Source: Li et al. 2021.
    public static let precursorRemovalDistance = 1.6
}

/// A library spectrum that resembles the query.
public struct LibraryMatch: Sendable, Hashable {
    /// How the precursors of the two spectra relate.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// Within the precursor tolerance (or the isolation window).
        case identity
        /// Further apart: at best a related compound.
        case analog
    }

    public var kind: Kind
    /// 0 ... 1, by `measure`.
    public var score: Double
    public var measure: SimilarityMeasure
    public var matchedPeaks: Int
    /// Weighted spectral entropy similarity and modified cosine of the same pair, whichever ranked it.
    public var spectralEntropy: Double
    public var modifiedCosine: Double
    /// Precursor m/z of the query minus that of the library, in Da and in ppm of the library's.
    public var precursorErrorDalton: Double
    public var precursorErrorPPM: Double
    /// Position of the spectrum in the library's order.
    public var libraryIndex: Int
    public var entry: LibraryEntry
    /// Further spectra of the same compound that passed, with a lower rank.
    public var otherSpectraOfCompound: Int

    /// The same text for spectra of one molecule: the skeleton of the InChIKey; a spectrum without one stands for itself.
    public var molecule: String { entry.inchiKeyBlock.isEmpty ? "spectrum \(libraryIndex)" : entry.inchiKeyBlock }

    public init(
        kind: Kind, score: Double, measure: SimilarityMeasure, matchedPeaks: Int, spectralEntropy: Double,
        modifiedCosine: Double, precursorErrorDalton: Double, precursorErrorPPM: Double, libraryIndex: Int,
        entry: LibraryEntry, otherSpectraOfCompound: Int
    ) {
        self.kind = kind
        self.score = score
        self.measure = measure
        self.matchedPeaks = matchedPeaks
        self.spectralEntropy = spectralEntropy
        self.modifiedCosine = modifiedCosine
        self.precursorErrorDalton = precursorErrorDalton
        self.precursorErrorPPM = precursorErrorPPM
        self.libraryIndex = libraryIndex
        self.entry = entry
        self.otherSpectraOfCompound = otherSpectraOfCompound
    }
}
