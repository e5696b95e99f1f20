import MzML
import SpectrumModel

/// What a simulation used and wrote.
public struct SimulationSummary: Sendable, Encodable {
    public struct Extent: Sendable, Encodable {
        public let low: Double
        public let high: Double

        init(_ range: ClosedRange<Double>) { (low, high) = (range.lowerBound, range.upperBound) }
    }

    public let seed: UInt64
    public let permutationSeed: UInt64?
    /// `+`, `-` or `?`.
    public let polarity: String
    /// Ions, and the traces of their isotopologues.
    public let ions: Int
    public let traces: Int
    public let tailingIons: Int
    public let doublyChargedIons: Int
    public let overlappingIons: Int
    public let apexIntensity: Extent
    public let fullWidthSeconds: Extent
    public let mz: Extent
    public let retentionTimeSeconds: Extent
    public let resolution: MassResolution
    /// Median of the scans' detection limits, counts.
    public let detectionLimit: Double
    public let scanIntervalSeconds: Double

    /// Spectra of the new file, and those that peaks could be put into.
    public let spectra: Int
    public let targetScans: Int
    /// Target scans that differ from the background's.
    public let changedScans: Int
    /// Points that were added, real points that a signal merged with, and points of target scans in all.
    public let addedPoints: Int
    public let mergedPoints: Int
    public let targetPoints: Int
    public let chromatograms: Int
    /// Total-ion and base-peak chromatograms, which would no longer be true.
    public let chromatogramsLeftOut: Int
    /// Spectra that are not mass spectra; they are left out.
    public let nonMassSpectra: Int
    /// Before gzip.
    public let byteCount: Int
    /// What was odd in the background but did not stop the reading.
    public let warnings: [String]
}
