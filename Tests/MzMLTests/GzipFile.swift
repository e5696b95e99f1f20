import CZlib
import Foundation

/// Builds gzip files byte by byte, right or wrong, and inflates them the slow way.
enum GzipFile {
    /// How a member is written.
    struct Style {
        /// bgzip's `BC` field, with the size of the block.
        var hasBlockSize = false
        /// 0 stores the bytes as they are.
        var level: Int32 = 6
        var hasHeaderChecksum = false
        var name: String?
        /// Added to the size in the trailer.
        var sizeLie: UInt32 = 0
        /// Added to the block size of the header.
        var blockSizeLie = 0
    }

    static func member(_ bytes: [UInt8], _ style: Style = Style()) -> [UInt8] {
        let body = rawDeflated(bytes, level: style.level)
        var header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        if style.hasBlockSize {
            header[3] |= 4
            let size = body.count + 26 - 1 + style.blockSizeLie
            header += [6, 0, UInt8(ascii: "B"), UInt8(ascii: "C"), 2, 0, UInt8(size & 255), UInt8(size >> 8 & 255)]
        }
        if let name = style.name {
            header[3] |= 8
            header += Array(name.utf8) + [0]
        }
        if style.hasHeaderChecksum {
            header[3] |= 2
            let checksum = crc32(0, header, UInt32(header.count))
            header += [UInt8(checksum & 255), UInt8(checksum >> 8 & 255)]
        }
        return header + body + little(UInt32(crc32(0, bytes, UInt32(bytes.count))))
            + little(UInt32(truncatingIfNeeded: bytes.count) &+ style.sizeLie)
    }

    /// What bgzip writes: blocks, and an empty one that marks the end.
    static func blocks(_ bytes: [UInt8], size: Int) -> [[UInt8]] {
        let style = Style(hasBlockSize: true)
        return stride(from: 0, to: bytes.count, by: size).map {
            member(Array(bytes[$0..<min(bytes.count, $0 + size)]), style)
        } + [member([], style)]
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    static func rawDeflated(_ bytes: [UInt8], level: Int32) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var source = bytes
        var target = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
        return source.withUnsafeMutableBufferPointer { source in
            let written = target.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib refused to compress")
                return target.count - Int(stream.avail_out)
            }
            return Array(target[..<written])
        }
    }

    /// How a gzip file ends.
    enum End: Equatable { case complete, incomplete, damaged }

    /// Sequential inflation by zlib, a byte of input at a time.
    static func inflated(_ file: [UInt8]) -> (bytes: [UInt8], end: End) {
        var stream = z_stream()
        inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { inflateEnd(&stream) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var isBetween = false
        for byte in file {
            if isBetween {
                guard byte == 0x1F else { return (result, .complete) }
                inflateReset(&stream)
                isBetween = false
            }
            var input = [byte]
            let status = input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = 1
                var status = Z_OK
                repeat {
                    let written = buffer.withUnsafeMutableBufferPointer { buffer in
                        stream.next_out = buffer.baseAddress
                        stream.avail_out = UInt32(buffer.count)
                        status = inflate(&stream, Z_NO_FLUSH)
                        return buffer.count - Int(stream.avail_out)
                    }
                    result += buffer[..<written]
                } while status == Z_OK && stream.avail_out == 0
                return status
            }
            if status == Z_STREAM_END {
                isBetween = true
            } else if status != Z_OK, status != Z_BUF_ERROR {
                return (result, .damaged)
            }
        }
        return (result, isBetween ? .complete : .incomplete)
    }
}
