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
    if value < 0, digits > 0 { bytes.append(UInt8(ascii: "-")) }
    appendDigits(digits / scale, atLeast: 1, to: &bytes)
    guard decimals > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    appendDigits(digits % scale, atLeast: decimals, to: &bytes)
}

/// Appends a whole number.
public func appendWhole(_ value: Int, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    appendDigits(value.magnitude, atLeast: 1, to: &bytes)
}

/// A number with `decimals` digits behind the point, as `appendFixedPoint` writes it.
public func fixedPoint(_ value: Double, decimals: Int) -> String {
    var bytes: [UInt8] = []
    appendFixedPoint(value, decimals: decimals, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

private func appendDigits(_ value: UInt, atLeast count: Int, to bytes: inout [UInt8]) {
    var rest = value
    let start = bytes.count
    repeat {
        bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
        rest /= 10
    } while rest > 0 || bytes.count - start < count
    bytes[start...].reverse()
}
