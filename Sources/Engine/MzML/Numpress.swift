#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// MS-Numpress: lossy codings of m/z (linear) and of intensity (pic, slof).
///
/// - linear: the fixed point (Float64, big-endian), the first two values times it as UInt32 (little-endian), then for
///   each further value the difference from the straight line through the two before it.
/// - pic: each value as an integer.
/// - slof: the fixed point, then for each value `log(value + 1)` times it as UInt16 (little-endian).
///
/// Integers (32-bit) are runs of half-bytes, the higher half of a byte first: a head, then the low half-bytes in
/// ascending order. A head of 0 ... 8 says how many leading half-bytes are 0 and left out, 9 ... 15 that 1 ... 7 are F.
/// An odd last half-byte is 0, which no integer consists of.
///
/// Source: Teleman et al., "Numerical compression schemes for proteomics mass spectrometry data", Mol. Cell. Proteomics
/// 13(6), 2014, 1537-1542.
public enum Numpress {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// For m/z and times.
        case linear
        /// For ion counts: rounded to whole numbers.
        case pic
        /// For intensities: logarithms in 16 bits.
        case slof

        /// The term of the coding, for messages.
        var name: String {
            switch self {
            case .linear: "MS-Numpress linear"
            case .pic: "MS-Numpress pic"
            case .slof: "MS-Numpress slof"
            }
        }
    }

    /// Most values that so many bytes can hold.
    static func maximumValues(_ kind: Kind, byteCount: Int) -> Int {
        switch kind {
        case .linear: min(max(0, byteCount - 8) / 4, 2) + 2 * max(0, byteCount - 16)
        case .pic: 2 * byteCount
        case .slof: max(0, byteCount - 8) / 2
        }
    }

    /// Most bytes that so many values take.
    static func maximumBytes(_ kind: Kind, count: Int) -> Int {
        switch kind {
        case .linear: 8 + 4 * min(count, 2) + (9 * max(0, count - 2) + 1) / 2
        case .pic: (9 * count + 1) / 2
        case .slof: 8 + 2 * count
        }
    }

    /// Decodes exactly `count` values; reads nothing outside `bytes`.
    ///
    /// - Parameter target: room for `count` values.
    /// - Throws: `wrongLength` when the bytes hold more or fewer, `invalidCompression` when they are no such stream. Both
    ///   without path and offset, which the caller knows.
    package static func decode(
        _ kind: Kind, _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<Double>
    ) throws(MzMLError) {
        guard count <= maximumValues(kind, byteCount: bytes.count) else {
            throw wrongLength(kind, count, "\(bytes.count) bytes cannot hold so many")
        }
        switch kind {
        case .linear: try decodeLinear(bytes, count: count, into: target)
        case .pic: try decodePic(bytes, count: count, into: target)
        case .slof: try decodeSlof(bytes, count: count, into: target)
        }
    }

    private static func decodeLinear(
        _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<Double>
    ) throws(MzMLError) {
        // No values at all are written as no bytes or as a fixed point, of which some writers make 0.
        guard count > 0 else {
            if bytes.count == 0 || bytes.count == 8 { return }
            throw wrongLength(.linear, count, "there are more")
        }
        let fixedPoint = try fixedPoint(of: .linear, bytes)
        var previous = Int64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
        target[0] = Double(previous) / fixedPoint
        guard count > 1 else {
            if bytes.count == 12 { return }
            throw wrongLength(.linear, count, "there are more")
        }
        var last = Int64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
        target[1] = Double(last) / fixedPoint
        var reader = HalfByteReader(bytes, from: 16)
        for i in 2..<count {
            // Wrapping: a damaged stream may run away, which must not stop the program.
            let next = last &+ (last &- previous) &+ Int64(reader.next())
            guard !reader.isPastEnd else { throw wrongLength(.linear, count, "the stream ends after \(i)") }
            target[i] = Double(next) / fixedPoint
            previous = last
            last = next
        }
        try requireEnd(reader, .linear, count: count)
    }

    private static func decodePic(
        _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<Double>
    ) throws(MzMLError) {
        var reader = HalfByteReader(bytes, from: 0)
        for i in 0..<count {
            target[i] = Double(reader.next())
            guard !reader.isPastEnd else { throw wrongLength(.pic, count, "the stream ends after \(i)") }
        }
        try requireEnd(reader, .pic, count: count)
    }

    private static func decodeSlof(
        _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<Double>
    ) throws(MzMLError) {
        guard bytes.count == 8 + 2 * count || (bytes.count == 0 && count == 0) else {
            throw wrongLength(.slof, count, "\(bytes.count) bytes hold \(max(0, bytes.count - 8) / 2)")
        }
        guard count > 0 else { return }
        let fixedPoint = try fixedPoint(of: .slof, bytes)
        for i in 0..<count {
            let value = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 + 2 * i, as: UInt16.self))
            target[i] = exp(Double(value) / fixedPoint) - 1
        }
    }

    private static func fixedPoint(of kind: Kind, _ bytes: UnsafeRawBufferPointer) throws(MzMLError) -> Double {
        let bits = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        let value = Double(bitPattern: bits)
        guard value.isFinite, value > 0 else {
            throw MzMLError(
                .invalidCompression, path: "", reason: "the fixed point of \(kind.name) is \(value)",
                hint: "the file was damaged; convert it again")
        }
        return value
    }

    private static func requireEnd(_ reader: HalfByteReader, _ kind: Kind, count: Int) throws(MzMLError) {
        switch reader.remaining {
        case 0:
            return
        case 1 where reader.lastHalfByte != 8:
            guard reader.lastHalfByte == 0 else {
                throw MzMLError(
                    .invalidCompression, path: "", reason: "an \(kind.name) stream ends inside a number",
                    hint: "the file was damaged; convert it again")
            }
        default:
            throw wrongLength(kind, count, "there are more")
        }
    }

    private static func wrongLength(_ kind: Kind, _ count: Int, _ found: String) -> MzMLError {
        MzMLError(
            .wrongLength, path: "", reason: "an \(kind.name) array should hold \(count) values; \(found)",
            hint: "the file was damaged or written wrongly; convert it again")
    }
}

