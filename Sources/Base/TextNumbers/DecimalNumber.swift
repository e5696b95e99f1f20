#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// 10^0 ... 10^22: the powers of ten that a Double holds exactly.
private let exactPowersOfTen: InlineArray<23, Double> = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]

/// The number that fills these bytes, correctly rounded; `nil` for anything else.
///
/// Accepts a sign, digits with at most one point, and an exponent. Words (`nan`, `inf`), hexadecimal numbers, blanks,
/// units, more than 400 characters and values that overflow are `nil`. A mantissa that a Double holds exactly and a power
/// of ten within 10^22 need one multiplication or division (Clinger 1990, doi:10.1145/93542.93557); the rest goes to strtod.
public func decimalNumber(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard text.count > 0, text.count <= 400, let base = text.baseAddress else { return nil }
    var p = base
    let end = base + text.count
    let negative = p.pointee == UInt8(ascii: "-")
    if negative || p.pointee == UInt8(ascii: "+") { p += 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var significant = 0
    var exponent = 0
    var fraction = false
    while p < end {
        let byte = p.pointee
        if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            digits += 1
            if significant > 0 || byte != UInt8(ascii: "0") { significant += 1 }
            if significant <= 18 { mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0")) }
            if fraction { exponent -= 1 }
        } else if byte == UInt8(ascii: "."), !fraction {
            fraction = true
        } else {
            break
        }
        p += 1
    }
    guard digits > 0 else { return nil }
    if p < end {
        guard p.pointee | 0x20 == UInt8(ascii: "e") else { return nil }
        p += 1
        guard let written = wholeNumber(UnsafeBufferPointer(start: p, count: end - p)), abs(written) < 10_000 else {
            return nil
        }
        exponent += written
    }
    guard significant <= 18, mantissa <= 1 << 53, abs(exponent) <= 22 else { return throughLibrary(text) }
    let magnitude =
        exponent < 0
        ? Double(mantissa) / exactPowersOfTen[-exponent] : Double(mantissa) * exactPowersOfTen[exponent]
    return negative ? -magnitude : magnitude
}

/// The slow exact path. The text has been checked to be a plain decimal number.
private func throughLibrary(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    var copy = [CChar](repeating: 0, count: text.count + 1)
    for i in 0..<text.count { copy[i] = CChar(bitPattern: text[i]) }
    let value = strtod(copy, nil)
    return value.isFinite ? value : nil
}

/// The whole number that fills these bytes, sign allowed; `nil` for anything else and beyond 18 digits.
public func wholeNumber(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard text.count > 0, text.count <= 19, let base = text.baseAddress else { return nil }
    let signed = base[0] == UInt8(ascii: "-") || base[0] == UInt8(ascii: "+")
    guard text.count - (signed ? 1 : 0) >= 1, text.count - (signed ? 1 : 0) <= 18 else { return nil }
    var value = 0
    for i in (signed ? 1 : 0)..<text.count {
        let digit = base[i] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        value = value &* 10 &+ Int(digit)
    }
    return base[0] == UInt8(ascii: "-") ? -value : value
}
