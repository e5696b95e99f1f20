/// How well measured isotopologues agree with an expected pattern.
///
/// Each ratio to M scores a Gaussian of its deviation, with a standard deviation of 20 % of the expected ratio but at least
/// 0.02; ratios weigh by what is expected of them:
///
///     score = sum_k e_k exp(-z_k^2 / 2) / sum_k e_k,   z_k = (a_k / a_0 - e_k) / max(0.02, 0.2 e_k)
///
/// over the isotopologues k = 1 ... K that were measured. One that was not found counts with an area of 0 where it should
/// have been stronger than the weakest that was found: bromine's M+2 cannot be missing beside a measured M+1. Definition of
/// this program: instruments miss isotope ratios by 5 to 20 %, more for weak ions.
enum IsotopeScore {
    /// - Parameters:
    ///   - areas: M, M+1 ... as measured, 0 for one that was not found.
    ///   - expected: M+1 ... M+4 relative to M.
    ///   - limit: isotopologues, M included, that were looked for.
    /// - Returns: 0 ... 1, `nil` when fewer than two were measured or nothing is expected above M.
    static func score(areas: UnsafeBufferPointer<Double>, expected: SIMD4<Double>, limit: Int) -> Double? {
        guard areas.count >= 2, areas[0] > 0, areas[0].isFinite else { return nil }
        let scale = 1 / areas[0]
        var weakest = 1.0
        for k in 1..<areas.count where areas[k] > 0 { weakest = min(weakest, areas[k] * scale) }
        var sum = 0.0
        var weight = 0.0
        for k in 1...4 {
            let ratio = expected[k - 1]
            let measured: Double
            if k < areas.count {
                measured = areas[k] * scale
            } else {
                guard k < limit, ratio > weakest else { break }
                measured = 0
            }
            sum += ratio * gaussian((measured - ratio) / max(0.02, 0.2 * ratio))
            weight += ratio
        }
        return weight > 0 && sum.isFinite ? sum / weight : nil
    }
}

/// Patterns as power series 1 + r1 x + r2 x^2 + r3 x^3 + r4 x^4, of which the first term is not stored. Exact as long as no
/// element has isotopes lighter than its principal one.
enum IsotopeSeries {
    /// Of the atoms of both.
    static func product(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
        SIMD4(
            a[0] + b[0], a[1] + b[1] + a[0] * b[0], a[2] + b[2] + a[0] * b[1] + a[1] * b[0],
            a[3] + b[3] + a[0] * b[2] + a[2] * b[0] + a[1] * b[1])
    }

    /// Of the atoms of `a` that are left when those of `b` are gone.
    static func quotient(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
        var q = SIMD4<Double>()
        for k in 0..<4 {
            var value = a[k] - b[k]
            for j in 0..<k { value -= q[j] * b[k - 1 - j] }
            q[k] = value
        }
        return q
    }
}
