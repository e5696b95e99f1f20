/// Reads JSON text step by step, in bounded memory: strict RFC 8259 but for the spelling of numbers, which their user
/// checks; one token at a time, nothing is kept.
///
/// Several values may follow each other (JSON lines). Depth and the length of texts are limited, so a hostile file is an
/// error and never a deep recursion or a large allocation.
/// - Complexity: O(bytes).
struct JSONPullParser {
    enum Token: Equatable {
        case beginObject, endObject, beginArray, endArray
        /// A text or the key of an object; its bytes are in `text`.
        case string, key
        /// A number; its characters are in `text`.
        case number
        case boolean(Bool)
        case null
        case end
    }

    static let maximumDepth = 64
    /// A spectrum of 100,000 peaks takes about 3 MB.
    static let maximumTextLength = 1 << 24

    private enum Expected { case value, valueOrEnd, keyOrEnd, key, colon, commaOrEnd }

    private let source: SourceByteReader
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private let owner: BufferOwner
    private var position = 0
    private var filled = 0
    /// Bytes before the buffer.
    private var consumed = 0
    /// true for an object, false for an array.
    private var containers: [Bool] = []
    private var expected = Expected.value
    /// Bytes of the last text, key or number, with escapes resolved.
    private(set) var text: [UInt8] = []
    /// Line of the last token, from 1.
    private(set) var line = 1

    var depth: Int { containers.count }
    var byteOffset: Int { consumed + position }
    /// Bytes of the file, as it lies on the disk, that have been read.
    var sourceOffset: Int { source.byteOffset }

    private final class BufferOwner {
        let buffer: UnsafeMutableBufferPointer<UInt8>
        init(_ count: Int) { buffer = .allocate(capacity: count) }
        deinit { buffer.deallocate() }
    }

    init(path: String) throws(LibraryFileError) {
        source = try SourceByteReader(path: path)
        owner = BufferOwner(1 << 16)
        buffer = owner.buffer
        try skipByteOrderMark()
    }

    private mutating func skipByteOrderMark() throws(LibraryFileError) {
        guard try peek() == 0xEF else { return }
        position += 1
        guard try take() == 0xBB, try take() == 0xBF else { throw failure("the file is not UTF-8 text") }
    }

    /// - Throws: `LibraryFileError.corrupt` where the text is not JSON or exceeds a limit.
    mutating func next() throws(LibraryFileError) -> Token {
        while true {
            guard let byte = try peekBeyondBlanks() else {
                guard containers.isEmpty, expected == .value else {
                    throw failure("the JSON text ends too early", .truncated)
                }
                return .end
            }
            switch (byte, expected) {
            case (0x2C, .commaOrEnd):
                position += 1
                expected = containers.last == true ? .key : .value
            case (0x3A, .colon):
                position += 1
                expected = .value
            case (0x7D, .keyOrEnd), (0x7D, .commaOrEnd):
                guard containers.last == true else { throw failure("'}' closes nothing") }
                return close(.endObject)
            case (0x5D, .valueOrEnd), (0x5D, .commaOrEnd):
                guard containers.last == false else { throw failure("']' closes nothing") }
                return close(.endArray)
            case (0x22, .key), (0x22, .keyOrEnd):
                try readText()
                expected = .colon
                return .key
            case (_, .value), (_, .valueOrEnd): return try value(byte)
            case (_, .key), (_, .keyOrEnd): throw failure("a key in quotes is expected")
            case (_, .colon): throw failure("':' is expected after a key")
            case (_, .commaOrEnd): throw failure("',' or the end of the list or object is expected")
            }
        }
    }

