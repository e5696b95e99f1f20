/// How an ion comes off the column: a Gaussian, or one with an exponential tail (EMG). Its apex is 1.
///
/// The EMG is the convolution of a normal density (`center`, `sigma`) with an exponential decay (`tau`), written with
/// the scaled complementary error function, which neither overflows nor cancels. Sources: Foley and Dorsey 1984,
/// J. Chromatogr. Sci. 22:40; Kalambet et al. 2011, J. Chemometrics 25:352.
struct ElutionProfile: Sendable, Hashable {
    /// Mean of the normal part, seconds.
    let center: Double
    /// Standard deviation of the normal part, seconds.
    let sigma: Double
    /// Time constant of the tail, seconds; 0 for a Gaussian.
    let tau: Double
    /// Where it is highest, seconds.
    let apexSeconds: Double
    /// Density at the apex: the inverse of the area of the profile with apex 1.
    private let apexDensity: Double

    /// - Parameter tau: 0, or at least `sigma` / 1000.
    init(center: Double, sigma: Double, tau: Double) {
        precondition(sigma > 0 && (tau == 0 || tau >= sigma / 1000), "a width above 0, a tail that can be told")
        self.center = center
        self.sigma = sigma
        self.tau = tau
        let mode = tau == 0 ? 0 : Self.mode(ratio: tau / sigma)
        apexSeconds = center + mode * sigma
        apexDensity = Self.density(mode, ratio: tau / sigma) / sigma
    }

    /// The profile with its apex at a time, and a full width at half maximum in seconds.
    init(apexSeconds: Double, fullWidth: Double, tailing: Double) {
        let standard = ElutionProfile(center: 0, sigma: 1, tau: tailing)
        let extent = standard.extent(atFraction: 0.5)
        let sigma = fullWidth / (extent.upperBound - extent.lowerBound)
        self.init(center: apexSeconds - standard.apexSeconds * sigma, sigma: sigma, tau: tailing * sigma)
    }

    /// The profile moved in time.
    func moved(by seconds: Double) -> ElutionProfile {
        ElutionProfile(center: center + seconds, sigma: sigma, tau: tau)
    }

    /// Height at a time, 0...1.
    func height(at seconds: Double) -> Double {
        Self.density((seconds - center) / sigma, ratio: tau / sigma) / sigma / apexDensity
    }

    /// Integral over all times, seconds.
    var area: Double { 1 / apexDensity }

    /// The times between which it is at least this part of its apex (0 < fraction < 1), to 1e-12 of its width.
    func extent(atFraction fraction: Double) -> ClosedRange<Double> {
        edge(fraction, direction: -1)...edge(fraction, direction: 1)
    }

    private func edge(_ fraction: Double, direction: Double) -> Double {
        var inside = 0.0
        var outside = sigma + tau
        while height(at: apexSeconds + direction * outside) > fraction {
            inside = outside
            outside *= 2
        }
        for _ in 0..<48 {
            let middle = (inside + outside) / 2
            if height(at: apexSeconds + direction * middle) > fraction { inside = middle } else { outside = middle }
        }
        return apexSeconds + direction * outside
    }

    /// Density at `u` standard deviations from the centre for sigma 1; `ratio` is tau / sigma.
    private static func density(_ u: Double, ratio: Double) -> Double {
        let gaussian = PortableMath.exp(-u * u / 2)
        if ratio == 0 { return gaussian / 2.506_628_274_631_000_5 }
        let z = (1 / ratio - u) * 0.5.squareRoot()
        if z >= 0 { return gaussian * PortableMath.scaledErfc(z) / (2 * ratio) }
        return PortableMath.exp((0.5 / ratio - u) / ratio) * PortableMath.erfc(z) / (2 * ratio)
    }

    /// Where the density is highest, in standard deviations: golden-section search between the centre and the mean.
    private static func mode(ratio: Double) -> Double {
        let golden = 0.618_033_988_749_894_9
        var low = 0.0
        var high = ratio
        var left = high - golden * (high - low)
        var right = low + golden * (high - low)
        var leftDensity = density(left, ratio: ratio)
        var rightDensity = density(right, ratio: ratio)
        for _ in 0..<60 {
            if leftDensity > rightDensity {
                (high, right, rightDensity) = (right, left, leftDensity)
                left = high - golden * (high - low)
                leftDensity = density(left, ratio: ratio)
            } else {
                (low, left, leftDensity) = (left, right, rightDensity)
                right = low + golden * (high - low)
                rightDensity = density(right, ratio: ratio)
            }
        }
        return (low + high) / 2
    }
}
