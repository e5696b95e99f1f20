private let powersOfTen: InlineArray<10, UInt> = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
]

/// Appends a number with `decimals` digits (0...9) behind the point, rounded half away from zero.
///
/// Not finite: `nan`, `inf`, `-inf`. Too large for that many digits: the shortest form that reads back the same.
public func appendFixedPoint(_ value: Double, decimals: Int, to bytes: inout [UInt8]) {
    precondition((0...9).contains(decimals), "0 to 9 decimals")
    guard value.isFinite else {
        bytes.append(contentsOf: (value.isNaN ? "nan" : value < 0 ? "-inf" : "inf").utf8)
        return
    }
    let scale = powersOfTen[decimals]
    let scaled = (value.magnitude * Double(scale)).rounded()
    guard scaled < 9e15 else {
        bytes.append(contentsOf: "\(value)".utf8)
        return
    }
    let digits = UInt(scaled)
    appendText(to: &bytes) { end in
        var place = end
        if decimals > 0 {
            place = writeDigits(digits % scale, atLeast: decimals, before: place) - 1
            place.pointee = UInt8(ascii: ".")
        }
        place = writeDigits(digits / scale, atLeast: 1, before: place)
        if value < 0, digits > 0 {
            place -= 1
            place.pointee = UInt8(ascii: "-")
        }
        return place
    }
}

/// Appends a whole number.
public func appendWhole(_ value: Int, to bytes: inout [UInt8]) {
    appendText(to: &bytes) { end in
        var place = writeDigits(value.magnitude, atLeast: 1, before: end)
        if value < 0 {
            place -= 1
            place.pointee = UInt8(ascii: "-")
        }
        return place
    }
}

/// A number with `decimals` digits behind the point, as `appendFixedPoint` writes it.
public func fixedPoint(_ value: Double, decimals: Int) -> String {
    var bytes: [UInt8] = []
    appendFixedPoint(value, decimals: decimals, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

/// Appends what `write` puts before the end of a buffer of 32 bytes; it returns where that begins.
@inline(__always)
private func appendText(
    to bytes: inout [UInt8], _ write: (_ end: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>
) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
        guard let start = buffer.baseAddress else { return }
        let end = start + 32
        let first = write(end)
        bytes.append(contentsOf: UnsafeBufferPointer(start: first, count: end - first))
    }
}

private let pairs: StaticString = """
    00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657\
    585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """

/// Writes digits before `end`, two at a time, and returns where they begin.
@inline(__always)
private func writeDigits(
    _ value: UInt, atLeast count: Int, before end: UnsafeMutablePointer<UInt8>
) -> UnsafeMutablePointer<UInt8> {
    let pairs = pairs.utf8Start
    var rest = value
    var place = end
    while rest >= 10 {
        let pair = Int(rest % 100)
        rest /= 100
        place -= 2
        place[0] = pairs[2 * pair]
        place[1] = pairs[2 * pair + 1]
    }
    if rest > 0 || (value == 0 && count > 0) {
        place -= 1
        place.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest)
    }
    while end - place < count {
        place -= 1
        place.pointee = UInt8(ascii: "0")
    }
    return place
}
