import CDeflate
import CReadingKernels
import SpectrumModel

/// Decodes binary arrays to the ends of flat arrays. Owns the scratch memory and the decompressor.
struct ArrayCodec: ~Copyable {
    private let inflater: OpaquePointer?
    /// Compressed bytes of a zlib array.
    private var compressed = Scratch()
    /// Values in a type that needs conversion.
    private var values = Scratch()
    /// The bytes of a Numpress stream.
    private var stream = Scratch()

    /// The fast loops of libdeflate (about 300 bytes) and of the base64 decoder (32) need room behind the output.
    private static let slackBytes = 1024
    /// Deflate cannot expand further than this.
    private static let maximumExpansion = 1032

    private let maximumPoints: Int
    var growth = BlockGrowth()
    /// Times that m/z had no room.
    private(set) var growths = 0

    init(maximumPoints: Int) {
        self.maximumPoints = maximumPoints
        inflater = libdeflate_alloc_decompressor()
    }

    deinit { libdeflate_free_decompressor(inflater) }

    /// - Returns: whether there was too little.
    @discardableResult
    private func makeRoom<Value>(for more: Int, in target: inout [Value]) -> Bool {
        let needed = target.count + more
        guard needed > target.capacity else { return false }
        target.reserveCapacity(growth.room(target.capacity, needed: needed))
        return true
    }

    /// Appends exactly `count` values, or throws and appends none.
    mutating func appendMZ(
        _ array: EncodedArray, count: Int, start: UnsafePointer<UInt8>, to target: inout [Double]
    ) throws(MzMLError) {
        try check(array, count: count, start: start)
        guard count > 0 || array.payload?.isEmpty == false else { return }
        let type = array.elementType
        if makeRoom(for: count + Self.slackBytes / 8, in: &target) { growths += 1 }
        try target.append(addingCapacity: count + Self.slackBytes / 8) { span throws(MzMLError) in
            try span.withUnsafeMutableBufferPointer { buffer, initialized throws(MzMLError) in
                guard let out = buffer.baseAddress else { return }
                if let kind = array.numpress {
                    try decodeNumpress(kind, array, count: count, into: out, start: start)
                } else if type == .float64 {
                    try decode(array, byteCount: count * 8, into: UnsafeMutableRawPointer(out), start: start)
                } else {
                    let raw = values.reserve(count * array.width + Self.slackBytes)
                    try decode(array, byteCount: count * array.width, into: raw, start: start)
                    switch type {
                    case .float16: convert(raw, UInt16.self, count) { out[$0] = Double(Float(halfPrecision: $1)) }
                    case .float32: convert(raw, Float.self, count) { out[$0] = Double($1) }
                    case .int32: convert(raw, Int32.self, count) { out[$0] = Double($1) }
                    case .int64: convert(raw, Int64.self, count) { out[$0] = Double($1) }
                    case .float64, .unstated, .unsupported: break
                    }
                }
                initialized = count
            }
        }
    }

    /// Appends exactly `count` values, or throws and appends none.
    mutating func appendIntensity(
        _ array: EncodedArray, count: Int, start: UnsafePointer<UInt8>, to target: inout [Float]
    ) throws(MzMLError) {
        try check(array, count: count, start: start)
        guard count > 0 || array.payload?.isEmpty == false else { return }
        let type = array.elementType
        makeRoom(for: count + Self.slackBytes / 4, in: &target)
        try target.append(addingCapacity: count + Self.slackBytes / 4) { span throws(MzMLError) in
            try span.withUnsafeMutableBufferPointer { buffer, initialized throws(MzMLError) in
                guard let out = buffer.baseAddress else { return }
                if let kind = array.numpress {
                    let raw = values.reserve(count * 8).assumingMemoryBound(to: Double.self)
                    try decodeNumpress(kind, array, count: count, into: raw, start: start)
                    for i in 0..<count { out[i] = Float(raw[i]) }
                } else if type == .float32 {
                    try decode(array, byteCount: count * 4, into: UnsafeMutableRawPointer(out), start: start)
                } else {
                    let raw = values.reserve(count * array.width + Self.slackBytes)
                    try decode(array, byteCount: count * array.width, into: raw, start: start)
                    switch type {
                    case .float16: convert(raw, UInt16.self, count) { out[$0] = Float(halfPrecision: $1) }
                    case .float64: convert(raw, Double.self, count) { out[$0] = Float($1) }
                    case .int32: convert(raw, Int32.self, count) { out[$0] = Float($1) }
                    case .int64: convert(raw, Int64.self, count) { out[$0] = Float($1) }
                    case .float32, .unstated, .unsupported: break
                    }
                }
                initialized = count
            }
        }
    }

