import SpectrumModel

/// Writes one run as indexed mzML 1.1, with offsets and SHA-1 checksum; gzip where the name ends in `.gz`.
///
/// Streams: memory is one spectrum, and its id and 16 bytes per spectrum for the index. The file appears under its name
/// when `finish()` returns; a writer that is dropped before leaves nothing behind. The same calls write the same bytes.
public final class IndexedMzMLWriter {
    private let output: OutputFile
    private let options: WritingOptions
    /// Spectra that were announced; `nil` when their number shows at the end.
    private let announced: Int?
    private let countOffset: Int
    private var index = OffsetIndex()
    private var chromatogramIndex = OffsetIndex()
    private var encoder: ArrayEncoder

    /// Room for any number of spectra and its closing quote.
    private static let countWidth = 20

    /// Bytes written so far, before gzip.
    public var byteCount: Int { output.byteCount }
    /// Spectra written so far.
    public var spectrumCount: Int { index.count }
    /// Arrays that were written without the Numpress coding that was asked for, which could not hold them.
    public var arraysBeyondNumpress: Int { encoder.exceptions }

    /// Starts the file.
    ///
    /// - Parameters:
    ///   - header: what it says of the content, the sources, the samples, the software, the instrument, the processing and
    ///     the start time is written; its path is not.
    ///   - spectrumCount: spectra that will be written; `nil` when that shows at the end, which costs one more look at the
    ///     finished file for the checksum.
    /// - Throws: `cannotWrite`.
    public convenience init(
        path: String, header: RunHeader, spectrumCount: Int?, options: WritingOptions = WritingOptions()
    ) throws(MzMLError) {
        try self.init(
            output: try OutputFile(path: path), header: header, spectrumCount: spectrumCount, options: options)
    }

    init(
        output: OutputFile, header: RunHeader, spectrumCount: Int?, options: WritingOptions
    ) throws(MzMLError) {
        self.output = output
        self.options = options
        announced = spectrumCount
        encoder = ArrayEncoder(zlibLevel: options.zlibLevel)
        try output.write(MzMLPreamble.text(header: header, options: options))
        countOffset = output.byteCount
        try output.write(spectrumCount.map { "\($0)\"" } ?? Self.padded(0))
        try output.write(" defaultDataProcessingRef=\"\(MzMLPreamble.processing)\">\n")
    }

    /// A count and its closing quote, then the blanks that may stand between attributes.
    private static func padded(_ count: Int) -> String {
        let text = "\(count)\""
        return text + String(repeating: " ", count: countWidth - text.utf8.count)
    }

