/// What stands on the lines of a file in Mascot generic format (MGF), plain or gzip-compressed: the one parser of reference
/// spectra (`MGFReader`) and queries (`MGFQueryReader`).
///
/// Empty lines and comments are left out, and so is everything outside of `BEGIN IONS` and `END IONS`; an `END IONS` that is
/// missing costs nothing. Columns of a peak are parted by blanks, tabs or commas.
struct MGFLineReader {
    enum Line {
        case begin
        /// Also before a `begin` that comes too early, and at the end of the file.
        case end
        /// Both without blanks around them.
        case field(key: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>)
        /// The first two columns of a line that is no field.
        case peak(mz: UnsafeBufferPointer<UInt8>, intensity: UnsafeBufferPointer<UInt8>?)
        /// Longer than `TextLineReader.maximumLineLength`.
        case tooLong
    }

    private let lines: TextLineReader
    private var isInside = false
    private var beginsAgain = false

    /// Of the line that `next()` returned last, from 1.
    var lineNumber: Int { lines.lineNumber }
    var byteOffset: Int { lines.byteOffset }

    /// - Throws: `LibraryFileError.unreadable`.
    init(path: String) throws(LibraryFileError) { lines = try TextLineReader(path: path) }

    /// The next line that says something, or `nil` at the end of the file. Texts are valid until the next call.
    /// - Throws: `LibraryFileError` when the file cannot be read on.
    mutating func next() throws(LibraryFileError) -> Line? {
        if beginsAgain {
            beginsAgain = false
            isInside = true
            return .begin
        }
        while let line = try lines.next() {
            if lines.lineWasCut { return .tooLong }
            let text = trimmed(lines.lineNumber == 1 ? withoutByteOrderMark(line) : line)
            if isKeyword(text, "BEGIN IONS") {
                beginsAgain = isInside
                isInside = !beginsAgain
                return beginsAgain ? .end : .begin
            }
            guard isInside, !text.isEmpty, text[0] != UInt8(ascii: "#") else { continue }
            if isKeyword(text, "END IONS") {
                isInside = false
                return .end
            }
            return content(text)
        }
        guard isInside else { return nil }
        isInside = false
        return .end
    }

    private func content(_ text: UnsafeBufferPointer<UInt8>) -> Line {
        let isNumber = (text[0] >= 0x30 && text[0] <= 0x39) || text[0] == 0x2B || text[0] == 0x2D || text[0] == 0x2E
        if !isNumber, let equals = text.firstIndex(of: 0x3D), equals > 0, equals <= 40 {
            return .field(
                key: UnsafeBufferPointer(rebasing: text[..<equals]),
                value: trimmed(UnsafeBufferPointer(rebasing: text[(equals + 1)...])))
        }
        let words = text.split(maxSplits: 2) { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
        return .peak(
            mz: words.first.map { UnsafeBufferPointer(rebasing: $0) } ?? text,
            intensity: words.count >= 2 ? UnsafeBufferPointer(rebasing: words[1]) : nil)
    }
}

/// Whether the text is this keyword, in any case of letters.
func isKeyword(_ text: UnsafeBufferPointer<UInt8>, _ keyword: StaticString) -> Bool {
    guard text.count == keyword.utf8CodeUnitCount else { return false }
    for index in 0..<text.count {
        let byte = text[index]
        guard (byte >= 0x61 && byte <= 0x7A ? byte - 32 : byte) == keyword.utf8Start[index] else { return false }
    }
    return true
}
