import CZlib

/// Decoding apart from the fast path's, on purpose: the tests hold both equal. Errors carry no place; the caller knows
/// it.
extension ReferenceArray {
    /// Deflate cannot expand further than this.
    private static let maximumExpansion = 1032

    /// The values as doubles; smaller floats and integers are widened.
    /// - Throws: `unsupportedArray`, `malformedSpectrum`, `wrongLength`, `spectrumTooLarge`, `invalidBase64`,
    ///   `invalidCompression`.
    func doubles(count: Int, maximumPoints: Int) throws(MzMLError) -> [Double] {
        try check(count: count, maximumPoints: maximumPoints)
        guard count > 0 || text?.isEmpty == false else { return [] }
        if let numpress { return try numpressed(numpress, count: count) }
        let bytes = try unpacked(byteCount: count * width)
        switch numberTerm {
        case 1_000_520: return Self.values(bytes, UInt16.self) { Double(Self.halfPrecision($0)) }
        case 1_000_521: return Self.values(bytes, UInt32.self) { Double(Float(bitPattern: $0)) }
        case 1_000_522: return Self.values(bytes, UInt64.self) { Double(Int64(bitPattern: $0)) }
        case 1_000_523: return Self.values(bytes, UInt64.self) { Double(bitPattern: $0) }
        default: return Self.values(bytes, UInt32.self) { Double(Int32(bitPattern: $0)) }
        }
    }

    /// The values as floats, rounded to nearest where the file has more digits.
    /// - Throws: as `doubles`.
    func floats(count: Int, maximumPoints: Int) throws(MzMLError) -> [Float] {
        try check(count: count, maximumPoints: maximumPoints)
        guard count > 0 || text?.isEmpty == false else { return [] }
        if let numpress { return try numpressed(numpress, count: count).map { Float($0) } }
        let bytes = try unpacked(byteCount: count * width)
        switch numberTerm {
        case 1_000_520: return Self.values(bytes, UInt16.self) { Self.halfPrecision($0) }
        case 1_000_521: return Self.values(bytes, UInt32.self) { Float(bitPattern: $0) }
        case 1_000_522: return Self.values(bytes, UInt64.self) { Float(Int64(bitPattern: $0)) }
        case 1_000_523: return Self.values(bytes, UInt64.self) { Float(Double(bitPattern: $0)) }
        default: return Self.values(bytes, UInt32.self) { Float(Int32(bitPattern: $0)) }
        }
    }

    /// Bytes per value outside MS-Numpress.
    private var width: Int {
        switch numberTerm {
        case 1_000_520: 2
        case 1_000_522, 1_000_523: 8
        default: 4
        }
    }

    /// Half precision by its definition (IEEE 754): sign, exponent with bias 15, ten bits of mantissa.
    private static func halfPrecision(_ bits: UInt16) -> Float {
        let exponent = Int(bits >> 10 & 31)
        let mantissa = Float(bits & 1023)
        let magnitude: Float
        switch exponent {
        case 0: magnitude = mantissa * 0x1p-24
        case 31: magnitude = mantissa == 0 ? .infinity : .nan
        default: magnitude = Float(sign: .plus, exponent: exponent - 15, significand: 1 + mantissa / 1024)
        }
        return bits >> 15 == 1 ? -magnitude : magnitude
    }

    /// Only the coding inside is shared with the fast path; its tests compare it with another program's.
    private func numpressed(_ kind: Numpress.Kind, count: Int) throws(MzMLError) -> [Double] {
        // Uncompressed there is nothing to unpack, so only zlib needs a bound.
        let bytes = try decompressed(atMost: max(Numpress.maximumBytes(kind, count: count), 8))
        var values = [Double](repeating: 0, count: max(count, 1))
        try bytes.withUnsafeBufferPointer { bytes throws(MzMLError) in
            try values.withUnsafeMutableBufferPointer { values throws(MzMLError) in
                guard let target = values.baseAddress else { return }
                try Numpress.decode(kind, UnsafeRawBufferPointer(bytes), count: count, into: target)
            }
        }
        values.removeLast(values.count - count)
        return values
    }

