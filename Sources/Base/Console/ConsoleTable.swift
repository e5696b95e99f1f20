/// Rows of text in aligned columns.
public struct ConsoleTable: Sendable {
    public enum Alignment: Sendable {
        case left
        case right
    }

    private let alignments: [Alignment]
    private var rows: [[String]]

    /// - Parameter header: titles of the columns. - Parameter alignments: one per column; numbers go right.
    public init(header: [String], alignments: [Alignment]) {
        precondition(header.count == alignments.count, "one alignment per column")
        self.alignments = alignments
        rows = [header]
    }

    public mutating func append(_ row: [String]) {
        precondition(row.count == alignments.count, "one cell per column")
        rows.append(row)
    }

    /// The table with two blanks between columns and a rule under the header, ending in a line break.
    public var text: String {
        let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + padding : padding + row[column]
            }.joined(separator: "  ")
        }
        lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        return lines.map { line in
            var line = line[...]
            while line.last == " " { line = line.dropLast() }
            return line + "\n"
        }.joined()
    }
}
