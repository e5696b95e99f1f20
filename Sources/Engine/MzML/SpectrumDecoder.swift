import CBase64
import CDeflate
import SpectrumModel
import TextNumbers

/// Turns chunks of XML into spectra: one per worker, because it owns scratch memory and a decompressor.
///
/// The result depends on the chunk and the header alone. Memory: the block, and scratch as large as the largest array.
public struct SpectrumDecoder: ~Copyable {
    /// Most points that one spectrum may have unless a decoder is told otherwise.
    public static let maximumPointsPerSpectrum = 1 << 26

    /// What was met since the decoder was made.
    public private(set) var counts = DecodeCounts()
    /// Whether `nativeIDs` are wanted: they cost a string per spectrum.
    public var keepsNativeIDs = false
    /// The ids of the spectra that the last call of `decode` appended.
    public private(set) var nativeIDs: [String] = []
    private let header: RunHeader
    private let groups: [ParameterGroup]
    private var codec: ArrayCodec

    /// - Parameter maximumPoints: a spectrum that declares more is an error, before any memory is taken for it: a few
    ///   compressed bytes can hold very many.
    public init(header: RunHeader, maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum) {
        self.header = header
        // Sorted: with equal ids (which the schema forbids) the choice must not depend on hashing.
        groups = header.parameterGroups.sorted { $0.key < $1.key }.map { ParameterGroup(id: $0.key, terms: $0.value) }
        codec = ArrayCodec(maximumPoints: maximumPoints)
    }

    /// Appends every spectrum of the chunk to the block, headers and points.
    ///
    /// Points with a non-finite or negative m/z or a non-finite intensity are dropped, negative intensities become 0, and
    /// m/z that does not ascend is sorted (stable); each is counted.
    /// - Throws: `malformedSpectrum`, `invalidBase64`, `invalidCompression`, `wrongLength`, `unsupportedArray`, with the
    ///   byte offset and the spectrum; the block then holds the spectra that precede the bad one.
    public mutating func decode(_ chunk: RawChunk, into block: inout SpectrumBlock) throws(MzMLError) {
        nativeIDs.removeAll(keepingCapacity: true)
        try chunk.bytes.withUnsafeBufferPointer { bytes throws(MzMLError) in
            guard let base = bytes.baseAddress else { return }
            for i in 0..<chunk.count {
                let range = chunk.range(of: i)
                var element = SpectrumElement(defaultPolarity: header.defaultPolarity)
                do throws(MzMLError) {
                    try element.read(base + range.lowerBound, base + range.upperBound, groups: groups)
                    try append(element, index: chunk.firstIndex + i, start: base + range.lowerBound, to: &block)
                } catch {
                    var located = error
                    located.path = header.path
                    located.byteOffset = chunk.streamOffsets[i] + (error.byteOffset ?? 0)
                    located.spectrumIndex = chunk.firstIndex + i
                    located.spectrumID = element.id.map { String(decoding: $0.prefix(200), as: UTF8.self) }
                    throw located
                }
            }
        }
    }

    private mutating func append(
        _ element: SpectrumElement, index: Int, start: UnsafePointer<UInt8>, to block: inout SpectrumBlock
    ) throws(MzMLError) {
        var found = element.counts
        found.spectra = 1
        let first = block.mz.count
        let isMass = !element.isLight && (element.mz != nil || (element.arrayCount == 0 && element.msLevel > 0))
        if isMass, let mz = element.mz {
            try appendPoints(element, mz: mz, start: start, to: &block, counting: &found)
        }
        let points = block.mz.count - first
        if !isMass {
            found.nonMassSpectra = 1
            found.skippedArrays += (element.mz == nil ? 0 : 1) + (element.intensity == nil ? 0 : 1)
        } else if points == 0 {
            found.emptySpectra = 1
        }
        found.points = points
        var level = isMass ? element.msLevel : 0
        if isMass, level < 1 {
            level = element.precursorCount > 0 ? 2 : 1
            found.assumedLevels = 1
        }
        block.headers.append(
            SpectrumHeader(
                index: index, scanNumber: element.id.flatMap { nativeScanNumber($0) } ?? index + 1, msLevel: level,
                polarity: element.polarity, representation: element.representation,
                retentionTimeSeconds: element.retentionTimeSeconds,
                precursor: element.precursorCount > 0 ? element.precursor : nil))
        block.offsets.append(block.mz.count)
        if keepsNativeIDs { nativeIDs.append(element.id.map { nativeID($0) } ?? "index=\(index)") }
        counts += found
    }

    private mutating func appendPoints(
        _ element: SpectrumElement, mz: EncodedArray, start: UnsafePointer<UInt8>, to block: inout SpectrumBlock,
        counting found: inout DecodeCounts
    ) throws(MzMLError) {
        guard let intensity = element.intensity else {
            throw MzMLError(.malformedSpectrum, path: "", reason: "it has an m/z array and no intensity array")
        }
        let count = mz.length >= 0 ? mz.length : element.defaultLength
        let other = intensity.length >= 0 ? intensity.length : element.defaultLength
        guard count >= 0, other >= 0 else {
            throw MzMLError(.malformedSpectrum, path: "", reason: "it does not state the length of its arrays")
        }
        guard count == other else {
            throw MzMLError(
                .wrongLength, path: "", reason: "it declares \(count) m/z values and \(other) intensities")
        }
        let first = block.mz.count
        try codec.appendMZ(mz, count: count, start: start, to: &block.mz)
        do throws(MzMLError) {
            try codec.appendIntensity(intensity, count: count, start: start, to: &block.intensity)
        } catch {
            block.mz.removeLast(block.mz.count - first)
            throw error
        }
        for array in [mz, intensity] where array.encodedLength >= 0 {
            if array.encodedLength != array.payload?.count ?? 0 { found.encodedLengthMismatches += 1 }
        }
        block.repairPoints(from: first, counting: &found)
    }
}

/// The number behind `scan=` in a native id such as `controllerType=0 controllerNumber=1 scan=19`.
func nativeScanNumber(_ id: ByteRun) -> Int? {
    var i = 0
    while i + 5 < id.count {
        let here = ByteRun(rebasing: id[i...])
        if i == 0 || isXMLSpace(id[i - 1]), equals(ByteRun(rebasing: here[..<5]), "scan=") {
            let digits = here[5...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            return wholeNumber(ByteRun(rebasing: digits))
        }
        i += 1
    }
    return nil
}
