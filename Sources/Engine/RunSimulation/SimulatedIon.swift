import SpectrumModel

/// One injected ion: where it is, how high, how wide, and with which isotopologues.
struct SimulatedIon: Sendable, Hashable {
    enum Overlap: String, Sendable, Hashable {
        case none
        /// Another ion elutes at the same time a few resolution widths away.
        case mz
        /// Another ion of the same m/z elutes before or after it, and the two overlap.
        case time
    }

    /// From 1, in order of m/z, then time.
    var number = 0
    /// Monoisotopic.
    let mz: Double
    let charge: Int
    let pattern: IsotopePattern
    /// Apex of the monoisotopic trace, counts.
    let height: Double
    /// tau over sigma; 0 for a Gaussian.
    let tailing: Double
    let profile: ElutionProfile
    /// Where it is at least half as high as its apex.
    let halfMaximum: ClosedRange<Double>
    /// Where it is at least 1 % of its apex: its edges.
    let edges: ClosedRange<Double>
    /// Where it is at least a millionth of its apex: beyond, nothing is injected.
    let support: ClosedRange<Double>
    var overlap = Overlap.none
    /// Number of the ion that it overlaps with; 0 for none.
    var partner = 0

    init(
        mz: Double, charge: Int, pattern: IsotopePattern, height: Double, tailing: Double, profile: ElutionProfile
    ) {
        self.mz = mz
        self.charge = charge
        self.pattern = pattern
        self.height = height
        self.tailing = tailing
        self.profile = profile
        halfMaximum = profile.extent(atFraction: 0.5)
        edges = profile.extent(atFraction: 0.01)
        support = profile.extent(atFraction: 1e-6)
    }

    var apexSeconds: Double { profile.apexSeconds }
    var fullWidthSeconds: Double { halfMaximum.upperBound - halfMaximum.lowerBound }

    func mz(isotope: Int) -> Double { mz + IsotopePattern.offset(isotope, charge: charge) }
    func height(isotope: Int) -> Double { height * pattern.ratios[isotope] }
    /// Noise-free integral over time, counts x seconds.
    func area(isotope: Int) -> Double { height(isotope: isotope) * profile.area }

    /// Where the background's level is taken: the edges, one full width further on both sides.
    var surroundings: ClosedRange<Double> {
        edges.lowerBound - fullWidthSeconds...edges.upperBound + fullWidthSeconds
    }
}
