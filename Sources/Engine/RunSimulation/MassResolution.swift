import SpectrumModel

/// What the instrument tells apart: the full width of a peak at half its maximum, by m/z.
public struct MassResolution: Sendable, Hashable, Codable {
    /// How the width grows with m/z.
    public enum Law: String, Sendable, Hashable, Codable {
        /// Constant in Da: quadrupoles and ion traps.
        case constant
        /// Proportional to m/z: time of flight.
        case linear
        /// Proportional to m/z to the power 3/2: Orbitrap.
        case orbitrap
        /// Proportional to the square of m/z: ion cyclotron resonance.
        case square
    }

    public let law: Law
    /// Width at m/z 200, in Da.
    public let widthAt200: Double

    public init(law: Law, widthAt200: Double) {
        precondition(widthAt200 > 0, "a width above 0")
        self.law = law
        self.widthAt200 = widthAt200
    }

    /// Width in Da at an m/z.
    public func width(at mz: Double) -> Double {
        let x = mz / 200
        switch law {
        case .constant: return widthAt200
        case .linear: return widthAt200 * x
        case .orbitrap: return widthAt200 * x * x.squareRoot()
        case .square: return widthAt200 * x * x
        }
    }

    static func law(of instrument: InstrumentClass) -> Law {
        switch instrument {
        case .orbitrap, .unknown: .orbitrap
        case .timeOfFlight: .linear
        case .fourierTransformICR: .square
        case .unitResolution: .constant
        }
    }
}

/// How close neighbouring points of real scans come, in units of a law: tells the resolution that a run was taken with.
struct NeighbourDistances {
    /// 32 bins per factor of two, from 2^-24 to 2^8 of the width that the law gives at 1 Da for m/z 200.
    private var bins = [Int](repeating: 0, count: 32 * 32)
    private var total = 0
    private let unit: MassResolution

    init(law: MassResolution.Law) { unit = MassResolution(law: law, widthAt200: 1) }

    /// Ascending m/z of one scan.
    mutating func add(_ mz: ArraySlice<Double>) {
        var previous: Double?
        for value in mz {
            defer { previous = value }
            guard let previous, value > previous, previous > 0 else { continue }
            let distance = (value - previous) / unit.width(at: value)
            // The significand is 1..<2, so the bins within an octave are linear.
            let bin = (distance.exponent + 24) * 32 + Int((distance.significand - 1) * 32)
            bins[min(max(bin, 0), bins.count - 1)] += 1
            total += 1
        }
    }

    /// Width at m/z 200 (Da) that this part of the distances stays below; `nil` without distances.
    func width(quantile: Double) -> Double? {
        guard total > 0 else { return nil }
        var rest = Int(Double(total) * quantile)
        for (bin, count) in bins.enumerated() {
            rest -= count
            if rest < 0 {
                return Double(sign: .plus, exponent: bin / 32 - 24, significand: 1 + Double(bin % 32) / 32)
            }
        }
        return nil
    }
}
