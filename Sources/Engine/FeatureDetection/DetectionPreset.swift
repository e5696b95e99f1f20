import SpectrumModel

/// All parameters of feature detection, one struct per stage.
public struct DetectionParameters: Sendable, Hashable {
    public var centroiding: Centroider.Parameters
    public var traces: MassTraceParameters
    public var peaks: PeakParameters
    public var isotopes: IsotopeParameters

    public init(
        centroiding: Centroider.Parameters, traces: MassTraceParameters, peaks: PeakParameters,
        isotopes: IsotopeParameters
    ) {
        self.centroiding = centroiding
        self.traces = traces
        self.peaks = peaks
        self.isotopes = isotopes
    }
}

/// The shipped parameters. Nothing here is tuned to a file.
///
/// `orbitrap`, `tof` and `unit-resolution` are what an instrument class gets when nothing more is said: their widths cover
/// slow and fast chromatography. The four that name the chromatography look for its widths only. Published for these
/// classes are widths of 10 to 60 s (HPLC) and 5 to 20 s (UHPLC) base to base, which are twice those at half maximum here.
/// Source: Patti, Tautenhahn and Siuzdak 2012, doi:10.1038/nprot.2011.454, table 1.
public enum DetectionPreset: String, Sendable, Hashable, Codable, CaseIterable {
    /// Orbitrap and other Fourier-transform analysers: narrow m/z, thresholded noise.
    case orbitrap
    /// Time of flight: wider m/z, noise present in every scan.
    case timeOfFlight = "tof"
    /// Quadrupoles and ion traps: m/z known to a fraction of a dalton, slow gradients, much chemical noise.
    case unitResolution = "unit-resolution"
    /// Columns of some 3 to 5 um particles: peaks of 5 to 30 s at half maximum.
    case hplcOrbitrap = "hplc-orbitrap"
    case hplcQTOF = "hplc-qtof"
    /// Columns of particles below 2 um: peaks of 2.5 to 10 s at half maximum.
    case uhplcOrbitrap = "uhplc-orbitrap"
    case uhplcQTOF = "uhplc-qtof"

    /// The preset of an instrument class. Unknown instruments get `orbitrap`; see `InstrumentInference` to ask the data.
    public init(instrument: InstrumentClass) {
        switch instrument {
        case .orbitrap, .fourierTransformICR, .unknown: self = .orbitrap
        case .timeOfFlight: self = .timeOfFlight
        case .unitResolution: self = .unitResolution
        }
    }

    /// One line for help and documentation.
    public var summary: String {
        let parameters = parameters
        let tolerance =
            switch parameters.traces.tolerance {
            case .ppm(let value): "\(value.formatted) ppm"
            case .dalton(let value): "\(value.formatted) Da"
            }
        return "\(rawValue): \(tolerance), \(parameters.peaks.minWidthSeconds.formatted) to "
            + "\(parameters.peaks.maxWidthSeconds.formatted) s"
    }

    public var parameters: DetectionParameters {
        switch self {
        case .orbitrap:
            DetectionParameters(
                centroiding: Centroider.Parameters(),
                // Weak signals scatter by more than the accuracy that a data sheet states: ions are few.
                traces: MassTraceParameters(tolerance: .ppm(15), noiseQuantile: 0.05, minPoints: 5),
                peaks: PeakParameters(minWidthSeconds: 1.5, maxWidthSeconds: 40),
                isotopes: IsotopeParameters(tolerance: .ppm(5)))
        case .timeOfFlight:
            DetectionParameters(
                centroiding: Centroider.Parameters(),
                traces: MassTraceParameters(tolerance: .ppm(25), noiseQuantile: 0.25, minPoints: 5),
                peaks: PeakParameters(minWidthSeconds: 1.5, maxWidthSeconds: 30),
                isotopes: IsotopeParameters(tolerance: .ppm(20)))
        case .unitResolution:
            DetectionParameters(
                centroiding: Centroider.Parameters(),
                // m/z of such files is often rounded to 0.1: an ion moves by a step of that, and half a step is lost.
                traces: MassTraceParameters(
                    tolerance: .dalton(0.15), mergeDistance: .dalton(0.25), noiseQuantile: 0.15, minPoints: 6),
                peaks: PeakParameters(minWidthSeconds: 5, maxWidthSeconds: 60, minAutocorrelation: 0.6),
                isotopes: IsotopeParameters(maxCharge: 1, tolerance: .dalton(0.2)))
        case .hplcOrbitrap: Self.orbitrap.parameters.looking(for: Self.hplcWidths)
        case .uhplcOrbitrap: Self.orbitrap.parameters.looking(for: Self.uhplcWidths)
        case .hplcQTOF: Self.timeOfFlight.parameters.looking(for: Self.hplcWidths)
        case .uhplcQTOF: Self.timeOfFlight.parameters.looking(for: Self.uhplcWidths)
        }
    }

    /// Full widths at half maximum, seconds.
    private static let hplcWidths = 5.0...30.0
    private static let uhplcWidths = 2.5...10.0
}

extension DetectionParameters {
    /// The same for peaks of other widths.
    fileprivate func looking(for widthSeconds: ClosedRange<Double>) -> DetectionParameters {
        var parameters = self
        parameters.peaks.minWidthSeconds = widthSeconds.lowerBound
        parameters.peaks.maxWidthSeconds = widthSeconds.upperBound
        return parameters
    }
}

extension Double {
    fileprivate var formatted: String { self == rounded() ? String(Int(self)) : String(self) }
}
