import CReadingKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A run of bytes inside a buffer that the caller keeps alive.
typealias ByteRun = UnsafeBufferPointer<UInt8>

@inline(__always)
func isXMLSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D }

/// The run without leading and trailing XML whitespace.
func trimmed(_ text: ByteRun) -> ByteRun {
    var start = 0
    var end = text.count
    while start < end, isXMLSpace(text[start]) { start += 1 }
    while end > start, isXMLSpace(text[end - 1]) { end -= 1 }
    return ByteRun(rebasing: text[start..<end])
}

/// Whether a tag name may end before this byte.
@inline(__always)
func endsName(_ byte: UInt8) -> Bool { isXMLSpace(byte) || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") }

/// The next `byte` in `start ..< end`.
@inline(__always)
func find(_ byte: UInt8, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    let length = end - start
    guard length > 0, let found = memchr(start, Int32(byte), length) else { return nil }
    return UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
}

/// Whether the bytes at `start` are `text`; false when the buffer ends first.
@inline(__always)
func matches(_ text: StaticString, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
    let length = text.utf8CodeUnitCount
    return end - start >= length && memcmp(start, text.utf8Start, length) == 0
}

/// Whether a run of bytes is exactly `text`.
@inline(__always)
func equals(_ run: ByteRun, _ text: StaticString) -> Bool {
    run.count == text.utf8CodeUnitCount && (run.isEmpty || memcmp(run.baseAddress!, text.utf8Start, run.count) == 0)
}

/// The quote that ends the value which starts at `start`; `nil` when the buffer ends first, or a `<` comes, which no value
/// can hold.
@inline(__always)
private func valueEnd(
    _ quote: UInt8, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
) -> UnsafePointer<UInt8>? {
    attribute_value_end(quote, start, end)
}

/// Whether a `<` stands in the tag which `start` lies in: then it will never end.
func isBroken(tagAt start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
    find(UInt8(ascii: "<"), start, end) != nil && tagEnd(start, end) == nil
}

/// The `>` that ends the tag which `start` lies in, quotes respected; `nil` when the buffer ends or a `<` comes first.
func tagEnd(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    var p = start
    while p < end {
        switch p.pointee {
        case UInt8(ascii: ">"):
            return p
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            guard let close = valueEnd(p.pointee, p + 1, end) else { return nil }
            p = close + 1
        case UInt8(ascii: "<"):
            return nil
        default:
            p += 1
        }
    }
    return nil
}

/// The attributes of one tag, in the order in which they are written.
struct AttributeCursor {
    var position: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    /// `position` lies behind the tag name or behind an attribute.
    @inline(__always)
    init(_ position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        self.position = position
        self.end = end
    }

    /// The next attribute, or `nil` at the end of the tag and at text that is no attribute.
    @inline(__always)
    mutating func next() -> (name: ByteRun, value: ByteRun)? {
        var p = position
        while p < end, isXMLSpace(p.pointee) { p += 1 }
        let nameStart = p
        while p < end, p.pointee != UInt8(ascii: "="), !endsName(p.pointee) { p += 1 }
        let nameLength = p - nameStart
        while p < end, isXMLSpace(p.pointee) { p += 1 }
        guard nameLength > 0, p < end, p.pointee == UInt8(ascii: "=") else { return nil }
        p += 1
        while p < end, isXMLSpace(p.pointee) { p += 1 }
        guard p < end, p.pointee == UInt8(ascii: "\"") || p.pointee == UInt8(ascii: "'") else { return nil }
        guard let close = valueEnd(p.pointee, p + 1, end) else { return nil }
        position = close + 1
        return (ByteRun(start: nameStart, count: nameLength), ByteRun(start: p + 1, count: close - p - 1))
    }
}

/// What `<!` and `<?` open. None of it can hold a tag.
enum MarkupSkip {
    /// Behind the construct.
    case skipped(UnsafePointer<UInt8>)
    /// The buffer ends inside.
    case unfinished
    /// `<!DOCTYPE` and its like.
    case declaration
}

/// Skips a comment, a CDATA section or a processing instruction; `start` is at its `<`.
func skipMarkup(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> MarkupSkip {
    func past(_ last: StaticString, from: UnsafePointer<UInt8>) -> MarkupSkip {
        let length = last.utf8CodeUnitCount
        guard let found = bytes_find(from, end - from, last.utf8Start, length) else { return .unfinished }
        return .skipped(UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) + length)
    }
    if matches("<?", start, end) { return past("?>", from: start + 2) }
    if matches("<!--", start, end) { return past("-->", from: start + 4) }
    if matches("<![CDATA[", start, end) { return past("]]>", from: start + 9) }
    return end - start < 9 ? .unfinished : .declaration
}
