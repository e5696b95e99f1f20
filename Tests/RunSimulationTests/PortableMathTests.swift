import Testing

@testable import RunSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The portable functions against the system's.
@Suite struct PortableMathTests {
    @Test func exponentials() {
        for i in -7_000...7_000 {
            let x = Double(i) / 10.01
            #expect(abs(PortableMath.exp(x) / exp(x) - 1) < 2e-15, "\(x)")
        }
        #expect(PortableMath.exp(0) == 1 && PortableMath.exp(-1e9) == 0 && PortableMath.exp(1e9) == .infinity)
    }

    @Test func logarithms() {
        for i in -300...300 {
            let x = pow(10, Double(i) / 2.3)
            #expect(abs(PortableMath.log(x) - log(x)) <= 1e-15 * max(1, abs(log(x))), "\(x)")
        }
        for i in 1...2_000 {
            let x = Double(i) / 1_000
            #expect(abs(PortableMath.log(x) - log(x)) <= 4e-16 * max(1, abs(log(x))), "\(x)")
        }
    }

    @Test func errorFunctions() {
        for i in -5_000...20_000 {
            let z = Double(i) / 1_000
            #expect(abs(PortableMath.erfc(z) / erfc(z) - 1) < 5e-12, "\(z)")
        }
        // Where erfc itself underflows: erfcx(z) is 1 / (sqrt(pi) z) to first order.
        #expect(abs(PortableMath.scaledErfc(1e6) * 1e6 * Double.pi.squareRoot() - 1) < 1e-12)
    }

    @Test func normalNumbersAreNormalAndStreamsDiffer() {
        var draws = RandomDraws(seed: 3)
        let values = (0..<100_000).map { _ in draws.normal() }
        let mean = values.reduce(0, +) / 1e5
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1e5
        let beyondTwo = values.count { abs($0) > 2 }
        #expect(abs(mean) < 0.015 && abs(variance - 1) < 0.02 && abs(Double(beyondTwo) / 1e5 - 0.0455) < 0.003)
        var first = Set<Double>()
        for stream in 0..<50 {
            for part in 0..<5 {
                var draws = RandomDraws(seed: 3, stream: stream, part)
                first.insert(draws.uniform())
            }
        }
        #expect(first.count == 250)
    }

    @Test func logUniformCoversItsRangeEvenly() {
        var draws = RandomDraws(seed: 9)
        let values = (0..<40_000).map { _ in draws.logUniform(in: 1...10_000) }
        #expect(values.allSatisfy { (1...10_000).contains($0) })
        for decade in [1.0, 10, 100, 1_000] {
            let part = Double(values.count { $0 >= decade && $0 < decade * 10 }) / 40_000
            #expect(abs(part - 0.25) < 0.01, "\(decade)")
        }
    }
}