    @inline(__always)
    private func convert<T>(
        _ raw: UnsafeMutableRawPointer, _ type: T.Type, _ count: Int, _ store: (Int, T) -> Void
    ) {
        let source = raw.assumingMemoryBound(to: type)
        for i in 0..<count { store(i, source[i]) }
    }

    /// Refuses, before any memory is taken, what is not supported and what the payload cannot hold.
    private func check(_ array: EncodedArray, count: Int, start: UnsafePointer<UInt8>) throws(MzMLError) {
        let offset = array.payload?.baseAddress.map { $0 - start }
        let name = array.content == .mz ? "m/z" : "intensity"
        if array.elementType == .unsupported || array.compression == .unsupported {
            throw MzMLError(
                .unsupportedArray, path: "", byteOffset: offset,
                reason:
                    "the \(name) array uses \(array.unsupportedName) (\(Accession.text(array.unsupportedAccession))), "
                    + "which is not supported",
                hint: "convert the file with zlib compression, or none, and 32- or 64-bit floats")
        }
        guard array.elementType != .unstated || array.numpress != nil, array.compression != .unstated else {
            throw MzMLError(
                .malformedSpectrum, path: "", byteOffset: offset,
                reason: "the \(name) array states no \(array.elementType == .unstated ? "number type" : "compression") "
                    + "that is known")
        }
        let decodable = ((array.payload?.count ?? 0) / 4 + 1) * 3
        let bytes = array.compression == .zlib ? decodable * Self.maximumExpansion : decodable
        let largest = array.numpress.map { Numpress.maximumValues($0, byteCount: bytes) } ?? bytes / array.width
        guard count <= largest else {
            throw MzMLError(
                .wrongLength, path: "", byteOffset: offset,
                reason: "the \(name) array declares \(count) values, and its \(array.payload?.count ?? 0) characters "
                    + "cannot hold more than \(largest)",
                hint: "the file was damaged; convert it again")
        }
        guard count <= maximumPoints else {
            throw MzMLError(
                .spectrumTooLarge, path: "", byteOffset: offset,
                reason: "the \(name) array declares \(count) values; at most \(maximumPoints) are read",
                hint: "a higher memory limit allows more")
        }
    }

    /// Writes exactly `byteCount` bytes; `slackBytes` of room lie behind them.
    private mutating func decode(
        _ array: EncodedArray, byteCount: Int, into target: UnsafeMutableRawPointer, start: UnsafePointer<UInt8>
    ) throws(MzMLError) {
        let written = try decodeBytes(array, capacity: byteCount, into: target, start: start)
        guard written == byteCount else {
            throw MzMLError(
                .wrongLength, path: "", byteOffset: array.payload?.baseAddress.map { $0 - start },
                reason:
                    "the \(array.content == .mz ? "m/z" : "intensity") array should hold \(byteCount / array.width) values "
                    + "(\(byteCount) bytes) and holds \(written.map(String.init) ?? "more than \(byteCount)") bytes",
                hint: "the file was damaged or written wrongly; convert it again")
        }
    }

