import OutOfCore
import SpectrumModel
import Statistics

@testable import FeatureDetection

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Features with their elution profiles, made without a detector. A scan every half second.
struct SyntheticFeatures {
    static let spacing = 0.5

    var features: [Feature] = []
    var table = PeakTable()
    var basePeaks: [Int] = []
    private var random: SeededGenerator

    init(seed: UInt64 = 1) { random = SeededGenerator(seed: seed) }

    /// - Parameters:
    ///   - noise: relative intensity error (uniform).
    ///   - isotopes: M, M+1 ... relative to M.
    mutating func add(
        mz: Double, apex: Double = 100, sigma: Double = 2, area: Double = 1e6, charge: Int = 0,
        isotopes: [Double] = [1], noise: Double = 0.02, polarity: Polarity = .positive
    ) {
        let first = Int32(((apex - 3 * sigma) / Self.spacing).rounded())
        let last = Int32(((apex + 3 * sigma) / Self.spacing).rounded())
        let height = area / (sigma * 2.5066)
        let start = table.profiles.count
        for scan in first...last {
            let t = (Double(scan) * Self.spacing - apex) / sigma
            let value = height * exp(-0.5 * t * t) * (1 + noise * (2 * random.uniform() - 1))
            table.profiles.append(Float(value))
        }
        basePeaks.append(table.peaks.count)
        table.peaks.append(
            ChromatographicPeak(
                mz: mz, retentionTimeSeconds: apex, startSeconds: apex - 3 * sigma, endSeconds: apex + 3 * sigma,
                widthSeconds: 2.355 * sigma, area: area, height: height, signalToNoise: 100, quality: 0.9,
                pointCount: last - first + 1, firstScan: first, lastScan: last, apexScan: (first + last) / 2,
                profileStart: start))
        features.append(
            Feature(
                id: features.count + 1, mz: mz, retentionTimeSeconds: apex, startSeconds: apex - 3 * sigma,
                endSeconds: apex + 3 * sigma, widthSeconds: 2.355 * sigma, charge: charge, area: area, height: height,
                signalToNoise: 100, quality: 0.9, pointCount: Int(last - first) + 1,
                isotopeAreas: isotopes.map { $0 * area }, polarity: polarity))
    }

    /// Ions of one molecule by the names of their adducts; multiply charged ones know their charge.
    ///
    /// - Parameter charge: what the isotopes of the singly charged ones told.
    mutating func add(
        mass: Double, ions: KeyValuePairs<String, Double>, apex: Double = 100, sigma: Double = 2, ppm: Double = 0,
        charge: Int = 0
    ) {
        for (name, area) in ions {
            guard let species = AdductTable.species(named: name) else { continue }
            add(
                mz: species.adduct.mz(neutralMass: mass) * (1 + ppm * 1e-6 * (2 * random.uniform() - 1)), apex: apex,
                sigma: sigma, area: area, charge: species.adduct.charge > 1 ? species.adduct.charge : charge,
                isotopes: species.secondIsotopeRatio > 0.2 ? [1, 0.1, species.secondIsotopeRatio] : [1],
                polarity: species.adduct.polarity)
        }
    }

    /// Features of no molecule, spread over m/z 100 to 1,000 and the time. Mass defects rise with the mass, as in life.
    mutating func addNoise(count: Int, times: ClosedRange<Double>, polarity: Polarity = .positive) {
        for _ in 0..<count {
            let nominal = (100 + 900 * random.uniform()).rounded()
            let mz = nominal * 1.000_45 + 0.08 * (random.uniform() - 0.5)
            let apex = times.lowerBound + (times.upperBound - times.lowerBound) * random.uniform()
            add(
                mz: mz, apex: apex, sigma: 1.5 + random.uniform(), area: 1e4 * exp(5 * random.uniform()),
                polarity: polarity)
        }
    }

    /// Gives every feature the time and profile of a random other one.
    mutating func shuffleTimes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var order = Array(features.indices)
        for index in stride(from: order.count - 1, to: 0, by: -1) {
            order.swapAt(index, generator.integer(below: index + 1))
        }
        let times = order.map { (features[$0].retentionTimeSeconds, features[$0].widthSeconds) }
        basePeaks = order.map { basePeaks[$0] }
        for index in features.indices {
            (features[index].retentionTimeSeconds, features[index].widthSeconds) = times[index]
        }
    }

    /// The features with what the grouper tells of them, in the order in which they were added.
    func grouped(
        _ polarity: Polarity = .positive, tolerance: Tolerance = .ppm(5),
        _ change: (inout AdductParameters) -> Void = { _ in }
    ) -> [Feature] {
        var parameters = AdductParameters(tolerance: tolerance)
        change(&parameters)
        var result = features
        AdductGrouper(parameters: parameters).assign(
            &result, basePeaks: basePeaks, table: table, polarity: polarity)
        return result
    }
}
