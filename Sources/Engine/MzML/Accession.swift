import TextNumbers

/// CV accessions as numbers: `MS:1000511` is 1000511, `UO:0000031` is 31. The two vocabularies do not overlap.
enum Accession {
    /// The number of an accession that starts at `text`, or `nil` when it is neither `MS:` nor `UO:` and 7 digits.
    static func parse(_ text: ByteRun) -> Int? {
        guard text.count == 10, let base = text.baseAddress else { return nil }
        let vocabulary = UInt16(base[0]) << 8 | UInt16(base[1])
        guard vocabulary == 0x4D53 || vocabulary == 0x554F, base[2] == UInt8(ascii: ":") else { return nil }
        return sevenDigits(at: UnsafeRawPointer(base + 3), readable: 7)
    }

    /// The number whose 7 digits start at `start`. With 8 readable bytes it takes one load and no loop.
    @inline(__always)
    static func sevenDigits(at start: UnsafeRawPointer, readable: Int) -> Int? {
        var word: UInt64 = 0
        if readable >= 8 {
            word = start.loadUnaligned(as: UInt64.self)
        } else {
            for i in 0..<7 { word |= UInt64(start.load(fromByteOffset: i, as: UInt8.self)) << UInt64(8 * i) }
        }
        // The first digit is the lowest byte; a leading zero makes it eight digits.
        return eightDigitNumber(word << 8 | 0x30).map { Int($0) }
    }

    /// The accession as written in mzML.
    static func text(_ number: Int) -> String {
        let digits = String(number)
        return (number < 1_000_000 ? "UO:" : "MS:") + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    }
}

/// A CV term with its value and unit, as a header or a parameter group states it.
public struct CVTerm: Sendable, Hashable {
    /// The number of the accession, for example 1000511 for `MS:1000511`.
    public let accession: Int
    public let name: String
    public let value: String
    /// The number of the unit's accession; 0 without a unit.
    public let unit: Int

    public init(accession: Int, name: String, value: String = "", unit: Int = 0) {
        self.accession = accession
        self.name = name
        self.value = value
        self.unit = unit
    }
}