    /// Writes exactly `count` values.
    private mutating func decodeNumpress(
        _ kind: Numpress.Kind, _ array: EncodedArray, count: Int, into target: UnsafeMutablePointer<Double>,
        start: UnsafePointer<UInt8>
    ) throws(MzMLError) {
        // A stream of the right length needs no more, so a zlib bomb ends here.
        let capacity = max(Numpress.maximumBytes(kind, count: count), 8)
        let bytes = stream.reserve(capacity + Self.slackBytes)
        guard let size = try decodeBytes(array, capacity: capacity, into: bytes, start: start) else {
            throw MzMLError(
                .wrongLength, path: "", byteOffset: array.payload?.baseAddress.map { $0 - start },
                reason: "an \(kind.name) array should hold \(count) values; there are more",
                hint: "the file was damaged or written wrongly; convert it again")
        }
        do throws(MzMLError) {
            try Numpress.decode(kind, UnsafeRawBufferPointer(start: bytes, count: size), count: count, into: target)
        } catch {
            var located = error
            located.byteOffset = array.payload?.baseAddress.map { $0 - start }
            throw located
        }
    }

    /// Writes what is behind base64 and zlib, at most `capacity` bytes and `slackBytes` of scratch behind them; returns how
    /// many they are, `nil` when they are more.
    private mutating func decodeBytes(
        _ array: EncodedArray, capacity: Int, into target: UnsafeMutableRawPointer, start: UnsafePointer<UInt8>
    ) throws(MzMLError) -> Int? {
        guard let text = array.payload, let characters = text.baseAddress else {
            if capacity == 0 { return 0 }
            throw MzMLError(.malformedSpectrum, path: "", reason: "a binary array has no <binary> element")
        }
        if array.compression == .none {
            let size = try decodeBase64(text, into: target, capacity: capacity + Self.slackBytes, start: start)
            return size <= capacity ? size : nil
        }
        let room = (text.count / 4 + 1) * 3 + 32
        let scratch = compressed.reserve(room)
        let size = try decodeBase64(text, into: scratch, capacity: room, start: start)
        var actual = 0
        switch libdeflate_zlib_decompress(inflater, scratch, size, target, capacity + Self.slackBytes, &actual) {
        case LIBDEFLATE_SUCCESS:
            return actual <= capacity ? actual : nil
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            return nil
        default:
            throw MzMLError(
                .invalidCompression, path: "", byteOffset: characters - start,
                reason: "the zlib stream of a binary array is damaged", hint: "copy or convert the file again")
        }
    }

    private func decodeBase64(
        _ text: ByteRun, into target: UnsafeMutableRawPointer, capacity: Int, start: UnsafePointer<UInt8>
    ) throws(MzMLError) -> Int {
        guard let characters = text.baseAddress else { return 0 }
        let result = base64_decode(
            UnsafeRawPointer(characters).assumingMemoryBound(to: CChar.self), text.count,
            target.assumingMemoryBound(to: UInt8.self), capacity)
        let offset = characters - start + result.position
        switch result.status {
        case base64_ok:
            return result.written
        case base64_output_full:
            throw MzMLError(
                .wrongLength, path: "", byteOffset: offset,
                reason: "a binary array holds more values than its spectrum declares",
                hint: "the file was damaged; convert it again")
        default:
            let incomplete = result.status == base64_incomplete_group
            let byte = incomplete ? "" : " (byte \(characters[result.position]))"
            throw MzMLError(
                .invalidBase64, path: "", byteOffset: offset,
                reason: incomplete
                    ? "a binary array's base64 ends inside a group" : "a binary array is not base64\(byte)",
                hint: "the file was damaged; copy or convert it again")
        }
    }
}

extension Float {
    /// The value of an IEEE 754 half-precision number, by its bits: half-precision arithmetic is a library call each on
    /// some systems.
    init(halfPrecision bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7FFF)
        if magnitude >= 0x7C00 {
            self.init(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13)
        } else {
            // The exponent's bias differs by 112; the product is exact, and normalises what is subnormal.
            let scaled = Float(bitPattern: magnitude << 13) * Float(bitPattern: (127 + 112) << 23)
            self.init(bitPattern: sign | scaled.bitPattern)
        }
    }
}

/// Memory that grows and stays, uninitialised.
struct Scratch: ~Copyable {
    private var memory: UnsafeMutableRawPointer?
    private var capacity = 0

    init() {}

    deinit { memory?.deallocate() }

    mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if let memory, size <= capacity { return memory }
        memory?.deallocate()
        capacity = size + size / 2
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        memory = fresh
        return fresh
    }
}
