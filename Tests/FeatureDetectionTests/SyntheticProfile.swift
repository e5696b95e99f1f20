import Statistics

@testable import FeatureDetection

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A profile spectrum of known peaks, sampled as analysers do: the step, and with it the width, grows with m/z.
struct SyntheticProfile {
    enum Shape { case gaussian, lorentzian }

    struct Peak {
        var mz: Double
        var height: Double
    }

    var mz: [Double] = []
    var intensity: [Float] = []

    init(mz: [Double], intensity: [Float]) {
        self.mz = mz
        self.intensity = intensity
    }

    /// Step of an Orbitrap-like analyser, m/z.
    static func orbitrapStep(_ mz: Double) -> Double { 5e-4 * (mz / 250) * (mz / 250).squareRoot() }

    /// - Parameters:
    ///   - width: full width at half maximum in samples.
    ///   - noise: standard deviation of normal noise; samples below zero become zero.
    ///   - dropBelow: samples below it are left out, as writers do.
    init(
        _ peaks: [Peak], range: ClosedRange<Double>, width: Double = 6, shape: Shape = .gaussian,
        step: (Double) -> Double = orbitrapStep, baseline: Double = 0, noise: Double = 0, dropBelow: Double = 0,
        saturation: Double = .infinity, seed: UInt64 = 1
    ) {
        var generator = SeededGenerator(seed: seed)
        var x = range.lowerBound
        var first = 0
        while x <= range.upperBound {
            let h = step(x)
            while first < peaks.count && peaks[first].mz < x - 60 * width * h { first += 1 }
            var value = baseline + noise * Self.normal(&generator)
            var index = first
            while index < peaks.count && peaks[index].mz < x + 60 * width * h {
                let peak = peaks[index]
                let t: Double = (x - peak.mz) / (width * step(peak.mz))
                let relative: Double =
                    switch shape {
                    case .gaussian: exp(-2.772588722239781 * t * t)
                    case .lorentzian: 1 / (1 + 4 * t * t)
                    }
                value += peak.height * relative
                index += 1
            }
            value = min(max(value, 0), saturation)
            if value >= dropBelow {
                mz.append(x)
                intensity.append(Float(value))
            }
            x += h
        }
    }

    /// Box and Muller's transform.
    private static func normal(_ generator: inout SeededGenerator) -> Double {
        let radius = (-2 * log(1 - generator.uniform())).squareRoot()
        return radius * cos(2 * Double.pi * generator.uniform())
    }

    func centroids(_ parameters: Centroider.Parameters) -> [Centroid] {
        var centroider = Centroider(parameters: parameters)
        return centroids(&centroider)
    }

    func centroids(_ centroider: inout Centroider) -> [Centroid] {
        Self.centroids(&centroider, mz, intensity)
    }

    static func centroids(_ centroider: inout Centroider, _ mz: [Double], _ intensity: [Float]) -> [Centroid] {
        var outMZ: [Double] = []
        var outIntensity: [Float] = []
        mz.withUnsafeBufferPointer { mz in
            intensity.withUnsafeBufferPointer {
                centroider.centroid(mz: mz, intensity: $0, intoMZ: &outMZ, intensity: &outIntensity)
            }
        }
        return zip(outMZ, outIntensity).map { Centroid(mz: $0, height: $1) }
    }

    /// Peaks at uneven distances (of at least `distance` samples) with heights over three orders of magnitude.
    static func ladder(_ range: ClosedRange<Double>, distance: Double, seed: UInt64) -> [Peak] {
        var generator = SeededGenerator(seed: seed)
        var peaks: [Peak] = []
        var x = range.lowerBound + 30 * orbitrapStep(range.lowerBound)
        while x < range.upperBound - 30 * orbitrapStep(range.upperBound) {
            peaks.append(Peak(mz: x, height: 1e4 * exp(6.9 * generator.uniform())))
            x += distance * (1 + generator.uniform()) * orbitrapStep(x)
        }
        return peaks
    }
}

/// The nearest centroid of every peak, and how far it is in ppm.
func ppmErrors(_ centroids: [Centroid], _ peaks: [SyntheticProfile.Peak]) -> [Double] {
    peaks.map { peak in
        centroids.map { abs($0.mz - peak.mz) / peak.mz * 1e6 }.min() ?? .infinity
    }
}
