#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Numpress {
    /// The fixed point of the linear coding that keeps most: errors are at most half its reciprocal (and rounding).
    ///
    /// As in the reference implementation: the first two values and all differences from the line must fit 31 bits.
    static func linearFixedPoint(for values: UnsafeBufferPointer<Double>) -> Double {
        guard values.count > 0 else { return 0 }
        let limit = Double(Int32.max)
        guard values.count > 1 else { return bounded((limit / values[0]).rounded(.down)) }
        var largest = max(values[0], values[1])
        for i in 2..<max(values.count, 2) {
            let line = values[i - 1] + (values[i - 1] - values[i - 2])
            largest = max(largest, (abs(values[i] - line) + 1).rounded(.up))
        }
        return bounded((limit / largest).rounded(.down))
    }

    /// The fixed point of the slof coding that keeps most: errors are at most `(value + 1) * (exp(1/2fp) - 1)`.
    static func slofFixedPoint(for values: UnsafeBufferPointer<Double>) -> Double {
        guard values.count > 0 else { return 0 }
        var largest = 1.0
        for value in values { largest = max(largest, log(value + 1)) }
        return (Double(UInt16.max) / largest).rounded(.down)
    }

    /// Values so small that nothing is large enough for them are all zero in effect.
    private static func bounded(_ fixedPoint: Double) -> Double {
        fixedPoint.isFinite && fixedPoint > 0 ? fixedPoint : Double(Int32.max)
    }

    /// Whether the coding holds these values within the errors that it promises: no negative or non-finite ones, and for
    /// pic none beyond 31 bits.
    static func canEncode(_ kind: Kind, _ values: UnsafeBufferPointer<Double>) -> Bool {
        switch kind {
        case .linear:
            // Errors of more than 5 micro-Dalton are no price for size; they need jumps of 20,000 Da.
            values.allSatisfy { $0 >= 0 && $0 < .infinity } && (values.isEmpty || linearFixedPoint(for: values) >= 1e5)
        case .pic: values.allSatisfy { $0 >= 0 && $0 < Double(Int32.max) }
        case .slof: values.allSatisfy { $0 >= 0 && $0 < .infinity }
        }
    }

    /// Encodes with the fixed point that keeps most; returns the bytes written.
    ///
    /// - Parameter target: room for `maximumBytes(kind, count:)`.
    /// - Precondition: `canEncode(kind, values)`.
    static func encode(_ kind: Kind, _ values: UnsafeBufferPointer<Double>, into target: UnsafeMutableRawPointer) -> Int
    {
        switch kind {
        case .linear: encodeLinear(values, fixedPoint: linearFixedPoint(for: values), into: target)
        case .pic: encodePic(values, into: target)
        case .slof: encodeSlof(values, fixedPoint: slofFixedPoint(for: values), into: target)
        }
    }

    private static func encodeLinear(
        _ values: UnsafeBufferPointer<Double>, fixedPoint: Double, into target: UnsafeMutableRawPointer
    ) -> Int {
        target.storeBytes(of: fixedPoint.bitPattern.bigEndian, as: UInt64.self)
        func scaled(_ i: Int) -> Int64 { Int64(values[i] * fixedPoint + 0.5) }
        for i in 0..<min(values.count, 2) {
            target.storeBytes(
                of: UInt32(truncatingIfNeeded: scaled(i)).littleEndian, toByteOffset: 8 + 4 * i, as: UInt32.self)
        }
        guard values.count > 2 else { return 8 + 4 * values.count }
        var writer = HalfByteWriter(target + 16)
        var (previous, last) = (scaled(0), scaled(1))
        for i in 2..<values.count {
            let next = scaled(i)
            writer.append(Int32(truncatingIfNeeded: next - (last + (last - previous))))
            previous = last
            last = next
        }
        return 16 + writer.finish()
    }

    private static func encodePic(_ values: UnsafeBufferPointer<Double>, into target: UnsafeMutableRawPointer) -> Int {
        var writer = HalfByteWriter(target)
        for value in values { writer.append(Int32(value + 0.5)) }
        return writer.finish()
    }

    private static func encodeSlof(
        _ values: UnsafeBufferPointer<Double>, fixedPoint: Double, into target: UnsafeMutableRawPointer
    ) -> Int {
        target.storeBytes(of: fixedPoint.bitPattern.bigEndian, as: UInt64.self)
        for (i, value) in values.enumerated() {
            let logarithm = UInt16(log(value + 1) * fixedPoint + 0.5)
            target.storeBytes(of: logarithm.littleEndian, toByteOffset: 8 + 2 * i, as: UInt16.self)
        }
        return 8 + 2 * values.count
    }
}

/// Writes Numpress integers one after the other.
private struct HalfByteWriter {
    private let target: UnsafeMutableRawPointer
    /// Half-bytes written.
    private var count = 0

    init(_ target: UnsafeMutableRawPointer) { self.target = target }

    mutating func append(_ value: Int32) {
        let bits = UInt32(bitPattern: value)
        let head: Int
        let omitted: Int
        switch bits >> 28 {
        case 0:
            omitted = bits.leadingZeroBitCount / 4
            head = omitted
        case 0xF:
            omitted = min(7, (~bits).leadingZeroBitCount / 4)
            head = omitted + 8
        default:
            omitted = 0
            head = 0
        }
        put(UInt8(head))
        for i in 0..<(8 - omitted) { put(UInt8(bits >> UInt32(4 * i) & 0xF)) }
    }

    private mutating func put(_ halfByte: UInt8) {
        let byte = count >> 1
        if count & 1 == 0 {
            target.storeBytes(of: halfByte << 4, toByteOffset: byte, as: UInt8.self)
        } else {
            target.storeBytes(
                of: target.load(fromByteOffset: byte, as: UInt8.self) | halfByte, toByteOffset: byte, as: UInt8.self)
        }
        count += 1
    }

    /// Bytes written; an odd half-byte has a 0 behind it.
    func finish() -> Int { (count + 1) / 2 }
}
