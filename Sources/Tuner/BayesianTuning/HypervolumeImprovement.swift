import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// By how much a new point is expected to enlarge the area that a front dominates, for two independent normal
/// coordinates, smaller is better.
///
/// The front cuts the plane into strips along the first coordinate. Within one, what a point adds is a width that depends
/// on its first coordinate times a height that depends on its second, so the expectation is a sum of products of
/// one-dimensional expected improvements: exact. Source: Emmerich, Yang and Deutz 2016 (Pardalos et al., Advances in
/// Stochastic and Deterministic Global Optimization); Yang et al. 2019, J. Global Optim. 75. Taken as logarithms
/// throughout, so that hopeless candidates still rank: Ament et al. 2023, arXiv:2310.20708.
struct HypervolumeImprovement: Sendable {
    let front: ParetoFront
    let reference: ParetoFront.Point
    /// Ends of the strips along the first coordinate, the last one at the reference; the first strip has no beginning.
    private let ends: [Double]
    /// What the strip is bounded by in the second coordinate.
    private let ceilings: [Double]

    /// - Parameter reference: members of the front beyond it are left out.
    init(front: ParetoFront, reference: ParetoFront.Point) {
        let inside = front.points.filter { $0.first < reference.first && $0.second < reference.second }
        self.front = ParetoFront(inside)
        self.reference = reference
        ends = inside.map(\.first) + [reference.first]
        ceilings = [reference.second] + inside.map(\.second)
    }

    /// The reference point for a front in standardised units: in each coordinate a tenth of the front's range behind its
    /// worst value, and at least one standard deviation of all observations behind its best, so that a front of one
    /// point, or a short one, leaves room for extension.
    ///
    /// Source: Ishibuchi et al. 2018, Evolutionary Computation 26(3): slightly worse than the nadir, farther the fewer
    /// points there are.
    static func reference(for front: ParetoFront) -> ParetoFront.Point {
        func bound(_ values: [Double]) -> Double {
            let best = values.reduce(.infinity, min)
            let worst = values.reduce(-.infinity, max)
            return max(worst + 0.1 * (worst - best), best + 1)
        }
        return ParetoFront.Point(bound(front.points.map(\.first)), bound(front.points.map(\.second)))
    }

    /// The natural logarithm of the expectation. - Complexity: O(points of the front).
    func logExpectation(means: (Double, Double), variances: (Double, Double)) -> Double {
        var largest = -Double.infinity
        var sum = 0.0
        var lower = -Double.infinity
        for strip in ends.indices {
            let upper = logExpectedImprovement(mean: means.0, variance: variances.0, incumbent: ends[strip])
            // ln(exp(upper) - exp(lower))
            let width = lower == -.infinity ? upper : upper + log(-expm1(min(lower - upper, 0)))
            lower = upper
            guard width > -.infinity else { continue }
            let term =
                width + logExpectedImprovement(mean: means.1, variance: variances.1, incumbent: ceilings[strip])
            if term > largest {
                sum = sum * exp(largest - term) + 1
                largest = term
            } else {
                sum += exp(term - largest)
            }
        }
        return largest + log(sum)
    }
}
