#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a member of a gzip file (RFC 1952) is expected to lie, before anything is inflated.
///
/// An expectation is either confirmed by inflating exactly these bytes to exactly this size with the right checksum, or
/// dropped: nothing else follows from it.
struct GzipMember {
    /// Compressed bytes, in the memory that was looked at.
    var input: Range<Int>
    /// Bytes that the member's last four bytes say it inflates to.
    var size: Int

    /// A larger member is streamed.
    static let maximumSize = 4 << 20
    /// Deflate cannot expand further than this.
    private static let maximumExpansion = 1032
    /// Header (10), an empty deflate stream (2), checksum and size (8).
    private static let minimumBytes = 20

    enum Expectation {
        case member(GzipMember)
        /// Its end is not within the bytes.
        case unfinished
        /// No gzip header, or a member that must be streamed.
        case none
    }

    /// Looks for the member that starts at `start`.
    ///
    /// The end is known from the block size that bgzip writes into the header's `BC` field, else it is the next place that
    /// looks like a header, or the end of the file. Every place that a gzip reader could accept as a header is
    /// considered: a look at many bytes that finds no end is never followed by a member that ends before them.
    /// - Parameter isWhole: the file ends with the bytes.
    /// - Complexity: O(bytes up to the expected end).
    static func expected(in bytes: ByteRun, at start: Int, isWhole: Bool) -> Expectation {
        let left = bytes.count - start
        guard left >= minimumBytes else { return isWhole ? .none : .unfinished }
        guard isHeader(bytes, start) else { return .none }
        let flags = bytes[start + 3]
        // libdeflate does not verify the header's own checksum (FHCRC), zlib does.
        guard flags & 0x02 == 0 else { return .none }
        var end = bytes.count
        if flags & 0x04 != 0, let size = blockSize(bytes, start) {
            guard size >= minimumBytes else { return .none }
            guard size <= left else { return isWhole ? .none : .unfinished }
            end = start + size
        } else if let next = nextHeader(bytes, from: start + minimumBytes) {
            end = next
        } else if !isWhole {
            return .unfinished
        }
        let size = (1...4).reduce(0) { $0 << 8 | Int(bytes[end - $1]) }
        guard size <= maximumSize, size <= (end - start) * maximumExpansion else { return .none }
        return .member(GzipMember(input: start..<end, size: size))
    }

    /// Whether zlib accepts these bytes as the start of a member: magic, deflate, no reserved flag.
    private static func isHeader(_ bytes: ByteRun, _ i: Int) -> Bool {
        bytes[i] == 0x1F && bytes[i + 1] == 0x8B && bytes[i + 2] == 8 && bytes[i + 3] & 0xE0 == 0
    }

    private static func nextHeader(_ bytes: ByteRun, from first: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var p = first
        while p + 4 <= bytes.count, let found = find(0x1F, base + p, base + (bytes.count - 3)) {
            p = found - base
            if isHeader(bytes, p) { return p }
            p += 1
        }
        return nil
    }

    /// Total bytes of a bgzip block (SAM specification, section 4.1); `nil` for another extra field.
    private static func blockSize(_ bytes: ByteRun, _ start: Int) -> Int? {
        let end = start + 12 + Int(bytes[start + 10]) + Int(bytes[start + 11]) << 8
        var p = start + 12
        while p + 4 <= min(end, bytes.count) {
            let length = Int(bytes[p + 2]) + Int(bytes[p + 3]) << 8
            if bytes[p] == UInt8(ascii: "B"), bytes[p + 1] == UInt8(ascii: "C"), length == 2, p + 6 <= bytes.count {
                return Int(bytes[p + 4]) + Int(bytes[p + 5]) << 8 + 1
            }
            p += 4 + length
        }
        return nil
    }
}
