import ContentHash
import Instrumentation
import SpectrumModel

/// The three result tables of a run, written file by file and named when all are complete.
///
/// Times, paths, versions and settings are not in them, so that their digest is that of the results alone.
final class ResultTables {
    private let features: OutputFile
    private let identifications: OutputFile
    private let spectra: OutputFile
    private let hashes: [SHA256Hash]
    /// Spectra written so far: the next one's number in the MGF is one more.
    private var spectrumCount = 0

    init(directory: OutputDirectory) throws(AnalysisError) {
        hashes = [SHA256Hash(), SHA256Hash(), SHA256Hash()]
        features = try OutputFile(path: directory.file("features.tsv"), hash: hashes[0])
        identifications = try OutputFile(path: directory.file("identifications.tsv"), hash: hashes[1])
        spectra = try OutputFile(path: directory.file("spectra.mgf"), hash: hashes[2])
        var header = TextBuffer()
        header.append(ResultFormatter.featureColumns.joined(separator: "\t") + "\n")
        try features.write(header)
        header.removeAll()
        header.append(ResultFormatter.identificationColumns.joined(separator: "\t") + "\n")
        try identifications.write(header)
    }

    /// Adds the rows of one file: formatted by all workers, written in order.
    ///
    /// Texts exist for a bounded number of features at a time, so memory does not grow with the result.
    func append(_ result: FileResult, pool: WorkerPool, grain: Int, clock: StageClock) throws(AnalysisError) {
        let formatter = ResultFormatter(result: result, firstSpectrumNumber: spectrumCount + 1)
        try append(count: result.features.count, pool, grain, clock, to: features) { formatter.features($0) }
        try append(count: result.features.count, pool, grain, clock, to: identifications) {
            formatter.identifications($0)
        }
        try append(count: formatter.unassigned.count, pool, grain, clock, to: identifications) {
            formatter.unassignedIdentifications($0)
        }
        try append(count: formatter.spectra.count, pool, grain, clock, to: spectra) { range throws(AnalysisError) in
            try formatter.spectra(range)
        }
        spectrumCount += formatter.spectra.count
    }

    private func append(
        count: Int, _ pool: WorkerPool, _ grain: Int, _ clock: StageClock, to file: OutputFile,
        _ format: @escaping @Sendable (Range<Int>) throws(AnalysisError) -> TextBuffer
    ) throws(AnalysisError) {
        let pieces = (count + grain - 1) / grain
        let wave = 64 * pool.workers
        for first in stride(from: 0, to: pieces, by: wave) {
            let texts: [Result<TextBuffer, AnalysisError>] = clock.measure("format tables") {
                pool.map(count: min(wave, pieces - first), grain: 1, makeState: { () }) {
                    _, piece -> Result<TextBuffer, AnalysisError> in
                    let start = (first + piece) * grain
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

    /// Names the files. - Returns: the digest over the three tables, and what was written.
    func commit() throws(AnalysisError) -> (digest: String, outputs: [RunRecord.Output]) {
        for file in [features, identifications, spectra] { try file.commit() }
        let digest = sha256(
            zip(["features", "identifications", "spectra"], hashes).map { "\($0) \($1.finish())\n" }.joined())
        let outputs = [features, identifications, spectra].map {
            RunRecord.Output(path: $0.path, bytes: $0.byteCount)
        }
        return (digest, outputs)
    }

    /// Removes what was written so far.
    func discard() { for file in [features, identifications, spectra] { file.discard() } }
}
