#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Powers of ten that a Double holds exactly.
private let exactPowersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]

/// The number that these bytes spell in full, correctly rounded, or `nil`.
///
/// Accepts an optional sign, digits with at most one point, and an exponent. Words (`nan`, `inf`), hexadecimal numbers,
/// blanks and units are not numbers here. Values that overflow are `nil`.
package func decimalNumber(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    var position = 0
    var negative = false
    if position < text.count, text[position] == 0x2D || text[position] == 0x2B {
        negative = text[position] == 0x2D
        position += 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    var seenPoint = false
    var exact = true
    while position < text.count {
        let byte = text[position]
        if byte >= 0x30, byte <= 0x39 {
            if mantissa > (UInt64.max - 9) / 10 {
                exact = false
            } else {
                mantissa = mantissa * 10 + UInt64(byte - 0x30)
            }
            digits += 1
            if seenPoint { scale -= 1 }
        } else if byte == 0x2E, !seenPoint {
            seenPoint = true
        } else {
            break
        }
        position += 1
    }
    guard digits > 0 else { return nil }
    if position < text.count {
        guard text[position] == 0x65 || text[position] == 0x45 else { return nil }
        guard let exponent = exponentValue(text, from: position + 1) else { return nil }
        scale += exponent
    }
    if exact, mantissa <= 1 << 53, abs(scale) <= 22 {
        let value = Double(mantissa)
        let scaled = scale < 0 ? value / exactPowersOfTen[-scale] : value * exactPowersOfTen[scale]
        return negative ? -scaled : scaled
    }
    return slowDecimalNumber(text)
}

private func exponentValue(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var position = start
    var negative = false
    if position < text.count, text[position] == 0x2D || text[position] == 0x2B {
        negative = text[position] == 0x2D
        position += 1
    }
    guard position < text.count, text.count - position <= 6 else { return nil }
    var value = 0
    while position < text.count {
        guard text[position] >= 0x30, text[position] <= 0x39 else { return nil }
        value = value * 10 + Int(text[position] - 0x30)
        position += 1
    }
    return negative ? -value : value
}

/// Numbers beyond the exact range go through the C library, which rounds correctly. The syntax is already checked.
private func slowDecimalNumber(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard text.count < 512 else { return nil }
    let value = String(decoding: text, as: UTF8.self).withCString { strtod($0, nil) }
    return value.isFinite ? value : nil
}

/// The bytes without blanks and tabs at both ends.
package func trimmed(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var start = 0
    var end = text.count
    while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
    while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
    return UnsafeBufferPointer(rebasing: text[start..<end])
}
