/// The bytes of consecutive whole `<spectrum>` elements, owned, not yet decoded.
public struct RawChunk: Sendable {
    /// Position of the first spectrum in the file's spectrum list, from 0.
    public internal(set) var firstIndex = 0
    /// The elements one after the other, without what stood between them.
    var bytes: [UInt8] = []
    /// Where each element ends in `bytes`.
    var ends: [Int] = []
    /// Where each element starts in the (decompressed) file.
    public internal(set) var streamOffsets: [Int] = []

    init() {}

    /// Number of spectra.
    public var count: Int { ends.count }

    /// Bytes of XML held.
    public var byteCount: Int { bytes.count }

    func range(of spectrum: Int) -> Range<Int> { (spectrum == 0 ? 0 : ends[spectrum - 1])..<ends[spectrum] }

    mutating func reset(firstIndex: Int) {
        self.firstIndex = firstIndex
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        streamOffsets.removeAll(keepingCapacity: true)
    }

    mutating func append(_ element: ByteRun, streamOffset: Int) {
        bytes.append(contentsOf: element)
        ends.append(bytes.count)
        streamOffsets.append(streamOffset)
    }
}
