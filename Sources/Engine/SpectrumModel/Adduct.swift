/// How a neutral molecule became the ion that was measured: `mz = (multiplicity * M + massShift) / charge`.
public struct Adduct: Sendable, Hashable {
    /// Name in the field's notation, for example `[M+H]+` or `[2M-H]-`.
    public let name: String
    /// Molecules per ion.
    public let multiplicity: Int
    /// Mass added to the molecules, electrons accounted for, in Da.
    public let massShift: Double
    /// Charge magnitude.
    public let charge: Int
    public let polarity: Polarity

    public init(name: String, multiplicity: Int, massShift: Double, charge: Int, polarity: Polarity) {
        self.name = name
        self.multiplicity = multiplicity
        self.massShift = massShift
        self.charge = charge
        self.polarity = polarity
    }

    /// m/z of the ion of a molecule with this monoisotopic mass (Da).
    public func mz(neutralMass: Double) -> Double {
        (Double(multiplicity) * neutralMass + massShift) / Double(charge)
    }

    /// Monoisotopic mass (Da) of the molecule whose ion has this m/z.
    public func neutralMass(mz: Double) -> Double {
        (mz * Double(charge) - massShift) / Double(multiplicity)
    }
}

/// Which kind of instrument recorded a run: chooses the shipped preset.
public enum InstrumentClass: String, Sendable, Hashable, Codable, CaseIterable {
    case orbitrap
    case timeOfFlight = "tof"
    case fourierTransformICR = "fticr"
    case unitResolution = "unit-resolution"
    case unknown
}