/// Reads Numpress integers one after the other. Behind the end it reads zeros, and knows that it did.
private struct HalfByteReader {
    private let bytes: UnsafeRawBufferPointer
    private let end: Int
    /// In half-bytes.
    private var position: Int

    init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        self.bytes = bytes
        position = 2 * start
        end = 2 * bytes.count
    }

    @inline(__always) var isPastEnd: Bool { position > end }
    var remaining: Int { end - position }
    /// Half-byte 0 ... 15.
    var lastHalfByte: UInt8 { bytes[bytes.count - 1] & 0xF }

    @inline(__always)
    mutating func next() -> Int32 {
        let byte = position >> 1
        var word =
            byte + 8 <= bytes.count ? bytes.loadUnaligned(fromByteOffset: byte, as: UInt64.self).bigEndian : tail(byte)
        word <<= UInt64(4 * (position & 1))
        let head = Int(word >> 60)
        // The eight half-bytes behind the head, the first of them lowest.
        var digits = UInt32(truncatingIfNeeded: word >> 28).byteSwapped
        digits = (digits & 0x0F0F_0F0F) << 4 | (digits & 0xF0F0_F0F0) >> 4
        let omitted = head > 8 ? head - 8 : head
        // Smart shifts: with eight half-bytes left out nothing remains.
        let mask = UInt32.max >> UInt32(4 * omitted)
        position += 9 - omitted
        return Int32(bitPattern: head > 8 ? digits | ~mask : digits & mask)
    }

    private func tail(_ start: Int) -> UInt64 {
        var word: UInt64 = 0
        for i in start..<start + 8 { word = word << 8 | UInt64(i < bytes.count ? bytes[i] : 0) }
        return word
    }
}
