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

/// 10^0 ... 10^19: those that 64 bits hold.
private let wholePowersOfTen: InlineArray<20, UInt64> = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]

/// The number that fills these bytes, correctly rounded; `nil` for anything else.
///
/// Accepts a sign, digits with at most one point, and an exponent. Words (`nan`, `inf`), hexadecimal numbers, blanks,
/// units, more than 400 characters and values that overflow are `nil`. A mantissa that a Double holds exactly and a power
/// of ten within 10^22 need one multiplication or division (Clinger 1990, doi:10.1145/93542.93557), a longer one of up to
/// 18 digits a division of whole numbers; the rest goes to strtod.
public func decimalNumber(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    guard text.count > 0, text.count <= 400, let base = text.baseAddress else { return nil }
    var p = base
    let end = base + text.count
    let negative = p.pointee == UInt8(ascii: "-")
    if negative || p.pointee == UInt8(ascii: "+") { p += 1 }
    let start = p
    var mantissa: UInt64 = 0
    appendDigits(&p, end, to: &mantissa)
    var digits = p - start
    var exponent = 0
    if p < end, p.pointee == UInt8(ascii: ".") {
        p += 1
        let fraction = p
        while end - p >= 8,
            let eight = eightDigitNumber(UnsafeRawPointer(p).loadUnaligned(as: UInt64.self).littleEndian)
        {
            mantissa = mantissa &* 100_000_000 &+ eight
            p += 8
        }
        appendDigits(&p, end, to: &mantissa)
        exponent = fraction - p
        digits += p - fraction
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
    if digits > 18, digits - leadingZeros(start, end) > 18 { return throughLibrary(text) }
    let magnitude: Double
    if mantissa <= 1 << 53, abs(exponent) <= 22 {
        magnitude =
            exponent < 0
            ? Double(mantissa) / exactPowersOfTen[-exponent] : Double(mantissa) * exactPowersOfTen[exponent]
    } else if mantissa > 1 << 53, exponent < 0, exponent >= -19 {
        magnitude = quotient(mantissa, wholePowersOfTen[-exponent])
    } else {
        return throughLibrary(text)
    }
    return negative ? -magnitude : magnitude
}

@inline(__always)
private func appendDigits(_ p: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, to number: inout UInt64) {
    while p < end {
        let digit = p.pointee &- UInt8(ascii: "0")
        guard digit <= 9 else { return }
        number = number &* 10 &+ UInt64(digit)
        p += 1
    }
}

/// The number that eight characters are, the first in the lowest byte; `nil` when one is no digit. No loop.
@inlinable @inline(__always)
public func eightDigitNumber(_ characters: UInt64) -> UInt64? {
    let aboveNine = characters &+ 0x4646_4646_4646_4646
    let belowZero = characters &- 0x3030_3030_3030_3030
    guard (aboveNine | belowZero) & 0x8080_8080_8080_8080 == 0 else { return nil }
    // Pairs, then quadruples, then all eight: each step adds neighbours with one multiplication.
    let pairs = ((characters & 0x0F0F_0F0F_0F0F_0F0F) &* 2561) >> 8
    let quadruples = ((pairs & 0x00FF_00FF_00FF_00FF) &* 6_553_601) >> 16
    return ((quadruples & 0x0000_FFFF_0000_FFFF) &* 42_949_672_960_001) >> 32
}

/// Zeros in front of the first digit that counts.
private func leadingZeros(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int {
    var zeros = 0
    var p = start
    while p < end, p.pointee == UInt8(ascii: "0") || p.pointee == UInt8(ascii: ".") {
        if p.pointee == UInt8(ascii: "0") { zeros += 1 }
        p += 1
    }
    return zeros
}

/// `dividend / divisor`, correctly rounded. Both are positive.
private func quotient(_ dividend: UInt64, _ divisor: UInt64) -> Double {
    let dividendShift = dividend.leadingZeroBitCount
    let divisorShift = divisor.leadingZeroBitCount
    let high = dividend << UInt64(dividendShift)
    // 62 bits or more, of which a Double takes 53: a rest shows as one more bit that decides a tie.
    let (whole, rest) = (divisor << UInt64(divisorShift)).dividingFullWidth((high >> 1, high << 63))
    let digits = Double(rest == 0 ? whole : whole | 1)
    return Double(sign: .plus, exponent: divisorShift - dividendShift - 63, significand: digits)
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
