import CLZ4
import CZstd

/// How the bytes of a block are packed.
///
/// Numbers are packed as planes: first the lowest byte of all of them, then the next ... (the shuffle filter of HDF5 and
/// Blosc), because the upper bytes of neighbouring numbers resemble each other and the lower ones resemble nothing.
public enum BlockCodec: Sendable, Hashable, Codable {
    case stored
    case lz4
    /// Zstandard at a level of 1...19.
    case zstd(level: Int)

    public var name: String {
        switch self {
        case .stored: "none"
        case .lz4: "lz4"
        case .zstd(let level): "zstd-\(level)"
        }
    }

    /// The packed bytes; `nil` when that saves nothing, and for `stored`. O(bytes).
    /// - Parameter stride: bytes of one number.
    func packed(_ bytes: UnsafeRawBufferPointer, stride: Int) -> [UInt8]? {
        guard self != .stored, bytes.count > 64 else { return nil }
        let planes = Self.planes(of: bytes, stride: stride)
        let bound = bytes.count - bytes.count / 32
        var packed = [UInt8](repeating: 0, count: bound)
        let count = planes.withUnsafeBytes { source in
            packed.withUnsafeMutableBytes { target in
                switch self {
                case .stored: 0
                case .lz4:
                    Int(
                        LZ4_compress_default(
                            source.baseAddress!.assumingMemoryBound(to: CChar.self),
                            target.baseAddress!.assumingMemoryBound(to: CChar.self),
                            Int32(source.count), Int32(target.count)))
                case .zstd(let level):
                    Self.zstdCount(
                        ZSTD_compress(
                            target.baseAddress!, target.count, source.baseAddress!, source.count, Int32(level)))
                }
            }
        }
        guard count > 0 else { return nil }
        packed.removeLast(packed.count - count)
        return packed
    }

    /// Unpacks into a buffer of the block's size; false when the bytes are not what `packed` gave.
    func unpack(_ packed: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer, stride: Int) -> Bool {
        guard self != .stored else {
            guard packed.count == bytes.count else { return false }
            bytes.copyMemory(from: packed)
            return true
        }
        guard !bytes.isEmpty else { return packed.isEmpty }
        let planes = [UInt8](unsafeUninitializedCapacity: bytes.count) { target, filled in
            switch self {
            case .stored: filled = 0
            case .lz4:
                filled = Int(
                    max(
                        LZ4_decompress_safe(
                            packed.baseAddress!.assumingMemoryBound(to: CChar.self),
                            UnsafeMutableRawPointer(target.baseAddress!).assumingMemoryBound(to: CChar.self),
                            Int32(packed.count), Int32(bytes.count)), 0))
            case .zstd:
                filled = Self.zstdCount(
                    ZSTD_decompress(target.baseAddress!, bytes.count, packed.baseAddress!, packed.count))
            }
        }
        guard planes.count == bytes.count else { return false }
        planes.withUnsafeBytes { Self.join($0, into: bytes, stride: stride) }
        return true
    }

    private static func zstdCount(_ result: Int) -> Int { ZSTD_isError(result) != 0 ? 0 : result }

    /// Byte `i` of every number, for each `i`; what is left over behind the last whole number comes last.
    private static func planes(of bytes: UnsafeRawBufferPointer, stride: Int) -> [UInt8] {
        let count = bytes.count / stride
        return [UInt8](unsafeUninitializedCapacity: bytes.count) { planes, filled in
            var place = 0
            for plane in 0..<stride {
                var source = plane
                for _ in 0..<count {
                    planes[place] = bytes[source]
                    place += 1
                    source += stride
                }
            }
            for source in (count * stride)..<bytes.count {
                planes[place] = bytes[source]
                place += 1
            }
            filled = bytes.count
        }
    }

    private static func join(_ planes: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer, stride: Int) {
        let count = bytes.count / stride
        var place = 0
        for plane in 0..<stride {
            var target = plane
            for _ in 0..<count {
                bytes[target] = planes[place]
                place += 1
                target += stride
            }
        }
        for target in (count * stride)..<bytes.count {
            bytes[target] = planes[place]
            place += 1
        }
    }
}
