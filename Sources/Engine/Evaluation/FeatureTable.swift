/// One feature of a result, as far as an evaluation needs it.
public struct ResultFeature: Sendable, Hashable {
    public var mz: Double
    /// Apex and edges, in seconds.
    public var retentionTimeSeconds: Double
    public var startSeconds: Double
    public var endSeconds: Double
    /// Magnitude; 0 when unknown.
    public var charge: Int
    public var area: Double
    /// Area of each isotopologue, the monoisotopic one first; empty when unknown.
    public var isotopeAreas: [Double]
    /// The data file that it was found in.
    public var file: String

    public init(
        mz: Double, retentionTimeSeconds: Double, startSeconds: Double, endSeconds: Double, charge: Int, area: Double,
        isotopeAreas: [Double] = [], file: String
    ) {
        self.mz = mz
        self.retentionTimeSeconds = retentionTimeSeconds
        self.startSeconds = startSeconds
        self.endSeconds = endSeconds
        self.charge = charge
        self.area = area
        self.isotopeAreas = isotopeAreas
        self.file = file
    }
}

/// The features of a result (`features.tsv`), or its mass traces (`traces.tsv`); columns are found by name, further ones are ignored.
public struct FeatureTable: Sendable, Hashable {
    public let features: [ResultFeature]

    public init(features: [ResultFeature]) { self.features = features }

    /// - Throws: `EvaluationError` with file and line.
    public init(path: String) throws(EvaluationError) { try self.init(TabSeparatedTable(path: path)) }

    /// - Parameter file: name for error messages.
    /// - Throws: `EvaluationError` with line.
    public init(text: String, file: String) throws(EvaluationError) {
        try self.init(TabSeparatedTable(bytes: Array(text.utf8), file: file))
    }

    private init(_ table: TabSeparatedTable) throws(EvaluationError) {
        let file = try table.column("file")
        let mz = try table.column("mz")
        let retentionTime = try table.column("rt_seconds")
        let start = try table.column("rt_start_seconds")
        let end = try table.column("rt_end_seconds")
        // A table of mass traces has none.
        let charge = table.optionalColumn("charge")
        let area = try table.column("area")
        let isotopes = table.optionalColumn("isotope_areas")
        var features: [ResultFeature] = []
        features.reserveCapacity(table.rowCount)
        for row in 0..<table.rowCount {
            let charge = if let charge { try table.requiredInteger(row, charge) } else { 0 }
            features.append(
                ResultFeature(
                    mz: try table.requiredNumber(row, mz),
                    retentionTimeSeconds: try table.requiredNumber(row, retentionTime),
                    startSeconds: try table.requiredNumber(row, start), endSeconds: try table.requiredNumber(row, end),
                    charge: charge, area: try table.requiredNumber(row, area),
                    isotopeAreas: try isotopes.map { column throws(EvaluationError) in try table.numbers(row, column) }
                        ?? [],
                    file: table.text(row, file)))
        }
        self.features = features
    }
}

/// The name by which a data file is recognised in tables: no folders, no `.gz`, no `.mzML` (in any case).
public func dataFileStem(_ path: String) -> String {
    var name = path[...]
    if let slash = name.lastIndex(where: { $0 == "/" || $0 == "\\" }) { name = name[name.index(after: slash)...] }
    for suffix in [".gz", ".mzml"] where name.count > suffix.count && name.lowercased().hasSuffix(suffix) {
        name = name.dropLast(suffix.count)
    }
    return String(name)
}
