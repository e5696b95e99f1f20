import SpectrumModel

/// A compound that others identified in the data.
public struct IdentificationTruthRow: Sendable, Hashable {
    public let mz: Double
    public let tolerancePPM: Double
    public let windowSeconds: ClosedRange<Double>?
    public let name: String
    /// Empty when unknown.
    public let inchiKey: String
}

/// Compounds that others identified (`truth_identifications.tsv`).
public struct IdentificationTruthTable: Sendable, Hashable {
    public let rows: [IdentificationTruthRow]

    /// - Throws: `EvaluationError` with file and line.
    public init(path: String) throws(EvaluationError) { try self.init(TabSeparatedTable(path: path)) }

    /// - Throws: `EvaluationError` with line.
    public init(text: String, file: String) throws(EvaluationError) {
        try self.init(TabSeparatedTable(bytes: Array(text.utf8), file: file))
    }

    private init(_ table: TabSeparatedTable) throws(EvaluationError) {
        let mz = try table.column("mz")
        let tolerance = try table.column("mz_tolerance_ppm")
        let windowStart = try table.column("rt_window_start")
        let windowEnd = try table.column("rt_window_end")
        let name = try table.column("name")
        let key = try table.column("inchikey")
        var rows: [IdentificationTruthRow] = []
        for row in 0..<table.rowCount {
            let entry = IdentificationTruthRow(
                mz: try table.requiredNumber(row, mz), tolerancePPM: try table.requiredNumber(row, tolerance),
                windowSeconds: try table.window(row, windowStart, windowEnd), name: table.text(row, name),
                inchiKey: table.text(row, key))
            if entry.mz <= 0 { throw table.invalid(row, mz, "must be above 0") }
            if entry.tolerancePPM <= 0 { throw table.invalid(row, tolerance, "must be above 0") }
            if entry.inchiKey.isEmpty, entry.name.isEmpty {
                throw table.invalid(row, key, "is empty, and so is the name; one of them is needed")
            }
            rows.append(entry)
        }
        self.rows = rows
    }
}

/// One compound that a result proposes for a feature.
public struct ResultIdentification: Sendable, Hashable {
    public let mz: Double
    public let retentionTimeSeconds: Double
    public let name: String
    public let inchiKey: String

    public init(mz: Double, retentionTimeSeconds: Double, name: String, inchiKey: String) {
        self.mz = mz
        self.retentionTimeSeconds = retentionTimeSeconds
        self.name = name
        self.inchiKey = inchiKey
    }

    /// Reads a table with the columns `mz`, `rt_seconds`, `name` and `inchikey`; further columns are ignored.
    /// - Throws: `EvaluationError` with file and line.
    public static func read(path: String) throws(EvaluationError) -> [ResultIdentification] {
        try read(TabSeparatedTable(path: path))
    }

    /// - Throws: `EvaluationError` with line.
    public static func read(text: String, file: String) throws(EvaluationError) -> [ResultIdentification] {
        try read(TabSeparatedTable(bytes: Array(text.utf8), file: file))
    }

    private static func read(_ table: TabSeparatedTable) throws(EvaluationError) -> [ResultIdentification] {
        let mz = try table.column("mz")
        let retentionTime = try table.column("rt_seconds")
        let name = try table.column("name")
        let key = try table.column("inchikey")
        var identifications: [ResultIdentification] = []
        for row in 0..<table.rowCount {
            identifications.append(
                ResultIdentification(
                    mz: try table.requiredNumber(row, mz),
                    retentionTimeSeconds: try table.requiredNumber(row, retentionTime), name: table.text(row, name),
                    inchiKey: table.text(row, key)))
        }
        return identifications
    }
}

/// Identifications held against those of others: a row is found when any identification within its m/z tolerance and
/// window names the same compound.
///
/// The same compound has the same first block of the InChIKey (connectivity: stereoisomers do not differ in MS/MS),
/// or, where a key is missing, the same name in any case.
public struct IdentificationEvaluation: Sendable, Hashable {
    public let expected: Int
    public let found: Int
    public let missed: [IdentificationTruthRow]

    /// - Complexity: O(n m) for n identifications and m rows.
    public init(truth: IdentificationTruthTable, identifications: [ResultIdentification]) {
        missed = truth.rows.filter { row in
            !identifications.contains { Self.matches(row, $0) }
        }
        expected = truth.rows.count
        found = expected - missed.count
    }

    private static func matches(_ row: IdentificationTruthRow, _ identification: ResultIdentification) -> Bool {
        guard Tolerance.ppm(row.tolerancePPM).matches(identification.mz, reference: row.mz) else { return false }
        if let window = row.windowSeconds, !window.contains(identification.retentionTimeSeconds) { return false }
        if row.inchiKey.isEmpty || identification.inchiKey.isEmpty {
            return row.name.lowercased() == identification.name.lowercased()
        }
        return row.inchiKey.prefix(14) == identification.inchiKey.prefix(14)
    }
}
