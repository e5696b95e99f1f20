import SpectralMatching
import SpectrumModel

/// What a compound table stores of each formula and each skeleton, from its sorted compounds.
struct FormulaArrays {
    private var masses: [Double] = []
    private var ratios: [Float] = []
    private var numbers: [UInt32] = []
    private var atoms: [UInt16] = []
    private var starts: [UInt32] = []
    private var charges: [Int32] = []
    private var groupStarts: [UInt32] = []
    private var skeletonStarts: [UInt32] = []
    private var representatives: [UInt32] = []
    private var skeletonCounts: [UInt32] = []

    /// - Parameter compounds: by charge, mass, formula.
    init(_ compounds: [CompoundTableBuilder.Pending]) {
        let elements = CompoundTableFormat.countedElements
        var numberOfFormula: [String: UInt32] = [:]
        var first = 0
        while first < compounds.count {
            let compound = compounds[first]
            var end = first + 1
            while end < compounds.count, compounds[end].formulaText == compound.formulaText,
                compounds[end].charge == compound.charge
            { end += 1 }
            if charges.last.map({ Int($0) }) != compound.charge {
                charges.append(Int32(compound.charge))
                groupStarts.append(UInt32(masses.count))
            }
            starts.append(UInt32(first))
            masses.append(compound.mass)
            ratios.append(contentsOf: Self.isotopeRatios(compound.formula))
            let number = numberOfFormula[compound.formulaText] ?? UInt32(numberOfFormula.count)
            numberOfFormula[compound.formulaText] = number
            numbers.append(number)
            atoms.append(contentsOf: elements.map { UInt16(clamping: compound.formula.count(of: $0)) })
            addSkeletons(compounds, first..<end)
            first = end
        }
        starts.append(UInt32(compounds.count))
        groupStarts.append(UInt32(masses.count))
        skeletonStarts.append(UInt32(representatives.count))
    }

    private mutating func addSkeletons(_ compounds: [CompoundTableBuilder.Pending], _ range: Range<Int>) {
        skeletonStarts.append(UInt32(representatives.count))
        var position: [Substring: Int] = [:]
        let first = representatives.count
        // Isomers tie in mass and pattern; short names are mostly the common compounds, and some order is needed.
        let lengths = range.map { compounds[$0].name.utf8.count }
        for index in range.sorted(by: { (lengths[$0 - range.lowerBound], $0) < (lengths[$1 - range.lowerBound], $1) }) {
            let block = compounds[index].inchiKey.prefix(14)
            if !block.isEmpty, let known = position[block] {
                skeletonCounts[known] += 1
                continue
            }
            position[block] = representatives.count
            representatives.append(UInt32(index))
            skeletonCounts.append(1)
        }
        precondition(representatives.count > first, "a formula without compounds")
    }

    func add(to file: SectionedFileWriter) {
        typealias Format = CompoundTableFormat
        file.add(Format.mass, masses)
        file.add(Format.isotopeRatios, count: masses.count) {
            SIMD4(ratios[4 * $0], ratios[4 * $0 + 1], ratios[4 * $0 + 2], ratios[4 * $0 + 3])
        }
        file.add(Format.groupCharge, charges)
        file.add(Format.groupStart, groupStarts)
        file.add(Format.formulaStart, starts)
        file.add(Format.formulaNumber, numbers)
        file.add(Format.atoms, atoms)
        file.add(Format.skeletonStart, skeletonStarts)
        file.add(Format.skeletonRepresentative, representatives)
        file.add(Format.skeletonCount, skeletonCounts)
    }

    /// M+1 ... M+4 relative to M. Products with an adduct's pattern are exact only when nothing lies below M, so compounds
    /// with boron, iron, selenium and the like get NaN: no isotope evidence rather than a wrong one.
    private static func isotopeRatios(_ formula: MolecularFormula) -> [Float] {
        let count = CompoundTableFormat.isotopologues
        let lighter = formula.terms.contains { ChemicalElement.table[$0.element].hasLighterIsotopes }
        guard !lighter, let pattern = IsotopePattern(formula, count: count) else {
            return Array(repeating: .nan, count: count)
        }
        return pattern.ratios.dropFirst().map { Float($0) }
    }
}
