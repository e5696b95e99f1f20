import Statistics

/// Elementary functions from the four operations and the square root alone.
///
/// Those are rounded alike on every machine; the functions of a system's library are not, and a simulated run must
/// have the same bytes everywhere. Relative error below 1e-15 (`exp`, `log`) and 1e-12 (`scaledErfc`).
enum PortableMath {
    private static let ln2High = 0x1.62e42feep-1
    private static let ln2Low = 0x1.a39ef35793c76p-33
    private static let twoOverRootPi = 1.128_379_167_095_512_573_9

    /// e^x; 0 below -700 and infinite above 709.
    static func exp(_ x: Double) -> Double {
        if x < -700 { return 0 }
        if x > 709 { return .infinity }
        let k = (x * 1.442_695_040_888_963_407_4).rounded()
        let r = (x - k * ln2High) - k * ln2Low
        var sum = 1.0
        // |r| < 0.35, so the 18th term is below 1e-23.
        var n = 17.0
        while n > 0 {
            sum = 1 + r / n * sum
            n -= 1
        }
        return Double(sign: .plus, exponent: Int(k), significand: sum)
    }

    /// Natural logarithm of a positive, finite number.
    static func log(_ x: Double) -> Double {
        precondition(x > 0 && x.isFinite, "logarithm of a number that is not positive and finite")
        var exponent = Double(x.exponent)
        var m = x.significand
        if m > 1.414_213_562_373_095_1 {
            m /= 2
            exponent += 1
        }
        let s = (m - 1) / (m + 1)
        let square = s * s
        // log m = 2 artanh s with |s| < 0.172; the last term is below 1e-19.
        var sum = 0.0
        var n = 25.0
        while n >= 1 {
            sum = sum * square + 1 / n
            n -= 2
        }
        return exponent * ln2High + (2 * s * sum + exponent * ln2Low)
    }

    /// erfcx(z) = exp(z^2) erfc(z) for z of 0 or more.
    ///
    /// Below 2.5 by the series of erf, above by the continued fraction of erfc (Abramowitz and Stegun 7.1.6, 7.1.14).
    static func scaledErfc(_ z: Double) -> Double {
        precondition(z >= 0, "the scaled function is for arguments of 0 and above")
        if z < 2.5 {
            var term = z
            var sum = z
            var n = 1.0
            while term > 1e-18 * sum {
                term *= 2 * z * z / (2 * n + 1)
                sum += term
                n += 1
            }
            return exp(z * z) - twoOverRootPi * sum
        }
        var tail = z
        var n = 60.0
        while n > 0 {
            tail = z + n / 2 / tail
            n -= 1
        }
        return twoOverRootPi / 2 / tail
    }

    /// Complementary error function.
    static func erfc(_ z: Double) -> Double {
        z >= 0 ? exp(-z * z) * scaledErfc(z) : 2 - exp(-z * z) * scaledErfc(-z)
    }
}

/// Normal and log-uniform numbers that are the same on every machine.
struct RandomDraws {
    private var generator: SeededGenerator
    private var spare: Double?

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A stream of its own for one purpose, so that no purpose shifts the numbers of another.
    init(seed: UInt64, stream: Int, _ part: Int = 0) {
        var mix = SeededGenerator(seed: seed ^ 0x6C61_766F_6973_6965)
        let base = mix.next()
        var second = SeededGenerator(seed: base &+ UInt64(truncatingIfNeeded: stream) &* 0x9E37_79B9_7F4A_7C15)
        self.init(seed: second.next() &+ UInt64(truncatingIfNeeded: part) &* 0xD1B5_4A32_D192_ED03)
    }

    mutating func uniform() -> Double { generator.uniform() }

    mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + generator.uniform() * (range.upperBound - range.lowerBound)
    }

    /// Uniform in the logarithm. The range is positive.
    mutating func logUniform(in range: ClosedRange<Double>) -> Double {
        if range.lowerBound == range.upperBound { return range.lowerBound }
        let low = PortableMath.log(range.lowerBound)
        let value = PortableMath.exp(low + generator.uniform() * (PortableMath.log(range.upperBound) - low))
        return min(max(value, range.lowerBound), range.upperBound)
    }

    mutating func integer(below bound: Int) -> Int { generator.integer(below: bound) }

    mutating func isTrue(probability: Double) -> Bool { generator.uniform() < probability }

    /// Standard normal, by Marsaglia's polar method (SIAM Review 6:260, 1964).
    mutating func normal() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        while true {
            let x = 2 * generator.uniform() - 1
            let y = 2 * generator.uniform() - 1
            let s = x * x + y * y
            guard s > 0, s < 1 else { continue }
            let factor = (-2 * PortableMath.log(s) / s).squareRoot()
            spare = y * factor
            return x * factor
        }
    }
}
