/// Distinct strings numbered in the order in which they came; string 0 is empty.
///
/// Texts are kept once, as they are stored: a dictionary of strings would hold each of them a second time, on the heap.
/// - Complexity: O(1) a text; 5 to 12 bytes for each beside its bytes.
package struct StringTableBuilder {
    /// Numbers of the ASCII texts at the place of their hash, or the next free one behind it; 0 where none is.
    private var slots: [UInt32] = []
    private var slotsTaken = 0
    /// All others: texts are equal that Unicode calls equivalent, whatever their bytes.
    private var others: [String: UInt32] = [:]
    /// Set when one of `others` is equivalent to an ASCII text.
    private var othersHaveASCII = false
    package private(set) var offsets: [UInt32] = [0, 0]
    package private(set) var bytes: [UInt8] = []
    /// Set when the texts do not fit into 4 GiB; the strings added after that are empty.
    package private(set) var overflowed = false

    package init() {}

    package mutating func number(of text: String) -> UInt32 {
        if text.isEmpty { return 0 }
        var text = text
        let hash = text.withUTF8 { Self.asciiHash($0) }
        if hash == nil || othersHaveASCII, let number = others[text] { return number }
        if let hash {
            if let number = text.withUTF8({ find($0, hash: hash) }) { return number }
        } else if var equivalent = Self.asciiEquivalent(of: text) {
            othersHaveASCII = true
            let number = equivalent.withUTF8 { text in Self.asciiHash(text).flatMap { find(text, hash: $0) } }
            if let number { return number }
        }
        guard bytes.count + text.utf8.count < Int(UInt32.max), offsets.count < Int(UInt32.max) else {
            overflowed = true
            return 0
        }
        let number = UInt32(offsets.count - 1)
        bytes.append(contentsOf: text.utf8)
        offsets.append(UInt32(bytes.count))
        if let hash { insert(number, hash: hash) } else { others[text] = number }
        return number
    }

    /// Frees what only finds numbers: no text may come after that.
    mutating func endNumbering() {
        slots = []
        others = [:]
    }

    /// Whether the bytes of a text come before those of another.
    func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            bytes[range(of: left)].lexicographicallyPrecedes(bytes[range(of: right)])
        }
    }

    private func range(of number: UInt32) -> Range<Int> { Int(offsets[Int(number)])..<Int(offsets[Int(number) + 1]) }

    private func find(_ text: UnsafeBufferPointer<UInt8>, hash: UInt64) -> UInt32? {
        if slots.isEmpty { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] != 0 {
                let known = range(of: slots[slot])
                if known.count == text.count, UnsafeBufferPointer(rebasing: bytes[known]).elementsEqual(text) {
                    return slots[slot]
                }
                slot = (slot + 1) & (slots.count - 1)
            }
            return nil
        }
    }

    private mutating func insert(_ number: UInt32, hash: UInt64) {
        if 3 * slots.count <= 4 * (slotsTaken + 1) { enlarge() }
        place(number, hash: hash)
        slotsTaken += 1
    }

    private mutating func place(_ number: UInt32, hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = number
    }

    private mutating func enlarge() {
        let numbers = slots
        slots = [UInt32](repeating: 0, count: max(1 << 10, 2 * numbers.count))
        for number in numbers where number != 0 {
            let hash = bytes.withUnsafeBufferPointer {
                Self.asciiHash(UnsafeBufferPointer(rebasing: $0[range(of: number)]))
            }
            if let hash { place(number, hash: hash) }
        }
    }

    /// `nil` for a text that is not ASCII.
    private static func asciiHash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var bits: UInt8 = 0
        for byte in text {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            bits |= byte
        }
        // The low bits of a product know nothing of the high bits of its factors.
        return bits < 0x80 ? hash ^ hash >> 32 : nil
    }

    /// The ASCII text that Unicode calls equivalent: Kelvin's sign, the Greek question mark and the varia are the only signs
    /// with an ASCII equivalent.
    private static func asciiEquivalent(of text: String) -> String? {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{212A}": result.append("K")
            case "\u{37E}": result.append(";")
            case "\u{1FEF}": result.append("`")
            case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
            default: return nil
            }
        }
        return result
    }
}

/// Strings of a sectioned file, read in place.
///
/// `@unchecked Sendable`: points into a read-only mapping whose owner holds it as long as this value is used.
package struct StringTable: @unchecked Sendable {
    private let offsets: UnsafeBufferPointer<UInt32>
    private let bytes: UnsafeBufferPointer<UInt8>

    /// - Throws: `LibraryFileError.corrupt` when the offsets are not ascending inside the text.
    package init(file: SectionedFile, offsets offsetSection: UInt32, bytes byteSection: UInt32) throws(LibraryFileError)
    {
        offsets = try file.elements(offsetSection, as: UInt32.self)
        bytes = try file.elements(byteSection, as: UInt8.self)
        guard offsets.count > 0, isAscending(offsets, from: 0, to: bytes.count) else {
            throw file.corrupt("the string table is damaged")
        }
    }

    package var count: Int { offsets.count - 1 }
    var byteCount: Int { bytes.count + 4 * offsets.count }

    package func utf8(_ number: UInt32) -> UnsafeBufferPointer<UInt8> {
        let index = Int(number)
        return UnsafeBufferPointer(rebasing: bytes[Int(offsets[index])..<Int(offsets[index + 1])])
    }

    package subscript(number: UInt32) -> String { String(decoding: utf8(number), as: UTF8.self) }

    /// Order of the UTF-8 bytes, negative when `left` comes first.
    package func compare(_ left: UInt32, _ right: UInt32) -> Int {
        if left == right { return 0 }
        let a = utf8(left)
        let b = utf8(right)
        for index in 0..<min(a.count, b.count) where a[index] != b[index] {
            return Int(a[index]) - Int(b[index])
        }
        return a.count - b.count
    }
}

/// Whether offsets start at `first`, never fall and end at `last`: then every range between neighbours is valid.
package func isAscending(_ offsets: UnsafeBufferPointer<UInt32>, from first: Int, to last: Int) -> Bool {
    guard let start = offsets.first, let end = offsets.last, Int(start) == first, Int(end) == last else { return false }
    var falls: UInt32 = 0
    for index in 1..<max(offsets.count, 1) { falls |= offsets[index] < offsets[index - 1] ? 1 : 0 }
    return falls == 0
}

/// Whether finite numbers never fall.
package func isAscending(_ values: UnsafeBufferPointer<Double>, _ range: Range<Int>) -> Bool {
    guard let first = range.first, let last = range.last else { return true }
    // What is not a number is never at least the one before it, and between two finite ones all are finite. No way out of the
    // loop, which would keep it from being vectorised.
    var falls: UInt64 = 0
    for index in range.dropFirst() { falls |= values[index] >= values[index - 1] ? 0 : 1 }
    return falls == 0 && values[first].isFinite && values[last].isFinite
}

/// The largest element, 0 for none: one pass that tells whether indices stay inside a table.
package func largest(_ numbers: UnsafeBufferPointer<UInt32>) -> UInt32 {
    var result: UInt32 = 0
    for number in numbers { result = max(result, number) }
    return result
}
