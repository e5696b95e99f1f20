import SpectrumModel

/// Which peaks `IsotopeGrouper` takes for isotopes of one ion.
public struct IsotopeParameters: Sendable, Hashable {
    /// Highest charge (magnitude) that is tried.
    public var maxCharge: Int
    /// Distance from the expected m/z of an isotope.
    public var tolerance: Tolerance
    /// Cosine of the elution profiles on their common scans, at least.
    public var minCosine: Double
    /// Distance of the apexes, relative to the width at half maximum of the stronger peak, at most.
    public var maxApexShift: Double
    /// Isotopologues per feature, the monoisotopic one included.
    public var maxIsotopes: Int

    public init(
        maxCharge: Int = 3, tolerance: Tolerance, minCosine: Double = 0.8, maxApexShift: Double = 0.5,
        maxIsotopes: Int = 6
    ) {
        self.maxCharge = maxCharge
        self.tolerance = tolerance
        self.minCosine = minCosine
        self.maxApexShift = maxApexShift
        self.maxIsotopes = maxIsotopes
    }
}
