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

/// The shipped parameters, one set per instrument class. Nothing here is tuned to a file.
public enum DetectionPreset: String, Sendable, Hashable, Codable, CaseIterable {
    /// Orbitrap and other Fourier-transform analysers: narrow m/z, thresholded noise.
    case orbitrap
    /// Time of flight: wider m/z, noise present in every scan.
    case timeOfFlight = "tof"
    /// Quadrupoles and ion traps: m/z known to a fraction of a dalton, slow gradients, much chemical noise.
    case unitResolution = "unit-resolution"

    /// The preset of an instrument class. Unknown instruments get `orbitrap`; see `InstrumentInference` to ask the data.
    public init(instrument: InstrumentClass) {
        switch instrument {
        case .orbitrap, .fourierTransformICR, .unknown: self = .orbitrap
        case .timeOfFlight: self = .timeOfFlight
        case .unitResolution: self = .unitResolution
        }
    }

    public var parameters: DetectionParameters {
        switch self {
        case .orbitrap:
            DetectionParameters(
                centroiding: Centroider.Parameters(),
                traces: MassTraceParameters(tolerance: .ppm(10), noiseQuantile: 0.05, minPoints: 5),
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
        }
    }
}
