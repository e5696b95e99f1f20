/// A mass tolerance that cannot be confused: relative (ppm) or absolute (Da).
///
/// A value matches when it lies at most the half width away; both edges are inside.
public enum Tolerance: Sendable, Hashable, Codable {
    /// Parts per million of the reference m/z.
    case ppm(Double)
    /// Dalton (for m/z: Th).
    case dalton(Double)

    /// Half width of the window around `mz`, in Da.
    @inlinable
    public func halfWidth(at mz: Double) -> Double {
        switch self {
        case .ppm(let value): mz * value * 1e-6
        case .dalton(let value): value
        }
    }

    /// The closed window `[mz - halfWidth, mz + halfWidth]`.
    @inlinable
    public func window(around mz: Double) -> ClosedRange<Double> {
        let half = halfWidth(at: mz)
        return (mz - half)...(mz + half)
    }

    /// Whether `mz` lies in the closed window around `reference`.
    @inlinable
    public func matches(_ mz: Double, reference: Double) -> Bool {
        abs(mz - reference) <= halfWidth(at: reference)
    }
}

extension Tolerance: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ppm(let value): "\(value) ppm"
        case .dalton(let value): "\(value) Da"
        }
    }
}

/// Mass constants in Da. Source: CODATA 2018 and AME 2020.
public enum Mass {
    /// Mass of the electron.
    public static let electron = 0.000_548_579_909_065
    /// Mass of the proton (hydrogen atom without its electron).
    public static let proton = 1.007_276_466_621
    /// Mass difference between carbon 13 and carbon 12.
    public static let carbon13Spacing = 1.003_354_835_07
}
