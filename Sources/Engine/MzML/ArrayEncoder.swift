import CDeflate
import CReadingKernels

/// Turns arrays into the text of `<binary>`. Owns the scratch memory and the compressor.
struct ArrayEncoder: ~Copyable {
    private let deflater: OpaquePointer?
    /// Numbers in another type than they came in.
    private var converted = Scratch()
    private var stream = Scratch()
    private var compressed = Scratch()
    private var text = Scratch()
    /// Arrays that a Numpress coding could not hold.
    private(set) var exceptions = 0

    init(zlibLevel: Int) { deflater = libdeflate_alloc_compressor(Int32(min(max(zlibLevel, 1), 12))) }

    deinit { if let deflater { libdeflate_free_compressor(deflater) } }

    /// The base64 text, valid until the next call, and the coding that was used.
    mutating func encode(
        _ values: UnsafeBufferPointer<Double>, as coding: WritingOptions.Coding
    ) -> (text: ByteRun, used: WritingOptions.Coding) {
        if let kind = coding.numpress, let bytes = numpress(values, kind) { return (finished(bytes, coding), coding) }
        var coding = coding
        coding.numpress = nil
        if coding.precision == .double { return (finished(UnsafeRawBufferPointer(values), coding), coding) }
        let memory = converted.reserve(values.count * 4)
        let floats = UnsafeMutableBufferPointer(
            start: memory.assumingMemoryBound(to: Float.self), count: values.count)
        for i in 0..<values.count { floats[i] = Float(values[i]) }
        return (finished(UnsafeRawBufferPointer(floats), coding), coding)
    }

    /// The base64 text, valid until the next call, and the coding that was used.
    mutating func encode(
        _ values: UnsafeBufferPointer<Float>, as coding: WritingOptions.Coding
    ) -> (text: ByteRun, used: WritingOptions.Coding) {
        if coding.numpress == nil, coding.precision == .single {
            return (finished(UnsafeRawBufferPointer(values), coding), coding)
        }
        let memory = converted.reserve(values.count * 8)
        let doubles = UnsafeMutableBufferPointer(
            start: memory.assumingMemoryBound(to: Double.self), count: values.count)
        for i in 0..<values.count { doubles[i] = Double(values[i]) }
        if let kind = coding.numpress, let bytes = numpress(UnsafeBufferPointer(doubles), kind) {
            return (finished(bytes, coding), coding)
        }
        var coding = coding
        coding.numpress = nil
        let bytes = UnsafeRawBufferPointer(
            coding.precision == .single ? UnsafeRawBufferPointer(values) : .init(doubles))
        return (finished(bytes, coding), coding)
    }

    private mutating func numpress(
        _ values: UnsafeBufferPointer<Double>, _ kind: Numpress.Kind
    ) -> UnsafeRawBufferPointer? {
        // Readers differ on what a stream without values looks like.
        if values.isEmpty { return nil }
        guard Numpress.canEncode(kind, values) else {
            exceptions += 1
            return nil
        }
        let target = stream.reserve(Numpress.maximumBytes(kind, count: values.count))
        return UnsafeRawBufferPointer(start: target, count: Numpress.encode(kind, values, into: target))
    }

    private mutating func finished(_ bytes: UnsafeRawBufferPointer, _ coding: WritingOptions.Coding) -> ByteRun {
        var bytes = bytes
        if coding.compression == .zlib, bytes.count > 0, let deflater {
            let bound = libdeflate_zlib_compress_bound(deflater, bytes.count)
            let target = compressed.reserve(bound)
            let size = libdeflate_zlib_compress(deflater, bytes.baseAddress, bytes.count, target, bound)
            bytes = UnsafeRawBufferPointer(start: target, count: size)
        }
        let length = base64_encoded_length(bytes.count)
        let target = text.reserve(length)
        if let source = bytes.baseAddress {
            base64_encode(
                source.assumingMemoryBound(to: UInt8.self), bytes.count, target.assumingMemoryBound(to: CChar.self))
        }
        return ByteRun(start: target.assumingMemoryBound(to: UInt8.self), count: length)
    }
}
