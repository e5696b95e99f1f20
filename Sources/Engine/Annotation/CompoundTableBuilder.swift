import ContentHash
import SpectralMatching
import SpectrumModel

/// A table of compounds as its publisher exports it.
public struct CompoundSource: Sendable {
    /// Tab-separated text, plain or gzip, with a header line.
    public let path: String
    /// Name of the database, shown with every candidate.
    public let label: String

    public init(path: String, label: String) {
        self.path = path
        self.label = label
    }
}

/// Turns compound tables into the binary file that `CompoundTable` maps.
///
/// Needs the columns `id`, `molecular_formula`, `name`, `inchi_key`, `exact_mass`, and takes `charge` (0 where absent).
/// Skipped and counted: entries without exact mass, with a formula that holds something that is no element (R groups,
/// polymers), whose stated mass is off its formula by more than 0.01 Da, and those without an InChIKey (groups and residues
/// are no molecules). Entries with the same InChIKey become one, with all their ids, under the first one's name.
/// - Determinism: the file depends only on the sources and their order.
public struct CompoundTableBuilder {
    /// What a build took in and left out.
    public struct Report: Sendable {
        public var compounds = 0
        /// Entries that were joined with an earlier one of the same InChIKey.
        public var merged = 0
        public var withoutMass = 0
        public var withoutStructure = 0
        public var badFormula = 0
        public var massMismatch = 0
        /// Lines that are not a row of the table.
        public var source = SourceReport()
    }

    private struct Pending {
        var identifiers: String
        let name: String
        let formula: MolecularFormula
        let formulaText: String
        let inchiKey: String
        var source: String
        let mass: Double
        let charge: Int
    }

    private var pending: [Pending] = []
    private var positionOfKey: [String: Int] = [:]
    private var provenance: [String] = []
    public private(set) var report = Report()

    public init() {}

    /// Reads the sources in order and writes the table.
    /// - Throws: `LibraryFileError`: a source is unreadable or lacks a column, no compound is usable, the result cannot
    ///   be written.
    public static func build(sources: [CompoundSource], destination: String) throws(LibraryFileError) -> Report {
        var builder = CompoundTableBuilder()
        for source in sources { try builder.add(source) }
        guard !builder.pending.isEmpty else {
            throw LibraryFileError(
                .empty, path: sources.first?.path ?? destination, reason: "no usable compound in the compound tables")
        }
        try builder.write(to: destination)
        return builder.report
    }

    /// Reads one table.
    public mutating func add(_ source: CompoundSource) throws(LibraryFileError) {
        let reader = try TextLineReader(path: source.path)
        guard let header = try reader.next() else {
            throw LibraryFileError(.empty, path: source.path, reason: "the table has no header line")
        }
        let columns = try CompoundColumns(header: Self.cells(header), path: source.path)
        while let line = try reader.next() {
            if line.isEmpty { continue }
            let cells = Self.cells(line)
            guard !reader.lineWasCut, cells.count >= columns.needed else {
                report.source.skipRecord(line: reader.lineNumber, "\(cells.count) columns instead of \(columns.needed)")
                continue
            }
            add(cells, columns: columns, label: source.label, line: reader.lineNumber)
        }
        do {
            provenance.append(try sha256(file: source.path) + " " + (source.path.split(separator: "/").last ?? ""))
        } catch { throw LibraryFileError(.unreadable, path: source.path, reason: "\(error)") }
    }

    private mutating func add(_ cells: [String], columns: CompoundColumns, label: String, line: Int) {
        let massText = cells[columns.mass]
        guard !massText.isEmpty else {
            report.withoutMass += 1
            return
        }
        guard let stated = Double(massText), stated.isFinite, stated > 0 else {
            report.source.skipRecord(line: line, "the exact mass is not a positive number")
            return
        }
        let formula: MolecularFormula
        do { formula = try MolecularFormula(cells[columns.formula]) } catch {
            report.badFormula += 1
            return
        }
        let neutralSum = MolecularFormula(
            counts: Dictionary(uniqueKeysWithValues: formula.terms.map { ($0.element, $0.count) }), charge: 0)
        guard abs(neutralSum.monoisotopicMass - stated) <= 0.01 else {
            report.massMismatch += 1
            return
        }
        let key = cells[columns.inchiKey]
        guard !key.isEmpty else {
            report.withoutStructure += 1
            return
        }
        var charge = 0
        if let column = columns.charge, column < cells.count, !cells[column].isEmpty {
            guard let value = Int(cells[column]), abs(value) <= 100 else {
                report.source.skipRecord(line: line, "the charge is not a whole number")
                return
            }
            charge = value
        }
        report.source.accepted += 1
        if let position = positionOfKey[key] {
            pending[position].identifiers += ";" + cells[columns.id]
            if !pending[position].source.split(separator: ";").contains(where: { $0 == label }) {
                pending[position].source += ";" + label
            }
            report.merged += 1
            return
        }
        positionOfKey[key] = pending.count
        pending.append(
            Pending(
                identifiers: cells[columns.id], name: cells[columns.name], formula: neutralSum,
                formulaText: neutralSum.description, inchiKey: key, source: label, mass: neutralSum.monoisotopicMass,
                charge: charge))
        report.compounds += 1
    }

