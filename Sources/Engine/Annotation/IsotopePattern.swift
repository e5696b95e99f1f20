import SpectrumModel

/// Intensities of the isotopologues M, M+1 ... M+K of a formula, relative to M, grouped by nominal mass.
///
/// M is the molecule of principal isotopes. Atoms are independent, so the pattern is a product of one power series per
/// element, p(x)^n, whose coefficients follow from a recurrence (J.C.P. Miller); for two isotopes that is the binomial
/// distribution. Isotopologues of the same nominal mass (13C2, 34S) count together.
public struct IsotopePattern: Sendable, Hashable {
    /// Relative intensities; the first is 1.
    public let ratios: [Double]

    init(ratios: [Double]) { self.ratios = ratios }

    /// Lighter atoms than this reach below M: their bookkeeping grows with the count, and no compound has more.
    private static let maximumDepth = 200

    /// - Parameter count: how many isotopologues above M, at least 0.
    /// - Returns: `nil` when more than 200 mass units of lighter isotopes lie below M (boron or metal clusters).
    /// - Complexity: O(elements * (count + depth)^2).
    public init?(_ formula: MolecularFormula, count: Int) {
        precondition(count >= 0, "a pattern cannot have fewer isotopologues than M")
        let elements = formula.terms.map { (ChemicalElement.table[$0.element], $0.count) }
        var depth = 0
        for (element, atoms) in elements {
            depth += atoms * (element.principal.massNumber - element.isotopes[0].massNumber)
            guard depth <= Self.maximumDepth else { return nil }
        }
        let length = depth + count + 1
        var series = [Double](repeating: 0, count: length)
        series[0] = 1
        for (element, atoms) in elements {
            series = Self.product(series, Self.power(of: element, atoms, length: length), length: length)
        }
        // `series` counts from the lightest isotopologue; M lies `depth` above it.
        guard series[depth] > 0, series[depth].isFinite else { return nil }
        ratios = (0...count).map { series[depth + $0] / series[depth] }
    }

    /// Coefficients of (1 + r1 x + r2 x^2 ...)^n, relative to the lightest isotope.
    private static func power(of element: ChemicalElement, _ n: Int, length: Int) -> [Double] {
        let lightest = element.isotopes[0]
        var ratio = [Double](repeating: 0, count: length)
        for isotope in element.isotopes where isotope.massNumber - lightest.massNumber < length {
            ratio[isotope.massNumber - lightest.massNumber] = isotope.abundance / lightest.abundance
        }
        var result = [Double](repeating: 0, count: length)
        result[0] = 1
        for k in 1..<max(length, 1) {
            var sum = 0.0
            for d in 1...k where ratio[d] != 0 {
                sum += Double(n * d - (k - d)) * ratio[d] * result[k - d]
            }
            result[k] = sum / Double(k)
        }
        return result
    }

    static func product(_ a: [Double], _ b: [Double], length: Int) -> [Double] {
        var result = [Double](repeating: 0, count: length)
        for i in 0..<min(a.count, length) where a[i] != 0 {
            for j in 0..<min(b.count, length - i) { result[i + j] += a[i] * b[j] }
        }
        return result
    }
}
