import FeatureDetection
import OutOfCore
import SpectrumModel
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A made-up run: ions that elute as Gaussians (or with a tail), measured at fixed times.
struct SyntheticRun {
    struct Ion {
        var mz: Double
        var apex: Double
        var sigma: Double
        var height: Double
        /// Time constant of an exponential tail, seconds; 0 for a Gaussian.
        var tail: Double = 0

        func intensity(at time: Double) -> Double {
            let t = (time - apex) / sigma
            if tail <= 0 || t <= 0 { return height * exp(-0.5 * t * t) }
            // Gaussian rise, then a fall that becomes exponential.
            return height * exp(-0.5 * t * t / (1 + 0.5 * t * sigma / tail))
        }
    }

    var times: [Double]
    var scans: [[(mz: Double, intensity: Float)]]

    /// - Parameter jitter: relative m/z error in ppm (uniform). - Parameter noise: relative intensity error (uniform).
    init(
        ions: [Ion], scanCount: Int = 200, spacing: Double = 0.5, floor: Double = 50, jitter: Double = 0,
        noise: Double = 0, background: Int = 0, seed: UInt64 = 1
    ) {
        var generator = SeededGenerator(seed: seed)
        times = (0..<scanCount).map { 10 + spacing * Double($0) }
        scans = []
        for time in times {
            var scan: [(mz: Double, intensity: Float)] = []
            for ion in ions {
                let value = ion.intensity(at: time) * (1 + noise * (2 * generator.uniform() - 1))
                guard value >= floor else { continue }
                scan.append((ion.mz * (1 + jitter * 1e-6 * (2 * generator.uniform() - 1)), Float(value)))
            }
            for _ in 0..<background {
                scan.append((100 + 900 * generator.uniform(), Float(floor * (1 + generator.uniform()))))
            }
            scan.sort { $0.mz < $1.mz }
            scans.append(scan)
        }
    }

    func build(_ parameters: MassTraceParameters, takeEvery: Int = .max) -> [MassTraceBatch] {
        var builder = TimedBuilder(parameters)
        var batches: [MassTraceBatch] = []
        for (index, scan) in scans.enumerated() {
            builder.add(scan, at: times[index])
            if (index + 1) % takeEvery == 0 { batches.append(builder.takeClosed()) }
        }
        builder.finish()
        batches.append(builder.takeClosed())
        return batches
    }

    func traces(_ parameters: MassTraceParameters) -> MassTraceBatch { build(parameters)[0] }

    func peaks(_ parameters: DetectionParameters, precision: Precision = .float64) -> PeakTable {
        let batch = traces(parameters.traces)
        var detector = ChromatographicPeakDetector(parameters: parameters.peaks, precision: precision)
        return detector.detect(batch, traces: 0..<batch.count)
    }

    func features(_ parameters: DetectionParameters, precision: Precision = .float64) -> [Feature] {
        IsotopeGrouper(parameters: parameters.isotopes, peakParameters: parameters.peaks)
            .features(peaks(parameters, precision: precision), polarity: .positive)
    }
}

/// A builder with the timeline that tells its scans their noise.
struct TimedBuilder {
    var builder: MassTraceBuilder
    private var timeline = SurveyTimeline()
    private var quantile: IntensityQuantile

    init(_ parameters: MassTraceParameters, band: MassBand = .everything) {
        builder = MassTraceBuilder(parameters: parameters, band: band)
        quantile = IntensityQuantile(parameters.noiseQuantile)
    }

    var skippedScans: Int { timeline.skippedScans }

    mutating func add(_ scan: [(mz: Double, intensity: Float)], at time: Double) {
        let mz = scan.map(\.mz)
        let intensity = scan.map(\.intensity)
        mz.withUnsafeBufferPointer { m in
            intensity.withUnsafeBufferPointer {
                let level = quantile.measure($0)
                guard let scan = timeline.next(retentionTimeSeconds: time, quantile: level) else { return }
                builder.add(scan, mz: m, intensity: $0)
            }
        }
    }

    mutating func finish() { builder.finish() }

    mutating func takeClosed() -> MassTraceBatch { builder.takeClosed() }
}

/// A trace as the tests compare it: scan and m/z and intensity of each point.
struct PlainTrace: Hashable {
    var scans: [Int32] = []
    var mz: [Double] = []
    var intensity: [Float] = []
}

extension MassTraceBatch {
    var plain: [PlainTrace] {
        (0..<count).map { trace in
            let range = offsets[trace]..<offsets[trace + 1]
            return PlainTrace(scans: Array(scans[range]), mz: Array(mz[range]), intensity: Array(intensity[range]))
        }
    }
}

/// Few conditions, so that a test sees every trace and peak.
func openParameters(_ change: (inout DetectionParameters) -> Void = { _ in }) -> DetectionParameters {
    var parameters = DetectionPreset.orbitrap.parameters
    parameters.traces.noiseQuantile = 0
    parameters.traces.apexFactor = 0
    change(&parameters)
    return parameters
}
