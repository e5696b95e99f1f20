/// One thing that is known to be in the data.
public struct TruthRow: Sendable, Hashable {
    public var mz: Double
    public var tolerancePPM: Double
    public var retentionTimeSeconds: Double?
    /// Where the apex may lie; `nil` leaves it to the matching rule (around the retention time) or, without one, free.
    public var windowSeconds: ClosedRange<Double>?
    /// Magnitude; 0 when unknown.
    public var charge: Int
    public var area: Double?
    public var name: String
    public var source: String
    /// The data file that it belongs to; `nil` for any.
    public var file: String?
    /// Line in the table, from 1; 0 for a row that was not read from one.
    public var line: Int

    public init(
        mz: Double, tolerancePPM: Double, retentionTimeSeconds: Double? = nil,
        windowSeconds: ClosedRange<Double>? = nil, charge: Int = 0, area: Double? = nil, name: String = "",
        source: String = "", file: String? = nil, line: Int = 0
    ) {
        self.mz = mz
        self.tolerancePPM = tolerancePPM
        self.retentionTimeSeconds = retentionTimeSeconds
        self.windowSeconds = windowSeconds
        self.charge = charge
        self.area = area
        self.name = name
        self.source = source
        self.file = file
        self.line = line
    }
}

/// What is known to be in the data, as published by others (`truth.tsv`; schema in workloads/README.md).
public struct TruthTable: Sendable, Hashable {
    public let rows: [TruthRow]

    public init(rows: [TruthRow]) { self.rows = rows }

    /// - Throws: `EvaluationError` with file and line.
    public init(path: String) throws(EvaluationError) { try self.init(TabSeparatedTable(path: path)) }

    /// - Parameter file: name for error messages.
    /// - Throws: `EvaluationError` with line.
    public init(text: String, file: String) throws(EvaluationError) {
        try self.init(TabSeparatedTable(bytes: Array(text.utf8), file: file))
    }

    private init(_ table: TabSeparatedTable) throws(EvaluationError) {
        let mz = try table.column("mz")
        let tolerance = try table.column("mz_tolerance_ppm")
        let retentionTime = try table.column("rt_seconds")
        let windowStart = try table.column("rt_window_start")
        let windowEnd = try table.column("rt_window_end")
        let charge = try table.column("charge")
        let area = try table.column("area")
        let name = try table.column("name")
        let source = try table.column("source")
        let file = try table.column("file")
        var rows: [TruthRow] = []
        rows.reserveCapacity(table.rowCount)
        for row in 0..<table.rowCount {
            let fileName = table.text(row, file)
            let entry = TruthRow(
                mz: try table.requiredNumber(row, mz), tolerancePPM: try table.requiredNumber(row, tolerance),
                retentionTimeSeconds: try table.number(row, retentionTime),
                windowSeconds: try table.window(row, windowStart, windowEnd),
                charge: try table.requiredInteger(row, charge), area: try table.number(row, area),
                name: table.text(row, name), source: table.text(row, source),
                file: fileName.isEmpty ? nil : fileName, line: table.line(ofRow: row))
            if entry.mz <= 0 { throw table.invalid(row, mz, "must be above 0") }
            if entry.tolerancePPM <= 0 { throw table.invalid(row, tolerance, "must be above 0") }
            if entry.charge < 0 { throw table.invalid(row, charge, "is a magnitude and cannot be negative") }
            rows.append(entry)
        }
        self.rows = rows
    }
}

extension TabSeparatedTable {
    /// A window of retention times: both cells, or neither.
    func window(_ row: Int, _ start: Int, _ end: Int) throws(EvaluationError) -> ClosedRange<Double>? {
        switch (try number(row, start), try number(row, end)) {
        case (nil, nil): return nil
        case (let lower?, let upper?) where lower <= upper: return lower...upper
        case (.some, .some): throw invalid(row, end, "the window ends before it starts")
        case (nil, .some): throw invalid(row, start, "is empty although the window has an end")
        case (.some, nil): throw invalid(row, end, "is empty although the window has a start")
        }
    }
}
