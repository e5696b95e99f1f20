import Annotation
import ContentHash
import Instrumentation
import OutOfCore
import SpectrumModel

/// The result tables of a run, written file by file and named when all are complete.
///
/// Times, paths, versions and settings are not in the three that there always are, so that their digest is that of the
/// results alone.
final class ResultTables {
    private let features: OutputFile
    private let identifications: OutputFile
    private let spectra: OutputFile
    /// Where they are wanted; no part of the digest.
    private let traces: OutputFile?
    private let json: OutputFile?
    private let further: Set<FurtherTable>
    private let databases: [ReferenceDatabase]
    private let libraryName: String?
    private let directory: OutputDirectory
    private let writing: OutputWriting
    /// Finished files in mzTab-M, one for each run, and their names.
    private var mztab: [OutputFile] = []
    private var takenNames: Set<String> = []
    private var runCount = 0
    private let hashes: [SHA256Hash]
    /// Spectra written so far: the next one's number in the MGF is one more.
    private var spectrumCount = 0

    /// - Parameter databases: what features are compared with; a spectral library comes first.
    init(
        directory: OutputDirectory, writing: OutputWriting, further: Set<FurtherTable>,
        databases: [ReferenceDatabase], libraryName: String?
    ) throws(AnalysisError) {
        self.directory = directory
        self.writing = writing
        self.further = further
        self.databases = databases
        self.libraryName = libraryName
        hashes = [SHA256Hash(), SHA256Hash(), SHA256Hash()]
        func create(_ name: String, hash: SHA256Hash? = nil) throws(AnalysisError) -> OutputFile {
            try OutputFile(path: directory.file(name), writing: writing, hash: hash)
        }
        features = try create("features.tsv", hash: hashes[0])
        identifications = try create("identifications.tsv", hash: hashes[1])
        spectra = try create("spectra.mgf", hash: hashes[2])
        json = further.contains(.json) ? try create("results.json") : nil
        traces = further.contains(.traces) ? try create("traces.tsv") : nil
        var header = TextBuffer()
        header.append(ResultFormatter.featureColumns.joined(separator: "\t") + "\n")
        try features.write(header)
        header.removeAll()
        header.append(ResultFormatter.identificationColumns.joined(separator: "\t") + "\n")
        try identifications.write(header)
        header.removeAll()
        header.append(TraceTable.columns.joined(separator: "\t") + "\n")
        try traces?.write(header)
        header.removeAll()
        header.append("{\"schema\":\"\(ResultJSON.schema)\",\"files\":[")
        try json?.write(header)
    }

    private var files: [OutputFile] {
        [features, identifications, spectra] + [traces, json].compactMap { $0 } + mztab
    }

    /// What has rows of features.
    private enum Table { case features, identifications, mztab, json }

    /// What the rows of a file held.
    struct Counts {
        var identified = 0
        var named = 0
    }

    /// Adds the rows of one file: annotated and formatted by all workers, written in order.
    ///
    /// Rows exist for a bounded number of features at a time, so memory does not grow with the result.
    func append(
        _ result: FileResult, annotator: @escaping @Sendable () -> MassAnnotator?,
        afterPiece: @escaping @Sendable () -> Void, memory: RunMemory, pool: WorkerPool, grain: Int,
        clock: StageClock
    ) throws(AnalysisError) -> Counts {
        if let traces {
            try clock.measure("write") { () throws(AnalysisError) in
                try TraceTable.write(result.traces, file: result.input.name) { rows throws(AnalysisError) in
                    try traces.write(rows)
                }
            }
        }
        let formatter = ResultFormatter(
            result: result, firstSpectrumNumber: spectrumCount + 1, further: further, libraryName: libraryName)
        let exchange =
            further.contains(.mztab)
            ? try MzTabFile(
                path: directory.file(MzTabFile.name(for: result.input.name, taken: &takenNames)),
                folder: directory.path, writing: writing, result: result, databases: databases) : nil
        try startRun(result.input.name)
        var counts = Counts()
        let count = result.features.count
        let tables =
            [.features, .identifications] + (exchange == nil ? [] : [.mztab]) + (json == nil ? [] : [Table.json])
        let rows = WaveWriter<ResultFormatter.Piece>(bytes: \.byteCount, files: tables.count) {
            [self] (table, piece) throws(AnalysisError) in
            switch tables[table] {
            case .features:
                try features.write(piece.features)
                counts.identified += piece.identified
                counts.named += piece.named
            case .identifications: try identifications.write(piece.identifications)
            case .mztab: try exchange?.append(piece.mztab)
            case .json: try json?.write(piece.json)
            }
        }
        try rows.run(count: count, grain: grain, memory: memory, pool: pool, clock: clock, makeState: annotator) {
            annotator, range throws(AnalysisError) in
            defer { afterPiece() }
            return formatter.piece(range, annotator: &annotator)
        }
        try clock.measure("write") { () throws(AnalysisError) in
            if let exchange { mztab.append(try exchange.finish()) }
            try writeJSON("]}")
        }
        try appendTexts(count: formatter.unassigned.count, memory, pool, grain, clock, to: identifications) {
            formatter.unassignedIdentifications($0)
        }
        try appendTexts(count: formatter.spectra.count, memory, pool, grain, clock, to: spectra) {
            range throws(AnalysisError) in try formatter.spectra(range)
        }
        spectrumCount += formatter.spectra.count
        return counts
    }

    private func startRun(_ name: String) throws(AnalysisError) {
        var start = TextBuffer()
        start.append(runCount == 0 ? "\n{\"name\":" : ",\n{\"name\":")
        start.appendJSON(name)
        start.append(",\"features\":[")
        runCount += 1
        try json?.write(start)
    }

    private func writeJSON(_ text: String) throws(AnalysisError) {
        var buffer = TextBuffer()
        buffer.append(text)
        try json?.write(buffer)
    }

    private func appendTexts(
        count: Int, _ memory: RunMemory, _ pool: WorkerPool, _ grain: Int, _ clock: StageClock, to file: OutputFile,
        _ format: @escaping @Sendable (Range<Int>) throws(AnalysisError) -> TextBuffer
    ) throws(AnalysisError) {
        let texts = WaveWriter<TextBuffer>(bytes: \.count) { (_, text) throws(AnalysisError) in try file.write(text) }
        try texts.run(count: count, grain: grain, memory: memory, pool: pool, clock: clock, makeState: { () }) {
            _, range throws(AnalysisError) in try format(range)
        }
    }

    /// Ends the tables; they have no names yet. - Returns: the digest over the three, and what was written.
    func finish(workers: Int) throws(AnalysisError) -> (digest: String, outputs: [RunRecord.Output]) {
        try writeJSON("\n]}\n")
        try OutputFile.finish(
            [features, identifications, spectra] + [traces, json].compactMap { $0 }, workers: workers)
        let digest = sha256(
            zip(["features", "identifications", "spectra"], hashes).map { "\($0) \($1.finish())\n" }.joined())
        let outputs = files.map { RunRecord.Output(path: $0.path, bytes: $0.byteCount) }
        return (digest, outputs)
    }

    /// Gives the tables their names; another file of the folder follows.
    func commit() throws(AnalysisError) { for file in files { try file.commit(isLast: false) } }

    /// Removes what was written so far.
    func discard() { for file in files { file.discard() } }
}
