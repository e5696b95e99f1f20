#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The curve through the samples of a peak whose maximum is the centroid.
public enum ApexCurve: String, Sendable, Hashable, CaseIterable {
    /// Gaussian through the three samples at the apex: exact for Gaussian peaks.
    case gaussian
    /// Parabola through the three samples at the apex.
    case parabola
    /// Natural cubic spline through the peak's samples, at most eight on each side of the apex.
    case spline

    /// Knots on each side that a spline uses: one farther away moves it at the apex by less than 3e-5 of its own change.
    private static let splineReach = 8

    /// The maximum of the curve, which lies between the neighbours of `apex`.
    ///
    /// The samples of `span` are positive and strictly contain `apex`; `apex` is the highest.
    func maximum(_ samples: ProfileSamples, span: ClosedRange<Int>, apex: Int) -> Centroid {
        let (mz, intensity) = (samples.mz, samples.intensity)
        let x = (mz[apex - 1], mz[apex], mz[apex + 1])
        switch self {
        case .gaussian:
            let y = (
                log(Double(intensity[apex - 1])), log(Double(intensity[apex])), log(Double(intensity[apex + 1]))
            )
            guard let vertex = Self.vertex(x, y) else { return Centroid(mz: x.1, height: intensity[apex]) }
            return Centroid(mz: x.1 + vertex.shift, height: Float(exp(y.1 + vertex.rise)))
        case .parabola:
            let y = (Double(intensity[apex - 1]), Double(intensity[apex]), Double(intensity[apex + 1]))
            guard let vertex = Self.vertex(x, y) else { return Centroid(mz: x.1, height: intensity[apex]) }
            return Centroid(mz: x.1 + vertex.shift, height: Float(y.1 + vertex.rise))
        case .spline:
            let knots = max(span.lowerBound, apex - Self.splineReach)...min(span.upperBound, apex + Self.splineReach)
            return Self.splineMaximum(samples, knots: knots, apex: apex)
        }
    }

    /// Vertex of the parabola through three points relative to the middle one, clamped to the outer two positions.
    @inline(__always)
    private static func vertex(
        _ x: (Double, Double, Double), _ y: (Double, Double, Double)
    ) -> (shift: Double, rise: Double)? {
        let toLeft = x.0 - x.1
        let toRight = x.2 - x.1
        let slopeLeft = (y.0 - y.1) / toLeft
        let slopeRight = (y.2 - y.1) / toRight
        let curvature = (slopeRight - slopeLeft) / (toRight - toLeft)
        guard curvature < 0 else { return nil }
        let slope = slopeLeft - curvature * toLeft
        let shift = min(max(-slope / (2 * curvature), toLeft), toRight)
        return (shift, (slope + curvature * shift) * shift)
    }

    private static func splineMaximum(_ samples: ProfileSamples, knots: ClosedRange<Int>, apex: Int) -> Centroid {
        let count = knots.count
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * count) { scratch in
            let first = knots.lowerBound
            let second = secondDerivatives(samples, first: first, count: count, scratch: scratch)
            let (mz, intensity) = (samples.mz, samples.intensity)
            let top = Centroid(mz: mz[apex], height: intensity[apex])
            func interval(_ left: Int) -> (a: Double, b: Double, c: Double, d: Double, width: Double) {
                let width = mz[left + 1] - mz[left]
                let (low, high) = (second[left - first], second[left + 1 - first])
                let rise = Double(intensity[left + 1]) - Double(intensity[left])
                return (
                    Double(intensity[left]), rise / width - width * (2 * low + high) / 6, low / 2,
                    (high - low) / (6 * width), width
                )
            }
            // The slope at the apex tells on which side the maximum is.
            var left = apex
            var cubic = interval(apex)
            if !(cubic.b > 0) {
                left = apex - 1
                cubic = interval(left)
            }
            let discriminant = cubic.c * cubic.c - 3 * cubic.b * cubic.d
            guard discriminant >= 0 else { return top }
            // The root of b + 2 c t + 3 d t^2 where the second derivative is negative, in the form that does not cancel.
            let root = discriminant.squareRoot()
            let t =
                cubic.c < 0
                ? cubic.b / (root - cubic.c) : (-cubic.c - root) / (3 * cubic.d)
            guard t >= 0 && t <= cubic.width else { return top }
            let height = cubic.a + t * (cubic.b + t * (cubic.c + t * cubic.d))
            return height.isFinite ? Centroid(mz: mz[left] + t, height: Float(height)) : top
        }
    }

    /// Second derivatives at the knots of the natural cubic spline, by elimination of the tridiagonal system.
    ///
    /// Returned in the first `count` places of `scratch`, which has three times as many.
    private static func secondDerivatives(
        _ samples: ProfileSamples, first: Int, count: Int, scratch: UnsafeMutableBufferPointer<Double>
    ) -> UnsafeMutableBufferPointer<Double> {
        let (mz, intensity) = (samples.mz, samples.intensity)
        let result = UnsafeMutableBufferPointer(rebasing: scratch[0..<count])
        let upper = UnsafeMutableBufferPointer(rebasing: scratch[count..<(2 * count)])
        let right = UnsafeMutableBufferPointer(rebasing: scratch[(2 * count)..<(3 * count)])
        upper.initialize(repeating: 0)
        right.initialize(repeating: 0)
        result.initialize(repeating: 0)
        for knot in 1..<(count - 1) {
            let sample = first + knot
            let before = mz[sample] - mz[sample - 1]
            let after = mz[sample + 1] - mz[sample]
            let slopeBefore = (Double(intensity[sample]) - Double(intensity[sample - 1])) / before
            let slopeAfter = (Double(intensity[sample + 1]) - Double(intensity[sample])) / after
            let pivot = 2 * (before + after) - before * upper[knot - 1]
            upper[knot] = after / pivot
            right[knot] = (6 * (slopeAfter - slopeBefore) - before * right[knot - 1]) / pivot
        }
        var knot = count - 2
        while knot > 0 {
            result[knot] = right[knot] - upper[knot] * result[knot + 1]
            knot -= 1
        }
        return result
    }
}
