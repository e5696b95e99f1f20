import SpectralMatching
import SpectrumModel

/// What a compound table says about one compound.
public struct Compound: Sendable, Hashable {
    /// Ids in the databases, joined by `;`.
    public let identifiers: String
    public let name: String
    /// Hill order, without charge.
    public let formula: String
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
    /// Compounds of one charge.
    struct Group: Sendable {
        let charge: Int
        let range: Range<Int>
    }

    /// Version of the file format that this program writes and reads.
    public static var formatVersion: Int { Int(CompoundTableFormat.kind.version) }

    public let path: String
    public let count: Int
    /// SHA-256 and name of each source, as `hash name`.
    public let sources: [String]

    let mass: UnsafeBufferPointer<Double>
    let isotopeRatios: UnsafeBufferPointer<Float>
    let groups: [Group]
    private let texts: UnsafeBufferPointer<UInt32>
    private let strings: StringTable
    private let file: SectionedFile

    /// - Throws: `LibraryFileError` with what is wrong and what to do.
    public static func open(_ path: String) throws(LibraryFileError) -> CompoundTable {
        try CompoundTable(file: SectionedFile(path: path, kind: CompoundTableFormat.kind))
    }

    private init(file: SectionedFile) throws(LibraryFileError) {
        typealias Format = CompoundTableFormat
        mass = try file.elements(Format.mass, as: Double.self)
        isotopeRatios = try file.elements(Format.isotopeRatios, as: Float.self)
        texts = try file.elements(Format.texts, as: UInt32.self)
        strings = try StringTable(file: file, offsets: Format.stringOffsets, bytes: Format.stringBytes)
        let charges = try file.elements(Format.groupCharge, as: Int32.self)
        let starts = try file.elements(Format.groupStart, as: UInt32.self)
        let provenance = try file.elements(Format.provenance, as: UInt32.self)
        guard isotopeRatios.count == 2 * mass.count, texts.count == mass.count * CompoundText.count,
            starts.count == charges.count + 1, isAscending(starts, from: 0, to: mass.count),
            Int(largest(texts)) < strings.count, Int(largest(provenance)) < strings.count
        else { throw file.corrupt("the arrays of the compound table do not fit together") }
        var groups: [Group] = []
        for (index, charge) in charges.enumerated() {
            let range = Int(starts[index])..<Int(starts[index + 1])
            guard abs(Int(charge)) <= 100, Self.isSorted(mass, range) else {
                throw file.corrupt("the masses of the compound table are not sorted")
            }
            groups.append(Group(charge: Int(charge), range: range))
        }
        self.groups = groups
        self.file = file
        count = mass.count
        path = file.mapped.path
        let strings = strings
        sources = provenance.map { strings[$0] }
    }

    private static func isSorted(_ values: UnsafeBufferPointer<Double>, _ range: Range<Int>) -> Bool {
        for index in range {
            guard values[index].isFinite, values[index] > 0,
                index == range.lowerBound || values[index] >= values[index - 1]
            else { return false }
        }
        return true
    }

    /// Size of the mapping, in bytes.
    public var byteCount: Int { file.mapped.bytes.count }

    /// Gives the file's resident pages back to the page cache; the next look-up takes what it needs again.
    public func releasePages() { file.mapped.releasePages() }

    /// Reads the whole file and compares all checksums.
    public func verify() throws(LibraryFileError) { try file.verify() }

    /// The compound at a position of the table's order.
    public func compound(at index: Int) -> Compound {
        precondition(index >= 0 && index < count, "compound \(index) is not in the table")
        // The pointers do not keep the mapping; the table must outlive their use.
        defer { withExtendedLifetime(self) {} }
        func text(_ field: CompoundText) -> String { strings[textNumber(field, at: index)] }
        return Compound(
            identifiers: text(.identifiers), name: text(.name), formula: text(.formula), inchiKey: text(.inchiKey),
            source: text(.source), mass: mass[index], charge: groups.first { $0.range.contains(index) }?.charge ?? 0)
    }

    /// Number of a text; equal texts have equal numbers.
    func textNumber(_ field: CompoundText, at index: Int) -> UInt32 {
        texts[index * CompoundText.count + field.rawValue]
    }

    /// Bytes of the name.
    func nameLength(at index: Int) -> Int { strings.utf8(textNumber(.name, at: index)).count }

    /// The first 14 bytes of the InChIKey.
    func inchiKeyBlock(at index: Int) -> UnsafeBufferPointer<UInt8> {
        let key = strings.utf8(textNumber(.inchiKey, at: index))
        return UnsafeBufferPointer(rebasing: key[..<min(14, key.count)])
    }

    /// First position in `range` whose mass is not below `limit`.
    func firstIndex(in range: Range<Int>, massAtLeast limit: Double) -> Int {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) / 2
            if mass[middle] < limit { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