    /// Writes the table to a temporary name and renames it.
    public func write(to path: String) throws(LibraryFileError) {
        let sorted = pending.sorted { a, b in
            if a.charge != b.charge { return a.charge == 0 || (b.charge != 0 && a.charge < b.charge) }
            if a.mass != b.mass { return a.mass < b.mass }
            return (a.inchiKey, a.identifiers) < (b.inchiKey, b.identifiers)
        }
        var strings = StringTableBuilder()
        var texts: [UInt32] = []
        var ratios: [Float] = []
        var charges: [Int32] = []
        var starts: [UInt32] = []
        for (index, compound) in sorted.enumerated() {
            for text in [
                compound.identifiers, compound.name, compound.formulaText, compound.inchiKey, compound.source,
            ] { texts.append(strings.number(of: text)) }
            ratios.append(contentsOf: Self.isotopeRatios(compound.formula))
            if charges.last.map({ Int($0) }) != compound.charge {
                charges.append(Int32(compound.charge))
                starts.append(UInt32(index))
            }
        }
        starts.append(UInt32(sorted.count))
        let origins = provenance.map { strings.number(of: $0) }
        guard !strings.overflowed else {
            throw LibraryFileError(.tooLarge, path: path, reason: "more than 4 GiB of texts; use fewer tables")
        }
        var file = SectionedFileWriter(kind: CompoundTableFormat.kind)
        file.add(CompoundTableFormat.mass, sorted.map { $0.mass })
        file.add(CompoundTableFormat.isotopeRatios, ratios)
        file.add(CompoundTableFormat.texts, texts)
        file.add(CompoundTableFormat.groupCharge, charges)
        file.add(CompoundTableFormat.groupStart, starts)
        file.add(CompoundTableFormat.stringOffsets, strings.offsets)
        file.add(CompoundTableFormat.stringBytes, strings.bytes)
        file.add(CompoundTableFormat.provenance, origins)
        try file.write(to: path)
    }

    /// M+1 and M+2 relative to M. Products with an adduct's pattern are exact only when nothing lies below M, so compounds
    /// with boron, iron, selenium and the like get NaN: no isotope evidence rather than a wrong one.
    private static func isotopeRatios(_ formula: MolecularFormula) -> [Float] {
        let lighter = formula.terms.contains { ChemicalElement.table[$0.element].hasLighterIsotopes }
        guard !lighter, let pattern = IsotopePattern(formula, count: 2) else { return [.nan, .nan] }
        return [Float(pattern.ratios[1]), Float(pattern.ratios[2])]
    }

    private static func cells(_ line: UnsafeBufferPointer<UInt8>) -> [String] {
        line.split(separator: 0x09, omittingEmptySubsequences: false).map {
            String(decoding: trimmed(UnsafeBufferPointer(rebasing: $0)), as: UTF8.self)
        }
    }
}

/// Where the columns of a compound table are.
private struct CompoundColumns {
    let id: Int
    let formula: Int
    let name: Int
    let inchiKey: Int
    let mass: Int
    let charge: Int?
    /// Cells that a row needs.
    let needed: Int

    init(header: [String], path: String) throws(LibraryFileError) {
        func column(_ name: String) throws(LibraryFileError) -> Int {
            guard let index = header.firstIndex(of: name) else {
                throw LibraryFileError(.foreign, path: path, reason: "the table has no column \"\(name)\"")
            }
            return index
        }
        id = try column("id")
        formula = try column("molecular_formula")
        name = try column("name")
        inchiKey = try column("inchi_key")
        mass = try column("exact_mass")
        charge = header.firstIndex(of: "charge")
        needed = max(id, formula, name, inchiKey, mass) + 1
    }
}
