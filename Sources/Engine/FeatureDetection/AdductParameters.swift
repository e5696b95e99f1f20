import SpectrumModel

/// Which features `AdductGrouper` takes for ions of one molecule.
public struct AdductParameters: Sendable, Hashable {
    /// Distance of a feature from the m/z that another feature and two ion species predict.
    public var tolerance: Tolerance
    /// Correlation of the elution profiles on their common scans, at least.
    public var minCorrelation: Double
    /// Distance of the apexes, relative to the width at half maximum of the narrower peak, at most.
    public var maxApexShift: Double
    /// Natural logarithm of the odds against chance that a group needs.
    public var minEvidence: Double

    public init(
        tolerance: Tolerance, minCorrelation: Double = 0.85, maxApexShift: Double = 0.2, minEvidence: Double = 1
    ) {
        self.tolerance = tolerance
        self.minCorrelation = minCorrelation
        self.maxApexShift = maxApexShift
        self.minEvidence = minEvidence
    }
}