    private mutating func value(_ byte: UInt8) throws(LibraryFileError) -> Token {
        switch byte {
        case 0x7B, 0x5B:
            guard containers.count < Self.maximumDepth else {
                throw failure("the JSON text is nested deeper than \(Self.maximumDepth) levels")
            }
            position += 1
            containers.append(byte == 0x7B)
            expected = byte == 0x7B ? .keyOrEnd : .valueOrEnd
            return byte == 0x7B ? .beginObject : .beginArray
        case 0x22:
            try readText()
            finishValue()
            return .string
        case 0x74: return try word("true", .boolean(true))
        case 0x66: return try word("false", .boolean(false))
        case 0x6E: return try word("null", .null)
        case 0x2D, 0x30...0x39:
            try readNumber()
            finishValue()
            return .number
        default: throw failure("a value is expected")
        }
    }

    private mutating func finishValue() { expected = containers.isEmpty ? .value : .commaOrEnd }

    private mutating func close(_ token: Token) -> Token {
        position += 1
        containers.removeLast()
        finishValue()
        return token
    }

    private mutating func word(_ word: StaticString, _ token: Token) throws(LibraryFileError) -> Token {
        for index in 0..<word.utf8CodeUnitCount {
            guard try take() == word.utf8Start[index] else { throw failure("a value is expected") }
        }
        finishValue()
        return token
    }

    /// Digits, sign, point and exponent; whether they make a number is for who uses it to say.
    private mutating func readNumber() throws(LibraryFileError) {
        text.removeAll(keepingCapacity: true)
        while let byte = try peek() {
            guard (byte >= 0x30 && byte <= 0x39) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte) else { return }
            guard text.count < 400 else { throw failure("a number is longer than 400 characters") }
            text.append(byte)
            position += 1
        }
    }

    private mutating func readText() throws(LibraryFileError) {
        position += 1
        text.removeAll(keepingCapacity: true)
        while true {
            guard let byte = try take() else { throw failure("the JSON text ends inside a text", .truncated) }
            switch byte {
            case 0x22: return
            case 0x5C: try readEscape()
            case 0..<0x20: throw failure("a control character stands in a text")
            default: text.append(byte)
            }
            guard text.count <= Self.maximumTextLength else {
                throw failure("a text is longer than \(Self.maximumTextLength) bytes")
            }
        }
    }

    private mutating func readEscape() throws(LibraryFileError) {
        switch try take() {
        case 0x22: text.append(0x22)
        case 0x5C: text.append(0x5C)
        case 0x2F: text.append(0x2F)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75: try readUnicode()
        default: throw failure("an unknown escape stands in a text")
        }
    }

    /// `\uXXXX`, in pairs beyond the first 65,536 characters; half a pair becomes the replacement character.
    private mutating func readUnicode() throws(LibraryFileError) {
        var code = UInt32(try hexadecimal())
        if code >= 0xD800, code < 0xDC00, try peek() == 0x5C {
            position += 1
            guard try take() == 0x75 else { throw failure("half of a surrogate pair stands in a text") }
            let low = UInt32(try hexadecimal())
            code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) : 0xFFFD
        }
        text.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
    }

    private mutating func hexadecimal() throws(LibraryFileError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = try take() else { throw failure("the JSON text ends inside a text", .truncated) }
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: throw failure("\\u needs four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    private mutating func peekBeyondBlanks() throws(LibraryFileError) -> UInt8? {
        while let byte = try peek() {
            switch byte {
            case 0x0A: line += 1
            case 0x20, 0x09, 0x0D: break
            default: return byte
            }
            position += 1
        }
        return nil
    }

    private mutating func peek() throws(LibraryFileError) -> UInt8? {
        if position == filled {
            guard let base = buffer.baseAddress else { return nil }
            consumed += filled
            position = 0
            filled = 0
            filled = try source.read(into: base, count: buffer.count, place: "byte \(consumed) of the text")
            if filled == 0 { return nil }
        }
        return buffer[position]
    }

    private mutating func take() throws(LibraryFileError) -> UInt8? {
        let byte = try peek()
        if byte != nil { position += 1 }
        return byte
    }

    func failure(_ reason: String, _ code: LibraryFileError.Code = .corrupt) -> LibraryFileError {
        LibraryFileError(code, path: source.path, byteOffset: byteOffset, reason: "line \(line): \(reason)")
    }
}