    private static func values<Bits: FixedWidthInteger, Value>(
        _ bytes: [UInt8], _ type: Bits.Type, _ convert: (Bits) -> Value
    ) -> [Value] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / MemoryLayout<Bits>.size).map { i in
                let bits = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Bits>.size, as: type)
                return convert(Bits(littleEndian: bits))
            }
        }
    }

    /// Refuses, before any memory is taken, what is not supported and what the text cannot hold.
    private func check(count: Int, maximumPoints: Int) throws(MzMLError) {
        let characters = text?.count ?? 0
        for term in [numberTerm, compressionTerm] where Self.isUnsupported(term) {
            throw MzMLError(
                .unsupportedArray, path: "", reason: "the \(name) uses \(Accession.text(term)), which is not supported",
                hint: "convert the file with zlib compression, or none, and 32- or 64-bit floats")
        }
        guard numberTerm != 0 || numpress != nil, compressionTerm != 0 else {
            throw MzMLError(
                .malformedSpectrum, path: "",
                reason: "the \(name) states no \(numberTerm == 0 ? "number type" : "compression") that is known")
        }
        let decodable = (characters / 4 + 1) * 3
        let bytes = compressionTerm == Self.zlib ? decodable * Self.maximumExpansion : decodable
        let largest = numpress.map { Numpress.maximumValues($0, byteCount: bytes) } ?? bytes / width
        guard count <= largest else {
            throw MzMLError(
                .wrongLength, path: "",
                reason: "the \(name) declares \(count) values, and its \(characters) characters cannot hold more than "
                    + "\(largest)",
                hint: "the file was damaged; convert it again")
        }
        guard count <= maximumPoints else {
            throw MzMLError(
                .spectrumTooLarge, path: "",
                reason: "the \(name) declares \(count) values; at most \(maximumPoints) are read",
                hint: "a higher memory limit allows more")
        }
    }

    private static func isUnsupported(_ term: Int) -> Bool {
        switch term {
        case 0, 1_000_519...1_000_523, zlib, uncompressed: false
        default: true
        }
    }

    private func unpacked(byteCount: Int) throws(MzMLError) -> [UInt8] {
        let bytes = try decompressed(atMost: byteCount)
        guard bytes.count == byteCount else {
            throw MzMLError(
                .wrongLength, path: "",
                reason: "the \(name) should hold \(byteCount / width) values (\(byteCount) bytes) and holds "
                    + (bytes.count > byteCount ? "more" : "\(bytes.count) bytes"),
                hint: "the file was damaged or written wrongly; convert it again")
        }
        return bytes
    }

    /// What is behind base64 and zlib; of a zlib stream at most one byte more than expected.
    private func decompressed(atMost byteCount: Int) throws(MzMLError) -> [UInt8] {
        guard let text else {
            if byteCount == 0 { return [] }
            throw MzMLError(.malformedSpectrum, path: "", reason: "the \(name) has no <binary> element")
        }
        let decoded = try base64Decoded(text)
        return compressionTerm == Self.zlib ? try inflated(decoded, byteCount: byteCount) : decoded
    }

    /// Bytes beyond the expected ones that are inflated too, as the fast path does: a stream that is damaged there is
    /// called damaged, not too long.
    private static let inflatedBeyond = 1024

    /// The bytes of a zlib stream, and at most some more than expected. What follows the stream is ignored.
    private func inflated(_ compressed: [UInt8], byteCount: Int) throws(MzMLError) -> [UInt8] {
        var stream = z_stream()
        guard lavoisier_inflate_init(&stream, 15) == Z_OK else {
            throw MzMLError(.invalidCompression, path: "", reason: "zlib cannot start (out of memory)")
        }
        defer { inflateEnd(&stream) }
        var input = compressed
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: byteCount + Self.inflatedBeyond + 1) { output, filled in
            input.withUnsafeMutableBufferPointer { input in
                var taken = 0
                // Lengths are 32 bits wide in zlib; pieces keep within them.
                while status == Z_OK, filled < output.count {
                    let offered = min(input.count - taken, 1 << 30)
                    let room = min(output.count - filled, 1 << 30)
                    stream.next_in = input.baseAddress.map { $0 + taken }
                    stream.avail_in = UInt32(offered)
                    stream.next_out = output.baseAddress.map { $0 + filled }
                    stream.avail_out = UInt32(room)
                    status = inflate(&stream, Z_NO_FLUSH)
                    taken += offered - Int(stream.avail_in)
                    filled += room - Int(stream.avail_out)
                }
            }
        }
        // Too long is the caller's to say; anything else must have reached the end, where the checksum is verified.
        let isTooLong = status == Z_OK && output.count > byteCount + Self.inflatedBeyond
        guard status == Z_STREAM_END || isTooLong else {
            throw MzMLError(
                .invalidCompression, path: "", reason: "the zlib stream of the \(name) is damaged",
                hint: "copy or convert the file again")
        }
        return output
    }

    /// Strict RFC 4648 section 4 with mandatory padding; ASCII blanks may stand anywhere.
    private func base64Decoded(_ text: [UInt8]) throws(MzMLError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 3)
        var group: UInt32 = 0
        var characters = 0
        var pads = 0
        for (position, character) in text.enumerated() {
            let value: UInt32
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(character - UInt8(ascii: "A"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(character - UInt8(ascii: "a")) + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(character - UInt8(ascii: "0")) + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case 0x09...0x0D, 0x20: continue
            case UInt8(ascii: "=") where characters >= 2 && characters + pads < 4:
                pads += 1
                continue
            default: throw invalidBase64("is not base64 (byte \(character) at character \(position))")
            }
            // Nothing may follow the padding.
            guard pads == 0 else { throw invalidBase64("has base64 behind its padding (character \(position))") }
            group = group << 6 | value
            characters += 1
            if characters == 4 {
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                bytes.append(UInt8(truncatingIfNeeded: group))
                characters = 0
            }
        }
        guard characters == 0 || characters + pads == 4 else {
            throw invalidBase64("has base64 that ends inside a group")
        }
        group <<= 6 * UInt32(pads)
        if pads > 0 { bytes.append(UInt8(truncatingIfNeeded: group >> 16)) }
        if pads == 1 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
        return bytes
    }

    private func invalidBase64(_ what: String) -> MzMLError {
        MzMLError(
            .invalidBase64, path: "", reason: "the \(name) \(what)",
            hint: "the file was damaged; copy or convert it again")
    }
}
