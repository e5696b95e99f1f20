import CZlib
import MzML

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Gzip input gives what sequential inflation by zlib gives, for any number of threads.
enum GzipCheck {
    private static let limit = 8 << 20

    private enum End: Equatable { case complete, incomplete, damaged, limit }

    /// - Returns: what a whole file holds, if that is little.
    static func check(_ bytes: UnsafeBufferPointer<UInt8>, scratch: ScratchFile) throws(Finding) -> [UInt8]? {
        let expected = sequential(bytes)
        for (threads, capacity) in [(1, 1 << 16), (2, 5000)] {
            let found = parallel(scratch, threads: threads, capacity: capacity)
            guard found.bytes == expected.bytes, found.end == expected.end else {
                throw Finding(
                    "gzip, \(threads) threads: \(found.bytes.count) bytes, \(found.end); "
                        + "sequentially \(expected.bytes.count), \(expected.end)")
            }
        }
        return expected.end == .complete ? expected.bytes : nil
    }

    private static func parallel(_ scratch: ScratchFile, threads: Int, capacity: Int) -> (bytes: [UInt8], end: End) {
        var result: [UInt8] = []
        do throws(MzMLError) {
            guard lseek(scratch.descriptor, 0, SEEK_SET) == 0 else { return ([], .damaged) }
            let head = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
            var stream = try GzipStream(
                path: scratch.path, descriptor: scratch.descriptor, head: head, threads: threads)
            let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            defer { buffer.deallocate() }
            while true {
                let count = try stream.read(into: buffer, capacity: min(capacity, limit - result.count))
                if count == 0 { break }
                result += UnsafeBufferPointer(start: buffer, count: count)
            }
            return (result, result.count == limit ? .limit : stream.isIncomplete ? .incomplete : .complete)
        } catch {
            return (result, result.count == limit ? .limit : .damaged)
        }
    }

    private static func sequential(_ bytes: UnsafeBufferPointer<UInt8>) -> (bytes: [UInt8], end: End) {
        var stream = z_stream()
        inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { inflateEnd(&stream) }
        var result: [UInt8] = []
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 16)
        defer { buffer.deallocate() }
        stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
        stream.avail_in = UInt32(bytes.count)
        while result.count < limit {
            let capacity = min(1 << 16, limit - result.count)
            stream.next_out = buffer
            stream.avail_out = UInt32(capacity)
            let status = inflate(&stream, Z_NO_FLUSH)
            result += UnsafeBufferPointer(start: buffer, count: capacity - Int(stream.avail_out))
            switch status {
            case Z_STREAM_END:
                guard stream.avail_in > 0, stream.next_in.pointee == 0x1F else { return (result, .complete) }
                inflateReset(&stream)
            case Z_OK, Z_BUF_ERROR:
                if stream.avail_in == 0, stream.avail_out > 0 { return (result, .incomplete) }
            default:
                return (result, .damaged)
            }
        }
        return (result, .limit)
    }
}
