#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `height * exp(-(t - centre)^2 / (2 deviation^2))` through samples, by least squares.
struct GaussianFit {
    var height: Double
    var centre: Double
    var deviation: Double

    /// Levenberg-Marquardt from a start that is about right; `nil` when it does not converge in 50 steps, or to something that
    /// is no peak between the first and the last sample. O(samples) per step.
    static func fit(
        _ signal: UnsafePointer<Double>, _ time: UnsafePointer<Double>, range: ClosedRange<Int>, start: GaussianFit
    ) -> GaussianFit? {
        guard range.count >= 4, start.height > 0, start.deviation > 0 else { return nil }
        var current = start
        var equations = current.normalEquations(signal, time, range)
        var damping = 1e-3
        for _ in 0..<50 {
            guard let step = equations.solution(damping: damping) else { return nil }
            let next = GaussianFit(
                height: current.height + step.0, centre: current.centre + step.1, deviation: current.deviation + step.2)
            let tried = next.normalEquations(signal, time, range)
            if next.deviation > 0, tried.error <= equations.error {
                let isDone = abs(step.1) <= 1e-7 * next.deviation && abs(step.2) <= 1e-7 * next.deviation
                (current, equations) = (next, tried)
                damping /= 10
                if isDone { return current.isPeak(within: time[range.lowerBound]...time[range.upperBound]) }
            } else {
                damping *= 10
                if damping > 1e12 { return nil }
            }
        }
        return nil
    }

    private func isPeak(within times: ClosedRange<Double>) -> GaussianFit? {
        height > 0 && height.isFinite && times.contains(centre) ? self : nil
    }

    /// The upper triangle of J'J, J'r and the squared error at these parameters.
    private struct NormalEquations {
        var a = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        var b = (0.0, 0.0, 0.0)
        var error = 0.0

        /// Cramer's rule on three equations with a damped diagonal.
        func solution(damping: Double) -> (Double, Double, Double)? {
            let (a00, a01, a02) = (a.0 * (1 + damping), a.1, a.2)
            let (a11, a12, a22) = (a.3 * (1 + damping), a.4, a.5 * (1 + damping))
            let (m0, m1, m2) = (a11 * a22 - a12 * a12, a01 * a22 - a02 * a12, a01 * a12 - a02 * a11)
            let determinant = a00 * m0 - a01 * m1 + a02 * m2
            guard determinant.isFinite, abs(determinant) > .leastNormalMagnitude else { return nil }
            let x = b.0 * m0 - b.1 * m1 + b.2 * m2
            let y = -b.0 * m1 + b.1 * (a00 * a22 - a02 * a02) - b.2 * (a00 * a12 - a01 * a02)
            let z = b.0 * m2 - b.1 * (a00 * a12 - a01 * a02) + b.2 * (a00 * a11 - a01 * a01)
            return (x / determinant, y / determinant, z / determinant)
        }
    }

    private func normalEquations(
        _ signal: UnsafePointer<Double>, _ time: UnsafePointer<Double>, _ range: ClosedRange<Int>
    ) -> NormalEquations {
        var sums = NormalEquations()
        for column in range {
            let u = (time[column] - centre) / deviation
            let shape = exp(-0.5 * u * u)
            let (d0, d1, d2) = (shape, height * shape * u / deviation, height * shape * u * u / deviation)
            let residual = signal[column] - height * shape
            sums.a.0 += d0 * d0
            sums.a.1 += d0 * d1
            sums.a.2 += d0 * d2
            sums.a.3 += d1 * d1
            sums.a.4 += d1 * d2
            sums.a.5 += d2 * d2
            sums.b.0 += d0 * residual
            sums.b.1 += d1 * residual
            sums.b.2 += d2 * residual
            sums.error += residual * residual
        }
        return sums
    }
}
