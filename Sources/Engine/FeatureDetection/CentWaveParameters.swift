import SpectrumModel

/// The parameters of xcms's centWave by their names and defaults there, and what they mean to this detector.
///
/// Source: Tautenhahn, Boettcher and Neumann 2008, doi:10.1186/1471-2105-9-504; names and defaults of xcms's `CentWaveParam`.
public struct CentWaveParameters: Sendable, Hashable {
    /// How the m/z of a peak follows from its points.
    public enum MZCenter: String, Sendable, Hashable, Codable, CaseIterable {
        /// Mean weighted by intensity.
        case weightedMean = "wMean"
        case mean
        /// m/z of the most intense point.
        case apex
        /// Weighted mean of the most intense point and its neighbours in time.
        case weightedMeanApex3 = "wMeanApex3"
        case meanApex3
    }

    /// Where a peak ends.
    public enum Integration: Int, Sendable, Hashable, Codable, CaseIterable {
        /// At the minima of the wavelet coefficients beside the apex.
        case filteredData = 1
        /// Where the intensities themselves stop falling.
        case rawData = 2
    }

    /// A region (scans in a row with a point each) needs this many points of at least `intensity` counts.
    public struct Prefilter: Sendable, Hashable {
        public var points: Int
        public var intensity: Double

        public init(points: Int, intensity: Double) {
            self.points = points
            self.intensity = intensity
        }
    }

    public var ppm = 25.0
    /// Narrowest and widest peak, base to base, seconds: twice the scale of the wavelet that fits it.
    public var peakWidthSeconds = 20.0...50.0
    public var snthresh = 10.0
    public var prefilter = Prefilter(points: 3, intensity: 100)
    public var mzCenter = MZCenter.weightedMean
    public var integrate = Integration.filteredData
    /// Least distance in m/z of two peaks that overlap in time; negative lets them overlap by as much.
    public var mzdiff = -0.001
    /// Whether the retention time is the centre of a Gaussian fitted to the peak.
    public var fitgauss = false
    /// Points below it are left out, counts.
    public var noise = 0.0

    public init() {}

    /// Fewest points of a region and of a peak; more where the narrowest wavelet is wide.
    static let minPoints = 4
    /// Points of one scan nearer than this are one.
    private static let samePPM = 0.1

    /// Puts the block over the parameters of an instrument class, and switches off what centWave does not have: noise told
    /// from quantiles, merged neighbours, limits on shape. Isotopes and centroiding stay as they are.
    public func apply(to parameters: inout DetectionParameters) {
        parameters.traces.tolerance = .ppm(ppm)
        // Converters of unit-resolution data write one value twice; centWave adds them, here the stronger counts.
        parameters.traces.mergeDistance = .ppm(Self.samePPM)
        parameters.traces.noiseThreshold = noise
        parameters.traces.noiseQuantile = 0
        parameters.traces.apexFactor = 0
        parameters.traces.minPoints = Self.minPoints
        parameters.peaks.minWidthSeconds = peakWidthSeconds.lowerBound / 2
        parameters.peaks.maxWidthSeconds = peakWidthSeconds.upperBound / 2
        parameters.peaks.signalToNoise = snthresh
        parameters.peaks.isotopeSignalToNoise = snthresh
        parameters.peaks.minQuality = 0
        parameters.peaks.minAutocorrelation = -1
        parameters.peaks.minPoints = Self.minPoints
        parameters.peaks.centWave = self
    }
}
