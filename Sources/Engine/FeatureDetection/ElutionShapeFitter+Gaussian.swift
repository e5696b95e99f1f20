/// A Gaussian over the lowest sample of a profile: seconds since its start, and height in units of its range.
struct FittedGaussian {
    var center: Float
    var sigma: Float
    var height: Float
    var r2: Float
}

extension ElutionShapeFitter {
    /// Passes over the profile at most.
    private static let passes = 12

    /// The Gaussian h exp(-(t - c)^2 / (2 sigma^2)) with the smallest sum of squared residuals near a first guess.
    ///
    /// Levenberg-Marquardt (Marquardt 1963, doi:10.1137/0111030) with c inside the profile and sigma between a fifth of a scan
    /// interval and the profile's duration. The lowest sample is taken for the baseline: with a free one, a peak that is
    /// cut off could be any part of a wide Gaussian far below 0.
    func fitGaussian(center: Float, sigma: Float) -> FittedGaussian {
        let narrowest = 0.2 * duration / Float(count - 1)
        var best = FittedGaussian(
            center: min(max(center, 0), duration), sigma: min(max(sigma, narrowest), duration), height: 1, r2: 0)
        var sums = normalEquations(best)
        var damping: Float = 1e-3
        for _ in 1..<Self.passes {
            guard let step = sums.step(damping: damping, height: best.height) else { break }
            var next = best
            next.height += step.height
            next.center = min(max(best.center + step.center * best.sigma, 0), duration)
            next.sigma = min(max(best.sigma * (1 + min(max(step.sigma, -0.6), 1.5)), narrowest), duration)
            let renewed = normalEquations(next)
            if renewed.residual < sums.residual {
                let gain = sums.residual - renewed.residual
                best = next
                sums = renewed
                damping *= 0.1
                if gain < 0.01 * sums.residual + 1e-6 * variation { break }
            } else {
                if damping > 10 { break }
                damping = max(10 * damping, 0.01)
            }
        }
        best.r2 = min(max(1 - sums.residual / variation, 0), 1)
        return best
    }

    /// The sums of Gauss and Newton's step. With u = (t - c) / sigma and g = exp(-u^2 / 2), the derivatives of the
    /// curve are g, g u and g u^2 times factors that `step` knows.
    struct NormalEquations {
        var gg: Float
        var gu: Float
        var gv: Float
        var uu: Float
        var uv: Float
        var vv: Float
        var gr: Float
        var ur: Float
        var vr: Float
        /// Sum of the squared residuals.
        var residual: Float

        /// Changes of the height, and of the centre and sigma in units of sigma.
        func step(damping: Float, height: Float) -> (height: Float, center: Float, sigma: Float)? {
            guard height > 0 else { return nil }
            let more = 1 + damping
            let (a, d, f) = (gg * more, uu * more, vv * more)
            // Cramer's rule for the symmetric matrix ((a, gu, gv), (gu, d, uv), (gv, uv, f)).
            let m0 = d * f - uv * uv
            let m1 = gv * uv - gu * f
            let m2 = gu * uv - gv * d
            let determinant = a * m0 + gu * m1 + gv * m2
            guard determinant > 1e-12 * a * d * f, determinant > 0 else { return nil }
            let m4 = a * f - gv * gv
            let m5 = gu * gv - a * uv
            let m8 = a * d - gu * gu
            return (
                (m0 * gr + m1 * ur + m2 * vr) / determinant, (m1 * gr + m4 * ur + m5 * vr) / (determinant * height),
                (m2 * gr + m5 * ur + m8 * vr) / (determinant * height)
            )
        }
    }

    private func normalEquations(_ curve: FittedGaussian) -> NormalEquations {
        typealias Block = SIMD8<Float>
        let (times, values, weights) = (times, values, weights)
        let center = Block(repeating: curve.center)
        let inverse = Block(repeating: 1 / curve.sigma)
        let height = Block(repeating: curve.height)
        var (gg, gu, gv, uu, uv, vv) = (Block.zero, Block.zero, Block.zero, Block.zero, Block.zero, Block.zero)
        var (gr, ur, vr, rr) = (gg, gg, gg, gg)
        for block in 0..<blocks {
            let u = (eight(times, block) - center) * inverse
            let square = u * u
            let g = exponentialOfTwo(square * -0.721_347_52) * eight(weights, block)
            let residual = eight(values, block) - height * g
            let first = g * u
            let second = g * square
            gg += g * g
            gu += g * first
            gv += g * second
            uu += first * first
            uv += first * second
            vv += second * second
            gr += g * residual
            ur += first * residual
            vr += second * residual
            rr += residual * residual
        }
        return NormalEquations(
            gg: fold(gg), gu: fold(gu), gv: fold(gv), uu: fold(uu), uv: fold(uv), vv: fold(vv), gr: fold(gr),
            ur: fold(ur), vr: fold(vr), residual: fold(rr))
    }
}

/// 2 to the power of `exponent`, which is not positive; relative error below 3e-7, and 2^-126 in place of less.
@inline(__always)
func exponentialOfTwo(_ exponent: SIMD8<Float>) -> SIMD8<Float> {
    let clamped = exponent.replacing(with: -126, where: exponent .< -126)
    // Adding 1.5 * 2^23 leaves the nearest integer in the lowest bits of the mantissa.
    let shifted = clamped + 12_582_912
    let fraction = clamped - (shifted - 12_582_912)
    let bits = unsafeBitCast(shifted, to: SIMD8<UInt32>.self)
    let power = unsafeBitCast((bits &- (0x4B40_0000 - 127)) &<< 23, to: SIMD8<Float>.self)
    var sum = fraction * 1.540_353e-4 + 1.333_355_8e-3
    sum = sum * fraction + 9.618_129e-3
    sum = sum * fraction + 5.550_410_9e-2
    sum = sum * fraction + 0.240_226_5
    sum = sum * fraction + 0.693_147_2
    sum = sum * fraction + 1
    return sum * power
}
