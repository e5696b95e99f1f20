import SpectrumModel

/// Tells the class of an instrument from its first survey scans, for files that do not name it.
///
/// Unit resolution: nearly all m/z lie on a grid of 0.05 or coarser, or strong ions move by more than `unitPPM` from scan
/// to scan. Otherwise the median distance of strong ions to their nearest neighbour in the next scan decides between a
/// Fourier-transform analyser and time of flight. Looks at `scanLimit` scans at most and needs centroids; the answer
/// depends on those scans alone.
public struct InstrumentInference: Sendable {
    /// Scans that are looked at; later ones are ignored.
    public static let scanLimit = 64
    /// Strong ions per scan that are followed.
    private static let ionsPerScan = 20
    /// Median scan-to-scan distance up to which an analyser is a Fourier-transform one, and beyond which it is a quadrupole
    /// or an ion trap, ppm.
    private static let fourierPPM = 0.9
    private static let unitPPM = 80.0

    private var scans = 0
    private var gridPoints = 0
    private var points = 0
    private var previous: [Double] = []
    private var distances: [Double] = []

    public init() {}

    /// Whether more scans would change the answer.
    public var isComplete: Bool { scans >= Self.scanLimit }

    /// Takes a survey scan with ascending m/z.
    public mutating func add(mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        guard !isComplete, !mz.isEmpty else { return }
        scans += 1
        for value in mz where value.isFinite && value > 0 {
            points += 1
            let steps = value * 20
            // Single-precision m/z are off the grid by up to 3e-5 at 1000.
            if abs(steps - steps.rounded()) < 2e-3 { gridPoints += 1 }
        }
        if !previous.isEmpty {
            let strongest = mz.indices.filter { intensity[$0] > 0 && mz[$0].isFinite }
                .sorted { (intensity[$1], $0) < (intensity[$0], $1) }.prefix(Self.ionsPerScan)
            for index in strongest {
                let distance = nearestDistance(to: mz[index])
                if distance < 0.5 { distances.append(distance / mz[index] * 1e6) }
            }
        }
        previous = mz.filter(\.isFinite)
    }

    /// The class that the scans so far speak for; `.unknown` without at least 20 ions to follow.
    public var instrument: InstrumentClass {
        if points >= 100, Double(gridPoints) >= 0.95 * Double(points) { return .unitResolution }
        guard distances.count >= 20 else { return .unknown }
        let typical = medianDistance
        if typical <= Self.fourierPPM { return .orbitrap }
        return typical <= Self.unitPPM ? .timeOfFlight : .unitResolution
    }

    /// Median distance of a strong ion to the nearest point of the scan before, ppm; NaN without ions.
    public var medianDistance: Double {
        guard !distances.isEmpty else { return .nan }
        return distances.sorted()[distances.count / 2]
    }

    private func nearestDistance(to mz: Double) -> Double {
        let next = previous.firstIndex(notBelow: mz)
        let above = next < previous.count ? previous[next] - mz : .infinity
        let below = next > 0 ? mz - previous[next - 1] : .infinity
        return min(above, below)
    }
}
