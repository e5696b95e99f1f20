import CLibFuzzer
import CZlib

/// Changes tags, values, binary arrays and gzip members as such, so that what is behind checksums and codings is reached.
struct StructuredMutator {
    private var state: UInt64

    init(seed: CUnsignedInt) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    private mutating func random(below bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return bound > 0 ? Int(state >> 33) % bound : 0
    }

    /// `nil` leaves the mutation to libFuzzer.
    mutating func mutate(_ input: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        if input.starts(with: [0x1F, 0x8B]) {
            guard random(below: 3) > 0, let inner = Coding.inflated(Array(input), windowBits: 31) else { return nil }
            let text = mutateText(inner) ?? byteMutated(inner)
            return random(below: 2) == 0 ? Coding.gzip(text) : cutIntoMembers(text)
        }
        guard input.first == UInt8(ascii: "<") || input.first == 0xEF, random(below: 2) == 0 else { return nil }
        return mutateText(Array(input))
    }

    private mutating func mutateText(_ text: [UInt8]) -> [UInt8]? {
        switch random(below: 4) {
        case 0: return mutateArray(text)
        case 1: return mutateValue(text)
        default: return mutateTags(text)
        }
    }

    private mutating func byteMutated(_ bytes: [UInt8]) -> [UInt8] {
        var room = bytes + [UInt8](repeating: 0, count: 16 + random(below: 64))
        let size = room.withUnsafeMutableBufferPointer { LLVMFuzzerMutate($0.baseAddress, bytes.count, $0.count) }
        return Array(room[..<size])
    }

    private mutating func cutIntoMembers(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var p = 0
        while p < bytes.count {
            let end = min(bytes.count, p + random(below: 600))
            result += Coding.gzip(Array(bytes[p..<end]), level: Int32(random(below: 2)) * 6)
            p = end
            if result.count > 100_000 { break }
        }
        return result
    }

    // MARK: - Text

    private mutating func mutateTags(_ text: [UInt8]) -> [UInt8]? {
        var starts = text.indices.filter { text[$0] == UInt8(ascii: "<") }
        guard starts.count > 1 else { return nil }
        starts.append(text.count)
        func stretch(_ first: Int, _ count: Int) -> Range<Int> {
            starts[first]..<starts[min(first + count, starts.count - 1)]
        }
        let taken = stretch(random(below: starts.count - 1), 1 + random(below: random(below: 4) == 0 ? 30 : 3))
        let place = starts[random(below: starts.count)]
        var result = text
        switch random(below: 4) {
        case 0:
            result.removeSubrange(taken)
        case 1:
            result.insert(contentsOf: text[taken], at: place)
        case 2:
            // Moved: behind it first, so that the other range keeps its place.
            if place >= taken.upperBound {
                result.insert(contentsOf: text[taken], at: place)
                result.removeSubrange(taken)
            } else if place <= taken.lowerBound {
                result.removeSubrange(taken)
                result.insert(contentsOf: text[taken], at: place)
            }
        default:
            let other = stretch(random(below: starts.count - 1), 1 + random(below: 3))
            result.replaceSubrange(taken, with: text[other])
        }
        return result
    }

    private static let values = [
        "", "0", "1", "-1", "2", "3", "4", "7", "1e400", "NaN", "INF", "0x10", "1.5", "-2.5", "2147483648", "65536",
        "1048577",
        "9223372036854775807", "9223372036854775808", "99999999999999999999", " 1 ", "a&lt;b", "&#49;", "\u{E9}",
        "MS:1000511", "MS:1000514", "MS:1000515", "MS:1000521", "MS:1000523", "MS:1000519", "MS:1000522", "MS:1000520",
        "MS:1000574", "MS:1000576", "MS:1002312", "MS:1002313", "MS:1002314", "MS:1002746", "MS:1002747", "MS:1002748",
        "MS:1000016", "MS:1000130", "MS:1000129", "MS:1000744", "MS:1000827", "MS:1000804", "MS:1000294", "UO:0000031",
        "UO:0000010", "UO:0000028",
    ]

    private mutating func mutateValue(_ text: [UInt8]) -> [UInt8]? {
        let quotes = text.indices.filter { text[$0] == UInt8(ascii: "\"") }
        guard quotes.count > 1 else { return nil }
        let i = random(below: quotes.count / 2) * 2
        let inside = (quotes[i] + 1)..<quotes[i + 1]
        var result = text
        let value = Array(Self.values[random(below: Self.values.count)].utf8)
        result.replaceSubrange(inside, with: random(below: 3) == 0 ? byteMutated(Array(text[inside])) : value)
        return result
    }

    /// Decodes an array, changes what it holds, and encodes it again.
    private mutating func mutateArray(_ text: [UInt8]) -> [UInt8]? {
        let tag = Array("<binary>".utf8)
        let places = text.indices.filter { text[$0...].starts(with: tag) }
        guard !places.isEmpty else { return nil }
        let start = places[random(below: places.count)] + tag.count
        let end = text[start...].firstIndex(of: UInt8(ascii: "<")) ?? text.count
        guard let bytes = Coding.base64Decoded(text[start..<end]) else { return nil }
        var changed: [UInt8]
        if bytes.first == 0x78, let inner = Coding.inflated(bytes, windowBits: 15) {
            changed = Coding.zlib(byteMutated(inner))
        } else {
            changed = byteMutated(bytes)
        }
        if random(below: 4) == 0 { changed = Coding.zlib(changed) }
        var result = text
        result.replaceSubrange(start..<end, with: Coding.base64(changed))
        return result
    }
}

/// The codings of mzML, the slow way.
enum Coding {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func base64(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for i in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(0) { $0 << 8 | (i + $1 < bytes.count ? Int(bytes[i + $1]) : 0) }
            for k in 0..<4 {
                result.append(i + k > bytes.count ? UInt8(ascii: "=") : alphabet[group >> (18 - 6 * k) & 63])
            }
        }
        return result
    }

    static func base64Decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        var group = 0
        var bits = 0
        for byte in text where byte != UInt8(ascii: "=") && byte > 32 {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            group = (group << 6 | value) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(group >> bits & 255))
            }
        }
        return result
    }

    static func zlib(_ bytes: [UInt8]) -> [UInt8] { deflated(bytes, windowBits: 15, level: 6) }
    static func gzip(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] { deflated(bytes, windowBits: 31, level: level) }

    private static func deflated(_ bytes: [UInt8], windowBits: Int32, level: Int32) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var source = bytes
        var target = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
        return source.withUnsafeMutableBufferPointer { source in
            let size = target.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
            return Array(target[..<size])
        }
    }

    /// The first megabyte; `nil` when there is none.
    static func inflated(_ bytes: [UInt8], windowBits: Int32) -> [UInt8]? {
        var stream = z_stream()
        inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { inflateEnd(&stream) }
        var source = bytes
        var target = [UInt8](repeating: 0, count: 1 << 20)
        return source.withUnsafeMutableBufferPointer { source in
            let size = target.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                while inflate(&stream, Z_NO_FLUSH) == Z_STREAM_END, stream.avail_in > 0, stream.avail_out > 0 {
                    inflateReset(&stream)
                }
                return target.count - Int(stream.avail_out)
            }
            return size > 0 ? Array(target[..<size]) : nil
        }
    }
}
