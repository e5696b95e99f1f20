#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A table of tab-separated values with one header line, held as bytes and cell offsets.
///
/// Strict: every line has as many cells as the header, column names are unique, no line is empty. A byte-order mark,
/// CR LF line ends and a missing last line end are accepted.
struct TabSeparatedTable {
    let file: String
    let columns: [String]
    private let bytes: [UInt8]
    /// Start of each cell in row order, and one past its end.
    private let cellStarts: [Int]
    private let cellEnds: [Int]

    /// - Throws: `EvaluationError` with the operating system's reason, or as `init(bytes:file:)`.
    init(path: String) throws(EvaluationError) {
        guard let stream = fopen(path, "rb") else {
            throw EvaluationError(
                .unreadableFile, file: path, reason: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { fclose(stream) }
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = fread(&block, 1, block.count, stream)
            if count == 0 { break }
            content.append(contentsOf: block[..<count])
        }
        if ferror(stream) != 0 {
            throw EvaluationError(
                .unreadableFile, file: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
        }
        try self.init(bytes: content, file: path)
    }

    /// - Throws: `EvaluationError` with the line of the first row that is not like the header. - Complexity: O(bytes).
    init(bytes: [UInt8], file: String) throws(EvaluationError) {
        var starts: [Int] = []
        var ends: [Int] = []
        var columns: [String] = []
        var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var line = 0
        while position < bytes.count {
            line += 1
            let next = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
            let end = next > position && bytes[next - 1] == 0x0D ? next - 1 : next
            if end == position {
                throw EvaluationError(
                    .malformedRow, file: file, line: line, reason: "an empty line; remove it")
            }
            let before = starts.count
            var cell = position
            for index in position..<end where bytes[index] == 0x09 {
                starts.append(cell)
                ends.append(index)
                cell = index + 1
            }
            starts.append(cell)
            ends.append(end)
            if line == 1 {
                columns = zip(starts, ends).map { String(decoding: bytes[$0..<$1], as: UTF8.self) }
                starts.removeAll(keepingCapacity: true)
                ends.removeAll(keepingCapacity: true)
            } else if starts.count - before != columns.count {
                throw EvaluationError(
                    .malformedRow, file: file, line: line,
                    reason: "\(starts.count - before) cells where the header has \(columns.count)")
            }
            position = next + 1
        }
        if columns.isEmpty {
            throw EvaluationError(.malformedRow, file: file, reason: "empty; a header line is needed")
        }
        if let twice = columns.indices.first(where: { columns[..<$0].contains(columns[$0]) }) {
            throw EvaluationError(
                .duplicateColumn, file: file, line: 1, reason: "the column '\(columns[twice])' occurs twice")
        }
        self.file = file
        self.columns = columns
        self.bytes = bytes
        self.cellStarts = starts
        self.cellEnds = ends
    }

    var rowCount: Int { cellStarts.count / columns.count }

    /// Line number of a row in the file, from 1.
    func line(ofRow row: Int) -> Int { row + 2 }

    /// Position of a column that must be there.
    func column(_ name: String) throws(EvaluationError) -> Int {
        guard let index = columns.firstIndex(of: name) else {
            throw EvaluationError(
                .missingColumn, file: file, line: 1,
                reason: "no column '\(name)'; the columns are \(columns.joined(separator: ", "))")
        }
        return index
    }

    /// Position of a column that may be missing.
    func optionalColumn(_ name: String) -> Int? { columns.firstIndex(of: name) }

    func text(_ row: Int, _ column: Int) -> String {
        let cell = row * columns.count + column
        return String(decoding: bytes[cellStarts[cell]..<cellEnds[cell]], as: UTF8.self)
    }

    /// A finite number, or `nil` for an empty cell.
    func number(_ row: Int, _ column: Int) throws(EvaluationError) -> Double? {
        let cell = text(row, column)
        if cell.isEmpty { return nil }
        guard let value = Double(cell), value.isFinite else {
            throw invalid(row, column, "'\(cell)' is not a finite number")
        }
        return value
    }

    /// A finite number in a cell that must not be empty.
    func requiredNumber(_ row: Int, _ column: Int) throws(EvaluationError) -> Double {
        guard let value = try number(row, column) else { throw invalid(row, column, "is empty; a number is needed") }
        return value
    }

    /// Finite numbers separated by semicolons; none for an empty cell.
    func numbers(_ row: Int, _ column: Int) throws(EvaluationError) -> [Double] {
        var values: [Double] = []
        for part in text(row, column).split(separator: ";", omittingEmptySubsequences: true) {
            guard let value = Double(part), value.isFinite else {
                throw invalid(row, column, "'\(part)' is not a finite number")
            }
            values.append(value)
        }
        return values
    }

    func requiredInteger(_ row: Int, _ column: Int) throws(EvaluationError) -> Int {
        let cell = text(row, column)
        guard let value = Int(cell) else { throw invalid(row, column, "'\(cell)' is not a whole number") }
        return value
    }

    func invalid(_ row: Int, _ column: Int, _ reason: String) -> EvaluationError {
        EvaluationError(
            .malformedValue, file: file, line: line(ofRow: row), reason: "column '\(columns[column])': \(reason)")
    }
}
