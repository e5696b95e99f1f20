import SpectrumModel

extension InstrumentClass {
    /// The class of a mass analyser term (children of MS:1000443) or an instrument model term (MS:1000031).
    ///
    /// Source: the PSI-MS controlled vocabulary. Models with several analysers count by their highest-resolving one.
    init?(accession: Int) {
        switch accession {
        case 1_000_484: self = .orbitrap
        case 1_000_079: self = .fourierTransformICR
        case 1_000_084, 1_003_379: self = .timeOfFlight
        case 1_000_081, 1_000_082, 1_000_083, 1_000_078, 1_000_264, 1_000_291: self = .unitResolution
        default:
            if InstrumentModels.orbitrap.contains(accession) {
                self = .orbitrap
            } else if InstrumentModels.fourierTransformICR.contains(accession) {
                self = .fourierTransformICR
            } else if InstrumentModels.timeOfFlight.contains(accession) {
                self = .timeOfFlight
            } else if InstrumentModels.unitResolution.contains(accession) {
                self = .unitResolution
            } else {
                return nil
            }
        }
    }

    /// Among the analysers of one instrument, the one with the highest rank sets the class.
    var rank: Int {
        switch self {
        case .fourierTransformICR: 4
        case .orbitrap: 3
        case .timeOfFlight: 2
        case .unitResolution: 1
        case .unknown: 0
        }
    }
}
