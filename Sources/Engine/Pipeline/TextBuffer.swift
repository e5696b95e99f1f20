import TextNumbers

/// Bytes of a text table, with number formatting that does not depend on locale, Foundation or platform.
struct TextBuffer {
    private(set) var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }
    var count: Int { bytes.count }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(bytes more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func tab() { bytes.append(9) }

    mutating func newline() { bytes.append(10) }

    /// A cell of a TSV: tabs and line breaks become blanks, so that no name can break a row.
    mutating func appendCell(_ text: String) {
        for byte in text.utf8 { bytes.append(byte == 9 || byte == 10 || byte == 13 ? 32 : byte) }
    }

    mutating func append(_ value: Int) { appendWhole(value, to: &bytes) }

    /// Fixed-point with `decimals` digits (0...9), as `appendFixedPoint` writes it.
    mutating func append(_ value: Double, decimals: Int) { appendFixedPoint(value, decimals: decimals, to: &bytes) }

    /// Cells, each with a tab before it.
    mutating func appendCells(_ cells: [(value: Double, decimals: Int)]) {
        for cell in cells {
            tab()
            append(cell.value, decimals: cell.decimals)
        }
    }
}
