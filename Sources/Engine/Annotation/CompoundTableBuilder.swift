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
/// What the columns are called and which are needed is said in `CompoundColumns`. Skipped and counted: entries of a table
/// with masses that have none, with a formula that holds something that is no element (R groups, polymers), whose stated
/// mass is off its formula by more than 0.01 Da, and those without an InChIKey in a table that has the column (groups and
/// residues are no molecules). Entries with the same InChIKey become one, with all their ids, under the first one's name.
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

        /// The first row that was left out, with table, line and reason.
        public private(set) var firstProblem: String?

        mutating func note(_ problem: String) { firstProblem = firstProblem ?? problem }

        /// Rows that were left out, whatever the reason.
        public var leftOut: Int {
            withoutMass + withoutStructure + badFormula + massMismatch + source.skippedRecords
        }
    }

    struct Pending {
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
    /// Of each formula's text: isomers share both.
    private var formulas: [String: (text: String, formula: MolecularFormula)] = [:]
    private var provenance: [String] = []
    /// Bytes of the texts that hardly any two compounds share.
    private var textBytes = 0
    public private(set) var report = Report()

    public init() {}

    /// Reads the sources in order and writes the table.
    /// - Parameter memoryLimit: bytes of resident memory that the whole process may take; `nil` for no limit.
    /// - Throws: `LibraryFileError`: a source is unreadable or lacks a column, no compound is usable, the result cannot
    ///   be written, it would take more than the limit (`.memoryLimit`).
    public static func build(
        sources: [CompoundSource], destination: String, memoryLimit: Int? = nil
    ) throws(LibraryFileError) -> Report {
        let memory = PreparationMemory(limit: memoryLimit, source: sources.map(\.path).joined(separator: ", "))
        return try build(sources: sources, destination: destination, memory: memory)
    }

    static func build(
        sources: [CompoundSource], destination: String, memory: PreparationMemory
    ) throws(LibraryFileError) -> Report {
        // Small pieces that were freed would stay with the heap of whoever comes next.
        defer { releaseFreedMemory() }
        var builder = CompoundTableBuilder()
        let lengths = sources.map { fileLength($0.path) }
        let total = Double(max(1, lengths.reduce(0, +)))
        for (number, source) in sources.enumerated() {
            let before = lengths[..<number].reduce(0, +)
            try builder.add(source) { (read, builder) throws(LibraryFileError) in
                try memory.checkReading(
                    share: Double(before + read) / total, next: 0, atMost: builder.bytesToWrite)
            }
        }
        guard !builder.pending.isEmpty else {
            let first = builder.report.firstProblem.map { "; \($0)" } ?? ""
            throw LibraryFileError(
                .empty, path: sources.first?.path ?? destination,
                reason: "no usable compound in the compound tables\(first)")
        }
        let report = builder.report
        try (consume builder).write(to: destination, memory: memory)
        return report
    }

    /// Reads one table.
    public mutating func add(_ source: CompoundSource) throws(LibraryFileError) {
        try add(source) { (_, _) throws(LibraryFileError) in }
    }

    /// - Parameter look: called every few thousand rows with the bytes of the file that have been read.
    private mutating func add(
        _ source: CompoundSource, look: (Int, CompoundTableBuilder) throws(LibraryFileError) -> Void
    ) throws(LibraryFileError) {
        let reader = try TextLineReader(path: source.path)
        guard let header = try reader.next() else {
            throw LibraryFileError(.empty, path: source.path, reason: "the table has no header line")
        }
        let columns = try CompoundColumns(header: Self.cells(header), path: source.path)
        while let line = try reader.next() {
            if reader.lineNumber.isMultiple(of: PreparationMemory.recordsBetweenLooks) {
                try look(reader.byteOffset, self)
            }
            if line.isEmpty { continue }
            let cells = Self.cells(line)
            guard !reader.lineWasCut, cells.count >= columns.needed else {
                let reason = "\(cells.count) columns instead of \(columns.needed)"
                report.source.skipRecord(line: reader.lineNumber, reason)
                report.note("\(source.label), line \(reader.lineNumber): \(reason)")
                continue
            }
            add(cells, columns: columns, source: source, line: reader.lineNumber)
        }
        do {
            provenance.append(try sha256(file: source.path) + " " + (source.path.split(separator: "/").last ?? ""))
        } catch { throw LibraryFileError(.unreadable, path: source.path, reason: "\(error)") }
    }

    private mutating func add(_ cells: [String], columns: CompoundColumns, source: CompoundSource, line: Int) {
        func problem(_ reason: String) -> String { "\(source.label), line \(line): \(reason)" }
        var stated: Double?
        if let column = columns.mass {
            guard !cells[column].isEmpty else {
                report.withoutMass += 1
                return report.note(problem("no exact mass"))
            }
            guard let value = Double(cells[column]), value.isFinite, value > 0 else {
                report.note(problem("the exact mass \"\(cells[column].prefix(40))\" is not a positive number"))
                return report.source.skipRecord(line: line, "the exact mass is not a positive number")
            }
            stated = value
        }
        let formula: MolecularFormula
        do { formula = try MolecularFormula(cells[columns.formula]) } catch {
            report.badFormula += 1
            return report.note(problem("\(error)"))
        }
        let neutralSum = MolecularFormula(
            counts: Dictionary(uniqueKeysWithValues: formula.terms.map { ($0.element, $0.count) }), charge: 0)
        let mass = neutralSum.monoisotopicMass
        if let stated, abs(mass - stated) > 0.01 {
            report.massMismatch += 1
            return report.note(problem("the mass \(stated) is not that of \(neutralSum)"))
        }
        let key = columns.inchiKey.map { cells[$0] } ?? ""
        guard !key.isEmpty || columns.inchiKey == nil else {
            report.withoutStructure += 1
            return report.note(problem("no InChIKey"))
        }
        var charge = formula.charge
        if let column = columns.charge, column < cells.count, !cells[column].isEmpty {
            guard let value = Int(cells[column]), abs(value) <= 100 else {
                report.note(problem("the charge \"\(cells[column].prefix(40))\" is not a whole number"))
                return report.source.skipRecord(line: line, "the charge is not a whole number")
            }
            charge = value
        }
        report.source.accepted += 1
        let identifier = cells[columns.identifier]
        if !key.isEmpty {
            if let position = positionOfKey[key] {
                pending[position].identifiers += ";" + identifier
                textBytes += identifier.utf8.count + 1
                if !pending[position].source.split(separator: ";").contains(where: { $0 == source.label }) {
                    pending[position].source += ";" + source.label
                }
                report.merged += 1
                return
            }
            positionOfKey[key] = pending.count
        }
        let name = cells[columns.name]
        let formulaText = neutralSum.description
        let known = formulas[formulaText] ?? (formulaText, neutralSum)
        formulas[formulaText] = known
        textBytes += identifier.utf8.count + name.utf8.count + key.utf8.count
        pending.append(
            Pending(
                identifiers: identifier, name: name, formula: known.formula, formulaText: known.text, inchiKey: key,
                source: source.label, mass: mass, charge: charge))
        report.compounds += 1
    }

    /// Bytes that writing may take beyond what is held: the texts, twice while they grow, their numbers, and what is stored of
    /// each formula.
    private var bytesToWrite: Int { 2 * textBytes + 140 * pending.count }

    /// Writes the table to a temporary name and renames it. The builder is empty after that.
    public consuming func write(to path: String) throws(LibraryFileError) {
        try write(to: path, memory: PreparationMemory(limit: nil, source: path))
    }

    private consuming func write(to path: String, memory: PreparationMemory) throws(LibraryFileError) {
        positionOfKey = [:]
        formulas = [:]
        releaseFreedMemory()
        try memory.check(next: bytesToWrite)
        pending.sort { a, b in
            if a.charge != b.charge { return a.charge == 0 || (b.charge != 0 && a.charge < b.charge) }
            if a.mass != b.mass { return a.mass < b.mass }
            return (a.formulaText, a.inchiKey, a.identifiers) < (b.formulaText, b.inchiKey, b.identifiers)
        }
        var strings = StringTableBuilder()
        var texts: [UInt32] = []
        for compound in pending {
            for text in [
                compound.identifiers, compound.name, compound.formulaText, compound.inchiKey, compound.source,
            ] { texts.append(strings.number(of: text)) }
        }
        let arrays = FormulaArrays(pending)
        pending = []
        let origins = provenance.map { strings.number(of: $0) }
        guard !strings.overflowed else {
            throw LibraryFileError(.tooLarge, path: path, reason: "more than 4 GiB of texts; use fewer tables")
        }
        let file = try SectionedFileWriter(
            kind: CompoundTableFormat.kind, path: path, sections: CompoundTableFormat.sectionCount)
        arrays.add(to: file)
        file.add(CompoundTableFormat.texts, texts)
        file.add(CompoundTableFormat.stringOffsets, strings.offsets)
        file.add(CompoundTableFormat.stringBytes, strings.bytes)
        file.add(CompoundTableFormat.provenance, origins)
        try file.finish()
    }

    private static func cells(_ line: UnsafeBufferPointer<UInt8>) -> [String] {
        line.split(separator: 0x09, omittingEmptySubsequences: false).map {
            String(decoding: trimmed(UnsafeBufferPointer(rebasing: $0)), as: UTF8.self)
        }
    }
}
