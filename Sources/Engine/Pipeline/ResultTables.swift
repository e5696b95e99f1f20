import Annotation
import ContentHash
import Instrumentation
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
        afterPiece: @escaping @Sendable () -> Void, pool: WorkerPool, grain: Int,
        clock: StageClock
    ) throws(AnalysisError) -> Counts {
        if let traces {
            try clock.measure("write") { () throws(AnalysisError) in
                try traces.write(TraceTable.rows(result.traces, file: result.input.name))
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
        try inWaves(count: count, pool: pool, grain: grain) { range throws(AnalysisError) in
            let pieces = clock.measure("annotate and format") {
                pool.map(count: range.count, grain: 1, makeState: annotator, afterGrain: afterPiece) {
                    annotator, piece in
                    let start = (range.lowerBound + piece) * grain
                    return formatter.piece(start..<min(start + grain, count), annotator: &annotator)
                }
            }
            try clock.measure("write") { () throws(AnalysisError) in
                for piece in pieces {
                    try features.write(piece.features)
                    try identifications.write(piece.identifications)
                    try exchange?.append(piece.mztab)
                    try json?.write(piece.json)
                    counts.identified += piece.identified
                    counts.named += piece.named
                }
            }
        }
        try clock.measure("write") { () throws(AnalysisError) in
            if let exchange { mztab.append(try exchange.finish()) }
            try writeJSON("]}")
        }
        try appendTexts(count: formatter.unassigned.count, pool, grain, clock, to: identifications) {
            formatter.unassignedIdentifications($0)
        }
        try appendTexts(count: formatter.spectra.count, pool, grain, clock, to: spectra) {
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
        count: Int, _ pool: WorkerPool, _ grain: Int, _ clock: StageClock, to file: OutputFile,
        _ format: @escaping @Sendable (Range<Int>) throws(AnalysisError) -> TextBuffer
    ) throws(AnalysisError) {
        try inWaves(count: count, pool: pool, grain: grain) { range throws(AnalysisError) in
            let texts: [Result<TextBuffer, AnalysisError>] = clock.measure("annotate and format") {
                pool.map(count: range.count, grain: 1, makeState: { () }) {
                    _, piece -> Result<TextBuffer, AnalysisError> in
                    let start = (range.lowerBound + piece) * grain
                    do throws(AnalysisError) {
                        return .success(try format(start..<min(start + grain, count)))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            try clock.measure("write") { () throws(AnalysisError) in
                for text in texts { try file.write(text.get()) }
            }
        }
    }

    /// Calls `body` with consecutive ranges of pieces of `grain` items, so many at a time that all workers stay busy.
    private func inWaves(
        count: Int, pool: WorkerPool, grain: Int, _ body: (Range<Int>) throws(AnalysisError) -> Void
    ) throws(AnalysisError) {
        let pieces = (count + grain - 1) / grain
        let wave = 64 * pool.workers
        for first in stride(from: 0, to: pieces, by: wave) { try body(first..<min(first + wave, pieces)) }
    }

    /// Ends the tables; they have no names yet. - Returns: the digest over the three, and what was written.
    func finish() throws(AnalysisError) -> (digest: String, outputs: [RunRecord.Output]) {
        try writeJSON("\n]}\n")
        for file in [features, identifications, spectra] + [traces, json].compactMap({ $0 }) { try file.finish() }
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
