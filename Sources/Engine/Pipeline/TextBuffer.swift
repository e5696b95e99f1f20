/// Bytes of a text table, with number formatting that does not depend on locale, Foundation or platform.
struct TextBuffer {
    private(set) var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }
    var count: Int { bytes.count }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func tab() { bytes.append(9) }

    mutating func newline() { bytes.append(10) }

    /// A cell of a TSV: tabs and line breaks become blanks, so that no name can break a row.
    mutating func appendCell(_ text: String) {
        for byte in text.utf8 { bytes.append(byte == 9 || byte == 10 || byte == 13 ? 32 : byte) }
    }

    mutating func append(_ value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        appendDigits(value.magnitude, atLeast: 1)
    }

    /// Fixed-point with `decimals` digits (0...9), rounded half away from zero. Not finite: `nan`, `inf`, `-inf`.
    mutating func append(_ value: Double, decimals: Int) {
        guard value.isFinite else { return append(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf") }
        let scale = Self.powersOfTen[decimals]
        let scaled = (value.magnitude * Double(scale)).rounded()
        guard scaled < 9e15 else { return append("\(value)") }
        let digits = UInt(scaled)
        if value < 0, digits > 0 { bytes.append(UInt8(ascii: "-")) }
        appendDigits(digits / scale, atLeast: 1)
        guard decimals > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        appendDigits(digits % scale, atLeast: decimals)
    }

    /// `significant` digits, for quantities that span many orders of magnitude; plain notation.
    mutating func append(_ value: Double, significant: Int) {
        guard value.isFinite, value != 0 else { return append(value, decimals: 0) }
        var decimals = significant - 1
        var bound = 10.0
        while decimals > 0, value.magnitude >= bound {
            bound *= 10
            decimals -= 1
        }
        append(value, decimals: min(decimals, 9))
    }

    private mutating func appendDigits(_ value: UInt, atLeast count: Int) {
        var rest = value
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0 || bytes.count - start < count
        bytes[start...].reverse()
    }

    private static let powersOfTen: [UInt] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]
}
