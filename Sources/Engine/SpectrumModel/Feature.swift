/// One ion species that eluted once: a chromatographic peak with its isotopes.
public struct Feature: Sendable, Hashable {
    /// Number within its file, from 1, in order of m/z then retention time.
    public var id: Int
    /// Monoisotopic m/z, intensity-weighted over the peak.
    public var mz: Double
    /// Retention time of the apex and the edges, in seconds.
    public var retentionTimeSeconds: Double
    public var startSeconds: Double
    public var endSeconds: Double
    /// Full width at half maximum, in seconds.
    public var widthSeconds: Double
    /// Charge (magnitude); 0 when no isotope told it.
    public var charge: Int
    /// Integral of the monoisotopic trace over time, counts times seconds.
    public var area: Double
    /// Highest intensity of the monoisotopic trace, counts.
    public var height: Double
    /// Apex over the local noise; infinite when the noise is zero.
    public var signalToNoise: Double
    /// Peak-shape quality in 0...1 (1 is best); its definition belongs to the detector.
    public var quality: Double
    /// Autocorrelation of the intensities about the peak, -1...1: near 1 for elution, near 0 for scans in random order;
    /// 0 where it was not measured.
    public var autocorrelation: Double
    /// Smooth curves fitted to the elution profile.
    public var shape: ElutionShape
    /// Probability that this is no ion that eluted but an accident of noise, 0...1; told where a rate of false features was stated.
    public var falseProbability: Double?
    /// Points of the monoisotopic trace inside the peak.
    public var pointCount: Int
    /// Areas of the isotopologues where there are several. Most features have one, and a list of its own for each would have to be made
    /// and given back one by one.
    private let isotopes: [Double]
    public var polarity: Polarity
    /// Name of the ion species (`AdductTable`), where co-eluting features tell it.
    public var adduct: String?
    /// Monoisotopic mass of the molecule in Da, where co-eluting features tell it; the same for all of its features.
    public var neutralMass: Double?
    /// Number, within the file, that the features of one molecule share; `nil` for a feature that stands alone.
    public var group: Int?

    /// Areas of the isotopologues M, M+1, M+2 ... up to the last that was found, 0 for one that was not; the first is `area`.
    public var isotopeAreas: [Double] { isotopes.isEmpty ? [area] : isotopes }

    /// How many `isotopeAreas` there are.
    public var isotopeCount: Int { max(isotopes.count, 1) }

    public init(
        id: Int, mz: Double, retentionTimeSeconds: Double, startSeconds: Double, endSeconds: Double,
        widthSeconds: Double, charge: Int, area: Double, height: Double, signalToNoise: Double, quality: Double,
        autocorrelation: Double = 0, shape: ElutionShape = ElutionShape(), pointCount: Int, isotopeAreas: [Double],
        polarity: Polarity, adduct: String? = nil, neutralMass: Double? = nil, group: Int? = nil
    ) {
        self.id = id
        self.mz = mz
        self.retentionTimeSeconds = retentionTimeSeconds
        self.startSeconds = startSeconds
        self.endSeconds = endSeconds
        self.widthSeconds = widthSeconds
        self.charge = charge
        self.area = area
        self.height = height
        self.signalToNoise = signalToNoise
        self.quality = quality
        self.autocorrelation = autocorrelation
        self.shape = shape
        self.pointCount = pointCount
        isotopes = isotopeAreas == [area] ? [] : isotopeAreas
        self.polarity = polarity
        self.adduct = adduct
        self.neutralMass = neutralMass
        self.group = group
    }
}
