import SpectrumModel

/// The bytes of consecutive whole `<spectrum>` elements, not yet decoded: a copy, or a stretch of a mapped file.
public struct RawChunk: Sendable {
    /// How far the cuts can be relied on.
    enum Cut {
        /// Every tag was looked at: `ends` holds the elements, one after the other, without what stood between them.
        case careful
        /// The bytes should hold `count` elements and blanks. Only decoding tells whether they do.
        case quick
        /// Decoded already, by the reference reader.
        case decoded
    }

    /// Position of the first spectrum in the file's spectrum list, from 0.
    public internal(set) var firstIndex = 0
    /// Number of spectra.
    public internal(set) var count = 0
    var cut = Cut.careful
    /// What the chunk takes of the (decompressed) file, with the blanks in front of it.
    var stretch = 0..<0
    /// Owned bytes; empty for a stretch of a mapped file.
    var bytes: [UInt8] = []
    /// Where the element or elements of a quick cut lie in the file.
    var mapped: MappedInput?
    var mappedRange = 0..<0
    /// Careful cuts: where each element ends in `bytes`, and where it starts in the file.
    var ends: [Int] = []
    var streamOffsets: [Int] = []

    var decoded = SpectrumBlock()
    var decodedCounts = DecodeCounts()
    /// Their ids.
    var nativeIDs: [String] = []

    init() {}

    /// Spectra that are decoded already, and what was met on the way.
    init(decoded: SpectrumBlock, nativeIDs: [String], counts: DecodeCounts) {
        cut = .decoded
        firstIndex = decoded.headers.first?.index ?? 0
        count = decoded.count
        self.decoded = decoded
        decodedCounts = counts
        self.nativeIDs = nativeIDs
    }

    /// Bytes of XML.
    public var byteCount: Int { mapped == nil ? bytes.count : mappedRange.count }

    /// An error of one of the spectra of a careful cut, with its place in the file.
    func located(_ error: MzMLError, spectrum: Int, id: ByteRun?, path: String) -> MzMLError {
        var located = error
        // The cut is right, so it is the spectrum that is not.
        if error.code == .cutMismatch { located.code = .malformedSpectrum }
        located.path = path
        located.byteOffset = streamOffsets[spectrum] + (error.byteOffset ?? 0)
        located.spectrumIndex = firstIndex + spectrum
        located.spectrumID = id.map { String(decoding: $0.prefix(200), as: UTF8.self) }
        return located
    }

    func range(of spectrum: Int) -> Range<Int> { (spectrum == 0 ? 0 : ends[spectrum - 1])..<ends[spectrum] }

    mutating func reset(firstIndex: Int, at offset: Int) {
        self.firstIndex = firstIndex
        count = 0
        cut = .careful
        stretch = offset..<offset
        bytes.removeAll(keepingCapacity: true)
        mapped = nil
        ends.removeAll(keepingCapacity: true)
        streamOffsets.removeAll(keepingCapacity: true)
    }

    mutating func append(_ element: ByteRun, streamOffset: Int) {
        bytes.append(contentsOf: element)
        ends.append(bytes.count)
        streamOffsets.append(streamOffset)
        count += 1
    }
}
