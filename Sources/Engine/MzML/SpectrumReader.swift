import SpectrumModel

/// Reads the spectra of a file in order, on the caller's thread, whatever has to be done to get at them.
///
/// Pieces that turn out not to be what a quick cut took them for are read again with care. The result is that of reading
/// the file carefully from its start. Memory: as `MzMLChunkSource` with one chunk in use.
public struct SpectrumReader: ~Copyable {
    private let source: MzMLChunkSource
    private var decoder: SpectrumDecoder

    /// - Parameter maximumPoints: as for `SpectrumDecoder`.
    /// - Throws: as `MzMLChunkSource`.
    public init(
        path: String, options: ReadingOptions, maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
    ) throws(MzMLError) {
        source = try MzMLChunkSource(path: path, options: options)
        decoder = SpectrumDecoder(header: source.header, maximumPoints: maximumPoints, selection: options.selection)
    }

    public var header: RunHeader { source.header }
    public var counts: DecodeCounts { decoder.counts }
    /// Complete once `next` has returned false.
    public var warnings: [String] { source.warnings }
    public var indexState: IndexState { source.indexState }
    public var fileSize: Int { source.fileSize }
    public var bytesConsumed: Int { source.bytesConsumed }

    /// Appends the next spectra, at most `spectraPerChunk`; false behind the last one.
    ///
    /// Whole spectra that precede a defect are appended before the error is thrown.
    /// - Throws: as `MzMLChunkSource.next` and `SpectrumDecoder.decode`.
    public mutating func next(into block: inout SpectrumBlock) throws(MzMLError) -> Bool {
        while let chunk = try source.next() {
            do throws(MzMLError) {
                try decoder.decode(chunk, into: &block)
                source.recycle(chunk)
                return true
            } catch {
                guard error.code == .cutMismatch else { throw error }
                try source.readCarefully(from: chunk)
            }
        }
        return false
    }
}
