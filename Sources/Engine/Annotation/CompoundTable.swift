import SpectralMatching
import SpectrumModel

/// What a compound table says about one compound.
public struct Compound: Sendable, Hashable {
    /// Ids in the databases, joined by `;`.
    public let identifiers: String
    public let name: String
    /// Hill order, without charge.
    public let formula: String
    /// Empty where the table has none.
    public let inchiKey: String
    /// Names of the databases, joined by `;`.
    public let source: String
    /// Sum of the atoms' masses in Da, electrons not counted.
    public let mass: Double
    /// Charge of the compound as the database draws it.
    public let charge: Int

    /// The part of the InChIKey that stands for the skeleton.
    public var inchiKeyBlock: String { String(inchiKey.prefix { $0 != "-" }) }
}

/// A binary, mass-sorted compound table, mapped into memory and shared read-only by all workers.
///
/// Opening parses nothing and checks that every offset stays inside its array; `verify()` compares the checksums.
///
/// `@unchecked Sendable`: only constants that point into a read-only mapping, which `file` keeps.
public final class CompoundTable: @unchecked Sendable {
    /// Formulas of the compounds of one charge.
    struct Group: Sendable {
        let charge: Int
        let formulas: Range<Int>
    }

    /// Version of the file format that this program writes and reads.
    public static var formatVersion: Int { Int(CompoundTableFormat.kind.version) }

    public let path: String
    /// Compounds.
    public let count: Int
    /// SHA-256 and name of each source, as `hash name`.
    public let sources: [String]

    /// By formula, ascending within a group.
    let mass: UnsafeBufferPointer<Double>
    let isotopeRatios: UnsafeBufferPointer<SIMD4<Float>>
    let formulaStart: UnsafeBufferPointer<UInt32>
    let formulaNumber: UnsafeBufferPointer<UInt32>
    let atoms: UnsafeBufferPointer<UInt16>
    let skeletonStart: UnsafeBufferPointer<UInt32>
    let skeletonRepresentative: UnsafeBufferPointer<UInt32>
    let skeletonCount: UnsafeBufferPointer<UInt32>
    let groups: [Group]
    private let texts: UnsafeBufferPointer<UInt32>
    private let strings: StringTable
    private let file: SectionedFile

    /// Distinct formulas, each counted once for every charge that compounds of it have.
    public var formulaCount: Int { mass.count }

    /// - Throws: `LibraryFileError` with what is wrong and what to do.
    public static func open(_ path: String) throws(LibraryFileError) -> CompoundTable {
        try CompoundTable(file: SectionedFile(path: path, kind: CompoundTableFormat.kind))
    }

    private init(file: SectionedFile) throws(LibraryFileError) {
        typealias Format = CompoundTableFormat
        mass = try file.elements(Format.mass, as: Double.self)
        isotopeRatios = try file.elements(Format.isotopeRatios, as: SIMD4<Float>.self)
        formulaStart = try file.elements(Format.formulaStart, as: UInt32.self)
        formulaNumber = try file.elements(Format.formulaNumber, as: UInt32.self)
        atoms = try file.elements(Format.atoms, as: UInt16.self)
        skeletonStart = try file.elements(Format.skeletonStart, as: UInt32.self)
        skeletonRepresentative = try file.elements(Format.skeletonRepresentative, as: UInt32.self)
        skeletonCount = try file.elements(Format.skeletonCount, as: UInt32.self)
        texts = try file.elements(Format.texts, as: UInt32.self)
        strings = try StringTable(file: file, offsets: Format.stringOffsets, bytes: Format.stringBytes)
        let charges = try file.elements(Format.groupCharge, as: Int32.self)
        let starts = try file.elements(Format.groupStart, as: UInt32.self)
        let provenance = try file.elements(Format.provenance, as: UInt32.self)
        let formulas = mass.count
        count = texts.count / CompoundText.count
        guard isotopeRatios.count == formulas, formulaNumber.count == formulas,
            atoms.count == formulas * Format.countedElements.count, texts.count == count * CompoundText.count,
            formulaStart.count == formulas + 1, isAscending(formulaStart, from: 0, to: count),
            skeletonStart.count == formulas + 1, skeletonRepresentative.count == skeletonCount.count,
            isAscending(skeletonStart, from: 0, to: skeletonRepresentative.count),
            formulas == 0 || Int(largest(formulaNumber)) < formulas,
            skeletonRepresentative.isEmpty || Int(largest(skeletonRepresentative)) < count,
            starts.count == charges.count + 1, isAscending(starts, from: 0, to: formulas),
            Int(largest(texts)) < strings.count, Int(largest(provenance)) < strings.count
        else { throw file.corrupt("the arrays of the compound table do not fit together") }
        var groups: [Group] = []
        for (index, charge) in charges.enumerated() {
            let range = Int(starts[index])..<Int(starts[index + 1])
            guard abs(Int(charge)) <= 100, isAscending(mass, range), range.isEmpty || mass[range.lowerBound] > 0 else {
                throw file.corrupt("the masses of the compound table are not sorted")
            }
            groups.append(Group(charge: Int(charge), formulas: range))
        }
        self.groups = groups
        self.file = file
        path = file.mapped.path
        let strings = strings
        sources = provenance.map { strings[$0] }
    }

    /// Size of the mapping, in bytes.
    public var byteCount: Int { file.mapped.bytes.count }

    /// Gives the file's resident pages back to the page cache; the next look-up takes what it needs again.
    public func releasePages() { file.mapped.releasePages() }

    /// Reads the whole file and compares all checksums.
    public func verify() throws(LibraryFileError) { try file.verify() }

    /// The compound at a position of the table's order.
    /// - Complexity: O(log f).
    public func compound(at index: Int) -> Compound {
        precondition(index >= 0 && index < count, "compound \(index) is not in the table")
        // The pointers do not keep the mapping; the table must outlive their use.
        defer { withExtendedLifetime(self) {} }
        func text(_ field: CompoundText) -> String { strings[textNumber(field, at: index)] }
        var (low, high) = (0, formulaCount)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(formulaStart[middle]) <= index { low = middle } else { high = middle }
        }
        return Compound(
            identifiers: text(.identifiers), name: text(.name), formula: text(.formula), inchiKey: text(.inchiKey),
            source: text(.source), mass: mass[low], charge: groups.first { $0.formulas.contains(low) }?.charge ?? 0)
    }

    /// Number of a text; equal texts have equal numbers.
    func textNumber(_ field: CompoundText, at index: Int) -> UInt32 {
        texts[index * CompoundText.count + field.rawValue]
    }

    /// The skeletons of a formula.
    func skeletons(of formula: Int) -> Range<Int> { Int(skeletonStart[formula])..<Int(skeletonStart[formula + 1]) }

    /// The first 14 bytes of the InChIKey.
    func inchiKeyBlock(at index: Int) -> UnsafeBufferPointer<UInt8> {
        let key = strings.utf8(textNumber(.inchiKey, at: index))
        return UnsafeBufferPointer(rebasing: key[..<min(14, key.count)])
    }

    /// First formula in `range` whose mass is not below `limit`. hot
    func firstFormula(in range: Range<Int>, massAtLeast limit: Double) -> Int {
        guard let masses = mass.baseAddress else { return range.lowerBound }
        // Halving without a branch on the data: the processor cannot guess it.
        var first = masses + range.lowerBound
        var length = range.count
        while length > 1 {
            let half = length / 2
            first += first[half - 1] < limit ? half : 0
            length -= half
        }
        return first - masses + (length == 1 && first.pointee < limit ? 1 : 0)
    }
}
