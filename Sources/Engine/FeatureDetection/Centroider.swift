#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Turns profile spectra into centroids: local maxima, each refined by a Gaussian through its three highest samples.
///
/// A peak spans from valley to valley; a step in m/z of more than `maxSpacingRatio` times the step on the other side of the
/// apex counts as a gap (writers drop zero samples). Reusable; one per thread. O(samples).
public struct Centroider: Sendable {
    public struct Parameters: Sendable, Hashable {
        /// Samples above zero that a peak needs, the apex included.
        public var minSamples: Int
        /// Step between two samples, relative to the step at the apex, from which they are not of one peak.
        public var maxSpacingRatio: Double

        public init(minSamples: Int = 3, maxSpacingRatio: Double = 2.5) {
            self.minSamples = minSamples
            self.maxSpacingRatio = maxSpacingRatio
        }
    }

    public let parameters: Parameters

    public init(parameters: Parameters = Parameters()) {
        self.parameters = parameters
    }

    /// Appends the centroids of one spectrum, ascending in m/z.
    ///
    /// Samples ascend in m/z. The intensity of a centroid is the height of the fitted Gaussian; its m/z is the position
    /// of that maximum. Samples that are not positive and finite end a peak.
    public func centroid(
        mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>,
        intoMZ outMZ: inout [Double], intensity outIntensity: inout [Float]
    ) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        let count = mz.count
        var index = 0
        while index < count {
            let height = intensity[index]
            guard isSignal(height), index == 0 || !(isSignal(intensity[index - 1]) && intensity[index - 1] >= height)
            else {
                index += 1
                continue
            }
            // A plateau counts once, at its middle.
            var last = index
            while last + 1 < count && intensity[last + 1] == height { last += 1 }
            if last + 1 < count && intensity[last + 1] > height && intensity[last + 1].isFinite {
                index = last + 1
                continue
            }
            let apex = (index + last) / 2
            if let found = fit(mz: mz, intensity: intensity, apex: apex) {
                outMZ.append(found.mz)
                outIntensity.append(found.intensity)
            }
            index = last + 1
        }
    }

    @inline(__always)
    private func isSignal(_ value: Float) -> Bool { value > 0 && value < .infinity }

    private func fit(
        mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>, apex: Int
    ) -> (mz: Double, intensity: Float)? {
        let count = mz.count
        let step = min(
            apex > 0 ? mz[apex] - mz[apex - 1] : .infinity, apex + 1 < count ? mz[apex + 1] - mz[apex] : .infinity)
        guard step < .infinity else { return parameters.minSamples <= 1 ? (mz[apex], intensity[apex]) : nil }
        let widest = step * parameters.maxSpacingRatio
        func joined(_ a: Int, _ b: Int) -> Bool {
            isSignal(intensity[a]) && isSignal(intensity[b]) && abs(mz[a] - mz[b]) <= widest
        }
        var left = apex
        while left > 0, joined(left - 1, left), intensity[left - 1] <= intensity[left] { left -= 1 }
        var right = apex
        while right + 1 < count, joined(right, right + 1), intensity[right + 1] <= intensity[right] { right += 1 }
        guard right - left + 1 >= parameters.minSamples else { return nil }
        guard left < apex, right > apex else { return (mz[apex], intensity[apex]) }
        return gaussianApex(
            x: (mz[apex - 1], mz[apex], mz[apex + 1]), y: (intensity[apex - 1], intensity[apex], intensity[apex + 1]))
    }

    /// Vertex of the parabola through three logarithms, clamped to the outer two positions.
    private func gaussianApex(
        x: (Double, Double, Double), y: (Float, Float, Float)
    ) -> (mz: Double, intensity: Float) {
        let height = log(Double(y.1))
        let toLeft = x.0 - x.1
        let toRight = x.2 - x.1
        let slopeLeft = (log(Double(y.0)) - height) / toLeft
        let slopeRight = (log(Double(y.2)) - height) / toRight
        let curvature = (slopeRight - slopeLeft) / (toRight - toLeft)
        guard curvature < 0 else { return (x.1, y.1) }
        let slope = slopeLeft - curvature * toLeft
        let shift = min(max(-slope / (2 * curvature), toLeft), toRight)
        return (x.1 + shift, Float(exp(height + (slope + curvature * shift) * shift)))
    }

    /// Whether the points look like samples of a curve and not like centroids.
    ///
    /// Looks at up to 50 of the highest local maxima: in a profile both neighbours of most are about one sampling step
    /// away and carry a good part of the height. Fewer than 3 maxima, or fewer than 10 points: `false`.
    public static func looksLikeProfile(mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>) -> Bool
    {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        guard mz.count >= 10 else { return false }
        var maxima: [(height: Float, index: Int)] = []
        for index in 1..<(mz.count - 1)
        where intensity[index] > 0 && intensity[index] >= intensity[index - 1]
            && intensity[index] > intensity[index + 1]
        {
            maxima.append((intensity[index], index))
        }
        maxima.sort { ($1.height, $0.index) < ($0.height, $1.index) }
        guard maxima.count >= 3 else { return false }
        let inspected = maxima.prefix(50)
        var sampled = 0
        for (height, index) in inspected {
            let left = mz[index] - mz[index - 1]
            let right = mz[index + 1] - mz[index]
            let ratio = left / right
            let close = max(left, right) <= max(0.05, mz[index] * 50e-6)
            let lower = min(intensity[index - 1], intensity[index + 1])
            if ratio > 0.6 && ratio < 1.7 && close && lower >= 0.1 * height { sampled += 1 }
        }
        return 2 * sampled > inspected.count
    }
}
