/// A text is not a molecular formula.
public struct FormulaError: Error, CustomStringConvertible, Sendable {
    public let text: String
    /// Position in the text, in bytes from its start.
    public let byteOffset: Int
    public let reason: String

    public var description: String { "\"\(text)\" is not a molecular formula: \(reason) at position \(byteOffset + 1)" }
}

/// Atoms of a molecule or ion, for example `C10H13N5O4` or `[C5H14NO]+`.
public struct MolecularFormula: Sendable, Hashable {
    /// Number of atoms of one element.
    package struct Term: Sendable, Hashable {
        package let element: Int
        package let count: Int
    }

    /// One term per element, in the order of the element table, all counts positive.
    package let terms: [Term]
    /// Net charge in elementary charges.
    public let charge: Int

    /// More atoms of one element than this are no molecule but a damaged file.
    public static let maximumAtoms = 100_000

    package init(counts: [Int: Int], charge: Int) {
        terms = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { Term(element: $0.key, count: $0.value) }
        self.charge = charge
    }

    /// Reads element symbols with counts, `(...)n` groups, parts joined by `.` with a leading factor (`2H2O`), and a charge
    /// outside of brackets (`[C5H14NO]+`, `[C6H5O7]3-`) or at the end (`Na+`).
    /// - Throws: `FormulaError`; symbols that are no element (`R`, `X`, `n`) are errors too.
    public init(_ text: String) throws(FormulaError) {
        var parser = FormulaParser(text)
        self = try parser.parse()
    }

    /// Sum of the principal isotopes' masses in Da, less the mass of the electrons that the charge took away.
    public var monoisotopicMass: Double {
        var mass = 0.0
        for term in terms { mass += Double(term.count) * ChemicalElement.table[term.element].principal.mass }
        return mass - Double(charge) * Mass.electron
    }

    /// M+2 over M from single atoms two mass units above their principal isotope: what is left out only adds to it.
    var leastSecondIsotopeRatio: Double {
        var sum = 0.0
        for term in terms {
            let principal = ChemicalElement.table[term.element].principal
            for isotope in ChemicalElement.table[term.element].isotopes
            where isotope.massNumber == principal.massNumber + 2 {
                sum += Double(term.count) * isotope.abundance / principal.abundance
            }
        }
        return sum
    }

    /// Number of atoms of an element.
    public func count(of symbol: String) -> Int {
        guard let element = ChemicalElement.index(of: symbol) else { return 0 }
        return terms.first { $0.element == element }?.count ?? 0
    }

    /// The atoms of both; charges add up.
    public static func + (left: MolecularFormula, right: MolecularFormula) -> MolecularFormula {
        var counts = Dictionary(uniqueKeysWithValues: left.terms.map { ($0.element, $0.count) })
        for term in right.terms { counts[term.element, default: 0] += term.count }
        return MolecularFormula(counts: counts, charge: left.charge + right.charge)
    }

    /// The atoms `repeated` times.
    public func multiplied(by factor: Int) -> MolecularFormula {
        MolecularFormula(
            counts: Dictionary(uniqueKeysWithValues: terms.map { ($0.element, $0.count * factor) }),
            charge: charge * factor)
    }

    /// The atoms without those of `part`, or `nil` when they are not all there.
    public func removing(_ part: MolecularFormula) -> MolecularFormula? {
        var counts = Dictionary(uniqueKeysWithValues: terms.map { ($0.element, $0.count) })
        for term in part.terms {
            let rest = counts[term.element, default: 0] - term.count
            guard rest >= 0 else { return nil }
            counts[term.element] = rest
        }
        return MolecularFormula(counts: counts, charge: charge - part.charge)
    }
}

extension MolecularFormula: CustomStringConvertible {
    /// Hill order: C, H, then alphabetical; without carbon all alphabetical.
    public var description: String {
        let hasCarbon = count(of: "C") > 0
        func rank(_ symbol: String) -> String {
            hasCarbon && symbol == "C" ? "\u{1}" : hasCarbon && symbol == "H" ? "\u{2}" : symbol
        }
        let atoms = terms.map { (ChemicalElement.table[$0.element].symbol, $0.count) }
            .sorted { rank($0.0) < rank($1.0) }
            .map { $0.1 == 1 ? $0.0 : "\($0.0)\($0.1)" }
            .joined()
        if charge == 0 { return atoms }
        return "[\(atoms)]\(abs(charge) == 1 ? "" : String(abs(charge)))\(charge > 0 ? "+" : "-")"
    }
}
