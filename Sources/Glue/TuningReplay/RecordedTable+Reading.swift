import BayesianTuning
import Foundation
import Parameters

extension RecordedTable {
    /// Reads `NAME.json` and `NAME.csv` beside it.
    ///
    /// The JSON file has `name`, `params` (`name`, `type` int, logint, float, logfloat, cat or bool, `values` or `low`
    /// and `high`), `objectives` (`column`, `direction` min or max; the first one counts), `conditions` (`param`,
    /// `active_if`), `optimum` and `median`. The CSV file has a column for each parameter and objective, `ok` (0 for a
    /// configuration that failed), and perhaps the objective's `_sd`.
    /// - Throws: `ReplayError` with file and line.
    public init(reading path: String) throws(ReplayError) {
        let document: TableDocument
        do {
            document = try JSONDecoder().decode(TableDocument.self, from: try Self.bytes(path))
        } catch let error as ReplayError {
            throw error
        } catch {
            throw ReplayError(.badTable, file: path, "is not the JSON description of a table: \(error)")
        }
        let csv = (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + ".csv"
        let columns = try TableColumns(try Self.bytes(csv), file: csv)
        guard let objective = document.objectives.first else {
            throw ReplayError(.badTable, file: path, "names no objective")
        }
        let rows = try Self.rows(document, objective, columns, file: csv)
        try self.init(
            problem: document.name, parameters: try document.descriptions(rows, file: path),
            direction: objective.direction == .min ? .minimise : .maximise, rows: rows, optimum: document.optimum,
            median: document.median)
    }

    private static func bytes(_ path: String) throws(ReplayError) -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw ReplayError(.cannotRead, file: path, "cannot be read; a table is NAME.json with NAME.csv beside it")
        }
    }

    private static func rows(
        _ document: TableDocument, _ objective: TableDocument.Objective, _ columns: TableColumns, file: String
    ) throws(ReplayError) -> [Row] {
        var positions: [Int] = []
        for parameter in document.params { positions.append(try columns.position(parameter.name)) }
        let value = try columns.position(objective.column)
        let deviation = columns.header.firstIndex(of: objective.column + "_sd")
        let ok = columns.header.firstIndex(of: "ok")
        var rows: [Row] = []
        rows.reserveCapacity(columns.lines.count)
        for (line, fields) in columns.lines {
            var values: [ParameterValue] = []
            for (parameter, position) in zip(document.params, positions) {
                guard let parsed = parameter.value(fields[position]) else {
                    throw ReplayError(
                        .badTable, file: file, line: line,
                        "'\(fields[position])' is no value of '\(parameter.name)' (\(parameter.type.rawValue))")
                }
                values.append(parsed)
            }
            let ran = ok.map { fields[$0] != "0" } ?? true
            let measured = Double(fields[value]).flatMap { $0.isFinite ? $0 : nil }
            rows.append(
                Row(
                    values: values, objective: ran ? measured : nil,
                    deviation: deviation.flatMap { Double(fields[$0]) }.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }))
        }
        return rows
    }
}

/// The comma-separated part of a table.
struct TableColumns {
    let header: [String]
    /// Numbers of lines count from 1.
    let lines: [(line: Int, fields: [String])]
    private let file: String

    init(_ data: Data, file: String) throws(ReplayError) {
        var lines: [(line: Int, fields: [String])] = []
        var header: [String]?
        for (index, text) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard !text.isEmpty, text != Data([UInt8(ascii: "\r")]) else { continue }
            let fields = Self.fields(text)
            if let header, fields.count != header.count {
                throw ReplayError(
                    .badTable, file: file, line: index + 1, "has \(fields.count) fields, the header \(header.count)")
            }
            if header == nil { header = fields } else { lines.append((index + 1, fields)) }
        }
        guard let header, !lines.isEmpty else { throw ReplayError(.badTable, file: file, "has no rows") }
        self.header = header
        self.lines = lines
        self.file = file
    }

    func position(_ name: String) throws(ReplayError) -> Int {
        guard let position = header.firstIndex(of: name) else {
            throw ReplayError(.badTable, file: file, line: 1, "has no column '\(name)'")
        }
        return position
    }

    /// The fields of a line; quotes keep commas, two quotes inside quotes are one.
    private static func fields(_ line: Data) -> [String] {
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var closedQuote = false
        for byte in line where byte != UInt8(ascii: "\r") {
            switch byte {
            case UInt8(ascii: "\""):
                if !isQuoted, closedQuote { field.append(byte) }
                closedQuote = isQuoted
                isQuoted.toggle()
                continue
            case UInt8(ascii: ",") where !isQuoted:
                fields.append(String(decoding: field, as: UTF8.self))
                field.removeAll(keepingCapacity: true)
            default: field.append(byte)
            }
            closedQuote = false
        }
        fields.append(String(decoding: field, as: UTF8.self))
        return fields
    }
}
