import SpectrumModel
import Statistics
import Testing

@testable import Annotation

@Suite("Isotope scores")
struct IsotopeScoreTests {
    private func score(_ areas: [Double], _ expected: SIMD4<Double>, limit: Int = 6) -> Double? {
        areas.withUnsafeBufferPointer { IsotopeScore.score(areas: $0, expected: expected, limit: limit) }
    }

    private func series(_ text: String) throws -> SIMD4<Double> {
        let pattern = try #require(IsotopePattern(MolecularFormula(text), count: 4))
        return SIMD4(pattern.ratios[1], pattern.ratios[2], pattern.ratios[3], pattern.ratios[4])
    }

    @Test("1 for the expected areas, less with the deviation, and none for fewer than two")
    func deviation() throws {
        let expected = try series("C20H30O2")
        let exact = [1e6] + (0..<4).map { expected[$0] * 1e6 }
        #expect(abs(try #require(score(exact, expected)) - 1) < 1e-12)
        let near = try #require(score([1e6, exact[1] * 1.1, exact[2]], expected))
        let far = try #require(score([1e6, exact[1] * 2, exact[2]], expected))
        #expect(near < 1 && far < near && far < 0.2)
        #expect(score([1e6], expected) == nil && score([], expected) == nil && score([0, 1], expected) == nil)
        #expect(score([1, .nan], expected) == nil && score([.infinity, 1], expected) == nil)
        #expect(score([1, 0.1], SIMD4()) == nil, "nothing is expected")
    }

    @Test("an isotopologue that should have been seen and was not speaks against the formula")
    func missing() throws {
        let bromine = try series("C6H5Br")
        let carbon = try series("C6H6O2")
        let measured = [1e6, 6.5e4]
        let without = try #require(score(measured, carbon))
        let with = try #require(score(measured, bromine))
        #expect(without > 0.9 && with < 0.1)
        // It counts only where it was looked for.
        #expect(try #require(score(measured, bromine, limit: 2)) > 0.9)
        #expect(abs(try #require(score(measured + [9.8e5, 6.3e4], bromine)) - 1) < 0.1)
    }

    /// Each ratio with its weight, as the formula of the documentation says.
    @Test("equals the formula")
    func reference() throws {
        var random = SeededGenerator(seed: 77)
        for round in 0..<200 {
            let expected = SIMD4(random.uniform(), random.uniform(), random.uniform(), random.uniform())
            let areas = (0..<5).map { _ in random.uniform() + 0.01 }
            var sum = 0.0
            for k in 1...4 {
                let e = expected[k - 1]
                sum += e * gaussian((areas[k] / areas[0] - e) / max(0.02, 0.2 * e))
            }
            #expect(abs(try #require(score(areas, expected)) - sum / expected.sum()) < 1e-12, "seed 77, round \(round)")
        }
    }

    @Test("products and quotients of series are those of the formulas", arguments: ["C10H13N5O4", "CCl4", "C2H4S3Br2"])
    func series(text: String) throws {
        for part in ["H", "H2O", "CHO2", "Cl", "Br", "C2H3N"] {
            let whole = try MolecularFormula(text) + MolecularFormula(part)
            let product = IsotopeSeries.product(try series(text), try series(part))
            let expected = try series(whole.description)
            let quotient = IsotopeSeries.quotient(expected, try series(part))
            for k in 0..<4 {
                #expect(abs(product[k] - expected[k]) < 1e-10 * max(1, expected[k]))
                #expect(abs(quotient[k] - (try series(text))[k]) < 1e-9 * max(1, expected[k]))
            }
        }
    }
}