    /// Writes the next spectrum. Its number in the file, not `header.index`, becomes its index.
    ///
    /// - Parameters:
    ///   - id: the native id; without one it is `scan=` and the scan number. Ids should differ within a file.
    ///   - mz: Da per charge; as many as `intensity`.
    /// - Precondition: no chromatogram has been written.
    /// - Throws: `cannotWrite`.
    public func write(
        _ header: SpectrumHeader, id: String? = nil, mz: UnsafeBufferPointer<Double>,
        intensity: UnsafeBufferPointer<Float>
    ) throws(MzMLError) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        precondition(announced.map { index.count < $0 } ?? true, "more spectra than announced")
        precondition(chromatogramIndex.count == 0, "spectra come before chromatograms")
        let id = id.map(escaped) ?? "scan=\(header.scanNumber)"
        let position = index.count
        index.append(id, offset: output.byteCount + SpectrumXML.offsetOfTag)
        try output.write(SpectrumXML.opening(header, id: id, index: position, pointCount: mz.count))
        let mzText = encoder.encode(mz, as: options.mz)
        try write(mzText.text, mzText.used, BinaryArrayXML.mz)
        let intensityText = encoder.encode(intensity, as: options.intensity)
        try write(intensityText.text, intensityText.used, BinaryArrayXML.intensity)
        try output.write(SpectrumXML.closing)
    }

    /// Writes all spectra of a block.
    /// - Parameter ids: their native ids; empty for none.
    public func write(_ block: SpectrumBlock, ids: [String] = []) throws(MzMLError) {
        precondition(ids.isEmpty || ids.count == block.count, "as many ids as spectra, or none")
        try block.mz.withUnsafeBufferPointer { mz throws(MzMLError) in
            try block.intensity.withUnsafeBufferPointer { intensity throws(MzMLError) in
                for i in 0..<block.count {
                    let points = block.points(of: i)
                    try write(
                        block.headers[i], id: ids.isEmpty ? nil : ids[i], mz: UnsafeBufferPointer(rebasing: mz[points]),
                        intensity: UnsafeBufferPointer(rebasing: intensity[points]))
                }
            }
        }
    }

    /// Writes all chromatograms, without loss whatever the coding of the spectra; call once, behind the last spectrum.
    /// - Throws: `cannotWrite`.
    public func write(_ chromatograms: [Chromatogram]) throws(MzMLError) {
        precondition(chromatogramIndex.count == 0, "the chromatograms were written")
        guard !chromatograms.isEmpty else { return }
        try output.write("      </spectrumList>\n      <chromatogramList count=\"\(chromatograms.count)\"")
        try output.write(" defaultDataProcessingRef=\"\(MzMLPreamble.processing)\">\n")
        let timeCoding = WritingOptions.Coding(precision: .double, compression: options.mz.compression)
        let intensityCoding = WritingOptions.Coding(precision: .single, compression: options.intensity.compression)
        for (i, chromatogram) in chromatograms.enumerated() {
            chromatogramIndex.append(escaped(chromatogram.id), offset: output.byteCount + SpectrumXML.offsetOfTag)
            try output.write(ChromatogramXML.opening(chromatogram, index: i))
            try chromatogram.timesSeconds.withUnsafeBufferPointer { times throws(MzMLError) in
                let encoded = encoder.encode(times, as: timeCoding)
                try write(encoded.text, encoded.used, BinaryArrayXML.time)
            }
            try chromatogram.intensities.withUnsafeBufferPointer { values throws(MzMLError) in
                let encoded = encoder.encode(values, as: intensityCoding)
                try write(encoded.text, encoded.used, BinaryArrayXML.intensity)
            }
            try output.write(ChromatogramXML.closing)
        }
    }

    /// Writes index and checksum, and gives the file its name.
    /// - Precondition: as many spectra as announced have been written.
    /// - Throws: `cannotWrite`; nothing is left behind then.
    public func finish() throws(MzMLError) {
        precondition(announced.map { index.count == $0 } ?? true, "fewer spectra than announced")
        let list = chromatogramIndex.count > 0 ? "chromatogramList" : "spectrumList"
        try output.write("      </\(list)>\n    </run>\n  </mzML>\n  ")
        let indexOffset = output.byteCount
        try output.write("<indexList count=\"\(chromatogramIndex.count > 0 ? 2 : 1)\">\n")
        try index.write(name: "spectrum", to: output)
        if chromatogramIndex.count > 0 { try chromatogramIndex.write(name: "chromatogram", to: output) }
        try output.write("  </indexList>\n  <indexListOffset>\(indexOffset)</indexListOffset>\n")
        // The checksum covers everything up to here, this tag included.
        try output.write("  <fileChecksum>")
        if announced == nil { try output.replace(at: countOffset, with: Self.padded(index.count)) }
        try output.close(
            tail: "\(try output.checksum())</fileChecksum>\n</indexedmzML>\n", gzipLevel: options.zlibLevel)
    }

    private func write(
        _ text: ByteRun, _ coding: WritingOptions.Coding, _ content: String
    ) throws(MzMLError) {
        try output.write(BinaryArrayXML.opening(encodedLength: text.count, coding: coding, content: content))
        try output.write(text)
        try output.write(BinaryArrayXML.closing)
    }
}

/// Where elements start, and what they are called. Flat: a large file has hundreds of thousands.
private struct OffsetIndex {
    private var offsets: [Int] = []
    private var ids: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { offsets.count }

    mutating func append(_ id: String, offset: Int) {
        offsets.append(offset)
        ids.append(contentsOf: id.utf8)
        ends.append(ids.count)
    }

    func write(name: String, to output: OutputFile) throws(MzMLError) {
        try output.write("    <index name=\"\(name)\">\n")
        var start = 0
        for (offset, end) in zip(offsets, ends) {
            try output.write("      <offset idRef=\"")
            try ids[start..<end].withUnsafeBufferPointer { id throws(MzMLError) in try output.write(id) }
            try output.write("\">\(offset)</offset>\n")
            start = end
        }
        try output.write("    </index>\n")
    }
}
