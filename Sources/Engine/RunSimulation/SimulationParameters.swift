import SpectrumModel

/// What is put into a background, and how the instrument would have recorded it. The equations are in
/// `docs/simulation.md`.
public struct SimulationParameters: Sendable, Hashable {
    /// Ions to inject; each comes with its isotopologues.
    public var peakCount = 200
    public var seed: UInt64 = 1
    /// Shuffles the contents of the background's scans before anything is injected; `nil` leaves their order.
    public var permutationSeed: UInt64?

    /// Apex of the monoisotopic trace, counts, uniform in the logarithm; `nil`: `decades` upwards from
    /// twice the background's median detection limit.
    public var apexIntensity: ClosedRange<Double>?
    public var decades = 4.0
    /// Full width at half maximum, seconds, uniform in the logarithm; `nil`: 6 to 30 scan intervals.
    public var fullWidthSeconds: ClosedRange<Double>?
    /// Part of the ions that tail.
    public var tailingFraction = 0.5
    /// tau over sigma of those, uniform.
    public var tailing = 0.5...3.0
    /// Where monoisotopic m/z are drawn; `nil`: the background's.
    public var mz: ClosedRange<Double>?
    /// Where whole peaks have to lie, seconds; `nil`: the background's.
    public var retentionTimeSeconds: ClosedRange<Double>?
    /// `nil`: the one that most MS1 spectra have.
    public var polarity: Polarity?
    /// Part of the ions with charge 2; the others have charge 1.
    public var doublyChargedFraction = 0.1
    /// Isotopologues per ion at most, M included.
    public var isotopologueLimit = 4
    /// Part of the ions that come in pairs which overlap in m/z or in time.
    public var overlapFraction = 0.2
    /// Widths of the resolution that other ions' traces keep apart while they elute.
    public var separation = 3.0

    /// `nil`: as the file says. Chooses the law by which the resolution follows m/z.
    public var instrumentClass: InstrumentClass?
    /// m/z over width at m/z 200; `nil`: measured on the background.
    public var resolvingPower: Double?
    /// A width in Da that does not depend on m/z, instead of a resolving power.
    public var resolutionDalton: Double?
    /// Low quantile of a scan's intensities below which it records nothing.
    public var limitQuantile = 0.05
    /// Ions that a signal at the detection limit consists of: sets the counting noise.
    public var ionsAtLimit = 10.0
    /// Relative standard deviation of the spray, which all isotopologues of an ion share in a scan.
    public var sprayNoise = 0.03
    /// Standard deviation of m/z that remains for strong signals.
    public var mzNoisePPM = 0.5
    /// Whether spectra that do not say whether they are centroid are taken as such.
    public var acceptsUnstatedRepresentation = false

    public init() {}

    /// - Throws: `badParameter` that names the parameter.
    public func validate() throws(SimulationError) {
        func require(_ condition: Bool, _ reason: String) throws(SimulationError) {
            guard condition else { throw SimulationError(.badParameter, reason: reason) }
        }
        func isRange(_ range: ClosedRange<Double>?, above: Double, upTo: Double) -> Bool {
            range.map { $0.lowerBound > above && $0.upperBound <= upTo } ?? true
        }
        try require((0...1_000_000).contains(peakCount), "peaks: 0 to 1,000,000, not \(peakCount)")
        try require(
            isRange(apexIntensity, above: 0, upTo: 1e15), "intensity: above 0 and at most 1e15 counts")
        try require((0...12).contains(decades), "decades: 0 to 12, not \(decades)")
        try require(isRange(fullWidthSeconds, above: 0, upTo: 1e5), "width: above 0 and at most 100,000 s")
        try require(
            tailing.lowerBound >= 0.01 && tailing.upperBound <= 20,
            "tailing: tau is 0.01 to 20 sigma, not \(tailing.lowerBound) to \(tailing.upperBound)")
        for (name, value) in [
            ("tailing fraction", tailingFraction), ("doubly charged", doublyChargedFraction),
            ("overlaps", overlapFraction), ("limit quantile", limitQuantile),
        ] {
            try require((0...1).contains(value), "\(name): a fraction is 0 to 1, not \(value)")
        }
        try require(isRange(mz, above: 0, upTo: 1e5), "m/z: above 0 and at most 100,000")
        try require((1...10).contains(isotopologueLimit), "isotopologues: 1 to 10, not \(isotopologueLimit)")
        try require((0...1000).contains(separation), "separation: 0 to 1,000 widths, not \(separation)")
        try require(
            resolvingPower.map { (10...1e8).contains($0) } ?? true, "resolving power: 10 to 100,000,000")
        try require(resolutionDalton.map { (1e-6...10).contains($0) } ?? true, "resolution: 1e-6 to 10 Da")
        try require(
            resolvingPower == nil || resolutionDalton == nil, "give a resolving power or a resolution in Da, not both")
        try require((0.01...1e12).contains(ionsAtLimit), "ions at the limit: 0.01 to 1e12, not \(ionsAtLimit)")
        try require((0...1).contains(sprayNoise), "spray noise: 0 to 1, not \(sprayNoise)")
        try require((0...1000).contains(mzNoisePPM), "m/z noise: 0 to 1,000 ppm, not \(mzNoisePPM)")
    }
}
