/// Distinct strings numbered in the order in which they came; string 0 is empty.
package struct StringTableBuilder {
    private var numbers: [String: UInt32] = ["": 0]
    package private(set) var offsets: [UInt32] = [0, 0]
    package private(set) var bytes: [UInt8] = []
    /// Set when the texts do not fit into 4 GiB; the strings added after that are empty.
    package private(set) var overflowed = false

    package init() {}

    package mutating func number(of text: String) -> UInt32 {
        if text.isEmpty { return 0 }
        if let number = numbers[text] { return number }
        guard bytes.count + text.utf8.count < Int(UInt32.max), offsets.count < Int(UInt32.max) else {
            overflowed = true
            return 0
        }
        let number = UInt32(offsets.count - 1)
        bytes.append(contentsOf: text.utf8)
        offsets.append(UInt32(bytes.count))
        numbers[text] = number
        return number
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
