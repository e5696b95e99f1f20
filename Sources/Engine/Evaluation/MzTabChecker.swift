/// What is wrong at a place of an mzTab-M file.
public struct MzTabFinding: Sendable, Hashable, CustomStringConvertible {
    /// From 1; 0 for what is missing in the whole file.
    public let line: Int
    public let reason: String

    public var description: String { line > 0 ? "line \(line): \(reason)" : reason }
}

/// Holds a file against the specification of mzTab-M 2.0.0 (HUPO-PSI): sections and their order, mandatory keys and their order,
/// columns and their order, types and null, parameters, references between the tables.
///
/// Strict: what the specification says MUST be is an error here, and so are columns or keys that it does not know.
public struct MzTabChecker {
    private struct Table {
        let section: MzTabSection
        var columns: [MzTabColumn] = []
        var names: [String] = []
        var rows: [(line: Int, cells: [String])] = []
    }

    private var findings: [MzTabFinding] = []
    private var metadata: MzTabMetadataCheck
    private var tables: [Table] = []
    /// At most this many findings are kept.
    public static let maximumFindings = 200

    private init() { metadata = MzTabMetadataCheck() }

    /// Everything that is wrong with a file, in the order of its lines; empty for a valid one.
    /// - Complexity: O(length of the text).
    public static func check(_ text: String) -> [MzTabFinding] {
        var checker = MzTabChecker()
        checker.read(text)
        checker.compare()
        return Array(checker.findings.sorted { ($0.line, $0.reason) < ($1.line, $1.reason) }.prefix(maximumFindings))
    }

    private mutating func find(_ line: Int, _ reason: String) {
        if findings.count < 10 * Self.maximumFindings { findings.append(MzTabFinding(line: line, reason: reason)) }
    }

    // MARK: - Lines

    private mutating func read(_ text: String) {
        var previousWasBlank = true
        // Bytes: CR LF is one character of a string, and none of both.
        for (index, slice) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let line = Substring(slice.last == 0x0D ? slice.dropLast() : slice)
            if line.isEmpty {
                previousWasBlank = true
                continue
            }
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            read(cells, line: index + 1, afterBlank: previousWasBlank)
            previousWasBlank = false
        }
    }

    private mutating func read(_ cells: [String], line: Int, afterBlank: Bool) {
        let prefix = cells[0]
        if prefix == "COM" { return }
        if prefix == "MTD" {
            if !tables.isEmpty { find(line, "metadata after a table; the sections are MTD, SML, SMF, SME") }
            for reason in metadata.read(cells) { find(line, reason) }
            return
        }
        if let section = MzTabSection.allCases.first(where: { $0.header == prefix }) {
            start(section, cells, line: line, afterBlank: afterBlank)
        } else if let section = MzTabSection.allCases.first(where: { $0.rawValue == prefix }) {
            guard let last = tables.last, last.section == section else {
                return find(line, "a row of \(prefix) outside of its table")
            }
            guard cells.count == last.names.count else {
                return find(line, "\(cells.count) cells instead of \(last.names.count)")
            }
            tables[tables.count - 1].rows.append((line, cells))
        } else {
            find(line, "a line begins with MTD, SMH, SML, SFH, SMF, SEH, SME or COM, not with \"\(prefix.prefix(20))\"")
        }
    }

    private mutating func start(_ section: MzTabSection, _ cells: [String], line: Int, afterBlank: Bool) {
        if tables.contains(where: { $0.section == section }) { find(line, "a second table \(section.rawValue)") }
        if let last = tables.last, last.section.order >= section.order {
            find(line, "table \(section.rawValue) must come before \(last.section.rawValue)")
        }
        if !afterBlank { find(line, "a blank line must separate the tables") }
        var table = Table(section: section)
        table.names = cells
        let expected = section.columns(metadata)
        for (position, column) in expected.enumerated() {
            guard position + 1 < cells.count, cells[position + 1] == column.name else {
                let found = position + 1 < cells.count ? "\"\(cells[position + 1])\"" : "nothing"
                find(line, "column \(position + 2) must be \(column.name), not \(found)")
                break
            }
        }
        table.columns = expected
        for name in cells.dropFirst(1 + expected.count) {
            if !MzTabColumn.isOptionalName(name, metadata) {
                find(
                    line,
                    "\"\(name)\" is no optional column: opt_, then global or an element of the metadata, then a name")
            }
        }
        if Set(cells).count != cells.count { find(line, "two columns of one name") }
        tables.append(table)
    }

    // MARK: - Content

    private mutating func compare() {
        let present = Set(tables.map(\.section))
        for reason in metadata.missing(hasFeatures: present.contains(.feature)) { find(0, reason) }
        if !present.contains(.molecule) { find(0, "the table SML is missing") }
        if present.contains(.evidence) != present.contains(.feature) {
            find(0, "of the tables SMF and SME one is missing: evidence needs all four sections")
        }
        var identifiers: [MzTabSection: Set<String>] = [:]
        for table in tables {
            let ids = table.rows.map { $0.cells.count > 1 ? $0.cells[1] : "" }
            identifiers[table.section] = Set(ids)
            var seen: Set<String> = []
            for (row, id) in zip(table.rows, ids) where !seen.insert(id).inserted {
                find(row.line, "\(table.section.rawValue)_ID \(id) is not unique")
            }
        }
        for table in tables {
            for row in table.rows { check(row, of: table, identifiers: identifiers) }
        }
        for (section, column, target) in [
            (MzTabSection.molecule, "SMF_ID_REFS", MzTabSection.feature), (.feature, "SME_ID_REFS", .evidence),
        ] { findUnreferenced(section, column, target) }
    }

    private mutating func check(
        _ row: (line: Int, cells: [String]), of table: Table, identifiers: [MzTabSection: Set<String>]
    ) {
        for (position, name) in table.names.enumerated().dropFirst() where row.cells[position].isEmpty {
            find(row.line, "\(name) is empty; what is missing is null")
        }
        var cells: [String: String] = [:]
        for (position, column) in table.columns.enumerated() where position + 1 < row.cells.count {
            let cell = row.cells[position + 1]
            cells[column.name] = cell
            if cell.isEmpty { continue }
            if let reason = column.problem(with: cell, metadata) { find(row.line, "\(column.name): \(reason)") }
            if let target = column.target, cell != "null" {
                for id in cell.split(separator: "|") where identifiers[target]?.contains(String(id)) != true {
                    find(row.line, "\(column.name): \(target.rawValue) \(id) is not in the file")
                }
            }
        }
        for reason in table.section.contradictions(cells) { find(row.line, reason) }
    }

    /// Every feature belongs to a molecule, every piece of evidence to a feature.
    private mutating func findUnreferenced(_ section: MzTabSection, _ column: String, _ target: MzTabSection) {
        guard let from = tables.first(where: { $0.section == section }),
            let to = tables.first(where: { $0.section == target }), let position = from.names.firstIndex(of: column)
        else { return }
        let used = Set(from.rows.flatMap { $0.cells[position].split(separator: "|").map(String.init) })
        for row in to.rows where !used.contains(row.cells[1]) {
            find(row.line, "no \(section.rawValue) refers to \(target.rawValue) \(row.cells[1])")
        }
    }
}
