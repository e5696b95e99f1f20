import CDeflate

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes gzip as BGZF: members of at most 64 KiB that say how long they are, so that readers can share them out.
///
/// Any gzip reader reads it. Source: the SAM format specification, section 4.1.
enum BlockGzip {
    /// What one member holds; its compressed form must fit 64 KiB whatever it is.
    private static let blockSize = 65_280
    /// Ends the file: an empty member.
    private static let endMarker: [UInt8] = [
        0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]

    /// Compresses a file from its start into a new one.
    /// - Parameter path: the name that the error will carry.
    /// - Throws: `cannotWrite`.
    static func compress(
        _ source: UnsafeMutablePointer<FILE>, to target: String, level: Int, path: String
    ) throws(MzMLError) {
        func failure(_ action: String) -> MzMLError {
            MzMLError(
                .cannotWrite, path: path, reason: "cannot \(action): \(String(cString: strerror(errno)))",
                hint: "check the folder, its permissions and the free space")
        }
        guard let compressor = libdeflate_alloc_compressor(Int32(min(max(level, 1), 12))) else {
            throw failure("compress")
        }
        defer { libdeflate_free_compressor(compressor) }
        guard fseek(source, 0, SEEK_SET) == 0, let output = fopen(target, "wb") else { throw failure("create") }
        var isClosed = false
        defer { if !isClosed { fclose(output) } }
        var plain = [UInt8](repeating: 0, count: blockSize)
        var member = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&plain, 1, plain.count, source)
            if count == 0 { break }
            let size = pack(plain, count, into: &member, compressor)
            guard size > 0 else { throw failure("compress") }
            guard fwrite(member, 1, size, output) == size else { throw failure("write") }
        }
        guard ferror(source) == 0 else { throw failure("read back") }
        guard fwrite(endMarker, 1, endMarker.count, output) == endMarker.count, fflush(output) == 0,
            fsync(fileno(output)) == 0
        else { throw failure("write") }
        isClosed = true
        guard fclose(output) == 0 else { throw failure("write") }
    }

    /// One member; returns its size, 0 when it did not fit.
    private static func pack(
        _ plain: [UInt8], _ count: Int, into member: inout [UInt8], _ compressor: OpaquePointer
    ) -> Int {
        member.withUnsafeMutableBytes { member in
            plain.withUnsafeBytes { plain in
                guard let start = member.baseAddress else { return 0 }
                let deflated = libdeflate_deflate_compress(
                    compressor, plain.baseAddress, count, start + 18, member.count - 26)
                guard deflated > 0 else { return 0 }
                let size = 18 + deflated + 8
                member.copyBytes(from: endMarker[..<16])
                member.storeBytes(of: UInt16(size - 1).littleEndian, toByteOffset: 16, as: UInt16.self)
                let checksum = libdeflate_crc32(0, plain.baseAddress, count)
                member.storeBytes(of: checksum.littleEndian, toByteOffset: size - 8, as: UInt32.self)
                member.storeBytes(of: UInt32(count).littleEndian, toByteOffset: size - 4, as: UInt32.self)
                return size
            }
        }
    }
}
