import SpectralMatching
import SpectrumModel

/// How sure an identification is, after Schymanski et al. 2014 (doi:10.1021/es5002105).
///
/// Two levels are never given. Level 1 needs a reference standard measured on the same instrument, with its retention time.
/// Level 2b needs fragments that leave one structure only without a library spectrum of it, judged by a person who knows
/// the compound class.
public enum ConfidenceLevel: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Probable structure: a library spectrum of the same precursor matches at least as well as the threshold asks.
    case level2a = "2a"
    /// Tentative candidate: a weaker match, or a match of a compound with another precursor mass.
    case level3 = "3"
    /// Unequivocal formula: of the table's formulas only one fits both mass and isotope pattern.
    case level4 = "4"
    /// A mass of interest, with or without compounds of that mass.
    case level5 = "5"

    /// The same evidence by the Metabolomics Standards Initiative (Sumner et al. 2007, doi:10.1007/s11306-007-0082-2): 2 is
    /// a putatively annotated compound (similar to a public library's spectrum), 3 a putatively characterised class, 4 an
    /// unknown that can be told apart and measured all the same. 1 needs two properties of a standard measured in the same
    /// laboratory. A mass alone, with whatever formula, leaves a compound at 4.
    public var msiLevel: Int {
        switch self {
        case .level2a: 2
        case .level3: 3
        case .level4, .level5: 4
        }
    }

    private var rank: Int {
        switch self {
        case .level2a: 0
        case .level3: 1
        case .level4: 2
        case .level5: 3
        }
    }

    /// Surer levels are smaller.
    public static func < (a: ConfidenceLevel, b: ConfidenceLevel) -> Bool { a.rank < b.rank }

    /// Range of the combined score that belongs to the level.
    var band: (low: Double, high: Double) {
        switch self {
        case .level2a: (0.75, 1)
        case .level3: (0.5, 0.75)
        case .level4: (0.25, 0.5)
        case .level5: (0, 0.25)
        }
    }

    /// Where a strength of evidence in 0 ... 1 lies within the band.
    func confidence(strength: Double) -> Double {
        band.low + (band.high - band.low) * min(max(strength, 0), 1)
    }
}

/// A compound of the table whose ion has the feature's mass.
public struct AnnotationCandidate: Sendable, Hashable {
    public var compound: Compound
    /// Adduct in the field's notation.
    public var adduct: String
    /// Charge of that ion (magnitude).
    public var charge: Int
    /// m/z of that ion.
    public var theoreticalMZ: Double
    /// Measured minus theoretical m/z, in ppm of the theoretical.
    public var errorPPM: Double
    /// Agreement of the mass, 0 ... 1: a Gaussian whose standard deviation is half the tolerance.
    public var massScore: Double
    /// Agreement of the isotope pattern, 0 ... 1; `nil` when fewer than two isotopologues were measured.
    public var isotopeScore: Double?
    /// Weighted mean of mass (5), adduct prior (2) and, where measured, isotope score (3). Where co-eluting features told
    /// the feature's adduct, that one has prior 1 and every other 0; where no isotope told the charge, ions of several charges
    /// have half their prior.
    public var score: Double
    /// Whether the best library match is the same skeleton.
    public var supportedByLibrary: Bool
    /// Further entries of the same skeleton and adduct (stereoisomers), not listed.
    public var otherStereoisomers: Int
}

/// What is known about the identity of a feature.
public struct FeatureAnnotation: Sendable, Hashable {
    public var featureID: Int
    public var level: ConfidenceLevel
    /// 0 ... 1, for ordering within a result. Each level owns a band (2a: 0.75-1, 3: 0.5-0.75, 4: 0.25-0.5, 5: 0-0.25) and
    /// the strength of its evidence says where in it. It is not a probability and nobody has calibrated it.
    public var confidence: Double
    public var bestMatch: LibraryMatch?
    /// The best compounds by exact mass, best first.
    public var candidates: [AnnotationCandidate]
    /// Compounds (skeleton and adduct) within the tolerance, listed or not.
    public var candidateCount: Int
    /// Molecular formulas among them.
    public var formulaCount: Int
    /// Why the level was given, one clause per piece of evidence.
    public var evidence: String
}

/// How features are annotated.
public struct AnnotationParameters: Sendable, Hashable {
    /// Largest distance of the measured from the theoretical m/z; edges inside.
    public var massTolerance: Tolerance = .ppm(5)
    /// At most this many candidates are listed for a feature.
    public var top = 5
    /// Adducts that are considered, in the order in which ties are broken; `nil` for the common ones.
    public var adducts: [AdductSpecies]?
    /// Isotopologues per feature that the detector looks for, M included: more were not looked for.
    public var maxIsotopes = 6
    /// Score from which a library match of the same precursor counts as level 2a; a score exactly at it does.
    public var libraryScoreThreshold = 0.8
    /// Largest distance of the feature from the library compound's precursor for level 2a.
    public var libraryMassTolerance: Tolerance = .ppm(10)
    /// Isotope score from which a formula counts as supported.
    public var isotopeScoreThreshold = 0.7

    public init() {}

    /// Reads a list of adducts: `common`, `all`, or notations with or without a prior, separated by commas or blanks
    /// (`[M+H]+, [M+Na]+:0.5, [2M+Na-2H]-`); a bracket around the whole list is allowed. Of the same ion in two notations
    /// the first counts.
    /// - Returns: `nil` for `common`.
    /// - Throws: `AdductError` with the notation and what is wrong.
    public static func adducts(_ text: String) throws(AdductError) -> [AdductSpecies]? {
        switch text {
        case "common": return nil
        case "all": return AdductTable.all(.unknown).species
        default: break
        }
        let isBracketed = text.hasPrefix("[[") && text.hasSuffix("]")
        var species: [AdductSpecies] = []
        var seen: Set<AdductNotation> = []
        for word in (isBracketed ? text.dropFirst().dropLast() : text[...]).split(whereSeparator: {
            ", \t".contains($0)
        }) {
            let read = try AdductSpecies(String(word))
            if let symbol = CandidateIon.uncountedLoss(read) {
                throw AdductError(
                    text: String(word), reason: "compound tables do not count \(symbol), so it cannot be lost")
            }
            guard seen.insert(try AdductNotation(read.adduct.name)).inserted else { continue }
            species.append(read)
        }
        guard !species.isEmpty else { throw AdductError(text: text, reason: "no adduct is listed") }
        return species
    }
}
