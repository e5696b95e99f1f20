/// Why a quantity could not be read.
public struct QuantityError: Error, Sendable, Hashable, CustomStringConvertible {
    public let text: String
    public let reason: String
    public init(text: String, reason: String) {
        self.text = text
        self.reason = reason
    }
    public var description: String { "'\(text)': \(reason)" }
}

/// A number with the unit behind it, split by the one strict rule that all quantities share: digits, at most one decimal
/// point, no exponent, no sign, at most one blank before the unit.
struct NumberWithUnit {
    let number: Double
    let unit: String

    init(_ text: String) throws(QuantityError) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard !digits.isEmpty, digits.first != ".", digits.last != ".", let number = Double(String(digits)),
            number.isFinite
        else { throw QuantityError(text: text, reason: "expected a number followed by a unit") }
        var unit = text[digits.endIndex...]
        if unit.first == " " { unit = unit.dropFirst() }
        self.number = number
        self.unit = String(unit)
    }
}

/// A number of bytes: `64MB` is 10^6 based, `64MiB` 2^20 based, a bare number counts bytes, `80%` needs a base.
public struct ByteSize: Sendable, Hashable, CustomStringConvertible {
    public let bytes: Int

    public init(bytes: Int) { self.bytes = bytes }

    /// A share of so many bytes, rounded down.
    public init(percent: Double, of base: Int) { bytes = Int(Double(base) * percent / 100) }

    public init(parsing text: String, percentBase: Int? = nil) throws(QuantityError) {
        let quantity = try NumberWithUnit(text)
        if quantity.unit == "%" {
            guard let percentBase else {
                throw QuantityError(text: text, reason: "a percentage is not possible here; give a size like 64MiB")
            }
            guard quantity.number > 0, quantity.number <= 100 else {
                throw QuantityError(text: text, reason: "a percentage lies above 0 and at most at 100")
            }
            self.init(percent: quantity.number, of: percentBase)
            return
        }
        guard let factor = Self.factors.first(where: { $0.unit == quantity.unit })?.factor else {
            throw QuantityError(
                text: text, reason: "unknown unit '\(quantity.unit)'; use B, kB, MB, GB, TB, KiB, MiB, GiB or TiB")
        }
        let value = quantity.number * factor
        guard value < 9.2e18 else { throw QuantityError(text: text, reason: "too large") }
        guard value == value.rounded() else { throw QuantityError(text: text, reason: "not a whole number of bytes") }
        self.init(bytes: Int(value))
    }

    private static let factors: [(unit: String, factor: Double)] = [
        ("", 1), ("B", 1), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("KiB", 0x1p10),
        ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40),
    ]

    private static let binaryUnits = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    private static let decimalUnits = [
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000),
    ]

    /// The exact form with the fewest digits: `64MiB`, `500MB`, `2GB`, `1234B`; the binary one of two as short.
    public var description: String {
        guard bytes > 0 else { return "\(bytes)B" }
        let exact = [Self.binaryUnits, Self.decimalUnits].compactMap { units in
            units.first { bytes % $0.1 == 0 }.map { (number: String(bytes / $0.1), unit: $0.0) }
        }
        return exact.min { $0.number.count < $1.number.count }.map { $0.number + $0.unit } ?? "\(bytes)B"
    }
}

/// A span of time: `90s`, `250ms`, `2m`, `2h`, `1d`; a bare number counts seconds.
public struct TimeSpan: Sendable, Hashable, CustomStringConvertible {
    public let seconds: Double

    public init(seconds: Double) { self.seconds = seconds }

    /// So many parts of so many seconds: divided by, 9ms is the same number as 0.009.
    private static let units: [String: (seconds: Double, parts: Double)] = [
        "": (1, 1), "s": (1, 1), "ms": (1, 1_000), "m": (60, 1), "min": (60, 1), "h": (3_600, 1), "d": (86_400, 1),
    ]

    public init(parsing text: String) throws(QuantityError) {
        let quantity = try NumberWithUnit(text)
        guard let unit = Self.units[quantity.unit] else {
            throw QuantityError(text: text, reason: "unknown unit '\(quantity.unit)'; use ms, s, m, h or d")
        }
        let value = quantity.number * unit.seconds / unit.parts
        // A billion years; also what keeps the text below in the range of whole numbers.
        guard value < 1e16 else { throw QuantityError(text: text, reason: "too long") }
        seconds = value
    }

    public var description: String {
        for (unit, factor) in [("d", 86_400.0), ("h", 3_600), ("m", 60)]
        where seconds >= factor && seconds.truncatingRemainder(dividingBy: factor) == 0 {
            return "\(Int(seconds / factor))\(unit)"
        }
        return seconds == seconds.rounded() ? "\(Int(seconds))s" : "\(seconds)s"
    }
}

/// Bytes per second: `1GB/s`, `200MiB/s`.
public struct ByteRate: Sendable, Hashable, CustomStringConvertible {
    public let bytesPerSecond: Int

    public init(parsing text: String) throws(QuantityError) {
        guard text.hasSuffix("/s") else {
            throw QuantityError(text: text, reason: "a rate ends in /s, like 200MB/s")
        }
        bytesPerSecond = try ByteSize(parsing: String(text.dropLast(2))).bytes
    }

    public var description: String { "\(ByteSize(bytes: bytesPerSecond))/s" }
}
