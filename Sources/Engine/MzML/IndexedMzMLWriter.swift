import CBase64
import CDeflate
import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes one run as indexed mzML 1.1: m/z as 64-bit and intensity as 32-bit floats, with offsets and SHA-1 checksum.
///
/// Streams: memory is one spectrum, and 8 bytes per spectrum for the index. The file appears under its name when
/// `finish()` returns; a writer that is dropped before leaves nothing behind. The same calls write the same bytes.
public final class IndexedMzMLWriter {
    private let output: OutputFile
    private let compression: ArrayCompression
    private let spectrumCount: Int
    private var indexOffsets: [Int] = []
    private var scanNumbers: [Int] = []
    private let deflater: OpaquePointer?
    private var compressed = Scratch()
    private var encoded = Scratch()

    /// Bytes written so far.
    public var byteCount: Int { output.byteCount }

    /// Starts the file.
    ///
    /// - Parameters:
    ///   - header: what it says of the instrument, the software and the start time is written; its path is not.
    ///   - spectrumCount: spectra that will be written.
    /// - Throws: `cannotWrite`.
    public convenience init(
        path: String, header: RunHeader, spectrumCount: Int, compression: ArrayCompression = .zlib
    ) throws(MzMLError) {
        try self.init(
            output: try OutputFile(path: path), header: header, spectrumCount: spectrumCount, compression: compression)
    }

    init(
        output: OutputFile, header: RunHeader, spectrumCount: Int, compression: ArrayCompression
    ) throws(MzMLError) {
        self.output = output
        self.compression = compression
        self.spectrumCount = spectrumCount
        deflater = compression == .zlib ? libdeflate_alloc_compressor(6) : nil
        try output.write(MzMLPreamble.text(header: header, spectrumCount: spectrumCount))
    }

    deinit { if let deflater { libdeflate_free_compressor(deflater) } }

    /// Writes the next spectrum. Its number in the file, not `header.index`, becomes its index; `scanNumber` its id,
    /// so scan numbers must differ within a file.
    ///
    /// - Parameter mz: Da per charge; as many as `intensity`.
    /// - Throws: `cannotWrite`.
    public func write(
        _ header: SpectrumHeader, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) throws(MzMLError) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        precondition(indexOffsets.count < spectrumCount, "more spectra than announced")
        try output.write("        ")
        indexOffsets.append(output.byteCount)
        scanNumbers.append(header.scanNumber)
        try output.write(SpectrumXML.opening(header, index: indexOffsets.count - 1, pointCount: mz.count))
        try write(UnsafeRawBufferPointer(mz), type: SpectrumXML.float64, content: SpectrumXML.mz)
        try write(UnsafeRawBufferPointer(intensity), type: SpectrumXML.float32, content: SpectrumXML.intensity)
        try output.write(SpectrumXML.closing)
    }

    /// Writes all spectra of a block.
    public func write(_ block: SpectrumBlock) throws(MzMLError) {
        try block.mz.withUnsafeBufferPointer { mz throws(MzMLError) in
            try block.intensity.withUnsafeBufferPointer { intensity throws(MzMLError) in
                for i in 0..<block.count {
                    let points = block.points(of: i)
                    try write(
                        block.headers[i], mz: UnsafeBufferPointer(rebasing: mz[points]),
                        intensity: UnsafeBufferPointer(rebasing: intensity[points]))
                }
            }
        }
    }

    /// Writes index and checksum, and gives the file its name.
    /// - Precondition: as many spectra as announced have been written.
    /// - Throws: `cannotWrite`; nothing is left behind then.
    public func finish() throws(MzMLError) {
        precondition(indexOffsets.count == spectrumCount, "fewer spectra than announced")
        try output.write("      </spectrumList>\n    </run>\n  </mzML>\n  ")
        let indexOffset = output.byteCount
        try output.write("<indexList count=\"1\">\n    <index name=\"spectrum\">\n")
        for (offset, scan) in zip(indexOffsets, scanNumbers) {
            try output.write("      <offset idRef=\"scan=\(scan)\">\(offset)</offset>\n")
        }
        try output.write("    </index>\n  </indexList>\n  <indexListOffset>\(indexOffset)</indexListOffset>\n")
        // The checksum covers everything up to here, this tag included.
        try output.write("  <fileChecksum>")
        try output.close(tail: "\(try output.checksum())</fileChecksum>\n</indexedmzML>\n")
    }

    private func write(_ values: UnsafeRawBufferPointer, type: String, content: String) throws(MzMLError) {
        let bytes = deflated(values)
        let length = base64_encoded_length(bytes.count)
        let text = encoded.reserve(length).assumingMemoryBound(to: UInt8.self)
        if let source = bytes.baseAddress {
            base64_encode(
                source.assumingMemoryBound(to: UInt8.self), bytes.count,
                UnsafeMutableRawPointer(text).assumingMemoryBound(to: CChar.self))
        }
        try output.write(
            SpectrumXML.arrayOpening(encodedLength: length, type: type, compression: compression, content: content))
        try output.write(ByteRun(start: text, count: length))
        try output.write(SpectrumXML.arrayClosing)
    }

    /// The values as they are, or their zlib stream in the scratch memory, valid until the next call.
    private func deflated(_ values: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let deflater, values.count > 0 else { return values }
        let bound = libdeflate_zlib_compress_bound(deflater, values.count)
        let target = compressed.reserve(bound)
        let size = libdeflate_zlib_compress(deflater, values.baseAddress, values.count, target, bound)
        return UnsafeRawBufferPointer(start: target, count: size)
    }
}
